package dcl.transport.registry.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

import dcl.transport.Delivery;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportUri;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static dcl.transport.registry.internal.Rig.await;
import static dcl.transport.registry.internal.Rig.failure;
import static dcl.transport.registry.internal.Rig.packet;
import static org.assertj.core.api.Assertions.assertThat;

@Timeout(60)
class BadNeighboursTest {

	private Rig rig = new Rig(s -> {
		s.stuckMillis = 40;
		s.connectTimeoutMillis = 600;
	});
	private final FakeProvider bad = new FakeProvider();
	private final Candidate worst = rig.add(bad, "bad");
	private final CountDownLatch held = new CountDownLatch(1);

	@AfterEach
	void stop() {
		held.countDown();
		rig.close();
	}

	private <T> T hang() {
		await(held);
		return null;
	}

	/** Shows that everybody else goes on, even while all threads of the start are held up. */
	private void assertOthersFlow(Rig.Pair other) {
		await(other.send("still here"));
		other.receive("and here");
		assertThat(other.listener().next()).isEqualTo("alice: and here");
		assertThat(rig.pair().transport().state()).isEqualTo(Transport.State.CONNECTED);
	}

	private static long pool() {
		return Thread.getAllStackTraces().keySet().stream().filter(t -> t.getName().matches("dcl-transport-\\d+")).count();
	}

	/** Waits until every call has come back and the pool has its own size again. */
	private void assertBackToBase() {
		held.countDown();
		Rig.until(() -> pool() == 2 && worst.stuck() == 0 && !rig.registry.workers().exhausted());
	}

	@Test
	void a_provider_that_throws_in_open_fails_connect_with_internal_and_its_name() {
		bad.opening = (uri, context) -> {
			throw new NoClassDefFoundError("acme/Missing");
		};
		TransportException failure = failure(rig.create("bad:x").connect());
		assertThat(failure.code()).isEqualTo(Code.INTERNAL);
		assertThat(failure).hasMessage("provider bundle 2 failed: java.lang.NoClassDefFoundError: acme/Missing").hasNoCause();
		bad.opening = (uri, context) -> CompletableFuture.failedFuture(new IllegalStateException("later"));
		assertThat(failure(rig.create("bad:x").connect()).code()).isEqualTo(Code.INTERNAL);
	}

	@Test
	void a_provider_that_answers_null_fails_connect_with_internal() {
		bad.opening = (uri, context) -> null;
		assertThat(failure(rig.create("bad:x").connect()).code()).isEqualTo(Code.INTERNAL);
		bad.opening = (uri, context) -> CompletableFuture.completedFuture(null);
		assertThat(failure(rig.create("bad:x").connect())).hasMessageContaining("open answered null");
	}

	@Test
	void a_provider_that_answers_twice_is_heard_once_and_the_second_link_is_closed() {
		FakeLink one = new FakeLink();
		FakeLink two = new FakeLink();
		bad.opening = (uri, context) -> new Twice<>(one, two);
		Transport transport = rig.create("bad:x");
		await(transport.connect());
		await(transport.disconnect());
		await(one.closeAsked);
		await(two.closeAsked);
		assertThat(one.breaches).isEmpty();
	}

	@Test
	void a_link_that_throws_in_peers_fails_connect_and_is_closed() {
		FakeLink link = new FakeLink();
		link.peers = () -> {
			throw new IllegalStateException("peers");
		};
		bad.opening = (uri, context) -> CompletableFuture.completedFuture(link);
		Transport transport = rig.create("bad:x");
		assertThat(failure(transport.connect()).code()).isEqualTo(Code.INTERNAL);
		await(transport.disconnect());
		assertThat(link.closes).hasValue(1);
		FakeLink nothing = new FakeLink();
		nothing.peers = () -> null;
		bad.opening = (uri, context) -> CompletableFuture.completedFuture(nothing);
		assertThat(failure(rig.create("bad:x").connect()).code()).isEqualTo(Code.INTERNAL);
		await(nothing.closeAsked);
	}

