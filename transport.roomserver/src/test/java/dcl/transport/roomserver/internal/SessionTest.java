package dcl.transport.roomserver.internal;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dcl.transport.Identity;
import dcl.transport.identity.Wallets;
import dcl.transport.rfc5.WsPacket;
import dcl.transport.roomserver.RoomServerOptions;
import dcl.transport.roomserver.RoomServerOptions.OneSessionPer;
import dcl.transport.websocket.HttpAnswer;
import dcl.transport.websocket.SendMode;
import dcl.transport.websocket.SendResult;
import dcl.transport.websocket.WebSocketEnding;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/** The rules of a session and of the rooms, without sockets and threads: time passes and signatures are checked when the test says so. */
@Timeout(60)
class SessionTest {

	private static final byte[] BODY = {1, 2, 3};
	/** Owner and challenge of the chain in wspacket.json. */
	private static final String VECTOR_ADDRESS = "0x3cf8192b993785eef2ce44cc0821089fe12851dc";
	private static final String VECTOR_CHALLENGE = "dcl-0.8f3k2n1qz9p";

	private static final class Steps implements Environment.Timers {

		record Step(Duration time, Runnable task) {
		}

		final List<Step> running = new ArrayList<>();

		@Override
		public Runnable after(Duration time, Runnable task) {
			Step step = new Step(time, task);
			running.add(step);
			return () -> running.remove(step);
		}
	}

	private static final class TestClock extends Clock {

		Instant now = Instant.parse("2026-01-01T00:00:00Z");

		@Override
		public Instant instant() {
			return now;
		}

		@Override
		public ZoneId getZone() {
			throw new UnsupportedOperationException();
		}

		@Override
		public Clock withZone(ZoneId zone) {
			throw new UnsupportedOperationException();
		}
	}

	/** One client as the server sees it. */
	private final class Peer {

		final FakeConnection connection = new FakeConnection();
		final Identity identity;
		final Session session;

		Peer(String room, Identity identity) throws Exception {
			this.identity = identity;
			session = new Session(environment, room, InetAddress.getByAddress(new byte[] {10, 0, 0, 1}));
			session.opened(connection);
		}

		void hear(WsPacket packet) {
			hear(packet.encode());
		}

		void hear(byte[] bytes) {
			session.message(connection, bytes, false);
		}

		void identify() {
			hear(new WsPacket.Identification(identity.address().value()));
		}

		String challenge() {
			return ((WsPacket.Challenge) last()).challengeToSign();
		}

		void answer() {
			hear(new WsPacket.SignedChallenge(Client.sign(identity, challenge()).toJson()));
		}

		Peer login() {
			identify();
			answer();
			verifyAll();
			return this;
		}

		WsPacket last() {
			return connection.sent.get(connection.sent.size() - 1);
		}

		/** Returns what came since the last call. */
		List<WsPacket> fresh() {
			List<WsPacket> fresh = List.copyOf(connection.sent);
			connection.sent.clear();
			return fresh;
		}

		void gone() {
			session.closed(connection, new WebSocketEnding(WebSocketEnding.Kind.LOST, 1006, "", 0, -1, "test"));
		}

		String address() {
			return identity.address().value();
		}
	}

	final Identity alice = Wallets.random();
	final Identity bob = Wallets.random();
	final Identity carol = Wallets.random();
	final Counters counters = new Counters();
	final Recorder recorder = new Recorder();
	final Events events = new Events(recorder, "test-events");
	final Steps steps = new Steps();
	final TestClock clock = new TestClock();
	final Deque<Runnable> verifications = new ArrayDeque<>();
	Executor verifiers = verifications::add;
	String nextChallenge;
	int challenges;
	Environment environment = environment(RoomServerOptions.defaults());

	@AfterEach
	void close() {
		events.close();
	}

	// ---- the login

