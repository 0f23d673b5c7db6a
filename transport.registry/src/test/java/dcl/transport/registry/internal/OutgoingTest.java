package dcl.transport.registry.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import dcl.transport.Delivery;
import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Packet;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportListener;
import dcl.transport.TransportStats;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static dcl.transport.registry.internal.Rig.ALICE;
import static dcl.transport.registry.internal.Rig.await;
import static dcl.transport.registry.internal.Rig.failure;
import static dcl.transport.registry.internal.Rig.packet;
import static org.assertj.core.api.Assertions.assertThat;

@Timeout(30)
class OutgoingTest {

	private Rig rig;

	@AfterEach
	void stop() {
		rig.close();
	}

	/** A pair whose link has taken one packet, "first", and no more until the stage completes. */
	private Rig.Pair stalled(CompletableFuture<Void> room) {
		Rig.Pair pair = rig.pair();
		pair.link().sending = packet -> {
			pair.link().sending = next -> FakeLink.DONE;
			return room;
		};
		pair.send("first");
		assertThat(Rig.text(FakeProvider.taken(pair.link().sent))).isEqualTo("first");
		return pair;
	}

	private static List<String> sent(FakeLink link) {
		return link.sent.stream().map(Rig::text).toList();
	}

	private static void assertAddsUp(TransportStats stats) {
		assertThat(stats.accepted()).isEqualTo(stats.sent() + stats.sendDropped() + stats.sendFailed());
	}

	@Test
	void packets_leave_in_the_order_of_the_calls() {
		rig = new Rig();
		Rig.Pair pair = rig.pair();
		List<String> expected = new ArrayList<>();
		CompletionStage<Void> last = null;
		for (int i = 0; i < 900; i++) {
			expected.add("" + i);
			last = pair.send("" + i);
		}
		await(last);
		assertThat(sent(pair.link())).isEqualTo(expected);
		assertThat(pair.transport().stats().sent()).isEqualTo(900);
		assertThat(pair.transport().stats().bytesSent()).isEqualTo(10 + 90 * 2 + 800 * 3);
		assertThat(pair.link().breaches).isEmpty();
	}

	@Test
	void a_packet_above_the_smaller_of_the_two_limits_is_too_large() {
		rig = new Rig(s -> s.maxPacketBytes = 100);
		rig.echo.opening = (uri, context) -> {
			FakeLink link = rig.echo.link();
			link.maxPacketBytes = uri.params().equals("small") ? 10 : Integer.MAX_VALUE;
			return CompletableFuture.completedFuture(link);
		};
		Rig.Pair small = rig.pair("echo:small");
		await(small.send("0123456789"));
		assertThat(failure(small.send("0123456789a")).code()).isEqualTo(Code.TOO_LARGE);
		assertThat(failure(small.sendLossy("0123456789a")).code()).isEqualTo(Code.TOO_LARGE);
		Rig.Pair large = rig.pair("echo:large");
		await(large.send("x".repeat(100)));
		assertThat(failure(large.send("x".repeat(101)))).hasMessage("a packet has at most 100 bytes here, this one has 101");
		assertThat(large.transport().stats().accepted()).isEqualTo(1);
	}

	@Test
	void a_packet_no_queue_could_hold_is_too_large_rather_than_congested_for_ever() {
		rig = new Rig(s -> s.outgoingBytes = 1_024);
		assertThat(failure(rig.pair().send("x".repeat(1_025))).code()).isEqualTo(Code.TOO_LARGE);
	}

	@Test
	void a_reliable_packet_is_refused_with_congested_at_the_bound_in_packets() {
		rig = new Rig(s -> s.outgoingPackets = 3);
		CompletableFuture<Void> room = new CompletableFuture<>();
		Rig.Pair pair = stalled(room);
		List<CompletionStage<Void>> queued = List.of(pair.send("a"), pair.send("b"), pair.send("c"));
		assertThat(failure(pair.send("d")).code()).isEqualTo(Code.CONGESTED);
		room.complete(null);
		queued.forEach(Rig::await);
		assertThat(sent(pair.link())).containsExactly("a", "b", "c");
		await(pair.send("e"));
		assertAddsUp(pair.transport().stats());
		assertThat(pair.transport().state()).isEqualTo(Transport.State.CONNECTED);
	}

