package dcl.transport.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;

/** What became of the clauses in one run. Used by one thread at a time. */
final class Verdicts {

	private static final String KEPT = "kept";
	private static final String BROKEN = "**broken**";

	private final Map<Clause, String> verdicts = new EnumMap<>(Clause.class);

	void kept(Clause clause) {
		verdicts.putIfAbsent(clause, KEPT);
	}

	void skipped(Clause clause, Ability missing) {
		verdicts.putIfAbsent(clause, "not checked: " + missing);
	}

	void broken(Clause clause) {
		verdicts.put(clause, BROKEN);
	}

	private long count(String verdict) {
		return verdicts.values().stream().filter(verdict::equals).count();
	}

	void write(Class<?> test) throws IOException {
		StringBuilder table = new StringBuilder("| clause | | verdict |\n|---|---|---|\n");
		verdicts.forEach((clause, verdict) -> table.append("| ").append(clause).append(" | ").append(clause.words()).append(" | ").append(verdict).append(" |\n"));
		Path folder = Path.of(System.getProperty("dcl.testkit.verdicts", "target/testkit"));
		Files.createDirectories(folder);
		Files.writeString(folder.resolve(test.getSimpleName() + ".md"), table);
		long kept = count(KEPT);
		long broken = count(BROKEN);
		System.out.println("testkit: " + test.getSimpleName() + ": " + kept + " clauses kept, " + broken + " broken, " + (verdicts.size() - kept - broken) + " not checked");
	}
}
