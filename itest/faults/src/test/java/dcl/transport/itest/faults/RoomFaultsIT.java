package dcl.transport.itest.faults;

import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.PeerId;
import dcl.transport.Transport.State;
import dcl.transport.TransportException.Code;
import dcl.transport.itest.chaos.ChaosProxy;
import dcl.transport.itest.chaos.History;
import dcl.transport.itest.chaos.HistoryChecker;
import dcl.transport.itest.chaos.HistoryChecker.Guarantee;
import dcl.transport.itest.chaos.Script;
import dcl.transport.itest.chaos.Side;
import dcl.transport.launcher.Comms;
import dcl.transport.roomserver.RoomServer;
import dcl.transport.roomserver.RoomServerListener;
import dcl.transport.roomserver.RoomServerOptions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/**
 * Our ws-room client, as a program gets it, and our room server, with a proxy between them that breaks the connection in each phase: what
 * the client's program is told. In each room a witness who is connected past the proxy must see joins and leaves in pairs, and lose
 * nothing; what both saw is judged by the history checker, C1 to C5.
 */
@Timeout(120)
class RoomFaultsIT {

	private static final int TIMES = Integer.getInteger("faults.times", 1);
	private static final Duration PING = Duration.ofMillis(500);
	private static final Duration PONG = Duration.ofMillis(700);
	private static final Duration STALL = Duration.ofMillis(700);
	private static final Duration STEP = Duration.ofMillis(600);
	private static final int SIZE = 400;
	/**
	 * Places in the handshake: frame 1 up identifies, frame 1 down is the challenge, frame 2 up its signature, frame 2 down the welcome
	 * (ADR-105).
	 */
	private static final List<String> PLACES = List.of("byte 3 down", "byte 60 down", "frame 1 up", "frame 1 byte 9 up", "frame 1 down",
			"frame 1 byte 5 down",
			"frame 2 up", "frame 2 byte 100 up", "frame 2 down", "frame 2 byte 4 down");
	private static final AtomicInteger ROOMS = new AtomicInteger();

	private static RoomServer server;
	private static Comms patient; // nothing is late
	private static Comms hasty; // the steps of a handshake are
	private static Comms alert; // silence is

	@BeforeAll
	static void start() throws Exception {
		server = Rooms.server(RoomServerOptions.defaults().withStepTimeout(Duration.ofSeconds(30)).withMaxPending(500), new RoomServerListener() {
		});
		patient = Rooms.runtime(Map.of("handshakeTimeoutMillis", 30_000L, "upgradeTimeoutMillis", 30_000L, "pingIntervalMillis", 60_000L));
		hasty = Rooms.runtime(Map.of("handshakeTimeoutMillis", STEP.toMillis(), "upgradeTimeoutMillis", STEP.toMillis(), "pingIntervalMillis",
				60_000L));
		alert = Rooms.runtime(Map.of("handshakeTimeoutMillis", 30_000L, "upgradeTimeoutMillis", 30_000L, "pingIntervalMillis", PING.toMillis(),
				"pongTimeoutMillis", PONG.toMillis(), "writeStallTimeoutMillis", STALL.toMillis()));
	}

	@AfterAll
	static void nothing_is_left() throws Exception {
		Await.until("nobody in any room", () -> server.stats().users() == 0 && server.stats().pending() == 0);
		for (Comms each : new Comms[] {patient, hasty, alert}) {
			assertThat(each.registry().open()).isEmpty();
			each.close();
		}
		server.close();
		for (String prefix : new String[] {"chaos-proxy", "dcl-wsroom", "dcl-transport"}) {
			Await.until("no thread " + prefix, () -> Await.threads(prefix) == 0);
		}
	}

	/** One room: a witness, and somebody whose connection goes through a proxy. */
	private static final class Case implements AutoCloseable {

		final History history = new History();
		private final Map<PeerId, String> names = new ConcurrentHashMap<>();
		final ChaosProxy proxy;
		final Guest witness;
		final Guest victim;

		Case(Comms comms, String script, int bufferBytes) throws Exception {
			URI url = URI.create(server.url().toString());
			String room = "room" + ROOMS.incrementAndGet();
			witness = new Guest("witness", patient.registry(), url + room, history, names);
			assertThat(witness.connect()).isNull();
			proxy = ChaosProxy.to(new InetSocketAddress(url.getHost(), url.getPort()), Script.parse(script), bufferBytes);
			victim = new Guest("victim", comms.registry(), "ws://127.0.0.1:" + proxy.port() + url.getPath() + room, history, names);
		}

		Case open() throws Exception {
			assertThat(victim.connect()).isNull();
			Await.until("the witness sees the victim", () -> witness.transport.peers().size() == 1);
			victim.send(1, SIZE);
			witness.send(1, SIZE);
			Await.until("a message each way", () -> victim.received.get() == 1 && witness.received.get() == 1);
			return this;
		}