	@Test
	void a_reliable_packet_is_refused_with_congested_at_the_bound_in_bytes() {
		rig = new Rig(s -> s.outgoingBytes = 2_000);
		CompletableFuture<Void> room = new CompletableFuture<>();
		Rig.Pair pair = stalled(room);
		CompletionStage<Void> a = pair.send("a".repeat(1_000));
		CompletionStage<Void> b = pair.send("b".repeat(1_000));
		assertThat(failure(pair.send("c")).code()).isEqualTo(Code.CONGESTED);
		room.complete(null);
		await(a);
		await(b);
	}

	@Test
	void the_oldest_lossy_packet_is_dropped_first_and_completes_normally() {
		rig = new Rig(s -> s.outgoingPackets = 4);
		CompletableFuture<Void> room = new CompletableFuture<>();
		Rig.Pair pair = stalled(room);
		await(pair.sendLossy("l1"));
		pair.send("r1");
		await(pair.sendLossy("l2"));
		await(pair.sendLossy("l3"));
		await(pair.sendLossy("l4"));
		CompletionStage<Void> last = pair.send("r2");
		room.complete(null);
		await(last);
		assertThat(sent(pair.link())).containsExactly("r1", "l3", "l4", "r2");
		assertThat(pair.transport().stats().sendDropped()).isEqualTo(2);
		assertAddsUp(pair.transport().stats());
	}

	@Test
	void a_lossy_packet_gives_way_to_reliable_ones_when_nothing_older_can() {
		rig = new Rig(s -> s.outgoingPackets = 2);
		CompletableFuture<Void> room = new CompletableFuture<>();
		Rig.Pair pair = stalled(room);
		CompletionStage<Void> a = pair.send("a");
		pair.send("b");
		await(pair.sendLossy("l"));
		room.complete(null);
		await(a);
		await(pair.transport().disconnect());
		assertThat(sent(pair.link())).containsExactly("a", "b");
		assertThat(pair.transport().stats().sendDropped()).isEqualTo(1);
		assertAddsUp(pair.transport().stats());
	}

	@Test
	void a_lossy_send_returns_one_shared_completed_stage() {
		rig = new Rig();
		Rig.Pair pair = rig.pair();
		CompletionStage<Void> one = pair.sendLossy("a");
		assertThat(one == pair.sendLossy("b")).isTrue();
		await(one);
	}

	@Test
	void the_links_refusal_reaches_the_sender_of_a_reliable_packet_and_counts_for_a_lossy_one() {
		rig = new Rig();
		Rig.Pair pair = rig.pair();
		pair.link().sending = packet -> CompletableFuture.failedFuture(new TransportException(Code.UNSUPPORTED, "broadcast only"));
		assertThat(failure(pair.transport().send(packet("x"), Delivery.reliable().to(Set.of(ALICE)))).code()).isEqualTo(Code.UNSUPPORTED);
		await(pair.sendLossy("y"));
		await(pair.transport().disconnect());
		assertThat(pair.transport().stats().sendFailed()).isEqualTo(2);
		assertAddsUp(pair.transport().stats());
	}

	@Test
	void a_link_that_throws_or_answers_null_in_send_fails_that_packet_only() {
		rig = new Rig();
		Rig.Pair pair = rig.pair();
		pair.link().sending = packet -> {
			throw new IllegalStateException("broken");
		};
		assertThat(failure(pair.send("x")).code()).isEqualTo(Code.INTERNAL);
		pair.link().sending = packet -> null;
		assertThat(failure(pair.send("y")).code()).isEqualTo(Code.INTERNAL);
		pair.link().sending = packet -> {
			throw new StackOverflowError();
		};
		assertThat(failure(pair.send("z")).code()).isEqualTo(Code.INTERNAL);
		pair.link().sending = packet -> FakeLink.DONE;
		await(pair.send("fine"));
		assertAddsUp(pair.transport().stats());
	}

	@Test
	void any_kind_of_completion_stage_will_do() {
		rig = new Rig();
		Rig.Pair pair = rig.pair();
		pair.link().sending = packet -> CompletableFuture.completedStage(null);
		await(pair.send("x"));
		pair.link().sending = packet -> new CompletableFuture<Void>().completeOnTimeout(null, 1, TimeUnit.MILLISECONDS);
		await(pair.send("y"));
		pair.link().sending = packet -> CompletableFuture.failedStage(new IllegalStateException("z"));
		assertThat(failure(pair.send("z")).code()).isEqualTo(Code.INTERNAL);
	}

