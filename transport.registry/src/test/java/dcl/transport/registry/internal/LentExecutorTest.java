package dcl.transport.registry.internal;

import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import dcl.transport.Message;
import dcl.transport.PeerId;
import dcl.transport.Transport;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportListener;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static dcl.transport.registry.internal.Rig.await;
import static org.assertj.core.api.Assertions.assertThat;

/** An executor that a host lends, and what happens when it does not do its work. */
@Timeout(60)
class LentExecutorTest {

	private final Rig rig = new Rig(settings -> settings.stuckMillis = 600_000);
	private final ExecutorService theirs = Executors.newFixedThreadPool(2, task -> new Thread(task, "theirs"));

	@AfterEach
	void stop() throws Exception {
		rig.close();
		theirs.shutdownNow();
		assertThat(theirs.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
	}

	private void impatiently() {
		TestSettings settings = new TestSettings();
		settings.stuckMillis = 50;
		rig.registry.configure(settings.make());
	}

	private static void logged(String words) {
		Rig.until(() -> Logs.text().contains(words));
	}

	/** Returns the thread that a listener of a new room is called on. */
	private Thread listening() {
		CompletableFuture<Thread> thread = new CompletableFuture<>();
		Transport transport = rig.create("echo:x");
		transport.listen(new TransportListener() {
			@Override
			public void connected(Set<PeerId> peers) {
				thread.complete(Thread.currentThread());
			}
		});
		await(transport.connect());
		return await(thread);
	}

	@Test
	void listeners_and_providers_are_called_on_it_while_it_is_lent() {
		AtomicReference<String> opened = new AtomicReference<>();
		rig.echo.opening = (uri, context) -> {
			opened.set(Thread.currentThread().getName());
			return CompletableFuture.completedFuture(rig.echo.link());
		};
		assertThat(listening().getName()).startsWith("dcl-transport-");

		rig.registry.workers().lend(theirs);
		assertThat(listening().getName()).isEqualTo("theirs");
		assertThat(opened).hasValue("theirs");

		rig.registry.workers().takeBack(theirs);
		assertThat(listening().getName()).startsWith("dcl-transport-");
	}

	@Test
	void taking_back_another_one_changes_nothing() {
		rig.registry.workers().lend(theirs);

		rig.registry.workers().takeBack(task -> { });

		assertThat(listening().getName()).isEqualTo("theirs");
	}

	@Test
	void what_it_refuses_is_done_all_the_same() {
		for (Executor refusing : new Executor[] {task -> {
			throw new RejectedExecutionException();
		}, task -> {
			throw new StackOverflowError();
		}}) {
			rig.registry.workers().lend(refusing);
			assertThat(listening().getName()).startsWith("dcl-transport-");
		}
	}

	@Test
	void what_it_does_and_then_refuses_is_done_once() throws Exception {
		CountDownLatch done = new CountDownLatch(1);
		AtomicInteger times = new AtomicInteger();
		rig.registry.workers().lend(task -> {
			theirs.execute(task);
			await(done);
			throw new RejectedExecutionException();
		});

		rig.registry.workers().execute(() -> {
			times.incrementAndGet();
			done.countDown();
		});

		rig.registry.workers().lend(null);
		CountDownLatch flushed = new CountDownLatch(2); // one for each thread
		for (int i = 0; i < 2; i++) {
			rig.registry.workers().execute(() -> {
				flushed.countDown();
				await(flushed);
			});
		}
		await(flushed);
		assertThat(times).hasValue(1);
	}

	@Test
	void one_that_runs_tasks_on_the_calling_thread_gets_none_done() {
		rig.registry.workers().lend(Runnable::run);

		assertThat(listening()).isNotSameAs(Thread.currentThread()).extracting(Thread::getName).asString().startsWith("dcl-transport-");
	}

	@Test
	void one_that_does_nothing_is_passed_by_until_it_goes_on() {
		impatiently();
		Queue<Runnable> undone = new ConcurrentLinkedQueue<>();
		AtomicInteger given = new AtomicInteger();
		rig.registry.workers().lend(task -> {
			given.incrementAndGet();
			if (given.get() <= 3) {
				undone.add(task);
			} else {
				theirs.execute(task);
			}
		});

		assertThat(listening().getName()).startsWith("dcl-transport-"); // after 50 ms
		assertThat(given.get()).isBetween(1, 3);
		logged("has not begun what it was given 50 ms ago");

		undone.remove().run(); // there is nothing left in it to do, but it shows that it is at work
		given.set(3);
		Rig.until(() -> listening().getName().equals("theirs"));
	}

	@Test
	void what_waits_in_one_that_is_taken_back_is_done_at_once() {
		CompletableFuture<Void> done = new CompletableFuture<>();
		Executor idle = task -> { };
		rig.registry.workers().lend(idle);
		rig.registry.workers().execute(() -> done.complete(null));

		rig.registry.workers().takeBack(idle);

		await(done);
	}

	@Test
	void a_listener_that_hangs_on_its_only_thread_holds_up_no_other_room() throws Exception {
		ExecutorService one = Executors.newSingleThreadExecutor(task -> new Thread(task, "one"));
		CountDownLatch release = new CountDownLatch(1);
		CountDownLatch hangs = new CountDownLatch(1);
		try {
			impatiently();
			rig.registry.workers().lend(one);
			Rig.Pair neighbour = rig.pair();
			Transport hanging = rig.create("echo:hangs");
			hanging.listen(new TransportListener() {
				@Override
				public void connected(Set<PeerId> peers) {
					hangs.countDown();
					await(release);
				}
			});
			await(hanging.connect());
			await(hangs);

			for (int i = 0; i < 100; i++) {
				await(neighbour.send("goes on"));
			}
			logged("has not come back for 50 ms");

			release.countDown();
			logged("came back from a call that was stuck");
			logged("is at work again");
			Rig.until(() -> listening().getName().equals("one"));
		} finally {
			release.countDown();
			one.shutdownNow();
		}
	}

	@Test
	void packets_stay_in_order_on_many_threads() {
		ForkJoinPool many = new ForkJoinPool(4);
		try {
			rig.registry.workers().lend(many);
			Rig.Pair pair = rig.pair();
			AtomicInteger expected = new AtomicInteger();
			CompletableFuture<Void> all = new CompletableFuture<>();
			pair.transport().listen(new TransportListener() {
				@Override
				public void received(Message message) {
					if (!Rig.text(message.packet()).equals("" + expected.get())) {
						all.completeExceptionally(new AssertionError(expected + " was expected, not " + Rig.text(message.packet())));
					} else if (expected.incrementAndGet() == 20_000) {
						all.complete(null);
					}
				}
			});
			for (int i = 0; i < 20_000; i++) {
				await(pair.receive("" + i));
			}
			await(all);
		} finally {
			many.shutdownNow();
		}
	}

	@Test
	void stopping_ends_what_waits_in_it_too() {
		rig.registry.workers().lend(task -> { });
		Transport transport = rig.create("echo:x");
		CompletionStage<Void> connected = transport.connect();

		rig.registry.stop();

		assertThat(Rig.failure(connected).code()).isIn(Code.PROVIDER_GONE, Code.NOT_CONNECTED);
		assertThat(await(transport.closed())).isNotNull();
	}
}