	@Test
	void a_login_takes_identification_challenge_signature_and_welcome() throws Exception {
		Peer peer = new Peer("plaza", alice);
		assertThat(peer.connection.sent).isEmpty();
		peer.identify();
		assertThat(peer.fresh()).containsExactly(new WsPacket.Challenge("dcl-1", false));
		peer.hear(new WsPacket.SignedChallenge(Client.sign(alice, "dcl-1").toJson()));
		assertThat(peer.connection.paused).isTrue();
		assertThat(peer.fresh()).isEmpty();
		assertThat(environment.pending().count()).isOne();
		verifyAll();

		assertThat(peer.fresh()).containsExactly(new WsPacket.Welcome(1, Map.of()));
		assertThat(peer.connection.paused).isFalse();
		assertThat(peer.connection.modes).containsOnly(SendMode.RELIABLE);
		assertThat(environment.pending().count()).isZero();
		assertThat(steps.running).isEmpty();
		assertThat(recorder.take()).isEqualTo("+ plaza " + alice.address());
	}

	@Test
	void addresses_are_told_in_lower_case() throws Exception {
		Peer peer = new Peer("plaza", alice);
		peer.hear(new WsPacket.Identification("0x" + alice.address().value().substring(2).toUpperCase(Locale.ROOT)));
		peer.answer();
		verifyAll();

		assertThat(new Peer("plaza", bob).login().last()).isEqualTo(new WsPacket.Welcome(2, Map.of(1, alice.address().value())));
	}

	static Stream<Vectors.Message> messages() {
		return Vectors.messages();
	}

	@ParameterizedTest
	@MethodSource("messages")
	void before_the_identification_nothing_else_is_taken(Vectors.Message message) throws Exception {
		Peer peer = new Peer("plaza", alice);
		peer.hear(message.bytes());

		if (message.name().startsWith("peerIdentification_")) {
			assertThat(peer.last()).isInstanceOf(WsPacket.Challenge.class);
		} else {
			assertThat(peer.connection.sent).isEmpty();
			assertThat(peer.connection.code).isEqualTo(message.decodes() ? 1008 : 1007);
		}
	}

	@ParameterizedTest
	@MethodSource("messages")
	void after_the_challenge_nothing_else_than_the_signed_one_is_taken(Vectors.Message message) throws Exception {
		nextChallenge = VECTOR_CHALLENGE;
		Peer peer = new Peer("plaza", alice);
		peer.hear(new WsPacket.Identification(VECTOR_ADDRESS));
		peer.fresh();
		peer.hear(message.bytes());
		verifyAll();

		if (message.name().equals("signedChallengeForServer")) {
			assertThat(peer.fresh()).containsExactly(new WsPacket.Welcome(1, Map.of()));
		} else {
			assertThat(peer.connection.sent).isEmpty();
			assertThat(peer.connection.code).isEqualTo(message.decodes() ? 1008 : 1007);
			assertThat(environment.rooms().users()).isZero();
		}
	}

	@ParameterizedTest
	@MethodSource("messages")
	void in_the_room_updates_are_passed_on_and_other_packets_are_counted(Vectors.Message message) throws Exception {
		Peer witness = new Peer("plaza", bob).login();
		Peer peer = new Peer("plaza", alice).login();
		witness.fresh();
		peer.fresh();
		peer.hear(message.bytes());

		WsPacket decoded = message.decodes() ? WsPacket.decode(message.bytes()) : null;
		if (decoded instanceof WsPacket.PeerUpdate update) {
			assertThat(witness.fresh()).containsExactly(WsPacket.PeerUpdate.of(2, update.bodyBytes(), update.unreliable()));
		} else if (decoded == null) {
			assertThat(peer.connection.code).isEqualTo(1007);
			assertThat(witness.fresh()).containsExactly(new WsPacket.PeerLeave(2));
			assertThat(counters.broken.sum()).isOne();
		} else {
			assertThat(counters.ignored.sum()).isOne();
			peer.hear(WsPacket.PeerUpdate.of(77, BODY, false));
			assertThat(witness.fresh()).containsExactly(WsPacket.PeerUpdate.of(2, BODY, false));
		}
		assertThat(peer.connection.sent).isEmpty();
		assertThat(witness.connection.code).isZero();
	}

