package dcl.transport.registry.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import dcl.transport.Delivery.Reliability;
import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Message;
import dcl.transport.PeerId;
import dcl.transport.Transport;
import dcl.transport.Transport.State;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportListener;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static dcl.transport.registry.internal.Rig.ALICE;
import static dcl.transport.registry.internal.Rig.await;
import static dcl.transport.registry.internal.Rig.failure;
import static dcl.transport.registry.internal.Rig.packet;
import static org.assertj.core.api.Assertions.assertThat;

@Timeout(30)
class IncomingTest {

	private Rig rig;
	private final CountDownLatch held = new CountDownLatch(1);

	@AfterEach
	void stop() {
		held.countDown();
		rig.close();
	}

	/** A pair whose listener is inside its first event, "first", and stays there. */
	private Rig.Pair slow() {
		Rig.Pair pair = rig.pair();
		pair.listener().doing = event -> await(held);
		pair.receive("first");
		pair.listener().next();
		return pair;
	}

	@Test
	void packets_arrive_in_wire_order_as_they_were_sent() {
		rig = new Rig();
		Transport transport = rig.create("echo:x");
		List<Message> messages = new ArrayList<>();
		CountDownLatch all = new CountDownLatch(900);
		transport.listen(new TransportListener() {
			@Override
			public void received(Message message) {
				messages.add(message);
				all.countDown();
			}
		});
		await(transport.connect());
		LinkContext context = rig.echo.lastContext();
		for (int i = 0; i < 900; i++) {
			context.received(ALICE, packet("" + i), i % 2 == 0 ? Reliability.LOSSY : Reliability.RELIABLE, "t" + i);
			if (i % 300 == 299) {
				int last = i;
				Rig.until(() -> all.getCount() == 899 - last);
			}
		}
		await(all);
		for (int i = 0; i < 900; i++) {
			Message message = messages.get(i);
			assertThat(Rig.text(message.packet())).isEqualTo("" + i);
			assertThat(message.from()).isEqualTo(ALICE);
			assertThat(message.topic()).isEqualTo("t" + i);
			assertThat(message.reliability()).isEqualTo(i % 2 == 0 ? Reliability.LOSSY : Reliability.RELIABLE);
		}
		assertThat(transport.stats().received()).isEqualTo(900);
		assertThat(transport.stats().bytesReceived()).isEqualTo(10 + 90 * 2 + 800 * 3);
	}

	@Test
	void the_stage_is_one_shared_completed_one_below_three_quarters_of_the_bound_and_one_pause_from_there_on() {
		rig = new Rig(s -> s.incomingPackets = 100);
		Rig.Pair pair = slow();
		CompletionStage<Void> shared = pair.receive("1");
		for (int i = 2; i < 75; i++) {
			assertThat(pair.receive("" + i) == shared).isTrue();
		}
		assertThat(shared.toCompletableFuture()).isDone();
		CompletionStage<Void> pause = pair.receive("75");
		assertThat(pause.toCompletableFuture()).isNotDone();
		assertThat(pair.receive("76") == pause).isTrue();
		held.countDown();
		await(pause);
		Rig.until(() -> pair.receive("after") == shared);
	}

	@Test
	void reading_goes_on_when_the_queue_has_fallen_to_a_quarter() {
		rig = new Rig(s -> {
			s.incomingPackets = 100;
			s.threads = 2;
		});
		Rig.Pair pair = slow();
		CompletableFuture<List<String>> heardWhenResumed = new CompletableFuture<>();
		CompletionStage<Void> pause = null;
		for (int i = 1; i <= 80; i++) {
			pause = pair.receive("" + i);
		}
		pause.thenRun(() -> heardWhenResumed.complete(List.copyOf(pair.listener().events)));
		CountDownLatch tenth = new CountDownLatch(1);
		pair.listener().doing = event -> {
			if (event.equals("alice: 64")) {
				await(tenth);
			}
		};
		held.countDown();
		// A batch of 64 is out of the queue when its last is being heard: 16 of 100 are left, which is less than a quarter.
		await(heardWhenResumed);
		tenth.countDown();
	}

	@Test
	void a_listener_that_gets_on_slowly_ends_nothing_if_half_of_the_queue_is_left_when_the_time_is_over() {
		rig = new Rig(s -> {
			s.incomingPackets = 200;
			s.maxPauseMillis = 3_000;
		});
		Rig.Pair pair = slow();
		CompletionStage<Void> pause = null;
		for (int i = 1; i <= 150; i++) {
			pause = pair.receive("" + i);
		}
		CountDownLatch last = new CountDownLatch(1);
		pair.listener().doing = event -> {
			if (event.equals("alice: 10")) { // a batch of 64 is out then: 86 of 200 are left, which is less than half but more than a quarter
				await(last);
			}
		};
		held.countDown();
		await(pause);
		assertThat(pair.transport().state()).isEqualTo(State.CONNECTED);
		last.countDown();
		Rig.until(() -> pair.listener().events.contains("alice: 150"));
	}

