package dcl.transport.cli.internal;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;

import com.fasterxml.jackson.databind.node.ObjectNode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(name = "providers", mixinStandardHelpOptions = true,
		description = "The types of connection string that can be resolved now, and who serves them.")
final class ProvidersCommand implements Callable<Integer> {

	private final Io io;
	private final Installed installed;

	@Option(names = "--json", description = "One JSON object a line on standard output.")
	private boolean json;

	ProvidersCommand(Io io, Installed installed) {
		this.io = io;
		this.installed = installed;
	}

	@Override
	public Integer call() throws InterruptedException {
		List<ObjectNode> rows = new ArrayList<>();
		for (Installed.Candidate candidate : installed.bestFirst()) {
			for (String type : candidate.types()) {
				ObjectNode row = Json.object();
				row.put("type", type);
				row.put("bundle", candidate.bundle());
				row.put("version", candidate.version());
				row.put("ranking", candidate.ranking());
				rows.add(row);
			}
		}
		rows.sort(Comparator.comparing(row -> row.get("type").textValue())); // stable: the best of a type stays first
		try (Output out = new Output(io, json, () -> {
		})) {
			for (ObjectNode row : rows) {
				int ranking = row.get("ranking").intValue();
				out.line(json ? Json.line(row) : String.format("%-16s %s %s%s", row.get("type").textValue(), row.get("bundle").textValue(),
						row.get("version").textValue(), ranking == 0 ? "" : " (ranking " + ranking + ")"));
			}
			if (rows.isEmpty() && !json) {
				out.line("no provider is installed");
			}
		}
		return Exit.DONE;
	}
}
