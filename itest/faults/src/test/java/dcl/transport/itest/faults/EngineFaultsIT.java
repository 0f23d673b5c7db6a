package dcl.transport.itest.faults;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import dcl.transport.itest.chaos.ChaosProxy;
import dcl.transport.itest.chaos.Side;
import dcl.transport.websocket.SendMode;
import dcl.transport.websocket.SendResult;
import dcl.transport.websocket.WebSocketEnding;
import dcl.transport.websocket.WebSocketEnding.Kind;
import dcl.transport.websocket.WebSocketLimits;
import dcl.transport.websocket.WebSocketRequest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/**
 * The WebSocket engine behind a proxy that breaks its connections, in both roles, plain and in TLS. Each case says how the connection has
 * to end and when; every case also demands that a neighbour on the same loop loses nothing, that the ending is told once and last, and
 * that nothing is left.
 * <p>
 * Time limits are short, and what is measured has to be at least the limit; the upper bound is that of a busy machine.
 */
@Timeout(120)
class EngineFaultsIT {

	private static final int TIMES = Integer.getInteger("faults.times", 1);
	private static final int MESSAGE = 500;
	private static final Duration PING = Duration.ofMillis(300);
	private static final Duration PONG = Duration.ofMillis(400);
	private static final Duration STALL = Duration.ofMillis(500);
	private static final Duration HANDSHAKE = Duration.ofMillis(500);
	private static final WebSocketLimits DEFAULTS = WebSocketLimits.defaults();
	/** Silence is noticed soon. */
	private static final WebSocketLimits ALERT = DEFAULTS.toBuilder().pingInterval(PING).pongTimeout(PONG).build();
	/** A peer that takes nothing is noticed soon, and nothing else. */
	private static final WebSocketLimits PUSHING = DEFAULTS.toBuilder().queueBytes(256 << 10).writeStallTimeout(STALL)
			.pingInterval(Duration.ofMinutes(2)).pongTimeout(Duration.ofMinutes(2)).build();
	private static final WebSocketLimits HASTY = DEFAULTS.toBuilder().handshakeTimeout(HANDSHAKE).build();

	private static final List<Rig> RIGS = new ArrayList<>();

	@BeforeAll
	static void open() throws Exception {
		for (boolean client : new boolean[] {true, false}) {
			for (boolean secure : new boolean[] {false, true}) {
				RIGS.add(new Rig(client, secure));
			}
		}
	}

	@AfterAll
	static void nothing_is_left() throws Exception {
		for (Rig rig : RIGS) {
			rig.end();
		}
		RIGS.clear();
		Await.until("no thread of a proxy", () -> Await.threads("chaos-proxy") == 0);
	}

	private static Stream<Rig> rigs(boolean clientsOnly) {
		return RIGS.stream().filter(rig -> rig.client || !clientsOnly);
	}

	/** Every rig so many times, with each of these. */
	private static Stream<Arguments> times(int times, boolean clientsOnly, String... each) {
		return rigs(clientsOnly).flatMap(rig -> Stream.of(each).flatMap(one -> Stream.generate(() -> arguments(rig, one))
				.limit((long) times * TIMES)));
	}

	// ---- F3, F4: FIN and RST

	static Stream<Arguments> cuts() {
		return times(9, false, "fin idle", "fin load", "fin mid-frame", "rst idle", "rst load", "rst mid-frame");
	}

	@ParameterizedTest(name = "{0} {1}")
	@MethodSource("cuts")
	void a_cut_is_a_loss_and_what_came_before_it_has_no_gap(Rig rig, String cut) throws Exception {
		String fault = cut.substring(0, 3);
		try (Rig.Case each = rig.open("", DEFAULTS)) {
			each.proxy.replayable(() -> {
				each.talk();
				switch (cut.substring(4)) {
					case "idle" -> each.proxy.apply(1, fault);
					case "load" -> {
						each.proxy.applyAfter(1, 40 * MESSAGE + 123, each.towardsFar(), fault);
						for (int i = 0; i < 100; i++) {
							each.near.send(MESSAGE, SendMode.RELIABLE);
							each.far.send(MESSAGE, SendMode.RELIABLE);
						}
					}
					default -> {
						each.proxy.applyAfter(1, MESSAGE / 2, each.towardsNear(), fault);
						each.far.send(MESSAGE, SendMode.RELIABLE);
					}
				}
				WebSocketEnding ending = each.near.ending();
				assertThat(ending.kind()).isEqualTo(Kind.LOST);
				assertThat(ending.code()).isEqualTo(1006);
				assertThat(each.far.ending().kind()).isEqualTo(Kind.LOST);
				accounted(each);
				if (cut.endsWith("mid-frame")) {
					assertThat(each.near.received).hasValue(1); // the half of a message is none
				}
				each.checkRest();
			});
		}
	}