	@Test
	void each_step_has_its_time() throws Exception {
		Peer mute = new Peer("plaza", alice);
		Peer half = new Peer("plaza", bob);
		half.identify();
		assertThat(steps.running).extracting(Steps.Step::time).containsExactly(Duration.ofSeconds(3), Duration.ofSeconds(3));
		List.copyOf(steps.running).forEach(step -> step.task().run());

		assertThat(mute.connection.code).isEqualTo(1008);
		assertThat(mute.connection.reason).contains("identification", "3000 ms");
		assertThat(half.connection.code).isEqualTo(1008);
		assertThat(half.connection.reason).contains("signed challenge");
		assertThat(steps.running).isEmpty();
		half.answer();
		verifyAll();
		assertThat(environment.rooms().users()).isZero();
	}

	@Test
	void a_time_out_that_comes_too_late_does_nothing() throws Exception {
		Peer peer = new Peer("plaza", alice);
		Runnable first = steps.running.get(0).task();
		peer.identify();
		Runnable second = steps.running.get(0).task();
		peer.answer();
		first.run();
		second.run();
		verifyAll();
		first.run();
		second.run();

		assertThat(peer.connection.code).isZero();
		assertThat(environment.rooms().users()).isOne();
	}

	@Test
	void a_connection_that_ends_while_its_signature_is_checked_never_enters() throws Exception {
		Peer peer = new Peer("plaza", alice);
		peer.identify();
		peer.answer();
		peer.gone();
		verifyAll();

		assertThat(environment.rooms().users()).isZero();
		assertThat(environment.pending().count()).isZero();
		assertThat(counters.failedLogins.sum()).isOne();
		assertThat(recorder.calls).isEmpty();
	}

	@Test
	void too_many_signatures_at_once_are_refused() throws Exception {
		verifiers = task -> {
			throw new RejectedExecutionException();
		};
		Peer peer = new Peer("plaza", alice);
		peer.identify();
		peer.answer();

		assertThat(peer.connection.code).isEqualTo(1013);
		assertThat(environment.rooms().users()).isZero();
	}

	@Test
	void text_and_oversize_end_the_connection_in_every_phase() throws Exception {
		for (int phase = 0; phase < 3; phase++) {
			Peer text = new Peer("plaza", alice);
			Peer large = new Peer("plaza", bob);
			for (Peer peer : List.of(text, large)) {
				if (phase == 1) {
					peer.identify();
				} else if (phase == 2) {
					peer.login();
				}
			}
			text.session.message(text.connection, new WsPacket.Identification(alice.address().value()).encode(), true);
			large.hear(new byte[16_385]);

			assertThat(text.connection.code).isEqualTo(1003);
			assertThat(large.connection.code).isEqualTo(1009);
			assertThat(environment.rooms().users()).isZero();
			text.gone();
			large.gone();
		}
		assertThat(environment.pending().count()).isZero();
	}

	// ---- limits

	@Test
	void a_full_room_a_full_server_and_too_many_rooms_have_their_own_words() throws Exception {
		environment = environment(RoomServerOptions.defaults().withRoomCapacity(1).withCapacity(3).withMaxRooms(2));
		Peer first = new Peer("one", alice).login();
		assertThat(kicked(new Peer("one", bob))).isEqualTo(Rooms.ROOM_FULL);
		Peer second = new Peer("two", bob).login();
		assertThat(kicked(new Peer("three", carol))).isEqualTo(Rooms.TOO_MANY_ROOMS);
		environment = environment(RoomServerOptions.defaults().withCapacity(1));
		new Peer("one", alice).login();
		assertThat(kicked(new Peer("two", carol))).isEqualTo(Rooms.SERVER_FULL);

		assertThat(counters.turnedAway.sum()).isEqualTo(3);
		assertThat(first.connection.code).isZero();
		assertThat(second.connection.code).isZero();
	}

