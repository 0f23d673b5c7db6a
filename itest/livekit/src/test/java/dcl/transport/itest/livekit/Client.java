package dcl.transport.itest.livekit;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * An official client, run by a script of this folder that takes commands and tells events as JSON lines ({@code peers/rooms.js}). It can be in many rooms.
 * The process ends with this object, and with this JVM however that ends.
 */
final class Client implements AutoCloseable {

	/** Which one. */
	enum Kind {
		/** The package @livekit/rtc-node, which is LiveKit's Rust client. */
		NODE("node.mjs"),
		/** The package livekit-client, in a page of headless Chromium. */
		CHROMIUM("chromium.mjs", "/usr/bin/chromium");

		private final List<String> command;

		Kind(String script, String... arguments) {
			command = new ArrayList<>(List.of("sh", "-c", "exec \"$@\" 3>&1 1>&2", "sh", "node", "peers/" + script));
			command.addAll(List.of(arguments));
		}
	}

	private static final ObjectMapper JSON = new ObjectMapper();
	private static final int MAX_EVENTS = 200_000;
	private static final int MAX_LOG_CHARS = 4_000;
	private static final JsonNode END = JSON.createObjectNode().put("event", "the end of the process");

	private final Process process;
	private final Path log;
	private final Writer commands;
	private final CompletableFuture<Void> ready = new CompletableFuture<>();
	private final Map<String, BlockingQueue<JsonNode>> events = new ConcurrentHashMap<>();

	private Client(Kind kind) throws IOException {
		log = Foreign.logs().resolve(kind.name().toLowerCase(Locale.ROOT) + ".log");
		process = new ProcessBuilder(kind.command).directory(Foreign.FOLDER.toFile()).redirectError(log.toFile()).start();
		commands = process.outputWriter(StandardCharsets.UTF_8);
		Thread reader = new Thread(this::read, "events of " + kind);
		reader.setDaemon(true);
		reader.start();
	}

	/** Returns when it takes commands. */
	static Client start(Kind kind) throws Exception {
		Foreign.need();
		Client client = new Client(kind);
		try {
			client.ready.get(Foreign.LIMIT_SECONDS, TimeUnit.SECONDS);
			return client;
		} catch (Exception e) {
			client.close();
			throw new AssertionError(kind + " does not start" + client.situation(), e);
		}
	}

	/** Returns somebody who may enter a room by this client; the identity is unused so far. */
	Guest guest(String identity) {
		BlockingQueue<JsonNode> queue = new LinkedBlockingQueue<>(MAX_EVENTS);
		if (events.putIfAbsent(identity, queue) != null) {
			throw new AssertionError(identity + " was there before");
		}
		return new Guest(this, identity, queue);
	}

	static ObjectNode command(String what) {
		return JSON.createObjectNode().put("do", what);
	}

	synchronized void tell(JsonNode command) throws IOException {
		commands.write(command + "\n");
		commands.flush();
	}

	/** Returns the processor time it has used so far, its browser's included, in nanoseconds. */
	long processorNanos() {
		return process.toHandle().descendants().mapToLong(Client::nanos).sum() + nanos(process.toHandle());
	}

	private static long nanos(ProcessHandle handle) {
		return handle.info().totalCpuDuration().map(Duration::toNanos).orElse(0L);
	}

	/** Returns the resident memory of the script alone, in bytes. */
	long memory() throws IOException {
		return Long.parseLong(Files.readString(Path.of("/proc/" + process.pid() + "/statm")).split(" ")[1]) * 4096;
	}

	private void read() {
		try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
			for (String line = lines.readLine(); line != null; line = lines.readLine()) {
				JsonNode event = JSON.readTree(line);
				if (event.path("event").asText().equals("ready")) {
					ready.complete(null);
				} else if (!events.get(event.path("as").asText()).offer(event)) {
					throw new AssertionError("more than " + MAX_EVENTS + " events for " + event.path("as").asText());
				}
			}
		} catch (IOException e) {
			throw new UncheckedIOException(e); // a line that is no JSON is a defect of the script; the stack trace goes where the test's output goes
		} finally {
			ready.completeExceptionally(new IOException("the process ended"));
			events.values().forEach(queue -> queue.offer(END));
		}
	}

	/** Returns what may explain that something is missing. */
	String situation() {
		try {
			String said = Files.readString(log);
			return "; the script is " + (process.isAlive() ? "alive" : "gone") + " and said\n" + said.substring(Math.max(0, said.length() - MAX_LOG_CHARS));
		} catch (IOException e) {
			return "; what it said cannot be read: " + e;
		}
	}

	@Override
	public void close() throws Exception {
		List<ProcessHandle> all = process.toHandle().descendants().toList();
		try {
			commands.close();
			process.waitFor(Foreign.LIMIT_SECONDS, TimeUnit.SECONDS);
		} finally {
			process.destroyForcibly();
			all.forEach(ProcessHandle::destroyForcibly);
		}
	}
}
