package dcl.transport.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

/** The processes that are measured: how they are started, what they say. All run in the folder {@code bench}. */
final class Processes {

	private static final ObjectMapper JSON = new ObjectMapper();
	private static final boolean CAN_PIN = Runtime.getRuntime().availableProcessors() > 1
			&& Stream.of(System.getenv("PATH").split(":")).anyMatch(folder -> Files.isExecutable(Path.of(folder, "taskset")));

	/** What the port of a server makes of a command. */
	interface Command {

		List<String> of(int port);
	}

	/** A process that others talk to: it says its port first, and ends with its standard input. */
	static final class Server implements AutoCloseable {

		private final Process process;
		private final BufferedReader said;
		private final int port;

		Server(List<String> command) throws IOException {
			boolean logs = command.contains("node"); // the reference server logs every login there
			process = new ProcessBuilder(command).redirectError(logs ? ProcessBuilder.Redirect.DISCARD : ProcessBuilder.Redirect.INHERIT).start();
			said = reader(process);
			port = line().get("port").asInt();
		}

		int port() {
			return port;
		}

		long pid() {
			return process.pid(); // taskset becomes what it starts
		}

		/** Returns the next thing it says. */
		JsonNode line() throws IOException {
			for (String line = said.readLine(); line != null; line = said.readLine()) {
				if (line.startsWith("{\"event\"")) { // what else there is are the logs of servers that write them here
					return JSON.readTree(line);
				}
			}
			throw new IllegalStateException("a server ended before it had said what it has to");
		}

		@Override
		public void close() throws IOException, InterruptedException {
			process.getOutputStream().close();
			while (said.readLine() != null) {
				continue;
			}
			process.waitFor();
		}
	}

	private Processes() {
	}

	static List<String> java(String main, List<String> flags, Object... arguments) {
		List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
				"-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", System.getProperty("java.class.path")));
		command.addAll(flags);
		command.add(Bench.class.getPackageName() + "." + main);
		Arrays.stream(arguments).map(Object::toString).forEach(command::add);
		return command;
	}

	static List<String> node(String script, Object... arguments) {
		List<String> command = new ArrayList<>(List.of("node", script));
		Arrays.stream(arguments).map(Object::toString).forEach(command::add);
		return command;
	}

	/** Keeps a process on one core, where there are several and a {@code taskset}. */
	static List<String> pinned(int core, List<String> command) {
		List<String> pinned = new ArrayList<>(CAN_PIN ? List.of("taskset", "-c", Integer.toString(core)) : List.of());
		pinned.addAll(command);
		return pinned;
	}

	private static Process start(List<String> command) throws IOException {
		return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
	}

	private static BufferedReader reader(Process process) {
		return new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
	}

	/** Runs a process to its end and returns what it said. */
	static List<JsonNode> lines(List<String> command) throws Exception {
		Process process = start(command);
		List<JsonNode> lines = new ArrayList<>();
		try (BufferedReader said = reader(process)) {
			for (String line = said.readLine(); line != null; line = said.readLine()) {
				if (line.startsWith("{\"event\"")) {
					lines.add(JSON.readTree(line));
				}
			}
		}
		if (process.waitFor() != 0 || lines.isEmpty()) {
			throw new IllegalStateException("a measured process failed with exit code " + process.exitValue());
		}
		return lines;
	}

	/** Makes a key for a server on loopback, in a folder of its own. */
	static Path keyStore() throws Exception {
		Path store = Files.createTempDirectory("bench-").resolve("key.p12");
		Process keytool = start(List.of(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(), "-genkeypair", "-alias", "fixture", "-keyalg", "EC",
				"-dname", "CN=localhost", "-ext", "san=ip:127.0.0.1,dns:localhost", "-storetype", "PKCS12", "-keystore", store.toString(),
				"-storepass", Fixture.STORE_PASSWORD));
		if (keytool.waitFor() != 0) {
			throw new IllegalStateException("keytool failed with exit code " + keytool.exitValue());
		}
		return store;
	}
}
