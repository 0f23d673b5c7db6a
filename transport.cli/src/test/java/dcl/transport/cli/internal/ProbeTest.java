package dcl.transport.cli.internal;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

import javax.net.ssl.SSLContext;

import com.fasterxml.jackson.databind.JsonNode;
import dcl.transport.Delivery;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.registry.internal.RealRegistry;
import dcl.transport.rfc5.WsPacket;
import dcl.transport.roomserver.RoomServer;
import dcl.transport.roomserver.RoomServerListener;
import dcl.transport.roomserver.RoomServerOptions;
import dcl.transport.roomserver.internal.LocalRoomServer;
import dcl.transport.spi.Link;
import dcl.transport.wsroom.internal.WsRoomProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** {@code probe} through the real registry, provider and engine, against servers that are wrong in one thing each. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ProbeTest {

	private static final String SECRET = "S3cr3tT0ken";
	private static SSLContext before;

	private final List<AutoCloseable> opened = new ArrayList<>();

	@BeforeAll
	static void trust() throws Exception {
		before = SSLContext.getDefault();
		SSLContext.setDefault(Certificates.client());
	}

	@AfterAll
	static void trustAsBefore() {
		SSLContext.setDefault(before);
	}

	@AfterEach
	void close() throws Exception {
		for (AutoCloseable one : opened) {
			one.close();
		}
	}

	/** What the command printed, and its exit code. */
	private record Probe(List<JsonNode> steps, int exit) {

		String names() {
			return steps.stream().map(step -> step.path("step").asText()).collect(Collectors.joining(" "));
		}

		Probe failsIn(String step, int code, String detail, String fix) {
			assertThat(names()).as(steps.toString()).endsWith(step);
			JsonNode last = steps.get(steps.size() - 1);
			assertThat(last.path("ok").asBoolean()).isFalse();
			assertThat(last.path("detail").asText()).contains(detail);
			assertThat(last.path("fix").asText()).contains(fix);
			assertThat(steps.subList(0, steps.size() - 1)).allMatch(earlier -> earlier.path("ok").asBoolean());
			assertThat(exit).isEqualTo(code);
			return this;
		}
	}

	private RealRegistry registry(Map<String, Object> wsRoom) {
		RealRegistry registry = new RealRegistry(Map.of());
		WsRoomProvider provider = new WsRoomProvider(RealRegistry.configuration(WsRoomProvider.Config.class, wsRoom));
		registry.add("ws-room", provider);
		opened.add(registry);
		return registry;
	}

	private Probe probe(String uri) throws Exception {
		return probe(uri, Map.of());
	}

	private Probe probe(String uri, Map<String, Object> wsRoom) throws Exception {
		return run(registry(wsRoom), uri);
	}

	private Probe run(RealRegistry registry, String uri) throws Exception {
		Session session = Session.of(registry.host(), "probe", uri, "--json");
		int exit = session.exit();
		Schemas.assertValid("probe", session.lines());
		assertThat(session.err()).isEmpty();
		assertThat(session.lines().toString()).doesNotContain(SECRET);
		List<JsonNode> steps = new ArrayList<>();
		session.lines().forEach(line -> steps.add(Json.parse(line)));
		return new Probe(steps, exit);
	}

	private String server(RawServer.Scenario scenario) throws IOException {
		RawServer server = new RawServer(scenario);
		opened.add(0, server);
		return "ws-room:ws://127.0.0.1:" + server.port() + "/rooms/a?token=" + SECRET;
	}

	private String tls(String certificate, RawServer.Scenario scenario) throws Exception {
		RawServer server = new RawServer(Certificates.server(certificate), scenario);
		opened.add(0, server);
		return "ws-room:wss://localhost:" + server.port() + "/rooms/a?token=" + SECRET;
	}

	private RoomServer room(RoomServerOptions options) throws IOException {
		RoomServer server = new LocalRoomServer(options, new RoomServerListener() {
		}, "1.2.3", () -> {
		});
		opened.add(0, server);
		return server;
	}

	@Test
	void a_login_that_succeeds_names_each_step_and_its_time() throws Exception {
		Probe probe = probe("ws-room:" + room(RoomServerOptions.defaults()).url() + "a?token=" + SECRET);

		assertThat(probe.names()).isEqualTo("resolve dns tcp upgrade challenge sign welcome");
		assertThat(probe.steps()).allMatch(step -> step.path("ok").asBoolean());
		assertThat(probe.steps().get(0).path("detail").asText()).contains("bundle of ws-room");
		assertThat(probe.exit()).isZero();
	}

	@Test
	void with_tls_there_is_a_step_more() throws Exception {
		Probe probe = probe(tls("right", server -> {
			server.challenged();
			server.send(new WsPacket.Welcome(1, Map.of()));
			server.untilHungUp();
		}));

		assertThat(probe.names()).isEqualTo("resolve dns tcp tls upgrade challenge sign welcome");
		assertThat(probe.exit()).isZero();
	}

	@Test
	void people_get_a_line_a_step_and_what_to_do() throws Exception {
		Session session = Session.of(registry(Map.of()).host(), "probe", server(server -> server.http("404 Not Found")));

		assertThat(session.exit()).isEqualTo(5);
		assertThat(session.lines().get(0)).matches("ok +resolve +\\d+[.,]\\d ms  ws-room:ws://127.0.0.1:\\d+/…, by bundle of ws-room");
		assertThat(session.lines()).anyMatch(line -> line.matches("FAILED +upgrade .*404.*"))
				.anyMatch(line -> line.contains("what to do: There is nothing at that path"));
	}

	@Test
	void an_unknown_type_is_named_with_those_there_are() throws Exception {
		probe("livekit2:wss://h.example/" + SECRET).failsIn("resolve", 3, "ws-room", "comms providers");
	}

	@ParameterizedTest
	@ValueSource(strings = {"no colon " + SECRET, "UPPER:x", "ws-room:", "ws-room:ftp://h.example/" + SECRET})
	void a_malformed_connection_string_is_refused_with_its_form(String uri) throws Exception {
		probe(uri).failsIn("resolve", 3, "INVALID_PARAMS", "<type>:<params>");
	}

	@Test
	void a_host_nobody_knows() throws Exception {
		probe("ws-room:wss://nobody.invalid/" + SECRET).failsIn("dns", 4, "no address", "spelling");
	}

	@Test
	void a_port_where_nobody_listens() throws Exception {
		int port;
		try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			port = free.getLocalPort();
		}
		probe("ws-room:ws://127.0.0.1:" + port + "/" + SECRET).failsIn("tcp", 4, "refused", "Nothing listens at that port");
	}

	@Test
	void a_port_that_takes_no_connection() throws Exception {
		try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress()); Sockets waiting = new Sockets()) {
			waiting.fill(full);
			probe("ws-room:ws://127.0.0.1:" + full.getLocalPort() + "/" + SECRET, Map.of("connectTimeoutMillis", 300L))
					.failsIn("tcp", 7, "TIMEOUT", "firewall");
		}
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = {
			"wrong   | No subject alternative | for another name",
			"expired | validity               | expired",
			"alone   | PKIX                   | Nobody trusted here"})
	void a_certificate_that_is_wrong(String certificate, String detail, String fix) throws Exception {
		probe(tls(certificate, RawServer::untilHungUp)).failsIn("tls", 8, detail, fix);
	}

	@Test
	void a_plain_server_on_a_port_for_tls() throws Exception {
		probe(server(server -> server.write("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")).replace("ws://", "wss://"))
				.failsIn("tls", 8, "TLS", "speaks no TLS");
	}

	@Test
	void a_silent_server_on_a_port_for_tls() throws Exception {
		probe(server(RawServer::untilHungUp).replace("ws://", "wss://"), Map.of("upgradeTimeoutMillis", 300L))
				.failsIn("tls", 7, "TLS handshake took longer", "says nothing in TLS");
	}

	@Test
	void tls_on_a_plain_port() throws Exception {
		probe(tls("right", RawServer::untilHungUp).replace("wss://", "ws://")).failsIn("upgrade", 4, "", "write wss://");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = {
			"401 Unauthorized          | 5 | wants a token",
			"403 Forbidden             | 5 | says no",
			"404 Not Found             | 5 | path",
			"429 Too Many Requests     | 5 | wait 17 s and come back less often",
			"503 Service Unavailable   | 5 | wait 17 s",
			"502 Bad Gateway           | 4 | a problem of its own",
			"302 Found                 | 4 | sends us elsewhere",
			"200 OK                    | 4 | not a room's"})
	void an_upgrade_that_is_turned_down(String status, int exit, String fix) throws Exception {
		probe(server(server -> server.http(status, "Retry-After: 17"))).failsIn("upgrade", exit, status.substring(0, 3), fix);
	}

	@Test
	void a_server_that_answers_no_upgrade() throws Exception {
		probe(server(RawServer::untilHungUp), Map.of("upgradeTimeoutMillis", 300L)).failsIn("upgrade", 7, "took longer", "does not answer HTTP");
	}

	@Test
	void a_web_socket_that_is_no_room() throws Exception {
		probe(server(server -> {
			server.upgrade();
			server.untilHungUp();
		}), Map.of("handshakeTimeoutMillis", 300L)).failsIn("challenge", 7, "did not send the challenge", "no ws-room");
	}

	@Test
	void a_challenge_that_is_rubbish() throws Exception {
		probe(server(server -> {
			server.upgrade();
			server.skip();
			server.binary(HexFormat.of().parseHex("ffffff"));
			server.untilHungUp();
		})).failsIn("challenge", 4, "PROTOCOL", "no ws-room");
	}

	@Test
	void a_challenge_that_is_something_else_is_not_signed() throws Exception {
		probe(server(server -> {
			server.upgrade();
			server.skip();
			server.send(new WsPacket.Challenge("get:/:1:{}", false));
			server.untilHungUp();
		})).failsIn("challenge", 4, "PROTOCOL", "wants something else signed");
	}

	@Test
	void a_proof_that_is_refused() throws Exception {
		probe(server(server -> {
			server.challenged();
			server.send(new WsPacket.Kicked("wrong \u202esignature"));
			server.untilHungUp();
		})).failsIn("welcome", 5, "wrong", "puts us out");
	}

	@Test
	void a_proof_that_is_not_answered() throws Exception {
		probe(server(server -> {
			server.challenged();
			server.untilHungUp();
		}), Map.of("handshakeTimeoutMillis", 300L)).failsIn("welcome", 7, "did not send the welcome", "did not answer");
	}

	@Test
	void a_connection_that_is_cut_instead_of_an_answer() throws Exception {
		probe(server(RawServer::challenged)).failsIn("welcome", 4, "UNREACHABLE", "without a word");
	}

	@Test
	void a_room_that_is_full() throws Exception {
		RoomServer server = room(RoomServerOptions.defaults().withRoomCapacity(1));
		RealRegistry registry = registry(Map.of());
		Session first = Session.of(registry.host(), "connect", "ws-room:" + server.url() + "a", "--guest", "--json");
		first.await("\"connected\"");

		run(registry, "ws-room:" + server.url() + "a").failsIn("challenge", 5, "full", "wants us later");
		first.endOfInput();
		assertThat(first.exit()).isZero();
	}

	@Test
	void a_provider_that_tells_nothing_has_two_steps() throws Exception {
		RealRegistry registry = registry(Map.of());
		registry.add("quiet", (uri, context) -> CompletableFuture.failedFuture(new TransportException(Code.BUSY, "later")));

		run(registry, "quiet:" + SECRET).failsIn("connect", 5, "BUSY: later", "try again");
	}

	@Test
	void a_provider_that_tells_nothing_and_connects() throws Exception {
		RealRegistry registry = registry(Map.of());
		registry.add("quiet", (uri, context) -> CompletableFuture.completedFuture(new Quiet()));

		assertThat(run(registry, "quiet:x").names()).isEqualTo("resolve connect");
	}

	@Test
	void an_interrupted_probe_leaves() throws Exception {
		RealRegistry registry = registry(Map.of());
		CompletableFuture<Void> abandoned = new CompletableFuture<>();
		registry.add("hanging", (uri, context) -> {
			context.step("waiting", "");
			context.abandoned().thenRun(() -> abandoned.complete(null));
			return new CompletableFuture<>();
		});
		Session session = Session.of(registry.host(), "probe", "hanging:x", "--json");
		session.await("resolve");
		session.interrupt();

		assertThat(session.exit()).isEqualTo(130);
		abandoned.get(10, TimeUnit.SECONDS);
	}

	private static final class Quiet implements Link {

		@Override
		public Set<PeerId> peers() {
			return Set.of();
		}

		@Override
		public CompletableFuture<Void> send(Packet packet, Delivery delivery) {
			return CompletableFuture.completedFuture(null);
		}

		@Override
		public CompletableFuture<Void> close() {
			return CompletableFuture.completedFuture(null);
		}
	}

	/** Clients of a port that nobody accepts, until it takes no more. */
	private static final class Sockets implements AutoCloseable {

		private static final int CONNECT_MILLIS = 300;

		private final List<Socket> open = new ArrayList<>();

		void fill(ServerSocket server) throws IOException {
			for (int i = 0; i < 64; i++) {
				Socket socket = new Socket();
				open.add(socket);
				try {
					socket.connect(server.getLocalSocketAddress(), CONNECT_MILLIS);
				} catch (SocketTimeoutException full) {
					return;
				}
			}
			throw new IOException("a port that nobody accepts took 64 connections");
		}

		@Override
		public void close() throws IOException {
			for (Socket socket : open) {
				socket.close();
			}
		}
	}
}