	@Test
	void a_link_that_throws_or_answers_null_in_close_is_closed_all_the_same() {
		bad.opening = (uri, context) -> {
			FakeLink link = bad.link();
			link.closing = uri.params().equals("null") ? () -> null : () -> {
				throw new LinkageError("close");
			};
			return CompletableFuture.completedFuture(link);
		};
		for (String params : List.of("null", "throw")) {
			Transport transport = rig.create("bad:" + params);
			await(transport.connect());
			await(transport.disconnect());
		}
	}

	@Test
	void a_provider_that_hangs_in_open_hurts_only_its_own() {
		Rig.Pair other = rig.pair();
		bad.opening = (uri, context) -> hang();
		List<Transport> waiting = new ArrayList<>();
		List<CompletionStage<Void>> stages = new ArrayList<>();
		for (int i = 0; i < 4; i++) {
			waiting.add(rig.create("bad:x"));
			stages.add(waiting.get(i).connect());
		}
		assertOthersFlow(other);
		stages.forEach(stage -> assertThat(failure(stage).code()).isEqualTo(Code.TIMEOUT));
		assertThat(Logs.text()).contains("provider bundle 2 has not come back for 40 ms; now at");
		assertBackToBase();
		assertThat(Logs.text()).contains("provider bundle 2 came back from a call that was stuck");
	}

	@Test
	void a_provider_that_hangs_in_peers_fails_connect_with_timeout() {
		Rig.Pair other = rig.pair();
		FakeLink link = new FakeLink();
		link.peers = this::hang;
		bad.opening = (uri, context) -> CompletableFuture.completedFuture(link);
		Transport transport = rig.create("bad:x");
		var connecting = transport.connect();
		assertOthersFlow(other);
		assertThat(failure(connecting).code()).isEqualTo(Code.TIMEOUT);
		await(link.closeAsked);
		await(transport.disconnect());
		assertBackToBase();
	}

	@Test
	void a_link_that_hangs_in_send_loses_its_conversation() {
		Rig.Pair other = rig.pair();
		FakeLink link = new FakeLink();
		link.sending = packet -> hang();
		bad.opening = (uri, context) -> CompletableFuture.completedFuture(link);
		Transport transport = rig.create("bad:x");
		FakeListener listener = new FakeListener();
		transport.listen(listener);
		await(transport.connect());
		CompletionStage<Void> inside = transport.send(packet("x"), Delivery.reliable());
		CompletionStage<Void> behind = transport.send(packet("y"), Delivery.reliable());
		assertThat(failure(inside).code()).isEqualTo(Code.UNKNOWN);
		assertThat(failure(behind).code()).isEqualTo(Code.NOT_CONNECTED);
		assertThat(await(transport.closed()).reason()).isEqualTo(Reason.LOST);
		await(link.closeAsked);
		assertOthersFlow(other);
		assertThat(listener.events).containsExactly("connected []", "disconnected LOST");
		assertBackToBase();
		assertThat(transport.stats().sendFailed()).isEqualTo(2);
	}

	@Test
	void a_provider_that_is_removed_while_its_link_hangs_in_send_is_gone() {
		FakeLink link = new FakeLink();
		rig.close();
		rig = new Rig(s -> s.stuckMillis = 400);
		Candidate hanging = rig.add(bad, "bad");
		CountDownLatch inside = new CountDownLatch(1);
		link.sending = packet -> {
			inside.countDown();
			return hang();
		};
		bad.opening = (uri, context) -> CompletableFuture.completedFuture(link);
		Transport transport = rig.create("bad:x");
		await(transport.connect());
		CompletionStage<Void> sent = transport.send(packet("x"), Delivery.reliable());
		await(inside);
		rig.registry.remove(hanging.id());
		assertThat(link.closeAsked).isDone();
		assertThat(await(transport.closed()).reason()).isEqualTo(Reason.PROVIDER_GONE);
		assertThat(failure(sent).code()).isEqualTo(Code.UNKNOWN);
	}

	@Test
	void a_link_that_hangs_in_close_holds_up_nobody() {
		Rig.Pair other = rig.pair();
		bad.opening = (uri, context) -> {
			FakeLink link = bad.link();
			link.closing = this::hang;
			return CompletableFuture.completedFuture(link);
		};
		List<CompletionStage<Void>> stages = new ArrayList<>();
		for (int i = 0; i < 3; i++) {
			Transport transport = rig.create("bad:x");
			await(transport.connect());
			stages.add(transport.disconnect());
		}
		assertOthersFlow(other);
		stages.forEach(Rig::await);
		assertBackToBase();
	}

