package dcl.transport.itest.websocket;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dcl.transport.websocket.HttpAnswer;
import dcl.transport.websocket.WebSocketConnection;
import dcl.transport.websocket.WebSocketEnding;
import dcl.transport.websocket.WebSocketLimits;
import dcl.transport.websocket.WebSocketOptions;
import dcl.transport.websocket.WebSocketRequest;
import dcl.transport.websocket.WebSocketServer;
import dcl.transport.websocket.WebSocketServerOptions;
import dcl.transport.websocket.WebSockets;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The Autobahn test suite judges both roles: {@code -Dautobahn} names its command {@code wstest}, {@code -Dautobahn.cases} the cases.
 * <p>
 * Its reports and a summary are left in {@code target/autobahn/}.
 */
@Timeout(1800)
class AutobahnIT {

	private static final ObjectMapper JSON = new ObjectMapper();
	private static final String AGENT = "dcl";
	private static final Duration START_LIMIT = Duration.ofSeconds(60);
	/** The longest case of the suite gives up after 480 s. */
	private static final long CASE_SECONDS = 500;
	private static final long RUN_SECONDS = 1500;

	/** Text is checked as a whole, so that bad UTF-8 is refused with 1007 at the end of the message and not in its midst. */
	private static final Pattern CHECKED_AT_THE_END = Pattern.compile("6\\.4\\.[1-4]");
	/**
	 * A good message, then a broken frame: the message is delivered, but the connection has ended when the listener's echo comes, since
	 * listeners do not run on the thread that reads. The suite takes the echo for strict.
	 */
	private static final Pattern GOOD_BEFORE_BAD = Pattern.compile("3\\.[2-4]|4\\.[12]\\.[3-5]|5\\.15");
	/** No compression is offered or accepted. */
	private static final Pattern COMPRESSION = Pattern.compile("1[23]\\..*");

	/** The suite sends 16 MiB at once, and 4 MiB in frames of 64 bytes. */
	private static final WebSocketLimits WIDE = WebSocketLimits.defaults().toBuilder()
			.maxFrameBytes(16 << 20).maxMessageBytes(16 << 20).maxFragments(1 << 17).queueBytes(64 << 20).build();

	private final String command = System.getProperty("autobahn", "");
	private final Path folder = Path.of(System.getProperty("basedir", ""), "target", "autobahn").toAbsolutePath();

	@BeforeEach
	void needs_the_suite() throws IOException {
		Assumptions.assumeFalse(command.isEmpty(), "the Autobahn test suite is run where -Dautobahn names its command, wstest");
		Files.createDirectories(folder);
	}

	@Test
	void our_server_does_what_the_suite_expects() throws Exception {
		try (WebSockets sockets = WebSockets.create(WebSocketOptions.defaults().limits(WIDE));
				WebSocketServer server = sockets.listen(WebSocketServerOptions.onLoopback(0), request -> HttpAnswer.accept(new Echo()))) {
			ObjectNode spec = spec("server");
			spec.putArray("servers").addObject().put("agent", AGENT).put("url", "ws://127.0.0.1:" + server.address().getPort());
			Process suite = start("fuzzingclient", "server", spec);
			try {
				assertThat(suite.waitFor(RUN_SECONDS, TimeUnit.SECONDS)).as("the suite ends").isTrue();
			} finally {
				suite.destroyForcibly();
			}
		}
		judge("server");
	}

	@Test
	void our_client_does_what_the_suite_expects() throws Exception {
		int port = freePort();
		Process suite = start("fuzzingserver", "client", spec("client").put("url", "ws://127.0.0.1:" + port));
		try (WebSockets sockets = WebSockets.create(WebSocketOptions.defaults().limits(WIDE))) {
			awaitListening(port, suite);
			String base = "ws://127.0.0.1:" + port;
			int cases = Integer.parseInt(visit(sockets, base + "/getCaseCount"));
			for (int i = 1; i <= cases; i++) {
				visit(sockets, base + "/runCase?case=" + i + "&agent=" + AGENT);
			}
			visit(sockets, base + "/updateReports?agent=" + AGENT);
		} finally {
			suite.destroyForcibly();
			suite.waitFor(START_LIMIT.toSeconds(), TimeUnit.SECONDS);
		}
		judge("client");
	}

