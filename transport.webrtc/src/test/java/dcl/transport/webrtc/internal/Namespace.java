package dcl.transport.webrtc.internal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A network namespace with one address besides loopback, which libwebrtc ignores (network_namespaces(7), veth(4)): nothing leaves it, and
 * nobody else sees what
 * happens in it. Its name has a random suffix, and only what was made here is taken away.
 */
final class Namespace implements AutoCloseable {

	static final String ADDRESS = "10.199.0.1";
	private static final long LIMIT_SECONDS = 30;

	private final String name;
	private final Thread atExit = new Thread(this::remove);

	private Namespace(String name) {
		this.name = name;
	}

	/** Returns what stands in the way of making one on this machine, or nothing. */
	static Optional<String> obstacle() {
		String name = "dclt-try-" + suffix();
		try {
			ip("netns", "add", name);
			ip("netns", "del", name);
			return Optional.empty();
		} catch (IOException e) {
			return Optional.of("no network namespace can be made here: " + e.getMessage());
		}
	}

	private static String suffix() {
		return Integer.toHexString(new SecureRandom().nextInt() & 0x7FFFFFFF);
	}

	static Namespace make() throws IOException {
		Namespace made = new Namespace("dclt-w-" + suffix());
		ip("netns", "add", made.name);
		Runtime.getRuntime().addShutdownHook(made.atExit);
		try {
			ip("-n", made.name, "link", "set", "lo", "up");
			ip("-n", made.name, "link", "add", "wire0", "type", "veth", "peer", "name", "wire1");
			ip("-n", made.name, "addr", "add", ADDRESS + "/24", "dev", "wire0");
			ip("-n", made.name, "link", "set", "wire0", "up");
			ip("-n", made.name, "link", "set", "wire1", "up");
			return made;
		} catch (IOException | RuntimeException e) {
			made.close();
			throw e;
		}
	}

	/** Returns the command that runs a Java program with this JVM's class path in it. */
	List<String> java(Class<?> program, String... arguments) {
		List<String> command = new ArrayList<>(List.of("ip", "netns", "exec", name,
				Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m",
				"-XX:+UseSerialGC", "-XX:-CreateCoredumpOnCrash", "-cp", System.getProperty("java.class.path"), program.getName()));
		command.addAll(List.of(arguments));
		return command;
	}

	private static void ip(String... arguments) throws IOException {
		List<String> command = new ArrayList<>(List.of("ip"));
		command.addAll(List.of(arguments));
		Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
		try {
			process.getOutputStream().close();
			String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
			if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
				throw new IOException(String.join(" ", command) + ": " + said);
			}
		} catch (InterruptedException e) {
			Thread.currentThread().interrupt();
			throw new IOException("interrupted", e);
		} finally {
			process.destroyForcibly();
		}
	}

	private void remove() {
		try {
			ip("netns", "del", name); // and the wire with it
		} catch (IOException e) {
			throw new UncheckedIOException(e);
		}
	}

	@Override
	public void close() {
		Runtime.getRuntime().removeShutdownHook(atExit);
		remove();
	}
}