	@Test
	void who_is_replaced_does_not_count_as_full() throws Exception {
		environment = environment(RoomServerOptions.defaults().withRoomCapacity(1).withCapacity(1).withMaxRooms(1));
		for (String room : List.of("one", "one", "two", "two", "one")) {
			assertThat(new Peer(room, alice).login().last()).isInstanceOf(WsPacket.Welcome.class);
		}
		assertThat(environment.rooms().sizes()).isEqualTo(Map.of("one", 1));
		assertThat(kicked(new Peer("one", bob))).isEqualTo(Rooms.ROOM_FULL);
	}

	@Test
	void a_room_that_fills_up_during_a_login_is_full() throws Exception {
		environment = environment(RoomServerOptions.defaults().withRoomCapacity(1));
		Peer late = new Peer("plaza", alice);
		late.identify();
		late.answer();
		Runnable verification = verifications.remove();
		new Peer("plaza", bob).login();
		late.fresh();
		verification.run();

		assertThat(late.fresh()).containsExactly(new WsPacket.Kicked(Rooms.ROOM_FULL));
		assertThat(late.connection.code).isEqualTo(1000);
		assertThat(environment.rooms().sizes()).isEqualTo(Map.of("plaza", 1));
	}

	@Test
	void connections_that_do_not_log_in_are_bounded_until_they_are_gone() throws Exception {
		environment = environment(RoomServerOptions.defaults().withMaxPending(10).withMaxPendingPerAddress(2));
		Peer first = new Peer("plaza", alice);
		Peer second = new Peer("plaza", bob);
		Peer third = new Peer("plaza", carol);
		assertThat(third.connection.code).isEqualTo(1013);
		third.gone();
		assertThat(environment.pending().count()).isEqualTo(2);

		first.login();
		second.gone();
		assertThat(environment.pending().count()).isZero();
		first.gone();
		assertThat(environment.pending().count()).isZero();
		Pending pending = new Pending(2, 2);
		assertThat(pending.add(InetAddress.getByName("10.0.0.1"))).isTrue();
		assertThat(pending.add(InetAddress.getByName("10.0.0.2"))).isTrue();
		assertThat(pending.add(InetAddress.getByName("10.0.0.3"))).isFalse();
	}

	@Test
	void ignored_packets_are_bounded_by_the_second() throws Exception {
		environment = environment(RoomServerOptions.defaults().withIgnoredPerSecond(3));
		Peer peer = new Peer("plaza", alice).login();
		for (int second = 0; second < 3; second++) {
			for (int i = 0; i < 3; i++) {
				peer.hear(new byte[0]);
			}
			clock.now = clock.now.plusSeconds(1);
		}
		assertThat(peer.connection.code).isZero();
		for (int i = 0; i < 4; i++) {
			peer.hear(new byte[0]);
		}

		assertThat(peer.connection.code).isEqualTo(1008);
		assertThat(environment.rooms().users()).isZero();
		assertThat(counters.ignored.sum()).isEqualTo(13);
	}

	// ---- slow readers

	@Test
	void unreliable_packets_are_dropped_first() throws Exception {
		Peer slow = new Peer("plaza", alice).login();
		Peer sender = new Peer("plaza", bob).login();
		slow.fresh();
		slow.connection.queuedBytes = 65_536;
		sender.hear(WsPacket.PeerUpdate.of(0, BODY, true));
		assertThat(slow.fresh()).hasSize(1);
		slow.connection.queuedBytes = 65_537;
		sender.hear(WsPacket.PeerUpdate.of(0, BODY, true));
		sender.hear(WsPacket.PeerUpdate.of(0, BODY, false));

		assertThat(slow.fresh()).containsExactly(WsPacket.PeerUpdate.of(2, BODY, false));
		assertThat(counters.dropped.sum()).isOne();
		slow.connection.queuedBytes = 0;
		slow.connection.lossy = SendResult.DROPPED;
		sender.hear(WsPacket.PeerUpdate.of(0, BODY, true));
		assertThat(counters.dropped.sum()).isEqualTo(2);
		assertThat(counters.relayed.sum()).isEqualTo(2);
		assertThat(slow.connection.code).isZero();
	}