	/** Echoes until the suite ends the connection; returns the last text. */
	private static String visit(WebSockets sockets, String url) throws Exception {
		CompletableFuture<WebSocketEnding> ended = new CompletableFuture<>();
		StringBuilder last = new StringBuilder();
		sockets.connect(WebSocketRequest.to(URI.create(url)), new Echo() {

			@Override
			public void message(WebSocketConnection connection, byte[] payload, boolean text) {
				if (url.endsWith("/getCaseCount")) {
					last.append(new String(payload, StandardCharsets.UTF_8));
				} else {
					super.message(connection, payload, text);
				}
			}

			@Override
			public void closed(WebSocketConnection connection, WebSocketEnding ending) {
				ended.complete(ending);
			}
		});
		WebSocketEnding ending = ended.get(CASE_SECONDS, TimeUnit.SECONDS);
		assertThat(ending.kind()).as("%s: %s", url, ending)
				.isNotIn(WebSocketEnding.Kind.UNREACHABLE, WebSocketEnding.Kind.REFUSED, WebSocketEnding.Kind.INTERNAL);
		return last.toString();
	}

	private ObjectNode spec(String role) {
		ObjectNode spec = JSON.createObjectNode().put("outdir", folder.resolve(role).toString());
		for (String wanted : System.getProperty("autobahn.cases", "*").split(",")) {
			spec.withArray("cases").add(wanted.strip());
		}
		spec.putArray("exclude-cases");
		spec.putObject("exclude-agent-cases");
		return spec;
	}

	private Process start(String mode, String role, ObjectNode spec) throws IOException {
		Path file = folder.resolve(role + ".json");
		Files.writeString(file, spec.toPrettyString());
		Files.deleteIfExists(folder.resolve(role).resolve("index.json"));
		return new ProcessBuilder(command, "-m", mode, "-s", file.toString(), "-u", "0").directory(folder.toFile())
				.redirectErrorStream(true).redirectOutput(folder.resolve(role + ".log").toFile()).start();
	}

	private static int freePort() throws IOException {
		try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			return free.getLocalPort();
		}
	}

	/** The suite does not say when it listens. */
	private void awaitListening(int port, Process suite) throws Exception {
		Instant deadline = Instant.now().plus(START_LIMIT);
		while (true) {
			try (Socket probe = new Socket(InetAddress.getLoopbackAddress(), port)) {
				return;
			} catch (ConnectException e) {
				assertThat(suite.waitFor(100, TimeUnit.MILLISECONDS)).as("the suite ended; see %s", folder).isFalse();
				assertThat(Instant.now()).as("listening by").isBefore(deadline);
			}
		}
	}

	/** Writes the summary, and fails for what is neither right nor a difference meant to be. */
	private void judge(String role) throws IOException {
		Path index = folder.resolve(role).resolve("index.json");
		assertThat(index).as("the report; the suite's words are in %s/%s.log", folder, role).exists();
		JsonNode cases = JSON.readTree(index.toFile()).path(AGENT);
		Map<String, List<String>> byVerdict = new TreeMap<>();
		List<String> wrong = new ArrayList<>();
		for (Map.Entry<String, JsonNode> entry : cases.properties()) {
			String id = entry.getKey();
			String behavior = entry.getValue().path("behavior").asText();
			String close = entry.getValue().path("behaviorClose").asText();
			byVerdict.computeIfAbsent(behavior, key -> new ArrayList<>()).add(id);
			if (!behavior.equals(expected(id, behavior)) || !List.of("OK", "INFORMATIONAL").contains(close) && !COMPRESSION.matcher(id).matches()) {
				wrong.add(id + ": " + behavior + ", close " + close);
			}
		}
		ObjectNode summary = JSON.createObjectNode().put("role", role).put("cases", cases.size());
		ObjectNode verdicts = summary.putObject("verdicts");
		byVerdict.forEach((verdict, ids) -> verdicts.putObject(verdict).put("count", ids.size()).set("cases", JSON.valueToTree(ids)));
		Files.writeString(folder.resolve("summary-" + role + ".json"), summary.toPrettyString() + "\n");
		assertThat(cases.size()).as("cases run").isPositive();
		assertThat(wrong).as("cases of %d whose verdict is not the expected one", cases.size()).isEmpty();
	}

	private static String expected(String id, String behavior) {
		if (CHECKED_AT_THE_END.matcher(id).matches()) {
			return "NON-STRICT";
		}
		if (COMPRESSION.matcher(id).matches()) {
			return "UNIMPLEMENTED";
		}
		if (GOOD_BEFORE_BAD.matcher(id).matches() && behavior.equals("NON-STRICT") || behavior.equals("INFORMATIONAL")) {
			return behavior;
		}
		return "OK";
	}
}
