package dcl.transport.registry.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import dcl.transport.TransportUri;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static dcl.transport.registry.internal.Rig.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

@Timeout(30)
class LinkExecutorTest {

	private final Rig rig = new Rig();
	private final LinkExecutor executor = executor(1_000);

	@AfterEach
	void stop() {
		rig.close();
	}

	private LinkExecutor executor(int bound) {
		return new LinkExecutor(rig.registry, new Candidate.Code(rig.echoes, TransportUri.parse("echo:canary-secret")), bound);
	}

	@Test
	void tasks_run_on_the_pool_at_once_later_and_again_and_again() throws Exception {
		assertThat(executor.submit(() -> Thread.currentThread().getName()).get()).matches("dcl-transport-\\d+");
		long begin = System.nanoTime();
		assertThat(executor.schedule(() -> System.nanoTime() - begin, 30, TimeUnit.MILLISECONDS).get()).isGreaterThanOrEqualTo(30_000_000L);
		CountDownLatch rate = new CountDownLatch(5);
		ScheduledFuture<?> atRate = executor.scheduleAtFixedRate(rate::countDown, 0, 2, TimeUnit.MILLISECONDS);
		CountDownLatch delay = new CountDownLatch(5);
		ScheduledFuture<?> withDelay = executor.scheduleWithFixedDelay(delay::countDown, 1, 2, TimeUnit.MILLISECONDS);
		await(rate);
		await(delay);
		assertThat(atRate.cancel(false)).isTrue();
		withDelay.cancel(true);
		assertThat(atRate.isCancelled()).isTrue();
		assertThatThrownBy(withDelay::get).isInstanceOf(CancellationException.class);
	}

