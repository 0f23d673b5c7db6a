package dcl.transport.registry.internal;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

import dcl.transport.Delivery;
import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.Session.Outcome;
import dcl.transport.Session.State;
import dcl.transport.SessionListener;
import dcl.transport.SessionPolicy;
import dcl.transport.Subscription;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Sessions on a virtual clock: what {@link SessionPropertiesTest} says in general, in single cases. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class SessionTest {

	private static final TransportUri URI = TransportUri.parse("fake:wss://h.example/?access_token=very-secret");
	private static final PeerId ALICE = PeerId.of("alice");
	private static final PeerId BOB = PeerId.of("bob");
	private static final PeerId CAROL = PeerId.of("carol");

	private final VirtualWorld world = new VirtualWorld(7);
	private final StrictListener listener = new StrictListener();
	private SessionPolicy policy = SessionPolicy.defaults();
	private LastingSession session;

	@BeforeEach
	void forgetLogs() {
		Logs.clear();
	}

	private LastingSession open() {
		session = new LastingSession(world, URI, TransportOptions.none(), policy, over -> {
		});
		session.listen(listener);
		return session;
	}

	/** A session that has been told to connect, and its transport. */
	private VirtualTransport connecting() {
		open().connect();
		world.settle();
		return world.last();
	}

	private VirtualTransport connected(PeerId... peers) {
		VirtualTransport transport = connecting();
		transport.opens(peers);
		world.settle();
		return transport;
	}

	/** Lets the wait pass. */
	private VirtualTransport again() {
		assertThat(session.state()).isEqualTo(State.WAITING);
		world.advance(Duration.ofHours(2));
		return world.last();
	}

	private static Packet packet(int number) {
		return Packet.copyOf(ByteBuffer.allocate(4).putInt(number).array());
	}

	private CompletionStage<Outcome> send(int number) {
		return session.send(packet(number), Delivery.reliable());
	}

	private static Outcome outcome(CompletionStage<Outcome> stage) {
		return stage.toCompletableFuture().getNow(null);
	}

	private static Code code(CompletionStage<?> stage) {
		return stage.handle((nothing, why) -> ((TransportException) why).code()).toCompletableFuture().getNow(null);
	}

	private static TransportException failure(Code code) {
		return new TransportException(code, "no luck");
	}

	private void assertClosed(Reason reason) {
		assertThat(session.state()).isEqualTo(State.CLOSED);
		assertThat(session.closed()).isCompletedWithValueMatching(why -> why.reason() == reason);
		int asked = world.asked;
		session.retryNow();
		session.connect();
		world.advance(Duration.ofDays(2));
		assertThat(world.asked).isEqualTo(asked);
		assertThat(world.pendingTimers()).isZero();
		assertThat(listener.breaches).isEmpty();
	}

	// ---- endings

	@ParameterizedTest
	@EnumSource(Reason.class)
	void every_ending_of_the_first_and_of_a_later_connection_is_final_or_is_not(Reason reason) {
		VirtualTransport transport = connected(ALICE);
		for (int connection = 0; connection < 2; connection++) {
			transport.ends(reason);
			world.settle();
			assertThat(session.lastEnding()).contains(new Disconnection(reason, "because"));
			if (!reason.isRetryable()) {
				assertClosed(reason);
				assertThat(world.asked).isEqualTo(1);
				return;
			}
			transport = again();
			assertThat(world.asked).isEqualTo(connection + 2);
			transport.opens(ALICE);
			world.settle();
		}
		assertThat(session.state()).isEqualTo(State.CONNECTED);
		assertThat(listener.breaches).isEmpty();
	}

	@ParameterizedTest
	@EnumSource(Code.class)
	void every_failure_of_the_first_attempt_is_final_or_is_not(Code code) {
		CompletionStage<Void> first = open().connect();
		world.settle();
		world.last().fails(failure(code));
		world.settle();
		if (code.isRetryable()) {
			assertThat(first.toCompletableFuture()).isNotDone();
			again().opens();
			world.settle();
			assertThat(first.toCompletableFuture()).isCompleted();
			assertThat(listener.events).endsWith("connecting", "connected 0");
		} else {
			assertThat(code(first)).isEqualTo(code);
			assertThat(session.lastEnding().orElseThrow().detail()).isEqualTo(code + ": no luck");
			assertThat(listener.events).containsExactly("connecting", "failed " + code, "closed FAILED");
			assertClosed(Reason.FAILED);
		}
	}

	@ParameterizedTest
	@EnumSource(Code.class)
	void without_retrying_the_first_attempt_each_failure_of_it_is_final_and_of_later_ones_as_ever(Code code) {
		policy = policy.withFirstRetried(false);
		connecting().fails(failure(code));
		world.settle();
		assertClosed(Reason.FAILED);

		LastingSession other = open();
		other.connect();
		world.settle();
		world.last().opens();
		world.last().ends(Reason.LOST);
		world.settle();
		again().fails(failure(code));
		world.settle();
		assertThat(other.state()).isEqualTo(code.isRetryable() ? State.WAITING : State.CLOSED);
	}

	@Test
	void a_refusal_by_the_registry_is_a_failure_like_any_other() {
		world.refusal = failure(Code.INVALID_PARAMS);
		open().connect();
		world.settle();

		assertThat(listener.events).containsExactly("connecting", "failed INVALID_PARAMS", "closed FAILED");
	}

	// ---- waiting

	@Test
	void the_wait_is_drawn_from_all_of_a_bound_that_doubles_to_the_longest() {
		List<Long> bounds = new ArrayList<>();
		double[] means = new double[8];
		int rounds = 400;
		for (int round = 0; round < rounds; round++) {
			StrictListener waits = new StrictListener();
			VirtualWorld one = new VirtualWorld(round);
			one.refusal = failure(Code.UNREACHABLE);
			LastingSession down = new LastingSession(one, URI, TransportOptions.none(), policy, over -> {
			});
			down.listen(waits);
			down.connect();
			while (waits.waits.size() < means.length) {
				one.advance(Duration.ofSeconds(1));
			}
			for (int i = 0; i < means.length; i++) {
				long bound = Math.min(30_000, 1_000L << i);
				bounds.add(waits.waits.get(i).toMillis() - bound);
				means[i] += (double) waits.waits.get(i).toMillis() / bound / rounds;
			}
		}
		assertThat(bounds).allMatch(over -> over <= 0);
		for (double mean : means) {
			assertThat(mean).isBetween(0.4, 0.6); // full jitter: half of the bound, on the average
		}
	}

	@Test
	void five_hundred_sessions_do_not_come_back_together_when_a_service_was_down_for_a_minute() {
		List<LastingSession> all = new ArrayList<>();
		for (int i = 0; i < 500; i++) {
			LastingSession one = new LastingSession(world, URI, TransportOptions.none(), policy, over -> {
			});
			one.connect();
			all.add(one);
		}
		world.settle();
		world.transports.forEach(transport -> transport.opens());
		world.advance(Duration.ofSeconds(20));
		world.refusal = failure(Code.UNREACHABLE);
		List.copyOf(world.transports).forEach(transport -> transport.ends(Reason.LOST));
		world.advance(Duration.ofMinutes(1));
		world.refusal = null;
		int before = world.transports.size();
		List<Integer> arrivals = new ArrayList<>();
		int seen = before;
		while (seen < before + all.size()) {
			world.advance(Duration.ofSeconds(5));
			arrivals.add(world.transports.size() - seen);
			seen = world.transports.size();
		}

		double mean = (double) all.size() / arrivals.size();
		System.out.println("arrivals every 5 s after an outage of 60 s: " + arrivals);
		assertThat(arrivals.size()).isLessThanOrEqualTo(6);
		assertThat(arrivals).allMatch(count -> count <= 2 * mean);
	}

	@ParameterizedTest
	@ValueSource(longs = {0, 1, 45, 3_600, 86_400})
	void what_the_service_asks_for_is_waited_at_least_up_to_an_hour(long seconds) {
		connecting().fails(new TransportException(Code.BUSY, "full", Duration.ofSeconds(seconds)));
		world.settle();

		long heeded = Math.min(3_600, seconds);
		assertThat(listener.waits.get(0)).isBetween(Duration.ofSeconds(heeded), Duration.ofSeconds(heeded + 1));
		assertThat(session.nextAttempt()).contains(world.now().plus(listener.waits.get(0)));
		world.advance(listener.waits.get(0).minusMillis(1));
		assertThat(world.asked).isEqualTo(1);
		world.advance(Duration.ofMillis(2));
		assertThat(world.asked).isEqualTo(2);
		assertThat(session.nextAttempt()).isEmpty();
	}

	@Test
	void retrying_now_skips_the_wait_once() {
		connecting().fails(new TransportException(Code.BUSY, "full", Duration.ofMinutes(5)));
		world.settle();
		for (int i = 0; i < 1_000; i++) {
			session.retryNow();
		}
		world.settle();
		assertThat(world.asked).isEqualTo(2);
		session.retryNow();
		world.last().opens();
		session.retryNow();
		world.advance(Duration.ofHours(1));

		assertThat(world.asked).isEqualTo(2);
		assertThat(session.state()).isEqualTo(State.CONNECTED);
	}

	@Test
	void after_a_steady_connection_the_count_begins_anew_and_after_a_short_one_it_goes_on() {
		VirtualTransport transport = connected();
		for (int i = 0; i < 3; i++) {
			transport.ends(Reason.LOST);
			world.settle();
			transport = again();
			transport.opens();
			world.settle();
			world.advance(Duration.ofSeconds(9));
		}
		assertThat(session.attempt()).isEqualTo(3);
		world.advance(Duration.ofSeconds(1));
		transport.ends(Reason.LOST);
		world.settle();

		assertThat(session.attempt()).isEqualTo(1);
		assertThat(listener.events).filteredOn(event -> event.startsWith("reconnecting")).containsExactly("reconnecting 1 after LOST",
				"reconnecting 2 after LOST", "reconnecting 3 after LOST", "reconnecting 1 after LOST");
	}

	@Test
	void no_attempt_begins_before_the_last_wire_is_closed() {
		VirtualTransport transport = connected();
		transport.slowGoodbye = true;
		transport.ends(Reason.LOST);
		world.advance(Duration.ofMinutes(1));
		assertThat(world.asked).isEqualTo(1);
		assertThat(session.state()).isEqualTo(State.CONNECTING);
		transport.goodbye();
		world.settle();

		assertThat(world.asked).isEqualTo(2);
	}

	// ---- providers

	@Test
	void when_the_provider_left_it_comes_back_as_soon_as_there_is_one() {
		connected().ends(Reason.PROVIDER_GONE);
		world.settle();
		assertThat(listener.waits).containsExactly(Duration.ofSeconds(1));
		world.advance(Duration.ofMillis(10));
		world.comes();
		world.settle();

		assertThat(world.asked).isEqualTo(2);
		assertThat(world.pendingTimers()).isLessThanOrEqualTo(1); // the time-out of the waiter, which is gone
		world.last().opens();
		assertThat(listener.events).endsWith("disconnected PROVIDER_GONE", "reconnecting 1 after PROVIDER_GONE", "connecting", "reconnected 0");
	}

	@Test
	void a_missing_provider_is_waited_for_and_asked_for_now_and_then() {
		world.refusal = failure(Code.NO_PROVIDER);
		open().connect();
		world.advance(Duration.ofMinutes(10));
		assertThat(world.asked).isBetween(20, 60);
		assertThat(world.pendingWaiters()).isLessThanOrEqualTo(1);
		world.refusal = null;
		int asked = world.asked;
		if (world.pendingWaiters() == 0) { // every other wait is for its time alone
			world.advance(world.untilNext());
		} else {
			world.comes();
			world.settle();
		}

		assertThat(world.asked).isEqualTo(asked + 1);
	}

	@Test
	void a_provider_that_is_there_and_says_it_is_gone_is_not_asked_without_pause() {
		world.available = true;
		open().connect();
		world.settle();
		for (int i = 0; i < 100; i++) {
			if (world.last().isConnecting()) {
				world.last().fails(failure(Code.PROVIDER_GONE));
			}
			world.advance(Duration.ofMillis(100));
		}

		assertThat(world.asked).isLessThan(15);
	}

	// ---- the end

	@Test
	void a_session_can_be_closed_in_every_phase() {
		open().close();
		world.settle();
		assertThat(listener.events).containsExactly("closed CLIENT");
		assertThat(code(session.connect())).isEqualTo(Code.NOT_CONNECTED);
		assertThat(world.asked).isZero();

		listener.events.clear();
		StrictListener second = new StrictListener();
		VirtualTransport transport = connecting();
		session.listen(second);
		session.close();
		session.close();
		assertThat(transport.isClosing()).isTrue();
		transport.obeys();
		world.settle();
		assertThat(second.events).containsExactly("closed CLIENT");
		assertThat(session.closed()).isCompletedWithValueMatching(why -> why.reason() == Reason.CLIENT);

		transport = connected(ALICE);
		transport.ends(Reason.LOST);
		world.settle();
		session.close();
		world.settle();
		assertThat(session.state()).isEqualTo(State.CLOSED);
		assertThat(world.pendingTimers()).isZero();
	}

	@Test
	void a_kick_that_comes_while_it_is_closed_is_no_reason_to_come_back_and_neither_is_a_loss() {
		for (Reason reason : Reason.values()) {
			VirtualTransport transport = connected();
			session.close();
			transport.ends(reason);
			world.settle();
			assertThat(session.closed()).isCompletedWithValueMatching(why -> why.reason() == Reason.CLIENT);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = {"connecting", "failed", "connected", "joined", "left", "disconnected", "reconnecting", "reconnected"})
	void a_listener_may_close_the_session_from_within_each_of_its_methods(String event) {
		listener.inside = () -> {
			if (listener.events.get(listener.events.size() - 1).startsWith(event)) {
				session.close();
			}
		};
		open().connect();
		for (int round = 0; round < 4 && session.state() != State.CLOSED; round++) {
			world.settle();
			if (!world.transports.isEmpty()) {
				VirtualTransport transport = world.last();
				if (transport.isConnecting() && !transport.isClosing() && round % 2 == 0) {
					transport.opens(ALICE);
					transport.joins(BOB);
					transport.leaves(ALICE);
					if (!transport.isClosing()) {
						transport.ends(Reason.LOST);
					}
				} else if (transport.isConnecting() && !transport.isClosing()) {
					transport.fails(failure(Code.UNREACHABLE));
				}
				transport.obeys();
			}
			world.advance(Duration.ofMinutes(1));
		}

		assertThat(listener.events).last().isEqualTo("closed CLIENT");
		assertClosed(Reason.CLIENT);
	}

	@Test
	void when_the_registry_goes_it_ends_with_provider_gone_connected_or_waiting() {
		VirtualTransport transport = connected();
		session.leave("the registry goes");
		transport.ends(Reason.PROVIDER_GONE);
		world.settle();
		assertThat(session.closed()).isCompletedWithValueMatching(why -> why.reason() == Reason.PROVIDER_GONE);

		connected().ends(Reason.LOST);
		world.settle();
		session.leave("the registry goes");
		world.settle();
		assertThat(session.closed()).isCompletedWithValueMatching(why -> why.equals(new Disconnection(Reason.PROVIDER_GONE, "the registry goes")));
		assertThat(world.pendingTimers()).isZero();
	}

	// ---- roster

	@Test
	void joins_and_leaves_pair_across_connections() {
		VirtualTransport transport = connected(ALICE, BOB);
		transport.joins(CAROL);
		transport.ends(Reason.LOST);
		world.settle();
		assertThat(session.peers()).containsExactlyInAnyOrder(ALICE, BOB, CAROL);
		again().opens(BOB, PeerId.of("dave"));

		assertThat(listener.events.subList(6, listener.events.size())).containsExactlyInAnyOrder("left alice", "left carol", "joined dave", "reconnected 2");
		assertThat(listener.events).last().isEqualTo("reconnected 2");
		assertThat(session.peers()).isEqualTo(Set.of(BOB, PeerId.of("dave"))).isEqualTo(listener.peers);
		assertThat(listener.breaches).isEmpty();
	}

	@Test
	void a_listener_hears_from_when_it_is_added_until_it_is_taken_away() {
		connected(ALICE);
		StrictListener late = new StrictListener();
		Subscription subscription = session.listen(late);
		subscription.close();
		subscription.close();
		world.last().joins(BOB);

		assertThat(late.events).isEmpty();
		assertThat(listener.events).last().isEqualTo("joined bob");
	}

	@Test
	void a_listener_that_throws_harms_no_other_and_no_secret_is_logged() {
		session = new LastingSession(world, URI, TransportOptions.none(), policy, over -> {
		});
		session.listen(new SessionListener() {
			@Override
			public void connecting() {
				throw new IllegalStateException("very-secret");
			}
		});
		session.listen(listener);
		session.connect();
		world.settle();

		assertThat(listener.events).containsExactly("connecting");
		assertThat(Logs.text()).contains("threw").contains("IllegalStateException");
		assertThat(Logs.text() + session).doesNotContain("very-secret");
	}

	// ---- packets

	@Test
	void what_is_sent_in_the_very_first_callback_and_before_is_sent() {
		open();
		CompletionStage<Outcome> before = send(1);
		listener.inside = () -> {
			if (listener.events.get(listener.events.size() - 1).startsWith("connected")) {
				send(2);
			}
		};
		session.connect().thenRun(() -> send(3));
		world.settle();
		CompletionStage<Outcome> meanwhile = send(4);
		world.last().opens();
		for (int i = 0; i < 4; i++) {
			world.last().takes();
			world.last().reads();
		}
		world.last().confirmsAll();

		assertThat(world.taken).containsExactly(packet(1), packet(4), packet(3), packet(2));
		assertThat(outcome(before)).isEqualTo(outcome(meanwhile)).isEqualTo(Outcome.CONFIRMED);
	}

	@Test
	void a_packet_is_confirmed_when_the_service_has_read_it_and_unknown_when_the_wire_broke_before() {
		VirtualTransport transport = connected();
		CompletionStage<Outcome> read = send(1);
		CompletionStage<Outcome> written = send(2);
		CompletionStage<Outcome> onTheWire = send(3);
		CompletionStage<Outcome> queued = send(4);
		transport.takes();
		transport.takes();
		transport.reads();
		assertThat(outcome(read)).isNull();
		transport.confirmsAll();
		assertThat(outcome(read)).isEqualTo(Outcome.CONFIRMED);
		transport.ends(Reason.LOST);
		CompletionStage<Outcome> later = send(5);
		world.settle();

		assertThat(outcome(written)).isEqualTo(Outcome.UNKNOWN);
		assertThat(outcome(onTheWire)).isEqualTo(Outcome.UNKNOWN);
		assertThat(outcome(queued)).isNull();
		VirtualTransport next = again();
		next.opens();
		next.takes();
		next.takes();
		assertThat(world.taken).containsExactly(packet(1), packet(2), packet(3), packet(4), packet(5));
		assertThat(outcome(later)).isNull();
	}

	@Test
	void what_was_on_a_wire_that_was_mended_is_unknown_and_what_comes_after_is_confirmed_again() {
		VirtualTransport transport = connected();
		CompletionStage<Outcome> read = send(1);
		CompletionStage<Outcome> inDoubt = send(2);
		transport.takes();
		transport.takes();
		transport.reads();
		transport.confirmsAll();
		transport.mends();
		CompletionStage<Outcome> after = send(3);
		transport.takes();
		transport.reads();
		transport.confirmsAll();
		world.settle();

		assertThat(outcome(read)).isEqualTo(Outcome.CONFIRMED);
		assertThat(outcome(inDoubt)).isEqualTo(Outcome.UNKNOWN);
		assertThat(outcome(after)).isEqualTo(Outcome.CONFIRMED);
		assertThat(session.stats()).asString().startsWith("accepted 3 = confirmed 2 + handed over 0 + dropped 0 + unknown 1 + failed 0");
	}

	@Test
	void what_is_said_of_packets_ahead_of_their_taking_holds_when_they_are_taken() {
		VirtualTransport transport = connected();
		CompletionStage<Outcome> confirmed = send(1);
		CompletionStage<Outcome> inDoubt = send(2);
		CompletionStage<Outcome> after = send(3);
		transport.tell(listener -> listener.confirmed(1)); // the wire's threads race
		transport.tell(listener -> listener.unknown(1));
		transport.takes();
		transport.takes();
		transport.takes();
		world.settle();

		assertThat(outcome(confirmed)).isEqualTo(Outcome.CONFIRMED);
		assertThat(outcome(inDoubt)).isEqualTo(Outcome.UNKNOWN);
		assertThat(outcome(after)).isNull();
	}

	@Test
	void a_wire_that_cannot_confirm_has_it_handed_over() {
		world.confirming = false;
		VirtualTransport transport = connected();
		CompletionStage<Outcome> packet = send(1);
		transport.takes();

		assertThat(outcome(packet)).isEqualTo(Outcome.HANDED_OVER);
		assertThat(session.stats()).hasToString("accepted 1 = confirmed 0 + handed over 1 + dropped 0 + unknown 0 + failed 0, 1 connections in 1 attempts");
	}

	@Test
	void what_still_waits_at_the_end_is_dropped_and_nothing_more_is_taken() {
		connected().ends(Reason.LOST);
		world.settle();
		CompletionStage<Outcome> waiting = send(1);
		session.close();
		world.settle();

		assertThat(outcome(waiting)).isEqualTo(Outcome.DROPPED);
		assertThat(code(send(2))).isEqualTo(Code.NOT_CONNECTED);
		assertThat(code(session.send(packet(3), Delivery.lossy()))).isEqualTo(Code.NOT_CONNECTED);
	}

	@Test
	void lossy_packets_go_at_once_or_never() {
		open();
		assertThat(outcome(session.send(packet(1), Delivery.lossy()))).isEqualTo(Outcome.DROPPED);
		session.connect();
		world.settle();
		assertThat(outcome(session.send(packet(1), Delivery.lossy()))).isEqualTo(Outcome.DROPPED);
		world.last().opens();
		assertThat(outcome(session.send(packet(1), Delivery.lossy()))).isEqualTo(Outcome.HANDED_OVER);
		world.last().ends(Reason.LOST);
		assertThat(outcome(session.send(packet(1), Delivery.lossy()))).isEqualTo(Outcome.DROPPED);

		assertThat(session.stats().lossyDropped()).isEqualTo(3);
		assertThat(session.stats().lossyHandedOver()).isEqualTo(1);
		assertThat(session.stats().accepted()).isZero();
	}

	@Test
	void what_waits_is_bounded_in_packets_and_in_bytes() {
		policy = policy.withWaiting(3, 1_000);
		open();
		for (int i = 0; i < 3; i++) {
			assertThat(send(i).toCompletableFuture()).isNotDone();
		}
		assertThat(code(send(3))).isEqualTo(Code.CONGESTED);

		policy = policy.withWaiting(1_000, 10);
		open();
		assertThat(send(0).toCompletableFuture()).isNotDone();
		assertThat(send(1).toCompletableFuture()).isNotDone();
		assertThat(code(send(2))).isEqualTo(Code.CONGESTED);
		assertThat(code(session.send(Packet.copyOf(new byte[11]), Delivery.reliable()))).isEqualTo(Code.TOO_LARGE);
		assertThat(session.stats().accepted()).isEqualTo(2);
	}

	@Test
	void the_defaults_keep_a_thousand_packets_or_a_mebibyte() {
		open();
		for (int i = 0; i < 1_000; i++) {
			assertThat(send(i).toCompletableFuture()).isNotDone();
		}
		assertThat(code(send(1_000))).isEqualTo(Code.CONGESTED);

		open();
		for (int i = 0; i < 16; i++) {
			assertThat(session.send(Packet.copyOf(new byte[65_536]), Delivery.reliable()).toCompletableFuture()).isNotDone();
		}
		assertThat(code(send(16))).isEqualTo(Code.CONGESTED);
	}

	@Test
	void further_packets_wait_while_too_many_are_unconfirmed() {
		policy = policy.withUnconfirmed(2);
		VirtualTransport transport = connected();
		for (int i = 0; i < 4; i++) {
			send(i);
		}
		for (int i = 0; i < 4; i++) {
			transport.takes();
		}
		assertThat(world.taken).hasSize(2);
		transport.reads();
		transport.confirmsAll();
		transport.takes();

		assertThat(world.taken).hasSize(3);
	}

	@Test
	void a_queue_of_the_wire_that_is_full_is_no_failure() {
		world.queue = 1;
		VirtualTransport transport = connected();
		List<CompletionStage<Outcome>> sent = new ArrayList<>();
		for (int i = 0; i < 5; i++) {
			sent.add(send(i));
		}
		for (int i = 0; i < 5; i++) {
			transport.takes();
			transport.reads();
		}
		transport.confirmsAll();

		assertThat(sent).allMatch(stage -> outcome(stage) == Outcome.CONFIRMED);
		assertThat(world.taken).containsExactly(packet(0), packet(1), packet(2), packet(3), packet(4));
	}

	@Test
	void what_the_wire_refuses_fails_and_is_not_counted_among_the_confirmed() {
		VirtualTransport transport = connected();
		CompletionStage<Outcome> refused = send(1);
		CompletionStage<Outcome> tooLarge = session.send(Packet.copyOf(new byte[VirtualTransport.MAX_BYTES + 1]), Delivery.reliable());
		CompletionStage<Outcome> taken = send(2);
		transport.refuses(Code.UNSUPPORTED);
		transport.takes();
		transport.reads();
		transport.confirmsAll();
		world.settle();

		assertThat(code(refused)).isEqualTo(Code.UNSUPPORTED);
		assertThat(code(tooLarge)).isEqualTo(Code.TOO_LARGE);
		assertThat(outcome(taken)).isEqualTo(Outcome.CONFIRMED);
		assertThat(session.stats().failed()).isEqualTo(2);
	}

	@Test
	void connecting_twice_is_connecting_once() {
		open();
		assertThat(session.connect() == session.connect()).isTrue(); // AssertJ compares copies of stages
		world.settle();
		assertThat(session.state()).isEqualTo(State.CONNECTING);
		assertThat(world.asked).isEqualTo(1);
		assertThat(session).hasToString("fake:wss://h.example/… (session, CONNECTING)");
	}
}
