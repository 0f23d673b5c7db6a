package dcl.transport.simulator.internal;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

import dcl.transport.Delivery;
import dcl.transport.Delivery.Reliability;
import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.simulator.SimulatorBehaviour;
import dcl.transport.simulator.SimulatorContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.osgi.framework.Constants;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/** Behaviours of hosts: what they can do, and that bad ones hurt their own transport only. */
@Timeout(value = 90, unit = TimeUnit.SECONDS)
class BehavioursTest {

	private static final Packet PACKET = Packet.copyOf(new byte[] {1, 2, 3});

	private final Fixture fixture = new Fixture();
	private final CountDownLatch release = new CountDownLatch(1);

	@AfterEach
	void close() {
		release.countDown();
		fixture.close();
	}

	@Test
	void a_behaviour_makes_of_a_room_what_it_likes() throws Exception {
		fixture.register("mine", room -> {
			PeerId peer = room.peer(0);
			room.join(peer);
			room.after(Duration.ofSeconds(1), () -> room.join(PeerId.of("late")));
			room.every(Duration.ofMillis(400), () -> room.send(peer, PACKET, Reliability.LOSSY, "tick " + room.now().toMillis()));
			room.onReceived((packet, delivery) -> room.send(peer, packet, delivery.reliability(), room.parameters() + " " + room.peers().size()));
		});
		Fixture.Opened room = fixture.open("mine?peers=9&colour=red&size=3&rate=20");
		room.advance(1_000);
		room.send(PACKET, Delivery.reliable());
		room.advance(0);

		assertThat(room.received().stream().map(FakeContext.Report::text)).containsExactly("tick 400", "tick 800", "{colour=red, size=3} 2");
		assertThat(room.trace()).contains("joined late  null ");
		assertThat(room.link().peers()).hasSize(1);
	}

	@Test
	void a_name_belongs_to_the_best_and_then_to_the_oldest() {
		List<String> begun = new ArrayList<>();
		SimulatorProvider provider = fixture.provider;
		provider.bindBehaviour(room -> begun.add("younger"), properties("x", 12, 0));
		provider.bindBehaviour(room -> begun.add("older"), properties("x", 11, 0));
		fixture.open("x");
		SimulatorBehaviour best = room -> begun.add("best");
		provider.bindBehaviour(best, properties("x", 13, 1));
		fixture.open("x");
		provider.unbindBehaviour(best, properties("x", 13, 1));
		fixture.open("x");

		assertThat(begun).containsExactly("older", "best", "older");
	}

	private static java.util.Map<String, Object> properties(String name, long id, int ranking) {
		return java.util.Map.of(SimulatorBehaviour.NAME, name, Constants.SERVICE_ID, id, Constants.SERVICE_RANKING, ranking);
	}

	@Test
	void a_name_that_cannot_be_used_is_left_out() {
		fixture.register("walk", room -> room.fault(dcl.transport.simulator.SimulatorFault.refuse("taken over")));
		fixture.register("two words", room -> {
		});

		assertThat(fixture.open("walk?peers=1").link().peers()).hasSize(1);
		assertThat(fixture.refusal("nobody")).hasMessageContaining("there are []");
	}

	@Test
	void one_that_throws_ends_its_own_transport() throws Exception {
		fixture.register("bad", room -> room.after(Duration.ofSeconds(1), () -> {
			throw new IllegalArgumentException("out of luck");
		}));
		fixture.register("worse", room -> room.onReceived((packet, delivery) -> {
			throw new StackOverflowError();
		}));
		Fixture.Opened neighbour = fixture.open("?peers=2");
		Fixture.Opened bad = fixture.open("bad");
		Fixture.Opened worse = fixture.open("worse");
		worse.send(PACKET, Delivery.reliable());
		bad.advance(1_000);

		assertThat(bad.ending()).isEqualTo(new Disconnection(Reason.PROTOCOL, "the behaviour 'bad' failed: java.lang.IllegalArgumentException: out of luck"));
		assertThat(worse.ending()).isEqualTo(new Disconnection(Reason.PROTOCOL, "the behaviour 'worse' failed: java.lang.StackOverflowError"));
		assertThat(neighbour.context().closed).isNotDone();
		assertThat(neighbour.received()).isNotEmpty();
	}

	@Test
	void one_that_throws_at_the_beginning_fails_the_connect() {
		fixture.register("picky", room -> {
			throw new IllegalArgumentException("colour: red or blue expected");
		});
		fixture.register("broken", room -> {
			throw new IllegalStateException();
		});

		TransportException picky = fixture.refusal("picky?colour=green");
		assertThat(picky.code()).isEqualTo(Code.INVALID_PARAMS);
		assertThat(picky).hasMessage("colour: red or blue expected");
		assertThat(fixture.refusal("broken").code()).isEqualTo(Code.INTERNAL);
		assertThat(fixture.refusal("broken")).hasMessage("the behaviour 'broken' failed: java.lang.IllegalStateException: it does not say why");
	}