	@Test
	void a_link_that_hangs_when_told_to_read_on_holds_up_nothing_else() {
		rig.close();
		rig = new Rig(s -> {
			s.stuckMillis = 40;
			s.incomingPackets = 4;
		});
		Rig.Pair pair = rig.pair();
		CountDownLatch full = new CountDownLatch(1);
		pair.listener().doing = event -> await(full);
		pair.receive("1");
		pair.listener().next();
		pair.receive("2");
		pair.receive("3");
		pair.receive("4").thenRun(this::hang);
		full.countDown();
		for (int i = 2; i <= 4; i++) {
			assertThat(pair.listener().next()).isEqualTo("alice: " + i);
		}
		pair.receive("5");
		assertThat(pair.listener().next()).isEqualTo("alice: 5");
		await(pair.send("x"));
	}

	@Test
	void a_provider_that_hangs_in_its_tasks_gets_no_new_transports_once_all_spares_are_used() {
		Rig.Pair other = rig.pair();
		Transport transport = rig.create("bad:x");
		await(transport.connect());
		LinkContext context = bad.lastContext();
		for (int i = 0; i < 100; i++) {
			context.executor().execute(this::hang);
		}
		Rig.until(() -> rig.registry.workers().exhausted());
		assertOthersFlow(other);
		TransportException refused = failure(rig.create("bad:y").connect());
		assertThat(refused.code()).isEqualTo(Code.INTERNAL);
		assertThat(refused).hasMessageContaining("gets no new transports");
		assertThat(worst.stuck()).as("16, and those under way already").isBetween(16, 18);
		assertThat(pool()).isLessThanOrEqualTo(20);
		transport.send(packet("x"), Delivery.reliable());
		assertThat(await(transport.closed()).reason()).as("it is not called any more").isEqualTo(Reason.LOST);
		assertBackToBase();
		await(rig.create("bad:z").connect());
	}

	@Test
	void a_provider_whose_opens_hang_by_the_dozen_takes_no_more_than_the_spares() {
		Rig.Pair other = rig.pair();
		bad.opening = (uri, context) -> hang();
		List<CompletionStage<Void>> stages = new ArrayList<>();
		for (int i = 0; i < 60; i++) {
			stages.add(rig.create("bad:x").connect());
		}
		Rig.until(() -> rig.registry.workers().exhausted());
		assertOthersFlow(other);
		for (CompletionStage<Void> stage : stages) {
			assertThat(failure(stage).code()).isIn(Code.TIMEOUT, Code.INTERNAL);
		}
		assertThat(worst.stuck()).isLessThanOrEqualTo(18);
		assertBackToBase();
	}

	@Test
	void a_provider_that_hangs_in_accepts_hurts_only_its_own() {
		Rig.Pair other = rig.pair();
		bad.accepting = uri -> hang();
		List<CompletableFuture<Code>> answers = new ArrayList<>();
		Executor hosts = task -> new Thread(task).start();
		for (int i = 0; i < 12; i++) {
			answers.add(CompletableFuture.supplyAsync(() -> {
				try {
					rig.host.create(TransportUri.parse("bad:x"));
					return null;
				} catch (TransportException e) {
					return e.code();
				}
			}, hosts));
		}
		assertOthersFlow(other);
		answers.forEach(answer -> assertThat(await(answer)).isEqualTo(Code.TIMEOUT));
		assertThat(Rig.threads("dcl-transport-ask")).isLessThanOrEqualTo(6);
		held.countDown();
		Rig.until(() -> worst.held().asking().availablePermits() == 4);
		bad.accepting = uri -> true;
		await(rig.create("bad:x").connect());
	}

	@Test
	void a_listener_that_hangs_is_named_and_hurts_only_its_own_transport() {
		Rig.Pair other = rig.pair();
		List<Rig.Pair> pairs = new ArrayList<>();
		for (int i = 0; i < 4; i++) {
			Rig.Pair pair = rig.pair();
			pair.listener().doing = event -> hang();
			pair.receive("x");
			pairs.add(pair);
		}
		assertOthersFlow(other);
		Rig.until(() -> Logs.text().contains("listener dcl.transport.registry.internal.FakeListener of no bundle has not come back"));
		Rig.Pair hung = pairs.get(0);
		CompletionStage<Void> gone = hung.transport().disconnect();
		await(hung.link().closeAsked); // the wire at least is closed
		assertThat(gone.toCompletableFuture()).isNotDone();
		assertBackToBase();
		await(gone);
		assertThat(hung.listener().events).containsExactly("connected []", "alice: x", "disconnected CLIENT");
		assertThat(hung.listener().overlaps).hasValue(0);
	}

