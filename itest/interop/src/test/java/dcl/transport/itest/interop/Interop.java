package dcl.transport.itest.interop;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/**
 * The reference software on this machine: Node, and the locked packages of this folder.
 * <p>
 * Installed once, by {@code npm ci}, when the lock file is not the one that {@code node_modules} was made from. Where that cannot be done
 * the calling test is skipped with the reason, or fails with it under {@code -Dinterop.required=true}.
 */
final class Interop {

	private static final int OLDEST_NODE = 20;
	private static final Duration VERSION_LIMIT = Duration.ofSeconds(20);
	private static final Duration INSTALL_LIMIT = Duration.ofMinutes(4);

	/** This module's folder; Surefire and Failsafe set the property. */
	private static final Path FOLDER = Path.of(System.getProperty("basedir", "")).toAbsolutePath();

	private static Optional<String> obstacle;

	private Interop() {
	}

	/**
	 * The folder with the scripts and their packages; skips or fails the calling test where they cannot be run.
	 * For {@code @BeforeAll}, so that an installation is not charged to the first test's time-out.
	 */
	static synchronized Path folder() {
		if (obstacle == null) {
			obstacle = prepare();
		}
		obstacle.ifPresent(reason -> {
			if (Boolean.getBoolean("interop.required")) {
				Assertions.fail(reason);
			}
			Assumptions.abort(reason);
		});
		return FOLDER;
	}

	/** Where the processes leave what they say on standard error. */
	static Path logs() throws IOException {
		return Files.createDirectories(FOLDER.resolve("target").resolve("interop"));
	}

	private static Optional<String> prepare() {
		try {
			Path version = logs().resolve("node-version.log");
			if (run(VERSION_LIMIT, version, "node", "--version") != 0) {
				return Optional.of("node --version fails; see " + version);
			}
			String text = Files.readString(version).strip();
			if (!text.matches("v\\d+\\..*") || Integer.parseInt(text.substring(1, text.indexOf('.'))) < OLDEST_NODE) {
				return Optional.of("Node " + OLDEST_NODE + " or later is needed; installed: " + text);
			}
			return install();
		} catch (IOException e) {
			return Optional.of("Node and npm are needed: " + e.getMessage());
		} catch (InterruptedException e) {
			Thread.currentThread().interrupt();
			return Optional.of("interrupted while installing the reference software");
		}
	}

	private static Optional<String> install() throws IOException, InterruptedException {
		// Another build of the same checkout may be at it.
		try (FileChannel channel = FileChannel.open(logs().resolve("npm.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
			channel.lock();
			// npm ci removes node_modules first, so a stamp in it means that all of it is there.
			Path stamp = FOLDER.resolve("node_modules").resolve(".package-lock.sha256");
			String wanted = sha256(FOLDER.resolve("package-lock.json"));
			if (Files.exists(stamp) && Files.readString(stamp).equals(wanted)) {
				return Optional.empty();
			}
			Path log = logs().resolve("npm-ci.log");
			if (run(INSTALL_LIMIT, log, "npm", "ci", "--prefer-offline", "--no-audit", "--no-fund") != 0) {
				return Optional.of("npm ci fails:\n" + Files.readString(log));
			}
			Files.writeString(stamp, wanted);
			return Optional.empty();
		}
	}

	/** Runs a command in this folder, its output going to a file, and returns its exit code. */
	static int run(Duration limit, Path output, String... command) throws IOException, InterruptedException {
		Process process = new ProcessBuilder(command).directory(FOLDER.toFile())
			.redirectErrorStream(true).redirectOutput(output.toFile()).start();
		try {
			process.getOutputStream().close();
			if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
				throw new IOException(String.join(" ", command) + " takes more than " + limit.toSeconds() + " s; see " + output);
			}
			return process.exitValue();
		} finally {
			process.descendants().forEach(ProcessHandle::destroyForcibly);
			process.destroyForcibly();
		}
	}

	private static String sha256(Path file) throws IOException {
		try {
			return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
		} catch (NoSuchAlgorithmException e) {
			throw new AssertionError("every Java platform has SHA-256", e);
		}
	}
}