	@Test
	void the_link_is_asked_for_the_next_packet_only_when_it_has_taken_the_one_before() {
		rig = new Rig();
		CompletableFuture<Void> room = new CompletableFuture<>();
		Rig.Pair pair = stalled(room);
		CompletionStage<Void> second = pair.send("second");
		pair.receive("a round through the queue");
		pair.listener().next();
		assertThat(pair.link().sent).isEmpty();
		room.complete(null);
		await(second);
		assertThat(pair.link().breaches).isEmpty();
	}

	@Test
	void disconnect_lets_the_queue_drain() {
		rig = new Rig();
		CompletableFuture<Void> room = new CompletableFuture<>();
		Rig.Pair pair = stalled(room);
		CompletionStage<Void> queued = pair.send("second");
		CompletionStage<Void> gone = pair.transport().disconnect();
		assertThat(failure(pair.send("third")).code()).isEqualTo(Code.NOT_CONNECTED);
		room.complete(null);
		await(queued);
		await(gone);
		assertThat(sent(pair.link())).containsExactly("second");
		assertAddsUp(pair.transport().stats());
	}

	@Test
	void the_queue_drains_for_one_second_at_most_then_what_was_on_the_wire_is_unknown_and_the_rest_not_connected() {
		rig = new Rig();
		Rig.Pair pair = rig.pair();
		pair.link().sending = packet -> new CompletableFuture<>();
		CompletionStage<Void> onTheWire = pair.send("first");
		FakeProvider.taken(pair.link().sent);
		CompletionStage<Void> left = pair.send("second");
		await(pair.sendLossy("third"));
		long begin = System.nanoTime();
		await(pair.transport().disconnect());
		assertThat(System.nanoTime() - begin).isBetween(900_000_000L, 2_500_000_000L);
		assertThat(failure(onTheWire).code()).isEqualTo(Code.UNKNOWN);
		assertThat(failure(left).code()).isEqualTo(Code.NOT_CONNECTED);
		assertThat(pair.transport().stats().sendDropped()).isEqualTo(1);
		assertAddsUp(pair.transport().stats());
	}

	@Test
	void what_was_on_the_wire_when_the_wire_broke_is_unknown() {
		rig = new Rig();
		Rig.Pair pair = rig.pair();
		pair.link().sending = packet -> new CompletableFuture<>();
		CompletionStage<Void> onTheWire = pair.send("first");
		FakeProvider.taken(pair.link().sent);
		CompletionStage<Void> left = pair.send("second");
		pair.context().closed(new Disconnection(Reason.LOST, "reset"));
		assertThat(failure(onTheWire).code()).isEqualTo(Code.UNKNOWN);
		assertThat(failure(left).code()).isEqualTo(Code.NOT_CONNECTED);
		assertThat(await(pair.transport().closed())).isEqualTo(new Disconnection(Reason.LOST, "reset"));
	}

	@Test
	void confirmations_are_counted_and_never_taken_back() {
		rig = new Rig();
		Rig.Pair pair = rig.pair();
		pair.context().confirmed(3);
		pair.context().confirmed(-2);
		pair.context().confirmed(1);
		assertThat(pair.transport().stats().confirmed()).isEqualTo(4);
	}

	@Test
	void what_is_confirmed_and_what_never_will_be_is_told_in_the_order_of_the_link() {
		rig = new Rig();
		Rig.Pair pair = rig.pair();
		List<Long> told = new CopyOnWriteArrayList<>();
		pair.transport().listen(new TransportListener() {
			@Override
			public void confirmed(long reliablePackets) {
				told.add(reliablePackets);
			}

			@Override
			public void unknown(long reliablePackets) {
				told.add(-reliablePackets);
			}
		});
		for (int i = 0; i < 10; i++) {
			pair.context().confirmed(1);
			pair.context().confirmed(2);
			pair.context().unknown(i + 1);
			pair.context().unknown(0);
		}
		Rig.until(() -> told.stream().filter(n -> n < 0).count() == 10);
		long confirmed = 0;
		List<Long> before = new ArrayList<>(); // of what was confirmed, at each report of doubt
		for (long next : told) {
			if (next > 0) {
				confirmed += next;
			} else {
				before.add(confirmed);
			}
		}
		assertThat(before).containsExactly(3L, 6L, 9L, 12L, 15L, 18L, 21L, 24L, 27L, 30L);
	}