	@Test
	void who_cannot_take_a_reliable_packet_is_out_and_the_others_are_told() throws Exception {
		Peer slow = new Peer("plaza", alice).login();
		Peer slower = new Peer("plaza", carol).login();
		Peer witness = new Peer("plaza", Wallets.random()).login();
		Peer sender = new Peer("plaza", bob).login();
		witness.fresh();
		sender.fresh();
		slow.connection.reliable = SendResult.FULL;
		slower.connection.reliable = SendResult.FULL; // shows only when it is told of the other
		sender.hear(WsPacket.PeerUpdate.of(0, BODY, false));

		assertThat(witness.fresh()).containsExactlyInAnyOrder(WsPacket.PeerUpdate.of(4, BODY, false), new WsPacket.PeerLeave(1),
				new WsPacket.PeerLeave(2));
		assertThat(sender.fresh()).containsExactlyInAnyOrder(new WsPacket.PeerLeave(1), new WsPacket.PeerLeave(2));
		assertThat(List.of(slow.connection.code, slower.connection.code)).containsExactly(1008, 1008);
		assertThat(counters.tooSlow.sum()).isEqualTo(2);
		slow.gone();
		slower.gone();
		assertThat(witness.fresh()).isEmpty();
		assertThat(environment.rooms().users()).isEqualTo(2);
	}

	@Test
	void a_connection_that_is_ending_by_itself_is_not_too_slow() throws Exception {
		Peer ending = new Peer("plaza", alice).login();
		Peer sender = new Peer("plaza", bob).login();
		ending.connection.close(1000, "");
		sender.hear(WsPacket.PeerUpdate.of(0, BODY, false));
		assertThat(counters.tooSlow.sum()).isZero();
		ending.gone();
		assertThat(sender.last()).isEqualTo(new WsPacket.PeerLeave(1));
	}

	// ---- second logins

	@Test
	void a_newer_login_is_not_forgotten_when_the_older_one_closes_late() throws Exception {
		Peer witness = new Peer("plaza", bob).login();
		Peer first = new Peer("plaza", alice).login();
		Peer second = new Peer("plaza", alice).login();
		assertThat(first.last()).isEqualTo(new WsPacket.Kicked(Rooms.REPLACED));
		first.gone();
		Peer third = new Peer("plaza", alice);
		third.identify();
		assertThat(third.last()).isEqualTo(new WsPacket.Challenge("dcl-4", true));
		third.answer();
		verifyAll();
		second.gone();
		third.gone();

		assertThat(second.last()).isEqualTo(new WsPacket.Kicked(Rooms.REPLACED));
		assertThat(witness.fresh().subList(2, 8)).containsExactly(new WsPacket.PeerJoin(2, alice.address().value()), new WsPacket.PeerLeave(2),
				new WsPacket.PeerJoin(3, alice.address().value()), new WsPacket.PeerLeave(3),
				new WsPacket.PeerJoin(4, alice.address().value()), new WsPacket.PeerLeave(4));
		assertThat(environment.rooms().users()).isOne();
		String address = alice.address().value();
		assertThat(List.of(recorder.take(), recorder.take(), recorder.take(), recorder.take(), recorder.take())).containsExactly(
				"+ plaza " + bob.address(), "+ plaza " + address, "- plaza " + address, "+ plaza " + address, "- plaza " + address);
	}