	private void hang() {
		try {
			release.await();
		} catch (InterruptedException e) {
			Thread.currentThread().interrupt();
		}
	}

	@Test
	void one_that_hangs_ends_its_own_transport_and_is_not_started_for_ever() throws Exception {
		try (Fixture quick = new Fixture(times -> times.behaviour = 300)) {
			quick.register("stuck", room -> room.after(Duration.ofMillis(1), this::hang));
			quick.register("never", room -> hang());
			Fixture.Opened neighbour = quick.openReal("?peers=2");
			for (int i = 0; i < Behaviour.MAX_HUNG; i++) {
				assertThat(quick.openReal("stuck").ending())
						.isEqualTo(new Disconnection(Reason.PROTOCOL, "the behaviour 'stuck' did not come back within 300 ms"));
			}
			assertThat(quick.refusal("never").code()).isEqualTo(Code.INTERNAL);
			assertThat(quick.refusal("stuck")).hasMessageContaining("holds up 3 threads and gets no new transports");
			int heard = neighbour.context().count();
			neighbour.context().awaitReports(heard + 10);

			release.countDown();
			// as soon as they are back it is given another chance
			long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(Fixture.LIMIT_SECONDS);
			while (quick.opening("stuck", quick.context()).toCompletableFuture().isCompletedExceptionally() && System.nanoTime() < end) {
				LockSupport.parkNanos(10_000_000);
			}
			assertThat(System.nanoTime()).isLessThan(end);
		}
	}

	@Test
	void when_it_goes_its_transports_end_and_may_come_back() throws Exception {
		Runnable gone = fixture.register("mine", room -> room.join(room.peer(0)));
		Fixture.Opened mine = fixture.open("mine");
		Fixture.Opened other = fixture.open("?peers=1");
		gone.run();

		assertThat(mine.ending().reason()).isEqualTo(Reason.PROVIDER_GONE).matches(Reason::isRetryable);
		assertThat(other.context().closed).isNotDone();
		assertThat(fixture.refusal("mine").code()).isEqualTo(Code.NO_PROVIDER);
		fixture.register("mine", room -> room.join(room.peer(0)));
		assertThat(fixture.open("mine").link().peers()).hasSize(1);
	}

	@Test
	void a_room_is_used_within_its_calls_only() {
		AtomicReference<SimulatorContext> leaked = new AtomicReference<>();
		fixture.register("leaky", leaked::set);
		Fixture.Opened room = fixture.open("leaky");
		room.advance(1);

		assertThatIllegalStateException().isThrownBy(() -> leaked.get().send(PeerId.of("x"), PACKET, Reliability.LOSSY));
		assertThatIllegalStateException().isThrownBy(() -> leaked.get().join(PeerId.of("x")));
		assertThatIllegalStateException().isThrownBy(() -> leaked.get().after(Duration.ZERO, () -> {
		}));
		assertThatIllegalStateException().isThrownBy(() -> leaked.get().now());
		assertThat(room.trace()).isEmpty();
	}

	@Test
	void misuse_is_told_to_whoever_does_it() {
		List<Throwable> told = new ArrayList<>();
		fixture.register("clumsy", room -> {
			told.add(thrown(() -> room.join(PeerId.SERVICE)));
			told.add(thrown(() -> room.after(Duration.ofNanos(-1), () -> {
			})));
			told.add(thrown(() -> room.every(Duration.ZERO, () -> {
			})));
			told.add(thrown(() -> room.peer(-1)));
			told.add(thrown(() -> room.send(null, PACKET, Reliability.LOSSY)));
		});
		fixture.open("clumsy");

		assertThat(told).extracting(Throwable::getClass).isEqualTo(List.of(IllegalArgumentException.class, IllegalArgumentException.class,
				IllegalArgumentException.class, IllegalArgumentException.class, NullPointerException.class));
		assertThatIllegalArgumentException().isThrownBy(() -> fixture.clock.advance(Duration.ofSeconds(-1)));
	}

	private static Throwable thrown(Runnable call) {
		try {
			call.run();
			return null;
		} catch (RuntimeException e) {
			return e;
		}
	}