		/** The victim's end; then the witness is alone, everything adds up, and the history is one that was promised. */
		void check(State expected) throws Exception {
			assertThat(victim.transport.state()).isEqualTo(expected);
			proxy.close(); // a server that has not noticed yet does now
			Await.until("the witness is alone", () -> witness.transport.peers().isEmpty());
			victim.settle();
			witness.send(1, SIZE);
			witness.settle();
			assertThat(witness.transport.stats().sendFailed()).isZero();
			assertThat(witness.transport.state()).isEqualTo(State.CONNECTED);
			Await.get(witness.transport.disconnect().toCompletableFuture());
			Await.get(witness.ended());
			HistoryChecker.require(history.events(), Guarantee.AT_MOST_ONCE, java.util.Set.of("witness"));
		}

		@Override
		public void close() {
			witness.transport.close();
			victim.transport.close();
			proxy.close();
		}
	}

	private static void fails(Comms comms, String script, Code code) throws Exception {
		try (Case each = new Case(comms, script, 0)) {
			each.proxy.replayable(() -> {
				assertThat(each.victim.connect()).isEqualTo(code);
				assertThat(Await.get(each.victim.ended()).reason()).isEqualTo(Reason.FAILED);
				assertThat(each.history.events()).noneMatch(event -> event.peer().equals("victim"));
				each.check(State.CLOSED);
			});
		}
	}

	// ---- before the welcome

	static Stream<Arguments> cuts() {
		List<Arguments> all = new ArrayList<>();
		for (int i = 0; i < 2 * TIMES; i++) {
			for (String place : PLACES) {
				all.add(arguments(place, "fin"));
				all.add(arguments(place, "rst"));
			}
		}
		return all.stream();
	}

	@ParameterizedTest(name = "{1} at {0}")
	@MethodSource("cuts")
	void a_cut_before_the_welcome_is_worth_another_try(String place, String fault) throws Exception {
		fails(patient, "at " + place + " of connection 1: " + fault, Code.UNREACHABLE);
	}

	static Stream<String> silences() {
		return Stream.concat(Stream.of("at 0 ms of connection 1: silence"), PLACES.stream().map(place -> "at " + place
				+ " of connection 1: stop"));
	}

	@ParameterizedTest
	@MethodSource("silences")
	void silence_before_the_welcome_is_a_time_out(String script) throws Exception {
		long begin = System.nanoTime();
		fails(hasty, script, Code.TIMEOUT);
		assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThanOrEqualTo(STEP);
	}

	static Stream<Arguments> answers() {
		return Stream.of(arguments("answer 302 Location: ws://127.0.0.1:1/", Code.PROTOCOL), arguments("answer 401", Code.REFUSED),
				arguments("answer 403", Code.REFUSED),
				arguments("answer 404", Code.REFUSED), arguments("answer 429 Retry-After: 7", Code.BUSY), arguments("answer 500", Code.UNREACHABLE),
				arguments("answer 503 Retry-After: 2", Code.BUSY), arguments("answer 503", Code.BUSY), arguments("endless-headers", Code.PROTOCOL),
				arguments("wrong-accept", Code.PROTOCOL), arguments("rst", Code.UNREACHABLE), arguments("fin", Code.UNREACHABLE));
	}

	@ParameterizedTest(name = "{0}: {1}")
	@MethodSource("answers")
	void an_upgrade_that_is_answered_otherwise_has_its_code(String fault, Code code) throws Exception {
		fails(patient, "at 0 ms of connection 1: " + fault, code);
	}

	static Stream<Arguments> meddling() {
		return Stream.of(arguments("at frame 1 down of connection 1: opcode 3", Code.PROTOCOL),
				arguments("at frame 1 down of connection 1: opcode 1", Code.PROTOCOL),
				arguments("at frame 1 down of connection 1: duplicate", Code.PROTOCOL), arguments("at frame 2 down of connection 1: inject 11",
						Code.PROTOCOL),
				arguments("at frame 1 down of connection 1: inject 8 03f5", Code.BUSY), arguments("at frame 1 down of connection 1: inject 8 03e9",
						Code.UNREACHABLE));
	}

	@ParameterizedTest(name = "{0}: {1}")
	@MethodSource("meddling")
	void frames_that_do_not_belong_in_a_handshake_have_their_code(String script, Code code) throws Exception {
		fails(patient, script, code);
	}

	@ParameterizedTest
	@MethodSource("once")
	void a_refused_connection_is_unreachable_and_the_next_one_is_not(int ignored) throws Exception {
		try (Case each = new Case(patient, "", 0)) {
			each.proxy.refuse();
			assertThat(each.victim.connect()).isEqualTo(Code.UNREACHABLE);
			each.check(State.CLOSED);
		}
		try (Case each = new Case(patient,
				"at 0 ms of connection 1: latency 30 jitter 20\nat frame 2 down of connection 1: split 7\nat frame 1 up of connection 1: split 9", 0)) {
			each.proxy.replayable(() -> {
				each.proxy.refuse();
				each.proxy.listen();
				each.open(); // slow and in pieces, but it comes
				Await.get(each.victim.transport.disconnect().toCompletableFuture());
				assertThat(Await.get(each.victim.ended()).reason()).isEqualTo(Reason.CLIENT);
				each.check(State.CLOSED);
			});
		}
	}

