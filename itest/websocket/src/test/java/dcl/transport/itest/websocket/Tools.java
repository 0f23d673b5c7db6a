package dcl.transport.itest.websocket;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/**
 * What is installed on this machine. Where something is missing the calling test is skipped with the reason, or fails with it if the system
 * property named is {@code true}.
 */
final class Tools {

	/** This module's folder; Surefire and Failsafe set the property. */
	static final Path FOLDER = Path.of(System.getProperty("basedir", "")).toAbsolutePath();

	private static final Duration LIMIT = Duration.ofMinutes(4);

	private Tools() {
	}

	/** Where the processes leave what they say on standard error. */
	static Path logs() throws IOException {
		return Files.createDirectories(FOLDER.resolve("target").resolve("peers"));
	}

	/** Skips or fails the calling test. */
	static void missing(String property, String reason) {
		if (Boolean.getBoolean(property)) {
			Assertions.fail(reason);
		}
		Assumptions.abort(reason);
	}

	/** Runs a command in this module's folder; what it prints becomes the reason if it cannot be run or fails. */
	static String need(String property, String what, String... command) throws IOException, InterruptedException {
		Path output = Files.createTempFile(logs(), "need", ".log");
		Process process;
		try {
			process = new ProcessBuilder(command).directory(FOLDER.toFile()).redirectErrorStream(true).redirectOutput(output.toFile()).start();
		} catch (IOException e) {
			missing(property, what + " is needed: " + e.getMessage());
			throw e;
		}
		try {
			process.getOutputStream().close();
			boolean ended = process.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
			String said = Files.readString(output);
			if (!ended || process.exitValue() != 0) {
				missing(property, what + " is needed; " + String.join(" ", command) + (ended ? " fails:\n" : " takes too long:\n") + said);
			}
			return said;
		} finally {
			process.descendants().forEach(ProcessHandle::destroyForcibly);
			process.destroyForcibly();
			Files.deleteIfExists(output);
		}
	}

	/** Installs the packages of {@code package-lock.json}, unless they are there. */
	static void needNode() throws IOException, InterruptedException {
		need("interop.required", "Node 20 or later", "node", "--eval", "process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)");
		// another build of the same checkout may be at it
		try (FileChannel channel = FileChannel.open(logs().resolve("npm.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
			channel.lock();
			// npm ci removes node_modules first, so a copy of the lock file in it means that all of it is there
			Path stamp = FOLDER.resolve("node_modules").resolve(".installed-lock.json");
			Path wanted = FOLDER.resolve("package-lock.json");
			if (!Files.exists(stamp) || Files.mismatch(stamp, wanted) >= 0) {
				need("interop.required", "the package ws", "npm", "ci", "--prefer-offline", "--no-audit", "--no-fund");
				Files.copy(wanted, stamp);
			}
		}
	}

	/** Returns the interpreter that has what {@code requirements.txt} names. */
	static String needPython() throws IOException, InterruptedException {
		String python = System.getProperty("python", "python3");
		String wanted = Files.readString(FOLDER.resolve("requirements.txt")).strip();
		need("python.required", "Python with " + wanted + " (itest/websocket/install provides it, -Dpython names it)", python, "-c",
				"import websockets; assert 'websockets==' + websockets.__version__ == '" + wanted + "', 'installed: ' + websockets.__version__");
		return python;
	}

	/** Compiles the peer that uses libwebsockets and returns the program. */
	static String needLibwebsockets() throws IOException, InterruptedException {
		String property = "libwebsockets.required";
		String flags = need(property, "libwebsockets with its headers", "pkg-config", "--cflags", "--libs", "libwebsockets >= 4.1");
		Path program = logs().resolve("peer-libwebsockets");
		Path source = FOLDER.resolve("peers").resolve("peer.c");
		String compile = "cc -O1 -Wall -o \"$0\" \"$1\" " + flags.strip() + " -lpthread";
		need(property, "a C compiler", "sh", "-c", compile, program.toString(), source.toString());
		return program.toString();
	}

	/** Returns the command of a browser. */
	static String needChromium() throws IOException, InterruptedException {
		need("chromium.required", "Chromium", "chromium", "--version");
		return "chromium";
	}
}
