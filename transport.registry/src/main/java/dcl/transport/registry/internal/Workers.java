package dcl.transport.registry.internal;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
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
 * <p>
 * Pool threads are made here at the start, or by the timer's thread, and stay, so that {@link #execute} makes none: a thread remembers the access control
 * context it is made in, and one made under a provider's stack would keep that provider's class loader alive.
 */
final class Workers implements Executor {

	/** How many lost threads are put up with; from then on nobody who holds one up is called. */
	static final int MAX_SPARES = 16;
	/** How many lost threads are replaced: more than are put up with, since listeners are called in any case and some calls are under way already. */
	static final int MAX_LOST = 64;

	private static final Logger LOG = LoggerFactory.getLogger(Workers.class);

	/** Foreign code about to be called: who it belongs to, and what to do should it not come back. */
	interface Callee {

		/** Names the bundle, for a person. */
		String describe();

		/** The call has taken too long; it is still under way. Called on the timer's thread. */
		default void stuck() {
		}

		/** A call that was reported came back after all. */
		default void unstuck() {
		}
	}

	/** A pool thread, which shows what it is calling. */
	private final class Worker extends Thread {

		/** The number of the call under way, a new one for each; written by this thread only. */
		private final AtomicLong calls = new AtomicLong(1);
		/** What is being called, null outside foreign code. Published by {@link #calls}. */
		private Callee callee;
		/** The number of the call reported as stuck, 0 for none. Written under {@link Workers#lostLock}. */
		private volatile long lost;
		/** Guarded by {@link Workers#lostLock}. */
		private Callee lostCallee;

		Worker(Runnable target, String name) {
			super(null, target, name, 0, false);
			setDaemon(true);
			setContextClassLoader(Workers.class.getClassLoader());
		}
	}

	private final ScheduledThreadPoolExecutor timer;
	private final ThreadPoolExecutor pool;
	private final Set<Worker> workers = ConcurrentHashMap.newKeySet();
	private final Map<Worker, Observation> observations = new ConcurrentHashMap<>();
	private final AtomicInteger names = new AtomicInteger();
	private final AtomicBoolean watching = new AtomicBoolean();
	private final Object lostLock = new Object();
	private int threads;
	private volatile int lostThreads;
	private volatile long stuckMillis;

	private record Observation(long call, long sinceNanos) {
	}

