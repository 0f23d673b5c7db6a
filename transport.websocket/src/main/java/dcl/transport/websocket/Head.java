package dcl.transport.websocket;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The head of an HTTP message: start line and fields (RFC 9112, 2). Immutable. */
final class Head {

	/** Collects a head from a stream; what follows it is left in the buffer. */
	static final class Collector {

		private static final byte[] END = {'\r', '\n', '\r', '\n'};

		private final int bound;
		private byte[] bytes = new byte[512];
		private int count;
		private int matched;

		Collector(int bound) {
			this.bound = bound;
		}

		/** Returns whether the head is whole; never holds more than the bound. */
		boolean read(ByteBuffer in) {
			while (in.hasRemaining() && !isTooLong()) {
				byte b = in.get();
				if (count == bytes.length) {
					bytes = Arrays.copyOf(bytes, Math.min(2 * count, bound));
				}
				bytes[count++] = b;
				matched = b == END[matched] ? matched + 1 : b == '\r' ? 1 : 0;
				if (matched == END.length) {
					return true;
				}
			}
			return false;
		}

		boolean isTooLong() {
			return count == bound;
		}

		/**
		 * Returns the head.
		 *
		 * @throws IllegalArgumentException if it is none; the text says what was expected and repeats nothing
		 */
		Head head() {
			return new Head(new String(bytes, 0, count - END.length, StandardCharsets.ISO_8859_1));
		}
	}

	private record Field(String name, String value) {
	}

	final String startLine;
	private final List<Field> fields = new ArrayList<>();

	private Head(String text) {
		String[] lines = text.split("\r\n", -1);
		startLine = lines[0];
		require(startLine.chars().allMatch(c -> c >= ' ' && c != 0x7F), "a first line without control characters");
		for (int i = 1; i < lines.length; i++) {
			int colon = lines[i].indexOf(':');
			require(colon > 0 && Heads.isToken(lines[i].substring(0, colon)), "header lines of the form 'name: value'");
			String value = trim(lines[i].substring(colon + 1));
			require(value.chars().allMatch(c -> c >= ' ' && c != 0x7F || c == '\t'), "header values without control characters");
			fields.add(new Field(lines[i].substring(0, colon).toLowerCase(Locale.ROOT), value));
		}
	}

	/** Takes away spaces and tabs alone (RFC 9110, 5.6.3): a bare carriage return at the end is still there to be refused. */
	private static String trim(String value) {
		int from = 0;
		int to = value.length();
		while (from < to && isBlank(value.charAt(from))) {
			from++;
		}
		while (from < to && isBlank(value.charAt(to - 1))) {
			to--;
		}
		return value.substring(from, to);
	}

	private static boolean isBlank(char c) {
		return c == ' ' || c == '\t';
	}

	private static void require(boolean holds, String expected) {
		if (!holds) {
			throw new IllegalArgumentException("expected " + expected);
		}
	}

	List<String> all(String name) {
		String lower = name.toLowerCase(Locale.ROOT);
		return fields.stream().filter(f -> f.name.equals(lower)).map(Field::value).toList();
	}

	Optional<String> first(String name) {
		return all(name).stream().findFirst();
	}

	/** Returns the elements of a list header, over all its lines. */
	List<String> elements(String name) {
		return all(name).stream().flatMap(v -> Arrays.stream(v.split(","))).map(String::strip).filter(v -> !v.isEmpty()).toList();
	}

	boolean hasElement(String name, String element) {
		return elements(name).stream().anyMatch(element::equalsIgnoreCase);
	}
}