	/** Every send has a result; what was accepted arrived from the first on without a gap, or was cut off. */
	private static void accounted(Rig.Case each) {
		for (Ear[] pair : new Ear[][] {{each.near, each.far}, {each.far, each.near}}) {
			assertThat(pair[0].count(SendResult.FULL) + pair[0].count(SendResult.DROPPED) + pair[0].count(SendResult.TOO_BIG)).isZero();
			assertThat(pair[1].received.get()).isBetween(1L, pair[0].count(SendResult.ACCEPTED));
			assertThat(pair[1].fault).isEmpty();
		}
	}

	// ---- the handshake is cut

	static Stream<Arguments> handshakeCuts() {
		List<String> all = new ArrayList<>();
		for (String fault : new String[] {"fin", "rst"}) {
			for (String place : new String[] {"record 1 byte 3 up", "record 1 byte 60 up", "record 1 byte 4 down", "record 1 byte 60 down",
					"record 3 byte 20 down",
					"record 3 byte 20 up"}) {
				all.add("at " + place + " of connection 1: " + fault);
			}
		}
		return times(2, false, all.toArray(String[]::new)).filter(each -> ((Rig) each.get()[0]).secure);
	}

	@ParameterizedTest(name = "{0} {1}")
	@MethodSource("handshakeCuts")
	void a_cut_in_the_tls_handshake_is_told_as_tls(Rig rig, String script) throws Exception {
		try (Rig.Case each = rig.begin(script, DEFAULTS)) {
			each.proxy.replayable(() -> {
				WebSocketEnding ending = (rig.client ? each.near : each.far).ending();
				if (script.contains("record 3 byte 20 up")) {
					assertThat(ending.kind()).isIn(Kind.TLS, Kind.LOST); // the client may have been done with its part
				} else {
					assertThat(ending.kind()).isEqualTo(Kind.TLS);
				}
				Await.until("the server lets go", () -> each.server.connections() == 0);
				assertThat(each.near.opened.isDone() || each.far.opened.isDone()).isFalse();
				rig.check();
			});
		}
	}

	// ---- F1, F2: it does not come up

	@ParameterizedTest(name = "{0} {1}")
	@MethodSource("refusals")
	void a_refused_connection_is_unreachable_and_a_later_one_opens(Rig rig, String ignored) throws Exception {
		try (Rig.Case each = rig.open("", DEFAULTS)) {
			each.proxy.refuse();
			for (int i = 0; i < 10 * TIMES; i++) {
				Ear refused = new Ear();
				rig.subject.connect(WebSocketRequest.to(URI.create((rig.secure ? "wss" : "ws") + "://127.0.0.1:" + each.proxy.port())), refused);
				assertThat(refused.ending().kind()).isEqualTo(Kind.UNREACHABLE);
			}
			each.talk(); // the one that is there is not concerned
			each.proxy.listen();
			Ear again = new Ear();
			rig.subject.connect(WebSocketRequest.to(URI.create((rig.secure ? "wss" : "ws") + "://127.0.0.1:" + each.proxy.port())), again);
			again.connection().abort();
			each.near.connection().abort();
			each.checkRest();
		}
	}

	static Stream<Arguments> refusals() {
		return times(1, true, "refuse").limit(2);
	}

	static Stream<Arguments> silences() {
		return times(2, false, "at 0 ms of connection 1: silence", "at 0 ms of connection 1: stop down",
				"at byte 0 down of connection 1: stop down");
	}

	@ParameterizedTest(name = "{0} {1}")
	@MethodSource("silences")
	void a_peer_that_falls_silent_in_the_handshake_is_given_up_in_time(Rig rig, String script) throws Exception {
		long begin = System.nanoTime();
		// a server sees a client that says nothing
		try (Rig.Case each = rig.begin(rig.client ? script : script.replace("down", "up"), HASTY)) {
			each.proxy.replayable(() -> {
				if (rig.client) {
					WebSocketEnding ending = each.near.ending();
					assertThat(ending.kind()).isEqualTo(Kind.TIMEOUT);
					assertThat(ending.detail()).contains(rig.secure ? "TLS" : "upgrade");
					atLeast(HANDSHAKE, begin, each.near.endedNanos);
				} else if (!script.endsWith("silence")) {
					each.proxy.awaitConnection(1);
					Await.until("the server has taken and left the connection", () -> each.server.connections() == 0 && each.far.closed.isDone());
					atLeast(HANDSHAKE, begin, System.nanoTime());
					assertThat(each.near.opened).isNotDone();
				}
				rig.check();
			});
		}
	}