	@Test
	void who_was_replaced_is_not_heard_any_more() throws Exception {
		Peer witness = new Peer("plaza", bob).login();
		Peer old = new Peer("plaza", alice).login();
		new Peer("plaza", alice).login();
		witness.fresh();
		old.hear(WsPacket.PeerUpdate.of(0, BODY, false));
		environment.rooms().relay(old.session, WsPacket.PeerUpdate.of(0, BODY, false)); // as one that was under way

		assertThat(witness.fresh()).isEmpty();
	}

	@Test
	void of_two_logins_at_once_the_later_stays() throws Exception {
		Peer first = new Peer("plaza", alice);
		Peer second = new Peer("plaza", alice);
		first.identify();
		second.identify();
		first.answer();
		second.answer();
		verifyAll();

		assertThat(first.last()).isEqualTo(new WsPacket.Kicked(Rooms.REPLACED));
		assertThat(second.last()).isEqualTo(new WsPacket.Welcome(2, Map.of()));
		assertThat(environment.rooms().users()).isOne();
	}

	@Test
	void nobody_enters_a_closed_server() throws Exception {
		Peer peer = new Peer("plaza", alice);
		peer.identify();
		peer.answer();
		environment.rooms().close();
		verifyAll();

		assertThat(peer.last()).isEqualTo(new WsPacket.Kicked(Rooms.STOPPING));
		assertThat(environment.rooms().users()).isZero();
	}

	// ---- many

	@Test
	void the_status_of_very_many_rooms_is_cut() throws Exception {
		nextChallenge = "dcl-1";
		environment = environment(RoomServerOptions.defaults().withOneSessionPer(OneSessionPer.ROOM).withMaxRooms(2_000)
				.withCapacity(2_000));
		byte[] answer = new WsPacket.SignedChallenge(Client.sign(alice, nextChallenge).toJson()).encode();
		for (int i = 0; i < 1_500; i++) {
			Peer peer = new Peer(i + "€".repeat(250), alice);
			peer.identify();
			peer.hear(answer);
			verifyAll();
		}
		String body = new Routes(environment, "1").status();

		JsonNode status = new ObjectMapper().readTree(body);
		assertThat(body.getBytes(StandardCharsets.UTF_8).length).isBetween(1_000_000, HttpAnswer.MAX_BODY_BYTES);
		assertThat(status.get("rooms").intValue()).isEqualTo(1_500);
		assertThat(status.get("users").intValue()).isEqualTo(1_500);
		assertThat(status.get("details")).hasSizeBetween(1_200, 1_499);
	}

	@Test
	void calls_that_a_listener_does_not_take_are_bounded() throws Exception {
		CountDownLatch release = new CountDownLatch(1);
		CountDownLatch waiting = new CountDownLatch(1);
		AtomicInteger heard = new AtomicInteger();
		Events slow = new Events(recorder, "test-slow");
		slow.tell(listener -> {
			waiting.countDown();
			try {
				release.await();
			} catch (InterruptedException e) {
				throw new AssertionError(e);
			}
		});
		waiting.await();
		for (int i = 0; i < Events.MOST_WAITING + 7; i++) {
			slow.tell(listener -> heard.incrementAndGet());
		}
		assertThat(slow.lost()).isEqualTo(7);
		release.countDown();
		slow.close();
		assertThat(heard).hasValue(Events.MOST_WAITING);
	}

	private static String kicked(Peer peer) {
		peer.identify();
		assertThat(peer.connection.code).isEqualTo(1000);
		assertThat(peer.connection.sent).hasSize(1);
		return ((WsPacket.Kicked) peer.last()).reason();
	}

	private void verifyAll() {
		while (!verifications.isEmpty()) {
			verifications.remove().run();
		}
	}

	private Environment environment(RoomServerOptions options) {
		Rooms rooms = new Rooms(options, counters, events);
		Pending pending = new Pending(options.maxPending(), options.maxPendingPerAddress());
		return new Environment(options, rooms, pending, counters, task -> verifiers.execute(task), steps,
				() -> nextChallenge == null ? "dcl-" + ++challenges : nextChallenge, new Replays(1, () -> 0), clock);
	}
}
