package dcl.transport.wsroom.internal;

import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import dcl.transport.Delivery;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Packet;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportUri;
import dcl.transport.rfc5.WsPacket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/** Servers that mean ill, on bare sockets. The module's tests run in a heap of 96 MiB, so what allocates as announced dies here. */
@Timeout(value = 30, unit = TimeUnit.SECONDS)
class HostileServerTest {

	/** Writes until the client hangs up: the end of such a scenario is the client's. */
	private static void endlessly(RawServer server, byte[] bytes) throws IOException {
		try {
			while (true) {
				server.write(bytes);
			}
		} catch (SocketException e) {
			return;
		}
	}

	private static byte[] header(int first, long announced) {
		return ByteBuffer.allocate(10).put((byte) first).put((byte) 127).putLong(announced).array();
	}

	private static byte[] frame(int first, int size) {
		return ByteBuffer.allocate(size + 4).put((byte) first).put((byte) 126).putShort((short) size).array();
	}

	static Stream<Arguments> badFrames() {
		byte[] badReason = {(byte) 0x88, 4, 3, (byte) 0xe8, (byte) 0xc3, 0x28};
		return Stream.of(
				arguments("a frame that announces 1.5 GiB", (RawServer.Scenario) s -> endlessly(s, header(0x82, 3L << 29))),
				arguments("a frame that announces 2^63", (RawServer.Scenario) s -> endlessly(s, header(0x82, Long.MIN_VALUE))),
				arguments("endless fragments", (RawServer.Scenario) s -> {
					s.write(frame(0x02, 60_000));
					endlessly(s, frame(0x00, 60_000));
				}),
				arguments("endless empty fragments", (RawServer.Scenario) s -> {
					s.write(new byte[] {0x02, 0});
					endlessly(s, new byte[] {0x00, 0});
				}),
				arguments("a compressed frame", (RawServer.Scenario) s -> s.frame(0xc2, new byte[] {1, 2, 3})),
				arguments("an unknown opcode", (RawServer.Scenario) s -> s.frame(0x83, new byte[] {1})),
				arguments("a masked frame", (RawServer.Scenario) s -> s.write(new byte[] {(byte) 0x82, (byte) 0x81, 1, 2, 3, 4, 5})),
				arguments("a ping of 126 bytes", (RawServer.Scenario) s -> s.frame(0x89, new byte[126])),
				arguments("a close with a reason that is not UTF-8", (RawServer.Scenario) s -> s.write(badReason)));
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("badFrames")
	void a_bad_frame_ends_the_handshake_with_a_protocol_failure(String name, RawServer.Scenario bad) throws Exception {
		try (Fixture room = new Fixture(server -> {
			server.upgrade();
			server.read();
			bad.play(server);
			server.untilHungUp();
		})) {
			assertThat(room.refusal().code()).isEqualTo(Code.PROTOCOL);
		}
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("badFrames")
	void a_bad_frame_ends_the_session_as_a_protocol_breach(String name, RawServer.Scenario bad) throws Exception {
		try (Fixture room = new Fixture(server -> {
			server.login(new WsPacket.Welcome(7, Map.of()));
			bad.play(server);
			server.untilHungUp();
		})) {
			room.open();
			assertThat(room.context.closed.get(8, TimeUnit.SECONDS).reason()).isEqualTo(Reason.PROTOCOL);
		}
	}

	static Stream<Arguments> silences() {
		return Stream.of(
				arguments("after accepting", (RawServer.Scenario) RawServer::untilHungUp),
				arguments("in the middle of the answer", (RawServer.Scenario) s -> {
					s.readHead();
					s.write("HTTP/1.1 101 Switching".getBytes(StandardCharsets.US_ASCII));
					s.untilHungUp();
				}),
				arguments("after the upgrade", (RawServer.Scenario) s -> {
					s.upgrade();
					s.untilHungUp();
				}),
				arguments("after the challenge", (RawServer.Scenario) s -> {
					s.upgrade();
					s.read();
					s.send(new WsPacket.Challenge("dcl-silence", false));
					s.read();
					s.untilHungUp();
				}));
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("silences")
	void silence_ends_within_the_time_of_its_step(String name, RawServer.Scenario silent) throws Exception {
		try (Fixture room = new Fixture(times -> times.steps(400), silent)) {
			long before = System.nanoTime();
			assertThat(room.refusal().code()).isEqualTo(Code.TIMEOUT);
			assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - before)).isBetween(300L, 6_000L);
		}
	}

	@Test
	void a_server_that_falls_silent_in_a_session_is_found_to_be_half_open() throws Exception {
		try (Fixture room = new Fixture(times -> times.halfOpen(300, 300), server -> {
			server.login(new WsPacket.Welcome(7, Map.of()));
			server.untilHungUp();
		})) {
			room.open();
			assertThat(room.context.closed.get(5, TimeUnit.SECONDS).reason()).isEqualTo(Reason.LOST);
		}
	}

	static Stream<Arguments> refusals() {
		return Stream.of(
				arguments("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", Code.REFUSED),
				arguments("HTTP/1.1 404 Not Found\r\n\r\n", Code.REFUSED),
				arguments("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\n\r\n", Code.BUSY),
				arguments("HTTP/1.1 503 Service Unavailable\r\n\r\n", Code.BUSY),
				arguments("HTTP/1.1 502 Bad Gateway\r\n\r\n", Code.UNREACHABLE),
				arguments("HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\n\r\n", Code.PROTOCOL),
				arguments("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n", Code.PROTOCOL),
				arguments("SSH-2.0-OpenSSH_9.9\r\n\r\n", Code.PROTOCOL));
	}

	@ParameterizedTest
	@MethodSource("refusals")
	void an_http_answer_becomes_the_code_that_says_what_to_do(String answer, Code code) throws Exception {
		try (Fixture room = new Fixture(server -> {
			server.readHead();
			server.write(answer.getBytes(StandardCharsets.US_ASCII));
			server.untilHungUp();
		})) {
			TransportException failure = room.refusal();
			assertThat(failure.code()).isEqualTo(code);
			assertThat(failure.retryAfter().isPresent()).isEqualTo(answer.contains("Retry-After"));
		}
	}

	static Stream<Arguments> challenges() {
		return Stream.of(
				"post:/login/room:1700000000000:{\"signer\":\"dcl:explorer\"}", "dcl-post:/login:1:{}", "dcl-", "", "DCL-x", " dcl-x",
				"dcl-x y", "dcl-x\n", "Decentraland Login\nEphemeral address: 0x1\nExpiration: 2099-01-01T00:00:00.000Z", "dcl-" + "x".repeat(253),
				"dcl-\u202e", "0x" + "a".repeat(64)).map(Arguments::of);
	}

	@ParameterizedTest
	@MethodSource("challenges")
	void a_challenge_that_is_none_is_never_signed(String challenge) throws Exception {
		try (Fixture room = new Fixture(server -> {
			server.upgrade();
			server.read();
			server.send(new WsPacket.Challenge(challenge, false));
			server.read();
			if (server.opcode != RawServer.CLOSE) {
				throw new IllegalStateException("something was answered");
			}
		})) {
			assertThat(room.refusal().code()).isEqualTo(Code.PROTOCOL);
			room.close();
			assertThat(room.server.failure instanceof IllegalStateException).isFalse();
		}
	}

	@Test
	void garbage_before_the_welcome_is_a_protocol_failure() throws Exception {
		for (byte[] garbage : new byte[][] {{(byte) 0xff, 1}, {}, new WsPacket.PeerJoin(1, "x").encode()}) {
			try (Fixture room = new Fixture(server -> {
				server.upgrade();
				server.read();
				server.frame(0x82, garbage);
				server.untilHungUp();
			})) {
				assertThat(room.refusal().code()).isEqualTo(Code.PROTOCOL);
			}
		}
	}

	@Test
	void a_welcome_of_100_000_peers_is_refused() throws Exception {
		Map<Integer, String> crowd = new HashMap<>();
		for (int i = 0; i < 100_000; i++) {
			crowd.put(i + 10, String.format("0x%040x", i));
		}
		try (Fixture room = new Fixture(server -> {
			server.login(new WsPacket.Welcome(7, crowd));
			server.untilHungUp();
		})) {
			assertThat(room.refusal().code()).isEqualTo(Code.PROTOCOL);
		}
	}

	@Test
	void more_aliases_than_the_bound_end_the_session_and_as_many_do_not() throws Exception {
		try (Fixture room = new Fixture(times -> times.aliases(100), server -> {
			server.login(new WsPacket.Welcome(7, Map.of()));
			for (int i = 0; i < 100; i++) {
				server.send(new WsPacket.PeerJoin(100 + i, "0x" + "c".repeat(40)));
			}
			server.send(new WsPacket.PeerLeave(9_999));
			server.send(WsPacket.PeerUpdate.of(100, new byte[] {'x'}, false));
			server.read();
			server.send(new WsPacket.PeerJoin(999, "0x" + "d".repeat(40)));
			server.untilHungUp();
		})) {
			room.open();
			assertThat(room.context.next()).startsWith("joined");
			assertThat(room.context.next()).startsWith("RELIABLE x");
			room.link.send(Packet.copyOf(new byte[] {1}), Delivery.lossy());
			assertThat(room.context.closed.get(5, TimeUnit.SECONDS).reason()).isEqualTo(Reason.PROTOCOL);
		}
	}

	@Test
	void a_server_that_answers_nothing_but_plain_text_to_tls_is_a_tls_failure() throws Exception {
		try (Fixture room = new Fixture(server -> {
			server.write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
			server.untilHungUp();
		})) {
			var uri = TransportUri.parse("ws-room:127.0.0.1:" + room.server.port() + "/rooms/a"); // no scheme: wss
			assertThat(room.provider.open(uri, room.context).toCompletableFuture().handle((l, f) -> f).get(8, TimeUnit.SECONDS))
					.extracting(f -> ((TransportException) (f.getCause() == null ? f : f.getCause())).code()).isEqualTo(Code.TLS);
			assertThat(room.server.head).isEmpty();
		}
	}

	@Test
	void nobody_to_sign_is_told_before_anything_is_connected() throws Exception {
		try (Fixture room = new Fixture(server -> server.readHead()); FakeContext nobody = new FakeContext(null)) {
			assertThat(room.provider.open(room.uri(), nobody).toCompletableFuture().handle((l, f) -> f).get(5, TimeUnit.SECONDS))
					.isInstanceOfSatisfying(TransportException.class, f -> assertThat(f.code()).isEqualTo(Code.NO_IDENTITY));
		}
	}
}