	@Test
	void a_wire_held_up_for_too_long_in_a_row_ends_with_overrun() {
		rig = new Rig(s -> {
			s.incomingPackets = 8;
			s.maxPauseMillis = 50;
		});
		Rig.Pair pair = slow();
		CompletionStage<Void> pause = null;
		for (int i = 0; i < 6; i++) {
			pause = pair.receive("" + i);
		}
		await(pair.link().closeAsked); // although the listener still holds up everything
		held.countDown();
		assertThat(await(pair.transport().closed()).reason()).isEqualTo(Reason.OVERRUN);
		await(pause);
		assertThat(pair.listener().events).containsExactly("connected []", "alice: first", "disconnected OVERRUN");
	}

	@Test
	void the_queue_ends_with_overrun_when_only_reliable_packets_are_left_at_the_bound() {
		rig = new Rig(s -> s.incomingPackets = 8);
		Rig.Pair pair = slow();
		for (int i = 0; i < 9; i++) {
			pair.receive("" + i);
		}
		await(pair.link().closeAsked);
		held.countDown();
		assertThat(await(pair.transport().closed()).reason()).isEqualTo(Reason.OVERRUN);
		assertThat(pair.transport().stats().received()).isEqualTo(9); // and the first
	}

	@Test
	void the_oldest_lossy_packet_is_dropped_at_the_bound() {
		rig = new Rig(s -> s.incomingPackets = 4);
		Rig.Pair pair = slow();
		pair.receiveLossy("l1");
		pair.receive("r1");
		pair.receiveLossy("l2");
		pair.receiveLossy("l3");
		pair.receive("r2");
		pair.receiveLossy("l4");
		pair.context().closed(new Disconnection(Reason.SERVER, ""));
		held.countDown();
		await(pair.transport().closed());
		assertThat(pair.listener().events)
				.containsExactly("connected []", "alice: first", "alice: r1", "alice: l3", "alice: r2", "alice: l4", "disconnected SERVER");
		assertThat(pair.transport().stats().receiveDropped()).isEqualTo(2);
	}

	@Test
	void a_wire_that_cannot_stop_reading_is_not_ended_for_not_stopping() {
		rig = new Rig(s -> {
			s.incomingPackets = 4;
			s.maxPauseMillis = 30;
		});
		Rig.Pair pair = slow();
		CountDownLatch later = new CountDownLatch(1);
		Runnable flood = new Runnable() {
			private int left = 40;

			@Override
			public void run() {
				pair.receiveLossy("l" + left);
				pair.receiveLossy("m" + left);
				if (--left > 0) {
					pair.context().executor().schedule(this, 5, TimeUnit.MILLISECONDS);
				} else {
					later.countDown();
				}
			}
		};
		flood.run();
		await(later);
		assertThat(pair.transport().state()).isEqualTo(Transport.State.CONNECTED);
		assertThat(pair.link().closes).hasValue(0);
		assertThat(pair.transport().stats().receiveDropped()).isGreaterThan(60);
	}

	@Test
	void a_pause_ends_when_the_transport_closes() {
		rig = new Rig(s -> s.incomingPackets = 4);
		Rig.Pair pair = slow();
		pair.receive("a");
		pair.receive("b");
		CompletionStage<Void> pause = pair.receive("c");
		pair.context().closed(new Disconnection(Reason.LOST, ""));
		rig.registry.remove(rig.echoes.id());
		held.countDown();
		await(pause);
	}

	@Test
	void more_peers_than_allowed_at_the_welcome_fail_connect_with_protocol() {
		rig = new Rig(s -> s.maxPeers = 3);
		FakeLink link = new FakeLink();
		link.peers = () -> peers(4);
		rig.echo.opening = (uri, context) -> CompletableFuture.completedFuture(link);
		Transport transport = rig.create("echo:x");
		assertThat(failure(transport.connect()).code()).isEqualTo(Code.PROTOCOL);
		assertThat(await(transport.closed()).reason()).isEqualTo(Reason.FAILED);
		await(link.closeAsked);
		link.peers = () -> peers(3);
	}

	@Test
	void more_peers_than_allowed_by_a_join_end_with_protocol() {
		rig = new Rig(s -> s.maxPeers = 3);
		rig.echo.opening = (uri, context) -> {
			FakeLink link = rig.echo.link();
			link.peers = () -> peers(3);
			return CompletableFuture.completedFuture(link);
		};
		Rig.Pair pair = rig.pair();
		pair.context().peerJoined(PeerId.of("p0"));
		pair.context().peerLeft(PeerId.of("p0"));
		pair.context().peerJoined(PeerId.of("p3"));
		pair.context().peerJoined(PeerId.of("p4"));
		assertThat(await(pair.transport().closed()).reason()).isEqualTo(Reason.PROTOCOL);
		assertThat(pair.listener().events).containsExactly("connected [p0, p1, p2]", "-p0", "+p3", "disconnected PROTOCOL");
		await(pair.link().closeAsked);
	}

