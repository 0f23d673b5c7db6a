package dcl.transport.shell.internal;

import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;

/** The result of a command that lists: a list to scripts, a table to people. Immutable. */
public final class Rows<T extends Row> extends AbstractList<T> {

	/** No cell but the last of a line is shown wider. */
	private static final int MAX_WIDTH = 60;
	private static final String GAP = "  ";

	private final List<T> rows;
	private final String ifEmpty;

	/** @param ifEmpty what people are told instead of a table without lines */
	Rows(List<T> rows, String ifEmpty) {
		this.rows = List.copyOf(rows);
		this.ifEmpty = ifEmpty;
	}

	@Override
	public T get(int index) {
		return rows.get(index);
	}

	@Override
	public int size() {
		return rows.size();
	}

	/** Returns the table, without a line end behind it. */
	@Override
	public String toString() {
		if (rows.isEmpty()) {
			return ifEmpty;
		}
		List<List<String>> lines = new ArrayList<>();
		lines.add(rows.get(0).columns());
		rows.forEach(row -> lines.add(row.cells()));
		int[] widths = new int[lines.get(0).size()];
		for (List<String> line : lines) {
			for (int i = 0; i < widths.length; i++) {
				widths[i] = Math.max(widths[i], Math.min(MAX_WIDTH, length(line.get(i))));
			}
		}
		StringBuilder table = new StringBuilder();
		for (List<String> line : lines) {
			table.append(table.length() == 0 ? "" : "\n").append(line(line, widths));
		}
		return table.toString();
	}

	private static String line(List<String> cells, int[] widths) {
		StringBuilder line = new StringBuilder();
		for (int i = 0; i < widths.length; i++) {
			String cell = cells.get(i);
			int length = length(cell);
			if (i == widths.length - 1) {
				line.append(cell);
			} else if (length > widths[i]) {
				line.append(cell, 0, cell.offsetByCodePoints(0, widths[i] - 1)).append('…').append(GAP);
			} else {
				line.append(cell).append(" ".repeat(widths[i] - length)).append(GAP);
			}
		}
		return line.toString().stripTrailing();
	}

	/** Returns one row as people read it: a line for each column. */
	static String describe(Row row) {
		int width = row.columns().stream().mapToInt(Rows::length).max().orElse(0);
		StringBuilder text = new StringBuilder();
		for (int i = 0; i < row.columns().size(); i++) {
			String name = row.columns().get(i);
			text.append(i == 0 ? "" : "\n").append((name + " ".repeat(width - length(name)) + GAP + row.cells().get(i)).stripTrailing());
		}
		return text.toString();
	}

	private static int length(String text) {
		return text.codePointCount(0, text.length());
	}
}
