package dcl.transport.itest.faults;

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
 * Two network namespaces with a wire between them (network_namespaces(7), veth(4)): what happens in them is seen by the processes started
 * in them and by nobody else. Names have a random suffix, and only what was made here is taken away.
 */
final class Namespaces implements AutoCloseable {

	static final String CLIENT = "198.18.0.1"; // of the range for benchmarks (RFC 2544), inside of the namespaces alone
	static final String SERVER = "198.18.0.2";
	private static final long LIMIT_SECONDS = 30;
	private static final String WIRE = "wire0";

	private final String client;
	private final String server;
	private final List<String> made = new ArrayList<>();
	private final List<Process> processes = new ArrayList<>();
	private final Thread atExit = new Thread(this::remove);

	private Namespaces(String suffix) {
		client = "dclt-c-" + suffix;
		server = "dclt-s-" + suffix;
	}

	/** Returns what stands in the way of making namespaces on this machine, or nothing. */
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

	static Namespaces make() throws IOException {
		Namespaces made = new Namespaces(suffix());
		Runtime.getRuntime().addShutdownHook(made.atExit);
		try {
			made.add(made.client);
			made.add(made.server);
			ip("-n", made.client, "link", "add", WIRE, "type", "veth", "peer", "name", WIRE, "netns", made.server);
			made.configure(made.client, CLIENT);
			made.configure(made.server, SERVER);
			return made;
		} catch (IOException | RuntimeException e) {
			made.close();
			throw e;
		}
	}

	private void add(String name) throws IOException {
		ip("netns", "add", name);
		made.add(name);
	}

	private void configure(String name, String address) throws IOException {
		ip("-n", name, "addr", "add", address + "/30", "dev", WIRE);
		ip("-n", name, "link", "set", "lo", "up");
		ip("-n", name, "link", "set", WIRE, "up");
	}

	/** Cuts the wire at one end, or mends it. */
	void wire(boolean clientEnd, boolean up) throws IOException {
		ip("-n", clientEnd ? client : server, "link", "set", WIRE, up ? "up" : "down");
	}

	/** Starts a Java program with this JVM's class path in one of the two; it ends with this object. */
	Process java(boolean inClient, Class<?> program, Path errors, String... arguments) throws IOException {
		List<String> command = new ArrayList<>(List.of("ip", "netns", "exec", inClient ? client : server, Path.of(System.getProperty("java.home"),
				"bin", "java").toString(),
				"-Xmx128m", "-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path"), program.getName()));
		command.addAll(List.of(arguments));
		Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
		processes.add(process);
		return process;
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
		processes.forEach(Process::destroyForcibly);
		IOException failure = null;
		for (String name : made) {
			try {
				ip("netns", "del", name); // and the wire with it
			} catch (IOException e) {
				failure = e;
			}
		}
		made.clear();
		if (failure != null) {
			throw new UncheckedIOException(failure);
		}
	}

	@Override
	public void close() {
		for (Process process : processes) {
			process.destroyForcibly();
			try {
				process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
			} catch (InterruptedException e) {
				Thread.currentThread().interrupt();
			}
		}
		remove();
		Runtime.getRuntime().removeShutdownHook(atExit);
	}
}
