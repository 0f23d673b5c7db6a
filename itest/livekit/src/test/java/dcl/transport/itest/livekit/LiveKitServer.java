package dcl.transport.itest.livekit;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

/**
 * A livekit-server, unmodified, in the network namespace of this JVM: signalling on loopback, media on the address of the wire. One at a time, since the
 * ports are fixed. For one test thread. The process ends with this object, and with this JVM however that ends.
 */
final class LiveKitServer implements AutoCloseable {

	static final int PORT = 7880;
	static final String URL = "ws://127.0.0.1:" + PORT;
	static final String KEY = "devkey";
	static final String SECRET = "a-secret-of-at-least-32-characters";

	/** Without a STUN server of one's own it hands public ones to every client. */
	private static final String CONFIGURATION = """
			port: %d
			bind_addresses: ["127.0.0.1"]
			keys: { %s: "%s" }
			rtc: { tcp_port: 7881, udp_port: 7882, use_external_ip: false, node_ip: 10.199.0.1, stun_servers: ["127.0.0.1:3478"] }
			""".formatted(PORT, KEY, SECRET);

	private static final long TELL_AGAIN_MILLIS = 300;
	private static final ObjectMapper JSON = new ObjectMapper();
	private static final AtomicInteger STARTED = new AtomicInteger();

	private final Path program;
	private final HttpClient http = HttpClient.newHttpClient();
	private Process watch;
	private ProcessHandle process;

	private LiveKitServer(Path program) {
		this.program = program;
	}

	/** Returns when it takes requests. */
	static LiveKitServer start() throws Exception {
		LiveKitServer server = new LiveKitServer(Foreign.need());
		server.begin();
		return server;
	}

	/** Starts it, anew after {@link #kill} or {@link #shutDown}, and returns when it takes requests. */
	void begin() throws Exception {
		Path configuration = Files.writeString(Foreign.logs().resolve("livekit.yaml"), CONFIGURATION);
		Path log = Foreign.logs().resolve("livekit-server-" + STARTED.incrementAndGet() + ".log");
		watch = new ProcessBuilder("sh", "-c", Foreign.WATCH, "sh", program.toString(), "--config", configuration.toString()).redirectError(log.toFile())
				.start();
		process = ProcessHandle.of(Long.parseLong(new BufferedReader(watch.inputReader(StandardCharsets.US_ASCII)).readLine())).orElseThrow();
		long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(Foreign.LIMIT_SECONDS);
		while (!answers()) {
			if (!process.isAlive() || System.nanoTime() - deadline > 0) {
				close();
				throw new AssertionError("livekit-server does not answer on port " + PORT + ":\n" + Files.readString(log));
			}
			LockSupport.parkNanos(20_000_000);
		}
	}

	private boolean answers() throws InterruptedException {
		try {
			HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + PORT + "/")).timeout(Duration.ofSeconds(5)).build();
			return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
		} catch (IOException e) {
			return false; // not there yet; the caller has a deadline
		}
	}

	/** Calls a method of the server's RoomService API, with the rights for all of them in one room. */
	JsonNode api(String method, String room, String body) throws Exception {
		HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + PORT + "/twirp/livekit.RoomService/" + method))
				.header("Authorization", "Bearer " + Token.admin(room)).header("Content-Type", "application/json")
				.timeout(Duration.ofSeconds(Foreign.LIMIT_SECONDS)).POST(HttpRequest.BodyPublishers.ofString(body)).build();
		HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
		if (answer.statusCode() != 200) {
			throw new AssertionError(method + " of " + room + ": status " + answer.statusCode() + ", " + answer.body());
		}
		return JSON.readTree(answer.body());
	}

	/** Stops it in its tracks, so that it hears and says nothing; its sockets stay open. */
	void freeze() throws Exception {
		signal("STOP");
	}

	void thaw() throws Exception {
		signal("CONT");
	}

	/** Tells it to shut down in good order, and returns when it has. Told once it waits until everybody has left, told again it sends them away. */
	void shutDown() throws Exception {
		signal("TERM");
		while (true) {
			try {
				process.onExit().get(TELL_AGAIN_MILLIS, TimeUnit.MILLISECONDS);
				break;
			} catch (TimeoutException e) { // two signals at once would be one; the test has a time-out
				if (process.isAlive()) {
					new ProcessBuilder("kill", "-TERM", Long.toString(process.pid())).start().waitFor();
				}
			}
		}
		gone();
	}

	/** Ends it as a crash would. */
	void kill() throws Exception {
		process.destroyForcibly();
		gone();
	}

	boolean isRunning() {
		return process.isAlive();
	}

	/** Returns its resident memory, in bytes. */
	long memory() throws IOException {
		return Long.parseLong(Files.readString(Path.of("/proc/" + process.pid() + "/statm")).split(" ")[1]) * 4096;
	}

	private void signal(String name) throws Exception {
		if (new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).inheritIO().start().waitFor() != 0) {
			throw new AssertionError("kill -" + name + " fails");
		}
	}

	private void gone() throws Exception {
		process.onExit().get(Foreign.LIMIT_SECONDS, TimeUnit.SECONDS);
		watch.getOutputStream().close();
		watch.waitFor(Foreign.LIMIT_SECONDS, TimeUnit.SECONDS);
	}

	@Override
	public void close() throws Exception {
		if (process.isAlive()) {
			kill();
		}
	}
}
