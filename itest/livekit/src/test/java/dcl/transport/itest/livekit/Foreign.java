package dcl.transport.itest.livekit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/**
 * The foreign software on this machine, as {@code install} provides it. Where something is missing the calling test is skipped with the reason, or fails
 * with it under {@code -Dlivekit.required=true}.
 */
final class Foreign {

	/** How long anything may take on a busy machine before a test gives up on it. */
	static final long LIMIT_SECONDS = 30;

	/** This module's folder; Failsafe sets the property. */
	static final Path FOLDER = Path.of(System.getProperty("basedir", "")).toAbsolutePath();

	/** Waits for the end of its standard input, so that what it starts never outlives this JVM; nor when all of them are told to end, which ends the waiting. */
	static final String WATCH = "trap : TERM INT HUP; \"$@\" >&2 & child=$!; echo $child; cat > /dev/null; kill -KILL $child; wait $child";

	private Foreign() {
	}

	/** Where the processes leave what they say on standard error. */
	static Path logs() {
		try {
			return Files.createDirectories(FOLDER.resolve("target").resolve("livekit"));
		} catch (IOException e) {
			throw new AssertionError("the folder of the logs cannot be made", e);
		}
	}

	/** Returns the program livekit-server. To be called first, in {@code @BeforeAll}: skips or fails the calling tests where something is missing. */
	static Path need() {
		Path server = Path.of(System.getProperty("livekit.server", ""));
		if (!Files.isExecutable(server) || server.toString().isEmpty()) {
			missing("livekit-server");
		}
		if (!Files.exists(FOLDER.resolve("node_modules").resolve(".installed-lock.json"))) {
			missing("the packages of package-lock.json");
		}
		String namespace = System.getProperty("livekit.namespace", "the tests were not started by jvm/bin/java");
		if (!namespace.equals("own")) {
			missing("a network namespace (" + namespace + ")");
		}
		return server;
	}

	private static void missing(String what) {
		String reason = "livekit: not proven: needs " + what + "; itest/livekit/install provides it, and prints the properties for Maven";
		if (Boolean.getBoolean("livekit.required")) {
			Assertions.fail(reason);
		}
		Assumptions.abort(reason);
	}
}
