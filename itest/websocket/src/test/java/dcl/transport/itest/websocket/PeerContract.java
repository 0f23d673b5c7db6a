package dcl.transport.itest.websocket;

import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import dcl.transport.websocket.HttpAnswer;
import dcl.transport.websocket.HttpRequest;
import dcl.transport.websocket.SendMode;
import dcl.transport.websocket.SendResult;
import dcl.transport.websocket.WebSocketConnection;
import dcl.transport.websocket.WebSocketEnding;
import dcl.transport.websocket.WebSocketLimits;
import dcl.transport.websocket.WebSocketOptions;
import dcl.transport.websocket.WebSocketRequest;
import dcl.transport.websocket.WebSocketServer;
import dcl.transport.websocket.WebSocketServerOptions;
import dcl.transport.websocket.WebSockets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import static dcl.transport.websocket.WebSocketEnding.Kind.CLOSED_BY_PEER;
import static dcl.transport.websocket.WebSocketEnding.Kind.CLOSED_BY_US;
import static dcl.transport.websocket.WebSocketEnding.Kind.TLS;
import static dcl.transport.websocket.WebSocketEnding.Kind.TOO_BIG;
import static org.assertj.core.api.Assertions.assertThat;

/** What works between the engine, in one of its roles, and any other implementation in the other role. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
abstract class PeerContract {

	/** The role of the engine. */
	enum Role {
		CLIENT, SERVER
	}

	/** A connection between us and the peer. */
	record Pair(Peer peer, String id, WebSocketConnection connection, Recorder recorder) {

		/** Tells the peer to do something with it. */
		void tell(String command) throws Exception {
			peer.tell(id + " " + command);
		}

		/** Waits for the peer to tell something of it; returns what follows. */
		String await(String event) throws Exception {
			return peer.await(id + " " + event);
		}

		void send(byte[] payload) {
			assertThat(connection.send(payload, SendMode.RELIABLE)).isEqualTo(SendResult.ACCEPTED);
		}
	}

	static final int MAX_BYTES = 1 << 20; // what the limits allow, ours and the peer's
	/** The defaults, with room for the largest message: the queue counts the heads of frames too. */
	static final WebSocketLimits LIMITS = WebSocketLimits.defaults().toBuilder().queueBytes(2 * MAX_BYTES).build();

	private static final AtomicInteger IDS = new AtomicInteger();
	/** A burst that no buffer of an operating system takes while nobody reads: 32 MiB. */
	private static final int BURST = 512;
	private static final int BURST_BYTES = 65_536;
	/** How long a peer that must not get on is watched: what is too short lets a defect pass, but fails nobody. */
	private static final Duration WATCHED = Duration.ofMillis(500);

	@Parameter
	Role role;

	WebSockets sockets;
	Peer peer;
	private int plainPort;
	int securePort;
	private int wrongHostPort;
	/** Who waits for a connection of the peer, by its id. */
	final Map<String, Recorder> accepted = new ConcurrentHashMap<>();
	private WebSocketServer server;

	/** Starts the foreign software; skips where it is missing. */
	abstract Peer start() throws Exception;

	@BeforeParameterizedClassInvocation
	void start_the_peer(Role role) throws Exception {
		sockets = WebSockets.create(WebSocketOptions.defaults().sslContext(Certificates.TRUST));
		peer = start();
		if (role == Role.CLIENT) {
			plainPort = listen("-", "-");
			securePort = listen(Certificates.RIGHT.certificate.toString(), Certificates.RIGHT.key.toString());
			wrongHostPort = listen(Certificates.WRONG_HOST.certificate.toString(), Certificates.WRONG_HOST.key.toString());
		}
	}

	private int listen(String certificate, String key) throws Exception {
		peer.tell("listen " + certificate + " " + key);
		return Integer.parseInt(peer.await("listening"));
	}

	@AfterEach
	void stop_the_server() {
		if (server != null) {
			server.close();
			server = null;
		}
	}

	@AfterParameterizedClassInvocation
	void stop_all() throws Exception {
		sockets.close();
		if (peer != null) {
			peer.close();
			peer = null;
		}
	}

	/** Connects the two, without sub-protocol and with the usual limits. */
	final Pair open(String scheme) throws Exception {
		return open(scheme, "-", "", LIMITS);
	}

	/** Connects the two; {@code suffix} ends the path, and {@code /none} asks the server to agree on no sub-protocol. */
	final Pair open(String scheme, String offered, String suffix, WebSocketLimits limits) throws Exception {
		String id = "c" + IDS.incrementAndGet();
		Recorder recorder = new Recorder();
		if (role == Role.CLIENT) {
			int port = scheme.equals("wss") ? securePort : plainPort;
			List<String> protocols = offered.equals("-") ? List.of() : List.of(offered.split(","));
			sockets.connect(request(scheme, port, id + suffix).subprotocols(protocols).limits(limits), recorder);
		} else {
			accepted.put(id, recorder);
			serve(limits, scheme.equals("wss") ? Certificates.RIGHT : null);
			connectPeer(id, scheme, suffix, offered, Certificates.AUTHORITY.toString());
		}
		WebSocketConnection connection = recorder.open();
		String agreed = connection.subprotocol();
		assertThat(peer.await(id + " open")).as("both agree on").isEqualTo(agreed.isEmpty() ? "-" : agreed);
		return new Pair(peer, id, connection, recorder);
	}

	static WebSocketRequest request(String scheme, int port, String path) {
		return WebSocketRequest.to(URI.create(scheme + "://localhost:" + port + "/" + path));
	}

	final void serve(WebSocketLimits limits, Certificates certificates) throws Exception {
		stop_the_server();
		WebSocketServerOptions options = WebSocketServerOptions.onLoopback(0).limits(limits);
		server = sockets.listen(certificates == null ? options : options.tls(certificates.context), this::accept);
	}

	private HttpAnswer accept(HttpRequest request) {
		Recorder recorder = accepted.remove(request.path().split("/")[1]);
		boolean agrees = request.subprotocols().contains("rfc5") && !request.path().endsWith("/none");
		return recorder == null ? HttpAnswer.reply(404, "nobody waits for it") : HttpAnswer.accept(recorder, agrees ? "rfc5" : "");
	}

	final void connectPeer(String id, String scheme, String suffix, String offered, String authority) throws Exception {
		peer.tell(id + " connect " + scheme + "://localhost:" + server.address().getPort() + "/" + id + suffix + " " + offered + " " + authority);
	}

	/** The bytes a peer sends when told to. */
	static byte[] pattern(int size) {
		byte[] bytes = new byte[size];
		for (int i = 0; i < size; i++) {
			bytes[i] = (byte) (i * 31 + (i >> 8) * 17 + 7);
		}
		return bytes;
	}

	// ---- messages

	@ParameterizedTest
	@ValueSource(strings = {"ws", "wss"})
	void binary_messages_of_every_size_come_back(String scheme) throws Exception {
		Pair pair = open(scheme);
		for (int size : new int[] {0, 1, 125, 126, 127, 65_535, 65_536, MAX_BYTES}) {
			pair.send(pattern(size));
			Recorder.Message echo = pair.recorder.next();
			assertThat(echo.payload()).as("%d bytes", size).isEqualTo(pattern(size));
			assertThat(echo.text()).isFalse();
		}
	}

	@ParameterizedTest
	@ValueSource(strings = {"ws", "wss"})
	void text_comes_back_as_text(String scheme) throws Exception {
		Pair pair = open(scheme);
		for (String text : new String[] {"", "olá", "κόσμε 🙂".repeat(10_000)}) {
			assertThat(pair.connection.send(text, SendMode.RELIABLE)).isEqualTo(SendResult.ACCEPTED);
			Recorder.Message echo = pair.recorder.next();
			assertThat(new String(echo.payload(), StandardCharsets.UTF_8)).isEqualTo(text);
			assertThat(echo.text()).isTrue();
		}
	}

	@ParameterizedTest
	@ValueSource(strings = {"ws", "wss"})
	void ten_thousand_messages_come_back_in_order(String scheme) throws Exception {
		Pair pair = open(scheme);
		for (int i = 0; i < 10_000; i++) {
			pair.send(ByteBuffer.allocate(4).putInt(i).array());
		}
		for (int i = 0; i < 10_000; i++) {
			assertThat(ByteBuffer.wrap(pair.recorder.next().payload()).getInt()).isEqualTo(i);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = {"ws", "wss"})
	void ten_thousand_messages_of_the_peer_arrive_in_order(String scheme) throws Exception {
		Pair pair = open(scheme);
		pair.tell("burst 10000 4");
		for (int i = 0; i < 10_000; i++) {
			assertThat(ByteBuffer.wrap(pair.recorder.next().payload()).getInt()).isEqualTo(i);
		}
		pair.await("sent");
	}

	@ParameterizedTest
	@ValueSource(strings = {"ws", "wss"})
	void fragmented_messages_arrive_whole(String scheme) throws Exception {
		Pair pair = open(scheme);
		for (int[] sizeAndCount : new int[][] {{100_000, 7}, {5, 5}, {0, 2}, {1_000, 1_000}, {MAX_BYTES, 16}}) {
			int size = sizeAndCount[0];
			pair.tell("fragments " + size + " " + sizeAndCount[1]);
			assertThat(pair.recorder.next().payload()).as("%d bytes in %d frames", size, sizeAndCount[1]).isEqualTo(pattern(size));
		}
	}

	@ParameterizedTest
	@ValueSource(strings = {"ws", "wss"})
	void a_peer_waits_while_we_pause(String scheme) throws Exception {
		Pair pair = open(scheme);
		pair.connection.pauseReading();
		pair.tell("burst " + BURST + " " + BURST_BYTES);
		assertThat(peer.poll(pair.id + " sent", WATCHED)).isEmpty();
		assertThat(pair.recorder.messages).isEmpty();
		pair.connection.resumeReading();
		for (int i = 0; i < BURST; i++) {
			assertThat(ByteBuffer.wrap(pair.recorder.next().payload()).getInt()).isEqualTo(i);
		}
		pair.await("sent");
	}

	@ParameterizedTest
	@ValueSource(strings = {"ws", "wss"})
	void a_message_over_our_limit_is_refused_with_1009(String scheme) throws Exception {
		Pair pair = open(scheme);
		pair.tell("fragments " + (MAX_BYTES + 1) + " 1");
		WebSocketEnding ending = pair.recorder.ending();
		assertThat(ending.kind()).as(ending::toString).isEqualTo(TOO_BIG);
		assertThat(ending.code()).isEqualTo(1009);
		assertThat(pair.await("closed")).matches(closedInMidMessage());
		assertThat(pair.recorder.messages).isEmpty();
	}

	/** What the peer tells of a close frame with 1009 that comes while it is still sending. */
	String closedInMidMessage() {
		return "(?s)1009.*";
	}

	// ---- endings

	/** The codes and reasons the peer can close with, "" for a close frame without any. */
	Stream<String> theirClosings() {
		return Stream.of("1000 bye", "1001 going away", "4000 adiós 🙂", "4999", "");
	}

	@ParameterizedTest
	@MethodSource("theirClosings")
	void their_close_arrives_with_code_and_reason(String closing) throws Exception {
		for (String scheme : List.of("ws", "wss")) {
			Pair pair = open(scheme);
			pair.tell(("close " + closing).strip());
			WebSocketEnding ending = pair.recorder.ending();
			assertThat(ending.kind()).as(ending::toString).isEqualTo(CLOSED_BY_PEER);
			assertThat((ending.code() + " " + ending.reason()).strip()).isEqualTo(closing.isEmpty() ? "1005" : closing);
			pair.await("closed");
		}
	}

	@ParameterizedTest
	@ValueSource(strings = {"1000 bye", "1001 going away", "4000 adiós 🙂", "4999 " + LONGEST_REASON, "1000"})
	void our_close_arrives_with_code_and_reason(String closing) throws Exception {
		for (String scheme : List.of("ws", "wss")) {
			Pair pair = open(scheme);
			pair.connection.close(Integer.parseInt(closing.substring(0, 4)), closing.substring(4).strip());
			assertThat(pair.await("closed").strip()).isEqualTo(closing);
			WebSocketEnding ending = pair.recorder.ending();
			assertThat(ending.kind()).as(ending::toString).isEqualTo(CLOSED_BY_US);
			assertThat(ending.detail()).isEqualTo("closed as asked for");
		}
	}

	/** 123 bytes. */
	static final String LONGEST_REASON = "ten bytes ten bytes ten bytes ten bytes ten bytes ten bytes ten bytes ten bytes ten bytes ten bytes "
			+ "ten bytes ten bytes end";

	// ---- handshake

	@ParameterizedTest
	@ValueSource(strings = {"ws", "wss"})
	void a_subprotocol_is_agreed(String scheme) throws Exception {
		assertThat(open(scheme, "rfc5", "", LIMITS).connection.subprotocol()).isEqualTo("rfc5");
		assertThat(open(scheme, "rfc4,rfc5", "", LIMITS).connection.subprotocol()).isEqualTo("rfc5");
		assertThat(open(scheme).connection.subprotocol()).isEmpty();
	}

	@Test
	void a_certificate_for_another_host_is_refused() throws Exception {
		Recorder recorder = new Recorder();
		if (role == Role.CLIENT) {
			sockets.connect(request("wss", wrongHostPort, "wrong"), recorder);
			assertThat(recorder.ending().kind()).isEqualTo(TLS);
			assertThat(recorder.ending().detail()).contains("localhost");
		} else {
			accepted.put("wrong", recorder);
			serve(LIMITS, Certificates.WRONG_HOST);
			connectPeer("wrong", "wss", "", "-", Certificates.AUTHORITY.toString());
			peer.await("wrong failed");
			assertThat(accepted).containsKey("wrong");
		}
		assertThat(recorder.opened).isNotDone();
	}
}
