package dcl.transport.registry.internal;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads that call listeners and providers, and one more that only keeps time. A call into foreign code that does not come back is noticed; its thread
 * then counts as lost and a spare takes its place.
 */
final class Workers implements Executor {

	/** How many lost threads are replaced; beyond that, providers that hold threads get no new transports. */
	static final int MAX_SPARES = 16;

	private static final Logger LOG = LoggerFactory.getLogger(Workers.class);
	private static final long IDLE_SECONDS = 30;

	/** Foreign code about to be called: who it belongs to, and what to do should it not come back. */
	interface Callee {

		/** Names the bundle, for a person. */
		String describe();

		/** The call has taken too long; it is still under way. */
		default void stuck() {
		}

		/** The call came back after all. */
		default void unstuck() {
		}
	}

	/** A pool thread, which shows what it is calling. */
	private final class Worker extends Thread {

		/** Odd while inside foreign code; a different number for each call. Written by this thread only. */
		private final AtomicLong calls = new AtomicLong();
		private volatile Callee callee;
		/** The call reported as stuck, 0 for none. Written under {@link Workers#lostLock}. */
		private volatile long lost;

		Worker(Runnable target, String name) {
			super(null, target, name, 0, false);
			setDaemon(true);
			setContextClassLoader(Workers.class.getClassLoader());
		}
	}

	private final ScheduledThreadPoolExecutor timer;
	private volatile Thread timerThread;
	private final ThreadPoolExecutor pool;
	private final Set<Worker> workers = ConcurrentHashMap.newKeySet();
	private final Map<Worker, Observation> observations = new ConcurrentHashMap<>();
	private final AtomicInteger names = new AtomicInteger();
	private final AtomicBoolean watching = new AtomicBoolean();
	private final Object lostLock = new Object();
	private int threads;
	private int lostThreads;
	private volatile long stuckMillis;

	private record Observation(long call, long sinceNanos) {
	}