	private static void atLeast(Duration limit, long from, long to) {
		assertThat(Duration.ofNanos(to - from)).isBetween(limit, limit.plusSeconds(Await.SECONDS));
	}

	// ---- F5, F6: half-open, one-way

	static Stream<Arguments> halfOpen() {
		return times(2, false, "stop", "stop-read", "one way");
	}

	@ParameterizedTest(name = "{0} {1}")
	@MethodSource("halfOpen")
	void a_peer_that_is_not_heard_is_half_open_in_time_and_not_before(Rig rig, String how) throws Exception {
		try (Rig.Case each = rig.open("", ALERT)) {
			each.proxy.replayable(() -> {
				long heard = System.nanoTime(); // or later
				each.talk();
				// one way: what we send is read, what the peer sends never comes
				each.proxy.apply(1, how.equals("one way") ? "drop " + each.towardsNear() : how);
				WebSocketEnding ending = each.near.ending();
				assertThat(ending.kind()).isEqualTo(Kind.HALF_OPEN);
				atLeast(PING.plus(PONG), heard, each.near.endedNanos);
				assertThat(each.near.received).hasValue(1);
				each.checkRest();
			});
		}
	}

	// ---- F6 the other way, F8: who takes nothing

	static Stream<Arguments> stalls() {
		return times(1, false, "stop", "stop-read", "stop-write");
	}

	@ParameterizedTest(name = "{0} {1} in one direction")
	@MethodSource("stalls")
	void a_peer_that_takes_nothing_is_a_write_stall_with_a_bounded_queue(Rig rig, String how) throws Exception {
		Ear near = new Ear();
		try (Rig.Case each = rig.narrow("", PUSHING, near)) {
			each.proxy.replayable(() -> {
				each.talk();
				each.proxy.apply(1, how + " " + each.towardsFar());
				long stopped = System.nanoTime();
				long most = 0;
				SendResult result = SendResult.ACCEPTED;
				for (int i = 0; i < 40_000 && result != SendResult.NOT_OPEN; i++) { // 40 MB, of which it may hold a quarter of one
					result = near.send(1_000, i % 2 == 0 ? SendMode.RELIABLE : SendMode.LOSSY);
					most = Math.max(most, near.connection().queuedBytes());
				}
				long attempts = 0;
				for (SendResult each1 : SendResult.values()) {
					attempts += near.count(each1);
				}
				assertThat(each.far.send(100, SendMode.RELIABLE)).isIn(SendResult.ACCEPTED, SendResult.NOT_OPEN); // it can still talk
				assertThat(near.ending().kind()).isEqualTo(Kind.WRITE_STALL);
				atLeast(STALL, stopped, near.endedNanos);
				assertThat(most).isLessThanOrEqualTo(PUSHING.queueBytes());
				assertThat(near.count(SendResult.ACCEPTED) + near.count(SendResult.FULL) + near.count(SendResult.DROPPED)
						+ near.count(SendResult.NOT_OPEN))
						.isEqualTo(attempts);
				assertThat(near.count(SendResult.FULL)).isPositive();
				each.checkRest();
			});
		}
	}

	static Stream<Arguments> slow() {
		return times(1, false, "bandwidth 2000000");
	}

	@ParameterizedTest(name = "{0} {1}")
	@MethodSource("slow")
	void a_slow_reader_gets_everything_that_was_accepted_or_it_is_counted(Rig rig, String how) throws Exception {
		Ear near = new Ear();
		try (Rig.Case each = rig.narrow("at 0 ms of connection 1: " + how, PUSHING.toBuilder().writeStallTimeout(Duration.ofMinutes(1)).build(),
				near)) {
			each.proxy.replayable(() -> {
				each.talk();
				for (int i = 0; i < 20_000 && near.count(SendResult.FULL) < 50; i++) { // the system's buffers take megabytes
					near.send(1_000, SendMode.RELIABLE);
				}
				assertThat(near.count(SendResult.FULL)).isPositive();
				long accepted = near.count(SendResult.ACCEPTED);
				Await.until("all that was accepted", () -> each.far.received.get() == accepted);
				assertThat(each.far.fault).isEmpty();
				assertThat(near.writable.get()).isPositive();
				assertThat(near.closed).isNotDone();
				near.connection().close(1000, "");
				assertThat(near.ending().kind()).isEqualTo(Kind.CLOSED_BY_US);
				assertThat(each.far.ending().code()).isEqualTo(1000);
				each.checkRest();
			});
		}
	}