	@Test
	void there_is_a_bound_on_what_is_to_happen_on_what_is_sent_at_once_and_on_who_comes() throws Exception {
		try (Fixture small = new Fixture(times -> {
			times.events = 1_000;
			times.peers = 5;
		})) {
			small.register("planner", room -> room.after(Duration.ofMillis(1), () -> plan(room, Integer.parseInt(room.parameters().get("n")))));
			CountDownLatch shouted = new CountDownLatch(1);
			small.register("shouter", room -> room.onReceived((packet, delivery) -> {
				try {
					shout(room, 2_000);
				} finally {
					shouted.countDown();
				}
			}));
			small.register("host", room -> room.after(Duration.ofMillis(1), () -> invite(room, Integer.parseInt(room.parameters().get("n")))));

			Fixture.Opened plans = small.open("planner?n=1000");
			plans.advance(1);
			assertThat(plans.context().closed).isNotDone();
			Fixture.Opened tooMany = small.open("planner?n=1001");
			tooMany.advance(1);
			assertThat(tooMany.ending()).matches(why -> why.reason() == Reason.PROTOCOL && why.detail().contains("more than 1000 things are to happen"));

			Fixture.Opened shouting = small.open("shouter");
			shouting.context().fill();
			shouting.send(PACKET, Delivery.reliable());
			assertThat(shouted.await(Fixture.LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue(); // room made earlier would let all of them through
			shouting.context().makeRoom();
			assertThat(shouting.ending()).matches(why -> why.reason() == Reason.PROTOCOL && why.detail().contains("more than 1000 packets were sent at once"));

			Fixture.Opened guests = small.open("host?n=5");
			guests.advance(1);
			assertThat(guests.context().closed).isNotDone();
			Fixture.Opened crowd = small.open("host?n=6");
			crowd.advance(1);
			assertThat(crowd.ending().detail()).contains("more than 5 peers came");
		}
	}

	@Test
	void a_slow_answer_for_which_there_is_no_room_waits_for_it() throws Exception {
		CountDownLatch answered = new CountDownLatch(1);
		fixture.register("slow", room -> room.onReceived((packet, delivery) -> {
			long longerThanATurn = System.nanoTime() + 20_000_000;
			shout(room, 2);
			while (System.nanoTime() - longerThanATurn < 0) {
				LockSupport.parkNanos(longerThanATurn - System.nanoTime());
			}
			answered.countDown();
		}));
		Fixture.Opened room = fixture.open("slow");
		((ScheduledThreadPoolExecutor) room.context().executor).setCorePoolSize(1);
		room.context().fill();
		room.send(PACKET, Delivery.reliable());
		assertThat(answered.await(Fixture.LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
		for (int turn = 0; turn < 3; turn++) { // this one, and one that finds no room
			room.context().executor.submit(() -> {
			}).get(Fixture.LIMIT_SECONDS, TimeUnit.SECONDS);
		}
		room.context().makeRoom();

		room.context().awaitReports(2);
	}

	private static void plan(SimulatorContext room, int count) {
		for (int i = 0; i < count; i++) {
			room.after(Duration.ofHours(1), () -> {
			});
		}
	}

	private static void shout(SimulatorContext room, int count) {
		for (int i = 0; i < count; i++) {
			room.send(PeerId.of("x"), PACKET, Reliability.RELIABLE);
		}
	}

	private static void invite(SimulatorContext room, int count) {
		for (int i = 0; i < count; i++) {
			room.join(room.peer(i));
		}
	}

	@Test
	void while_listeners_are_behind_time_stands_still() throws Exception {
		Fixture.Opened room = fixture.open("?peers=10&seed=1");
		room.advance(60);
		int before = room.context().count();
		room.context().fill();
		CompletableFuture<Void> advanced = fixture.clock.advance(Duration.ofSeconds(60)).toCompletableFuture();
		room.context().awaitReports(before + 1);

		assertThat(room.context().count()).isEqualTo(before + 1);
		assertThat(advanced).isNotDone();
		room.context().makeRoom();
		advanced.get(Fixture.LIMIT_SECONDS, TimeUnit.SECONDS);
		assertThat(room.received().stream().filter(report -> report.reliability() == Reliability.LOSSY)).hasSize(10 * 1_001);
	}

	@Test
	void closing_is_at_once_and_for_good() throws Exception {
		Fixture.Opened room = fixture.openReal("?peers=100&pace=1000");
		room.context().awaitReports(1_000);

		room.link().close().toCompletableFuture().get(1, TimeUnit.SECONDS);
		room.link().close();

		Fixture.Opened other = fixture.openReal("?peers=100&pace=1000");
		other.context().awaitReports(20_000);
		int count = room.context().count();
		other.context().awaitReports(40_000);
		assertThat(room.context().count()).as("nothing comes after").isEqualTo(count);
		assertThat(room.context().closed).as("and nobody is told what they did themselves").isNotDone();
	}
}