	Workers(int threads, long stuckMillis) {
		this.threads = threads;
		this.stuckMillis = stuckMillis;
		timer = new ScheduledThreadPoolExecutor(1, task -> {
			Thread thread = new Thread(null, task, "dcl-transport-timer", 0, false);
			thread.setDaemon(true);
			thread.setContextClassLoader(Workers.class.getClassLoader());
			timerThread = thread;
			return thread;
		});
		timer.setRemoveOnCancelPolicy(true);
		timer.prestartAllCoreThreads();
		pool = new ThreadPoolExecutor(threads, threads, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), this::newThread);
		pool.allowCoreThreadTimeOut(true);
	}

	/**
	 * Makes every thread on the timer's thread: a thread remembers the access control context it is made in, and made under a provider's stack it would
	 * keep that provider's class loader alive.
	 */
	private Thread cleanly(Callable<Thread> make) {
		try {
			if (Thread.currentThread() == timerThread) {
				return make.call();
			}
			Future<Thread> made = timer.submit(make);
			boolean interrupted = false;
			try {
				while (true) {
					try {
						return made.get();
					} catch (InterruptedException e) {
						interrupted = true;
					}
				}
			} finally {
				if (interrupted) {
					Thread.currentThread().interrupt();
				}
			}
		} catch (RejectedExecutionException e) {
			throw e;
		} catch (Exception e) {
			throw new IllegalStateException("cannot make a thread", e);
		}
	}

	private Thread newThread(Runnable task) {
		return cleanly(() -> new Worker(() -> run(task), "dcl-transport-" + names.incrementAndGet()));
	}

	/** Makes a daemon thread that remembers nothing of who asked for it. */
	Thread daemon(Runnable task, String name) {
		return cleanly(() -> {
			Thread thread = new Thread(null, task, name, 0, false);
			thread.setDaemon(true);
			thread.setContextClassLoader(Workers.class.getClassLoader());
			return thread;
		});
	}

	private void run(Runnable task) {
		Worker me = (Worker) Thread.currentThread();
		workers.add(me);
		try {
			task.run();
		} finally {
			workers.remove(me);
			observations.remove(me);
		}
	}

	/** Takes effect a moment later, on the timer's thread: whoever enlarges the pool makes threads. */
	void configure(int newThreads, long newStuckMillis) {
		stuckMillis = newStuckMillis;
		timer.execute(() -> {
			synchronized (lostLock) {
				threads = newThreads;
				resize();
			}
		});
	}

	/** Runs a task on the pool. After {@link #stop} it is dropped: everything it could have told has been told. */
	@Override
	public void execute(Runnable task) {
		try {
			pool.execute(task);
		} catch (RejectedExecutionException e) {
			LOG.debug("Stopped; a task was dropped");
		}
	}

	/** Runs a task on the pool after a time. The timer's thread itself runs nothing. */
	ScheduledFuture<?> after(long millis, Runnable task) {
		return timer.schedule(() -> execute(task), millis, TimeUnit.MILLISECONDS);
	}

	/** Returns whether the current thread is one of the pool's. */
	boolean isWorker() {
		return Thread.currentThread() instanceof Worker worker && workers.contains(worker);
	}

	/** Says that the current thread goes into foreign code. */
	void enter(Callee callee) {
		if (Thread.currentThread() instanceof Worker me) {
			me.callee = callee;
			me.calls.lazySet(me.calls.get() + 1);
			if (!watching.get() && watching.compareAndSet(false, true)) {
				watchLater();
			}
		}
	}

	/** Says that it came back, and returns whether it had been reported as stuck meanwhile. */
	boolean exit() {
		if (!(Thread.currentThread() instanceof Worker me)) {
			return false;
		}
		long call = me.calls.get();
		Callee callee = me.callee;
		me.callee = null;
		me.calls.set(call + 1); // a full fence: either we see that we were reported, or the reporter sees that we are back
		if (me.lost != call || !found(me, call)) {
			return false;
		}
		LOG.warn("{} came back from a call that was stuck", callee.describe());
		callee.unstuck();
		return true;
	}

	/** Takes a lost thread back into account, once. */
	private boolean found(Worker worker, long call) {
		synchronized (lostLock) {
			if (worker.lost != call) {
				return false;
			}
			worker.lost = 0;
			lostThreads--;
			resize();
			return true;
		}
	}

	/** Returns whether all spares are in use. */
	boolean exhausted() {
		synchronized (lostLock) {
			return lostThreads >= MAX_SPARES;
		}
	}

	private void watchLater() {
		try {
			timer.schedule(this::watch, Math.max(5, stuckMillis / 4), TimeUnit.MILLISECONDS);
		} catch (RejectedExecutionException e) {
			LOG.debug("Stopped; nobody is watched any more");
		}
	}

	/** Runs on the timer's thread while calls are under way. */
	private void watch() {
		long now = System.nanoTime();
		boolean busy = false;
		for (Worker worker : workers) {
			long call = worker.calls.get();
			if ((call & 1) == 0) {
				observations.remove(worker);
				continue;
			}
			busy = true;
			Observation seen = observations.get(worker);
			if (seen == null || seen.call != call) {
				observations.put(worker, new Observation(call, now));
			} else if (now - seen.sinceNanos >= TimeUnit.MILLISECONDS.toNanos(stuckMillis)) {
				report(worker, call);
			}
		}
		if (busy) {
			watchLater();
		} else {
			watching.set(false);
			if (workers.stream().anyMatch(w -> (w.calls.get() & 1) == 1) && watching.compareAndSet(false, true)) {
				watchLater(); // one entered between the look and the flag
			}
		}
	}

	private void report(Worker worker, long call) {
		Callee callee = worker.callee;
		synchronized (lostLock) {
			if (worker.lost == call || callee == null) {
				return;
			}
			worker.lost = call;
			lostThreads++;
			resize();
		}
		if (worker.calls.get() != call) {
			found(worker, call);
			return;
		}
		StackTraceElement[] stack = worker.getStackTrace();
		LOG.warn("{} has not come back for {} ms; now at {}", callee.describe(), stuckMillis, stack.length == 0 ? "an unknown place" : stack[0]);
		execute(callee::stuck);
	}

	private void resize() {
		int size = threads + Math.min(lostThreads, MAX_SPARES);
		if (size > pool.getMaximumPoolSize()) {
			pool.setMaximumPoolSize(size);
			pool.setCorePoolSize(size);
		} else {
			pool.setCorePoolSize(size);
			pool.setMaximumPoolSize(size);
		}
	}

	/** Lets what is queued finish within a time, then stops the threads. Called from none of them. */
	void stop(long graceMillis) {
		pool.shutdown();
		boolean interrupted = false;
		try {
			pool.awaitTermination(graceMillis, TimeUnit.MILLISECONDS);
		} catch (InterruptedException e) {
			interrupted = true;
		}
		pool.shutdownNow();
		timer.shutdownNow();
		if (interrupted) {
			Thread.currentThread().interrupt();
		}
	}
}