	// ---- what the proxy says in the server's stead, and broken bytes

	static Stream<Arguments> answers() {
		return Stream.of(
				arguments(false, "at 0 ms of connection 1: answer 302 Location: ws://127.0.0.1:1/", Kind.REFUSED, 302, -1),
				arguments(false, "at 0 ms of connection 1: answer 401", Kind.REFUSED, 401, -1),
				arguments(false, "at 0 ms of connection 1: answer 403", Kind.REFUSED, 403, -1),
				arguments(false, "at 0 ms of connection 1: answer 404", Kind.REFUSED, 404, -1),
				arguments(false, "at 0 ms of connection 1: answer 429 Retry-After: 7", Kind.REFUSED, 429, 7),
				arguments(false, "at 0 ms of connection 1: answer 500", Kind.REFUSED, 500, -1),
				arguments(false, "at 0 ms of connection 1: answer 503 Retry-After: 2", Kind.REFUSED, 503, 2),
				arguments(false, "at 0 ms of connection 1: answer 503", Kind.REFUSED, 503, -1),
				arguments(false, "at 0 ms of connection 1: endless-headers", Kind.TOO_BIG, 0, -1),
				arguments(false, "at 0 ms of connection 1: wrong-accept", Kind.PROTOCOL, 0, -1),
				arguments(false, "at byte 3 down of connection 1: fin", Kind.LOST, 0, -1),
				arguments(false, "at byte 3 down of connection 1: rst", Kind.LOST, 0, -1),
				arguments(true, "at byte 700 down of connection 1: corrupt", Kind.TLS, 0, -1));
	}

	@ParameterizedTest(name = "wss {0}, {1}: {2}")
	@MethodSource("answers")
	void an_upgrade_that_goes_wrong_is_told_as_what_it_is(boolean secure, String script, Kind kind, int status, int retryAfter)
			throws Exception {
		Rig rig = RIGS.stream().filter(each -> each.client && each.secure == secure).findFirst().orElseThrow();
		try (Rig.Case each = rig.begin(script, DEFAULTS)) {
			each.proxy.replayable(() -> {
				WebSocketEnding ending = each.near.ending();
				assertThat(ending.kind()).isEqualTo(kind);
				assertThat(ending.httpStatus()).isEqualTo(status);
				assertThat(ending.retryAfter()).isEqualTo(retryAfter);
				each.checkRest();
			});
		}
	}

	static Stream<Arguments> brokenFrames() {
		return rigs(false).filter(rig -> !rig.secure).flatMap(rig -> Stream.of(
				arguments(rig, "opcode 3", Kind.PROTOCOL, 0), arguments(rig, "opcode 0", Kind.PROTOCOL, 0),
				arguments(rig, "inject 11", Kind.PROTOCOL, 0),
				arguments(rig, "inject 8 03e9", Kind.CLOSED_BY_PEER, 0), arguments(rig, "split 100", Kind.CLOSED_BY_US, 2),
				arguments(rig, "inject 9 0102", Kind.CLOSED_BY_US, 2)));
	}

	@ParameterizedTest(name = "{0} {1}: {2}")
	@MethodSource("brokenFrames")
	void a_frame_that_was_meddled_with_is_refused_or_understood(Rig rig, String fault, Kind kind, int received) throws Exception {
		try (Rig.Case each = rig.open("", DEFAULTS)) {
			each.proxy.replayable(() -> {
				each.talk();
				each.proxy.apply(1, fault + " " + each.towardsNear());
				each.far.send(MESSAGE, SendMode.RELIABLE);
				if (received > 0) {
					Await.until("the message", () -> each.near.received.get() == received);
					each.near.connection().close(1000, "");
				}
				assertThat(each.near.ending().kind()).isEqualTo(kind);
				each.checkRest();
			});
		}
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("two")
	void two_connections_of_one_proxy_are_told_apart(Rig rig, String ignored) throws Exception {
		try (Rig.Case each = rig.open("at 0 ms of connection 2: silence", DEFAULTS)) {
			Ear second = new Ear();
			ChaosProxy proxy = each.proxy;
			rig.subject.connect(WebSocketRequest.to(URI.create("ws://127.0.0.1:" + proxy.port())), second).toString();
			proxy.awaitConnection(2);
			assertThat(proxy.passed(2, Side.UP)).isZero();
			proxy.apply(2, "rst");
			assertThat(second.ending().kind()).isEqualTo(Kind.LOST);
			each.talk();
			each.near.connection().abort();
			each.checkRest();
		}
	}

	static Stream<Arguments> two() {
		return times(1, true, "two").limit(1);
	}
}