	Workers(int threads, long stuckMillis) {
		this.threads = threads;
		this.stuckMillis = stuckMillis;
		timer = new ScheduledThreadPoolExecutor(1, task -> plain(task, "dcl-transport-timer"));
		timer.setRemoveOnCancelPolicy(true);
		pool = new ThreadPoolExecutor(threads, threads, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), this::newWorker);
		pool.prestartAllCoreThreads();
		timer.prestartAllCoreThreads();
	}

	private static Thread plain(Runnable task, String name) {
		Thread thread = new Thread(null, task, name, 0, false);
		thread.setDaemon(true);
		thread.setContextClassLoader(Workers.class.getClassLoader());
		return thread;
	}

	private Thread newWorker(Runnable task) {
		return new Worker(() -> run(task), "dcl-transport-" + names.incrementAndGet());
	}

	/**
	 * Makes a daemon thread that remembers nothing of who asked for it. Waits for the timer's thread; not to be called with a lock held.
	 *
	 * @throws RejectedExecutionException after {@link #stop}
	 */
	Thread daemon(Runnable task, String name) {
		Future<Thread> made = timer.submit(() -> plain(task, name));
		boolean interrupted = false;
		try {
			while (true) {
				try {
					return made.get();
				} catch (InterruptedException e) {
					interrupted = true;
				}
			}
		} catch (CancellationException e) {
			throw new RejectedExecutionException("stopped", e);
		} catch (ExecutionException e) {
			throw new IllegalStateException("cannot make a thread", e);
		} finally {
			if (interrupted) {
				Thread.currentThread().interrupt();
			}
		}
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
		onTimer(() -> {
			synchronized (lostLock) {
				threads = newThreads;
			}
			resize();
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

	/** Runs a task on the pool after a time. The timer's thread itself runs nothing. After {@link #stop} the result is cancelled. */
	Future<?> after(long millis, Runnable task) {
		try {
			return timer.schedule(() -> execute(task), millis, TimeUnit.MILLISECONDS);
		} catch (RejectedExecutionException e) {
			LOG.debug("Stopped; a timer was dropped");
			FutureTask<Void> never = new FutureTask<>(task, null);
			never.cancel(false);
			return never;
		}
	}

	private void onTimer(Runnable ours) {
		try {
			timer.execute(ours);
		} catch (RejectedExecutionException e) {
			LOG.debug("Stopped; nothing is resized any more");
		}
	}

	/**
	 * Says that the current thread goes into foreign code, perhaps from within other foreign code.
	 *
	 * @return for {@link #exit}
	 */
	Callee enter(Callee callee) {
		if (!(Thread.currentThread() instanceof Worker me)) {
			return null;
		}
		Callee outer = me.callee;
		me.callee = callee;
		if (outer == null) {
			me.calls.lazySet(me.calls.getPlain() + 1);
		} else {
			next(me);
		}
		if (!watching.get() && watching.compareAndSet(false, true)) {
			watchLater();
		}
		return outer;
	}

	/** Says that it came back. */
	void exit(Callee outer) {
		if (Thread.currentThread() instanceof Worker me) {
			me.callee = outer;
			next(me);
		}
	}

	/** Ends a call, and takes a thread back into account that had been reported. */
	private void next(Worker me) {
		long call = me.calls.getPlain();
		me.calls.set(call + 1); // a full fence: either we see that we were reported, or the reporter sees that we are back
		if (me.lost == call) {
			found(me, call);
		}
	}

	private void found(Worker worker, long call) {
		Callee back;
		synchronized (lostLock) {
			if (worker.lost != call) {
				return;
			}
			worker.lost = 0;
			back = worker.lostCallee;
			worker.lostCallee = null;
			lostThreads--;
		}
		onTimer(this::resize);
		LOG.warn("{} came back from a call that was stuck", back.describe());
		back.unstuck();
	}

	/** Returns whether no more lost threads are put up with. */
	boolean exhausted() {
		return lostThreads >= MAX_SPARES;
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
		if (look()) {
			watchLater();
			return;
		}
		watching.set(false);
		try { // one may have entered between the look and the flag, and does not show yet: enter() has no fence
			timer.schedule(() -> {
				if (look() && watching.compareAndSet(false, true)) {
					watchLater();
				}
			}, Math.max(5, stuckMillis / 4), TimeUnit.MILLISECONDS);
		} catch (RejectedExecutionException e) {
			LOG.debug("Stopped; nobody is watched any more");
		}
	}

	private boolean look() {
		long now = System.nanoTime();
		boolean busy = false;
		for (Worker worker : workers) {
			long call = worker.calls.get();
			Callee callee = worker.callee;
			if (callee == null) {
				observations.remove(worker);
				continue;
			}
			busy = true;
			Observation seen = observations.get(worker);
			if (seen == null || seen.call != call) {
				observations.put(worker, new Observation(call, now));
			} else if (now - seen.sinceNanos >= TimeUnit.MILLISECONDS.toNanos(stuckMillis)) {
				report(worker, call, callee);
			}
		}
		return busy;
	}

	private void report(Worker worker, long call, Callee callee) {
		synchronized (lostLock) {
			if (worker.lost == call) {
				return;
			}
			worker.lost = call;
			worker.lostCallee = callee;
			lostThreads++;
		}
		callee.stuck();
		if (worker.calls.get() != call) {
			found(worker, call);
			return;
		}
		resize();
		StackTraceElement[] stack = worker.getStackTrace();
		LOG.warn("{} has not come back for {} ms; now at {}", callee.describe(), stuckMillis, stack.length == 0 ? "an unknown place" : stack[0]);
	}

	/** Runs on the timer's thread only. */
	private void resize() {
		int size;
		synchronized (lostLock) {
			size = threads + Math.min(lostThreads, MAX_LOST);
		}
		if (size > pool.getMaximumPoolSize()) {
			pool.setMaximumPoolSize(size);
			pool.setCorePoolSize(size);
			pool.prestartAllCoreThreads();
		} else {
			pool.setCorePoolSize(size);
			pool.setMaximumPoolSize(size);
		}
	}

	/** Lets what is queued finish within a time, then stops the threads. */
	void stop(long graceMillis) {
		pool.shutdown();
		boolean interrupted = false;
		try {
			pool.awaitTermination(graceMillis, TimeUnit.MILLISECONDS);
		} catch (InterruptedException e) {
			interrupted = true;
		}
		pool.shutdownNow();
		timer.shutdownNow().forEach(never -> ((Future<?>) never).cancel(false)); // somebody may wait for a thread to be made
		if (interrupted) {
			Thread.currentThread().interrupt();
		}
	}
}