	@Test
	void listeners_that_hang_by_the_dozen_leave_threads_for_the_others() {
		Rig.Pair other = rig.pair();
		for (int i = 0; i < 30; i++) {
			Rig.Pair pair = rig.pair();
			pair.listener().doing = event -> hang();
			pair.receive("x");
		}
		assertOthersFlow(other);
		await(rig.create("bad:x").connect()); // a provider that holds up nothing is not barred for it
		assertBackToBase();
	}

	@Test
	void a_call_within_a_call_is_watched_and_the_outer_one_too() {
		Rig.Pair pair = rig.pair();
		CountDownLatch inner = new CountDownLatch(1);
		bad.opening = (uri, context) -> new Late(inner, context);
		// The listener completes, inside its own call, what the registry waits for on a provider's behalf.
		pair.listener().doing = event -> {
			inner.countDown();
			hang();
		};
		rig.create("bad:x").connect();
		pair.receive("x");
		Rig.until(() -> Logs.text().contains("FakeListener of no bundle has not come back"));
		assertBackToBase();
	}

	@Test
	void nested_calls_are_told_apart() {
		Workers workers = new Workers(1, 30);
		CountDownLatch done = new CountDownLatch(1);
		Noting outer = new Noting("outer");
		Noting inner = new Noting("inner");
		workers.execute(() -> {
			Workers.Callee none = workers.enter(outer);
			Workers.Callee was = workers.enter(inner);
			await(inner.stuck);
			workers.exit(was);
			await(inner.back);
			await(outer.stuck);
			was = workers.enter(inner);
			await(outer.back); // the outer call is under way still, but inside the inner one
			workers.exit(was);
			workers.exit(none);
			done.countDown();
		});
		await(done);
		CountDownLatch again = new CountDownLatch(1);
		workers.execute(again::countDown);
		await(again);
		assertThat(workers.exhausted()).isFalse();
		workers.stop(1_000);
	}

	@Test
	void a_thread_that_waits_for_another_to_be_made_is_not_left_waiting_when_the_pool_stops() throws Exception {
		for (int i = 0; i < 200; i++) {
			Workers workers = new Workers(1, 1_000);
			Thread asking = new Thread(() -> {
				try {
					while (true) {
						workers.daemon(() -> {
						}, "never started");
					}
				} catch (RejectedExecutionException stopped) {
					return;
				}
			});
			asking.start();
			workers.stop(0);
			asking.join(TimeUnit.SECONDS.toMillis(5));
			assertThat(asking.isAlive()).isFalse();
		}
	}

	/** Waits to be told of both reports on a call. */
	private static final class Noting implements Workers.Callee {

		private final String name;
		private final CountDownLatch stuck = new CountDownLatch(1);
		private final CountDownLatch back = new CountDownLatch(1);

		Noting(String name) {
			this.name = name;
		}

		@Override
		public String describe() {
			return name;
		}

		@Override
		public void stuck() {
			stuck.countDown();
		}

		@Override
		public void unstuck() {
			back.countDown();
		}
	}

	/** A stage whose completion runs on the thread that counts a latch down. */
	private static final class Late extends CompletableFuture<Link> {

		Late(CountDownLatch when, LinkContext context) {
			context.executor().execute(() -> {
				await(when);
				complete(new FakeLink());
			});
		}
	}

	/** A stage that answers every question twice. */
	private static final class Twice<T> extends CompletableFuture<T> {

		private final T second;

		Twice(T first, T second) {
			this.second = second;
			complete(first);
		}

		@Override
		public CompletableFuture<T> whenComplete(BiConsumer<? super T, ? super Throwable> action) {
			CompletableFuture<T> result = super.whenComplete(action);
			action.accept(second, null);
			return result;
		}
	}
}
