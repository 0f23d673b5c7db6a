package dcl.transport.registry.internal;

import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Delayed;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The shared pool as one link sees it: with a bound on what may wait, and an end at which everything that still waits is dropped. */
final class LinkExecutor extends AbstractExecutorService implements ScheduledExecutorService {

	private static final Logger LOG = LoggerFactory.getLogger(LinkExecutor.class);

	/** How long tasks of a provider wait that holds up too many threads already. */
	private static final long BARRED_MILLIS = 100;
	/** Far enough, and near enough to be added to the time that is now. */
	private static final long MAX_NANOS = Long.MAX_VALUE / 4;

	private final Registry registry;
	private final Workers workers;
	private final Candidate.Code code;
	private final int bound;
	private final AtomicInteger waiting = new AtomicInteger();
	private final Set<Timed<?>> timed = ConcurrentHashMap.newKeySet();
	private volatile boolean retired;

	LinkExecutor(Registry registry, Candidate.Code code, int bound) {
		this.registry = registry;
		this.workers = registry.workers();
		this.code = code;
		this.bound = bound;
	}

	@Override
	public void execute(Runnable task) {
		Objects.requireNonNull(task);
		admit();
		workers.execute(() -> guarded(task, true));
	}

	private void admit() {
		if (retired) {
			throw new RejectedExecutionException("the transport of this link has ended");
		}
		if (waiting.incrementAndGet() > bound) {
			waiting.decrementAndGet();
			throw new RejectedExecutionException("a link has at most " + bound + " tasks waiting");
		}
	}

	private void guarded(Runnable task, boolean counted) {
		if (registry.isBarred(code.candidate())) {
			if (!retired) {
				workers.after(BARRED_MILLIS, () -> guarded(task, counted));
			}
			return;
		}
		if (counted) {
			waiting.decrementAndGet();
		}
		Workers.Callee outer = workers.enter(code);
		try {
			task.run();
		} catch (Throwable failure) { // foreign code
			LOG.warn("{}: a task of {} threw", code.uri(), code.describe(), Failures.forLog(failure, code.uri()));
		} finally {
			workers.exit(outer);
		}
	}

	/** Drops everything that waits for its time. */
	void retire() {
		retired = true;
		timed.forEach(task -> task.cancel(false));
	}

	@Override
	public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
		return schedule(Executors.callable(task), delay, unit);
	}

	@Override
	public <V> ScheduledFuture<V> schedule(Callable<V> task, long delay, TimeUnit unit) {
		return start(new Timed<>(task, unit.toNanos(delay), 0, false));
	}

	@Override
	public ScheduledFuture<?> scheduleAtFixedRate(Runnable task, long initialDelay, long period, TimeUnit unit) {
		return start(new Timed<>(Executors.callable(task), unit.toNanos(initialDelay), positive(unit.toNanos(period)), true));
	}

	@Override
	public ScheduledFuture<?> scheduleWithFixedDelay(Runnable task, long initialDelay, long delay, TimeUnit unit) {
		return start(new Timed<>(Executors.callable(task), unit.toNanos(initialDelay), positive(unit.toNanos(delay)), false));
	}

	private static long positive(long period) {
		if (period <= 0) {
			throw new IllegalArgumentException("a period is longer than zero");
		}
		return Math.min(period, MAX_NANOS);
	}

	private <V> Timed<V> start(Timed<V> task) {
		admit();
		timed.add(task);
		task.arm();
		if (retired) { // meanwhile, perhaps without having seen this one
			task.cancel(false);
		}
		return task;
	}

	/** A task with a time. It counts as waiting until it is done or cancelled. */
	private final class Timed<V> extends FutureTask<V> implements ScheduledFuture<V> {

		private final long period;
		private final boolean fixedRate;
		private volatile long due;
		private volatile Future<?> timer;

		Timed(Callable<V> task, long delay, long period, boolean fixedRate) {
			super(task);
			this.period = period;
			this.fixedRate = fixedRate;
			this.due = System.nanoTime() + Math.min(Math.max(0, delay), MAX_NANOS);
		}

		void arm() {
			long millis = TimeUnit.NANOSECONDS.toMillis(Math.max(0, due - System.nanoTime()) + 999_999);
			timer = workers.after(millis, () -> guarded(this, false));
			if (isDone()) { // cancelled meanwhile, perhaps without having seen this timer
				timer.cancel(false);
			}
		}

		@Override
		public void run() {
			if (period == 0) {
				super.run();
			} else if (runAndReset() && !retired) {
				due = (fixedRate ? due : System.nanoTime()) + period;
				arm();
			}
		}

		@Override
		protected void done() {
			if (timed.remove(this)) {
				waiting.decrementAndGet();
			}
			Future<?> armed = timer;
			if (armed != null) {
				armed.cancel(false);
			}
		}

		@Override
		protected void setException(Throwable failure) {
			super.setException(failure);
			if (period != 0) {
				LOG.warn("{}: a repeated task of {} threw and is not repeated", code.uri(), code.describe(), Failures.forLog(failure, code.uri()));
			}
		}

		@Override
		public long getDelay(TimeUnit unit) {
			return unit.convert(due - System.nanoTime(), TimeUnit.NANOSECONDS);
		}

		@Override
		public int compareTo(Delayed other) {
			return Long.compare(getDelay(TimeUnit.NANOSECONDS), other.getDelay(TimeUnit.NANOSECONDS));
		}
	}

	// ---- it is shared, so it cannot be shut down

	@Override
	public void shutdown() {
		throw new UnsupportedOperationException("this executor is shared; it ends with its transport");
	}

	@Override
	public List<Runnable> shutdownNow() {
		throw new UnsupportedOperationException("this executor is shared; it ends with its transport");
	}

	@Override
	public boolean isShutdown() {
		return retired;
	}

	@Override
	public boolean isTerminated() {
		return retired;
	}

	@Override
	public boolean awaitTermination(long timeout, TimeUnit unit) {
		return retired;
	}
}