	@Test
	void a_fixed_rate_does_not_drift() throws Exception {
		CountDownLatch ten = new CountDownLatch(11);
		long begin = System.nanoTime();
		executor.scheduleAtFixedRate(ten::countDown, 0, 20, TimeUnit.MILLISECONDS);
		await(ten);
		assertThat(System.nanoTime() - begin).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(200));
	}

	@Test
	void a_link_has_only_so_many_tasks_waiting() {
		LinkExecutor small = executor(3);
		CountDownLatch held = new CountDownLatch(1);
		List<Future<?>> waiting = new ArrayList<>();
		for (int i = 0; i < 3; i++) {
			waiting.add(small.schedule(() -> {
			}, 1, TimeUnit.HOURS));
		}
		assertThatThrownBy(() -> small.schedule(held::countDown, 1, TimeUnit.MILLISECONDS)).isInstanceOf(RejectedExecutionException.class)
				.hasMessage("a link has at most 3 tasks waiting");
		assertThatThrownBy(() -> small.execute(held::countDown)).isInstanceOf(RejectedExecutionException.class);
		waiting.get(0).cancel(false);
		small.execute(held::countDown);
		await(held);
		CountDownLatch again = new CountDownLatch(3);
		Rig.until(() -> {
			try {
				small.execute(again::countDown);
			} catch (RejectedExecutionException e) {
				return false;
			}
			return again.getCount() == 0;
		});
	}

	@Test
	void a_cancelled_task_does_not_run() {
		AtomicInteger runs = new AtomicInteger();
		ScheduledFuture<?> never = executor.schedule(runs::incrementAndGet, 20, TimeUnit.MILLISECONDS);
		boolean cancelled = never.cancel(false); // not so where this thread was held up for 20 ms
		CountDownLatch later = new CountDownLatch(1);
		executor.schedule(later::countDown, 60, TimeUnit.MILLISECONDS);
		await(later);
		assertThat(runs).hasValue(cancelled ? 0 : 1);
	}

	@Test
	void the_end_cancels_what_waits_and_refuses_the_rest() {
		AtomicInteger runs = new AtomicInteger();
		ScheduledFuture<?> once = executor.schedule(runs::incrementAndGet, 1, TimeUnit.HOURS);
		CountDownLatch ran = new CountDownLatch(1);
		ScheduledFuture<?> often = executor.scheduleAtFixedRate(ran::countDown, 0, 1, TimeUnit.MILLISECONDS);
		await(ran);
		executor.retire();
		assertThat(once.isCancelled()).isTrue();
		assertThat(often.isCancelled()).isTrue();
		assertThat(executor.isShutdown()).isTrue();
		assertThat(executor.isTerminated()).isTrue();
		assertThatThrownBy(() -> executor.execute(runs::incrementAndGet)).isInstanceOf(RejectedExecutionException.class);
		assertThatThrownBy(() -> executor.schedule(runs::incrementAndGet, 1, TimeUnit.SECONDS)).isInstanceOf(RejectedExecutionException.class);
	}

	@Test
	void a_task_scheduled_while_it_ends_is_refused_or_cancelled() throws Exception {
		for (int round = 0; round < 200; round++) {
			LinkExecutor ending = executor(1_000);
			List<ScheduledFuture<?>> made = new ArrayList<>();
			CountDownLatch begun = new CountDownLatch(1);
			Thread scheduling = new Thread(() -> {
				try {
					while (true) {
						made.add(ending.schedule(() -> {
						}, 1, TimeUnit.HOURS));
						begun.countDown();
					}
				} catch (RejectedExecutionException over) {
					return;
				}
			});
			scheduling.start();
			await(begun);
			ending.retire();
			scheduling.join();
			assertThat(made).allMatch(Future::isCancelled);
		}
	}

	@Test
	void the_longest_delays_do_not_overflow() {
		AtomicInteger runs = new AtomicInteger();
		ScheduledFuture<?> never = executor.schedule(runs::incrementAndGet, Long.MAX_VALUE, TimeUnit.DAYS);
		executor.scheduleAtFixedRate(runs::incrementAndGet, Long.MAX_VALUE, Long.MAX_VALUE, TimeUnit.NANOSECONDS);
		executor.scheduleWithFixedDelay(runs::incrementAndGet, Long.MAX_VALUE, Long.MAX_VALUE, TimeUnit.NANOSECONDS);
		CountDownLatch later = new CountDownLatch(1);
		executor.schedule(later::countDown, 20, TimeUnit.MILLISECONDS);
		await(later);
		assertThat(runs).hasValue(0);
		assertThat(never.getDelay(TimeUnit.DAYS)).isGreaterThan(10_000);
		assertThat(never.compareTo(executor.schedule(() -> {
		}, 1, TimeUnit.HOURS))).isPositive();
	}

	@Test
	void a_delay_of_the_past_is_now_and_a_period_of_nothing_is_refused() throws Exception {
		assertThat(executor.schedule(() -> "x", -5, TimeUnit.DAYS).get()).isEqualTo("x");
		assertThatThrownBy(() -> executor.scheduleAtFixedRate(() -> {
		}, 0, 0, TimeUnit.SECONDS)).isInstanceOf(IllegalArgumentException.class);
		assertThatThrownBy(() -> executor.scheduleWithFixedDelay(() -> {
		}, 0, -1, TimeUnit.SECONDS)).isInstanceOf(IllegalArgumentException.class);
	}

	@Test
	void a_task_that_throws_costs_nobody_a_thread_and_is_logged_without_secrets() throws Exception {
		Callable<Void> failing = () -> {
			throw new IllegalStateException("mine");
		};
		ScheduledFuture<Void> failed = executor.schedule(failing, 1, TimeUnit.MILLISECONDS);
		assertThatThrownBy(failed::get).isInstanceOf(ExecutionException.class).hasRootCauseMessage("mine");
		executor.execute(() -> {
			throw new NoClassDefFoundError("at canary-secret");
		});
		AtomicInteger runs = new AtomicInteger();
		ScheduledFuture<?> repeated = executor.scheduleAtFixedRate(() -> {
			runs.incrementAndGet();
			throw new IllegalStateException("again");
		}, 0, 1, TimeUnit.MILLISECONDS);
		assertThatThrownBy(repeated::get).isInstanceOf(ExecutionException.class);
		assertThat(runs).hasValue(1);
		Rig.until(() -> Logs.text().contains("NoClassDefFoundError: at …"));
		Rig.until(() -> Logs.text().contains("is not repeated"));
		assertThat(Logs.text()).doesNotContain("canary");
		assertThat(executor.submit(() -> "fine").get()).isEqualTo("fine");
	}

	@Test
	void it_cannot_be_shut_down() throws Exception {
		ScheduledExecutorService shared = executor;
		assertThatThrownBy(shared::shutdown).isInstanceOf(UnsupportedOperationException.class);
		assertThatThrownBy(shared::shutdownNow).isInstanceOf(UnsupportedOperationException.class);
		assertThat(shared.isShutdown()).isFalse();
		assertThat(shared.awaitTermination(1, TimeUnit.MILLISECONDS)).isFalse();
		assertThat(shared.submit(() -> "on").get()).isEqualTo("on");
	}
}