	@Test
	void one_busy_sender_does_not_starve_the_others() {
		rig = new Rig(s -> s.threads = 1);
		Rig.Pair busy = rig.pair();
		Rig.Pair other = rig.pair();
		CountDownLatch over = new CountDownLatch(1);
		AtomicInteger taken = new AtomicInteger();
		busy.link().sending = packet -> {
			if (taken.incrementAndGet() < 200_000 && over.getCount() > 0) {
				busy.sendLossy("again"); // there is always one more
			}
			return FakeLink.DONE;
		};
		busy.sendLossy("go");
		other.receive("x");
		assertThat(other.listener().next()).isEqualTo("alice: x");
		over.countDown();
	}

	/** One conversation of the test below. */
	private record Round(Rig.Pair pair, List<CompletionStage<Void>> reliable, int lossy) {
	}

	@ParameterizedTest
	@ValueSource(ints = {1, 2, 3, 4, 5, 6})
	void accepted_is_sent_and_dropped_and_failed_whatever_the_ending(int seed) {
		rig = new Rig(s -> {
			s.outgoingPackets = 20;
			s.outgoingBytes = 2_000;
		});
		Random random = new Random(seed);
		List<Round> rounds = new ArrayList<>();
		for (int i = 0; i < 15; i++) {
			rounds.add(round(random, i));
		}
		rig.registry.remove(rig.echoes.id()); // the ending of those that have none yet
		for (Round round : rounds) {
			await(round.pair.transport().closed());
			int delivered = 0;
			int refused = 0;
			for (CompletionStage<Void> stage : round.reliable) {
				assertThat(stage.toCompletableFuture()).isDone();
				if (!stage.toCompletableFuture().isCompletedExceptionally()) {
					delivered++;
				} else if (failure(stage).code() == Code.CONGESTED) {
					refused++;
				}
			}
			TransportStats stats = round.pair.transport().stats();
			assertThat(stats.accepted()).as(stats.toString()).isEqualTo(round.lossy + round.reliable.size() - refused);
			assertAddsUp(stats);
			assertThat(stats.sent()).isGreaterThanOrEqualTo(delivered);
			assertThat(round.pair.link().breaches).isEmpty();
		}
	}

	private Round round(Random random, int number) {
		Rig.Pair pair = rig.pair();
		Random linkRandom = new Random(random.nextLong());
		List<CompletableFuture<Void>> waiting = new ArrayList<>();
		pair.link().sending = packet -> answer(linkRandom, waiting);
		List<CompletionStage<Void>> reliable = new ArrayList<>();
		int lossy = 0;
		for (int i = 0; i < 200; i++) {
			Packet packet = Packet.copyOf(new byte[random.nextInt(300)]);
			if (random.nextBoolean()) {
				await(pair.transport().send(packet, Delivery.lossy()));
				lossy++;
			} else {
				reliable.add(pair.transport().send(packet, Delivery.reliable()));
			}
			synchronized (waiting) {
				if (random.nextInt(4) == 0 && !waiting.isEmpty()) {
					waiting.remove(0).complete(null);
				}
			}
		}
		if (number % 3 == 0) {
			pair.context().closed(new Disconnection(Reason.LOST, ""));
		} else if (number % 3 == 1) {
			pair.transport().close();
		}
		return new Round(pair, reliable, lossy);
	}

	private static CompletionStage<Void> answer(Random random, List<CompletableFuture<Void>> waiting) {
		switch (random.nextInt(8)) {
			case 0:
				throw new IllegalStateException("broken");
			case 1:
				return CompletableFuture.failedFuture(new TransportException(Code.UNSUPPORTED, "no"));
			case 2:
				return null;
			case 3:
				CompletableFuture<Void> later = new CompletableFuture<>();
				synchronized (waiting) {
					waiting.add(later);
				}
				return later;
			default:
				return FakeLink.DONE;
		}
	}
}