	static Stream<Integer> once() {
		return Stream.of(1);
	}

	// ---- in the room

	static Stream<String> ends() {
		return Stream.of("fin idle", "fin load", "fin mid-frame", "rst idle", "rst load", "rst mid-frame", "rst up load", "rst down load")
				.flatMap(each -> Stream.generate(() -> each).limit(3L * TIMES));
	}

	@ParameterizedTest
	@MethodSource("ends")
	void a_cut_in_the_room_is_a_loss_with_an_honest_account(String cut) throws Exception {
		String fault = cut.substring(0, cut.lastIndexOf(' '));
		try (Case each = new Case(patient, "", 0).open()) {
			each.proxy.replayable(() -> {
				switch (cut.substring(cut.lastIndexOf(' ') + 1)) {
					case "idle" -> each.proxy.apply(1, fault);
					case "load" -> {
						each.proxy.applyAfter(1, 60 * SIZE + 77, Side.UP, fault);
						for (int i = 0; i < 200; i++) {
							each.victim.send(1, SIZE);
							each.witness.send(1, SIZE);
						}
					}
					default -> {
						each.proxy.applyAfter(1, SIZE / 2, Side.DOWN, fault);
						each.witness.send(1, SIZE);
					}
				}
				if (fault.equals("rst up")) {
					each.proxy.close(); // the client's own socket is left mute
				}
				assertThat(Await.get(each.victim.ended()).reason()).isEqualTo(Reason.LOST);
				if (cut.equals("fin load")) {
					Await.until("what came before the cut", () -> each.witness.received.get() > 50);
				}
				each.check(State.CLOSED);
			});
		}
	}

	static Stream<String> halfOpen() {
		return Stream.of("stop", "stop-read", "drop down").flatMap(each -> Stream.generate(() -> each).limit(3L * TIMES));
	}

	@ParameterizedTest
	@MethodSource("halfOpen")
	void silence_in_the_room_is_a_loss_in_time_and_not_before(String fault) throws Exception {
		try (Case each = new Case(alert, "", 0)) {
			each.proxy.replayable(() -> {
				assertThat(each.victim.connect()).isNull();
				long heard = System.nanoTime(); // or later
				each.witness.send(1, SIZE);
				Await.until("a message", () -> each.victim.received.get() == 1);
				each.proxy.apply(1, fault);
				each.victim.send(20, SIZE);
				Disconnection ending = Await.get(each.victim.ended());
				assertThat(ending.reason()).isEqualTo(Reason.LOST);
				assertThat(ending.detail()).contains("no answer to a ping");
				Await.until("the listener knows", () -> each.victim.endedNanos != 0);
				assertThat(Duration.ofNanos(each.victim.endedNanos - heard)).isGreaterThanOrEqualTo(PING.plus(PONG));
				each.check(State.CLOSED);
			});
		}
	}

	@ParameterizedTest
	@MethodSource("once")
	void a_server_that_takes_nothing_is_a_loss_and_what_was_not_sent_is_told(int ignored) throws Exception {
		try (Case each = new Case(alert, "", 8 << 10).open()) {
			each.proxy.replayable(() -> {
				each.proxy.apply(1, "stop-read up");
				each.victim.send(3_000, 4_000); // far more than its queue and the system hold
				assertThat(Await.get(each.victim.ended()).reason()).isEqualTo(Reason.LOST);
				each.victim.settle();
				assertThat(each.victim.transport.stats().sendFailed()).isPositive();
				each.check(State.CLOSED);
			});
		}
	}

	static Stream<String> survivals() {
		return Stream.of("inject 9 0102 down", "inject 10 00 down", "split 50 down", "merge 4 down", "hold 200 down", "latency 50 jitter 40",
				"bandwidth 100000", "delay-pong 300 down",
				"split 30 up", "inject 9 00 up");
	}

	@ParameterizedTest
	@MethodSource("survivals")
	void what_is_merely_odd_loses_nothing(String fault) throws Exception {
		try (Case each = new Case(patient, "", 0).open()) {
			each.proxy.replayable(() -> {
				each.proxy.apply(1, fault);
				each.victim.send(50, SIZE);
				each.witness.send(50, SIZE);
				Await.until("all of it both ways", () -> each.victim.received.get() == 51 && each.witness.received.get() == 51);
				Await.get(each.victim.transport.disconnect().toCompletableFuture());
				each.check(State.CLOSED);
			});
		}
	}
}