	private static Set<PeerId> peers(int count) {
		return IntStream.range(0, count).mapToObj(i -> PeerId.of("p" + i)).collect(Collectors.toSet());
	}

	@Test
	void a_flood_of_joins_and_leaves_is_bounded() {
		rig = new Rig(s -> s.maxPeers = 50);
		Rig.Pair pair = slow();
		for (int i = 0; i < 1_000; i++) {
			pair.context().peerJoined(ALICE);
			pair.context().peerLeft(ALICE);
		}
		await(pair.link().closeAsked);
		held.countDown();
		assertThat(await(pair.transport().closed()).reason()).isEqualTo(Reason.OVERRUN);
	}

	@Test
	void a_flood_before_the_handshake_is_over_fails_connect() {
		rig = new Rig(s -> {
			s.incomingPackets = 8;
			s.maxPeers = 5;
		});
		CompletableFuture<Link> handshake = new CompletableFuture<>();
		rig.echo.opening = (uri, context) -> handshake;
		for (boolean joins : new boolean[] {true, false}) {
			Transport transport = rig.create("echo:x");
			var connecting = transport.connect();
			LinkContext context = rig.echo.lastContext();
			for (int i = 0; i < 20; i++) {
				if (joins) {
					context.peerJoined(ALICE);
				} else {
					context.received(ALICE, packet("x"), Reliability.RELIABLE, "");
				}
			}
			assertThat(failure(connecting).code()).isEqualTo(Code.PROTOCOL);
			assertThat(await(transport.closed()).reason()).isEqualTo(Reason.FAILED);
			await(context.abandoned());
		}
	}

	@Test
	void nonsense_from_the_wire_is_counted_and_logged_at_a_bounded_rate() {
		rig = new Rig();
		Rig.Pair pair = rig.pair();
		for (int i = 0; i < 5_000; i++) {
			pair.context().invalid("a packet of type " + i + "\u001b[31m\n" + "y".repeat(1_000));
		}
		assertThat(pair.transport().stats().invalid()).isEqualTo(5_000);
		List<String> lines = Logs.text().lines().filter(line -> line.contains("a packet of type")).toList();
		assertThat(lines).hasSize(1);
		assertThat(lines.get(0)).contains("a packet of type 0\uFFFD[31m\uFFFD").hasSizeLessThan(800);
	}

	@Test
	void a_listener_that_throws_hurts_nobody() {
		rig = new Rig();
		Transport transport = rig.create("echo:x");
		transport.listen(new FakeListener() {
			{
				doing = event -> {
					if (event.startsWith("alice")) {
						throw new StackOverflowError("deep");
					}
					throw new IllegalStateException("my fault");
				};
			}
		});
		FakeListener other = new FakeListener();
		transport.listen(other);
		await(transport.connect());
		LinkContext context = rig.echo.lastContext();
		context.peerJoined(ALICE);
		context.received(ALICE, packet("x"), Reliability.RELIABLE, "");
		context.closed(new Disconnection(Reason.SERVER, ""));
		await(transport.closed());
		assertThat(other.events).containsExactly("connected []", "+alice", "alice: x", "disconnected SERVER");
		assertThat(Logs.text()).contains("IncomingTest", "of no bundle threw", "my fault");
	}

	@Test
	void slow_listeners_of_one_transport_do_not_starve_another() {
		rig = new Rig(s -> s.threads = 1);
		Rig.Pair slow = rig.pair();
		Rig.Pair other = rig.pair();
		CountDownLatch begun = new CountDownLatch(1);
		slow.listener().doing = event -> {
			begun.countDown();
			LockSupport.parkNanos(20_000_000); // it is slow
		};
		for (int i = 0; i < 400; i++) {
			slow.receive("" + i);
		}
		await(begun);
		long before = System.nanoTime();
		other.receive("x");
		assertThat(other.listener().next()).isEqualTo("alice: x");
		assertThat(System.nanoTime() - before).as("a turn, not a batch of 64").isLessThan(600_000_000L);
		slow.listener().doing = event -> {
		};
	}

	@Test
	void a_foreign_exception_never_reaches_a_host() {
		rig = new Rig();
		rig.echo.opening = (uri, context) -> {
			throw new TransportException(Code.PROTOCOL, "odd", new Rig.Released(null));
		};
		assertThat(failure(rig.create("echo:x").connect()).getCause()).isNull();
	}
}
