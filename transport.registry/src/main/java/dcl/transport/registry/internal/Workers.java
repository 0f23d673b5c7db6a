package dcl.transport.registry.internal;

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
import java.util.concurrent.atomic.AtomicReference;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads that call listeners and providers, and one more that only keeps time. A call into foreign code that does not come back is noticed; its thread
 * then counts as lost and a spare takes its place.
 * <p>
 * Pool threads are made here at the start, or by the timer's thread, and stay, so that {@link #execute} makes none: a thread remembers the access control
 * context it is made in, and one made under a provider's stack would keep that provider's class loader alive.
 * <p>
 * A host may lend an executor, which then gets the tasks first. The pool stays: what the executor refuses, or has not begun in time, it does.
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

	/** What a thread shows while it works for us. */
	private static final class Place {

		private final Thread thread;
		/** The number of the call under way, a new one for each; written by this thread only. */
		private final AtomicLong calls = new AtomicLong(1);
		/** What is being called, null outside foreign code. Published by {@link #calls}. */
		private Callee callee;
		/** The number of the call reported as stuck, 0 for none. Written under {@link Workers#lostLock}. */
		private volatile long lost;
		/** Guarded by {@link Workers#lostLock}. */
		private Callee lostCallee;
		/** The call that was seen last, and since when; of the timer's thread. */
		private long seen;
		private long seenNanos;

		Place(Thread thread) {
			this.thread = thread;
		}
	}

	/** A pool thread. */
	private static final class Worker extends Thread {

		private final Place place = new Place(this);

		Worker(Runnable target, String name) {
			super(null, target, name, 0, false);
			setDaemon(true);
			setContextClassLoader(Workers.class.getClassLoader());
		}
	}

	/** A task in the hands of a host's executor, until somebody begins it. */
	private static final class Handed implements Runnable {

		private final AtomicReference<Runnable> task;
		private final Lender lender;
		private final long sinceNanos = System.nanoTime();
		private final Thread by = Thread.currentThread();
		/** Whether the executor has not returned yet; for {@link #by} alone. */
		private boolean offering = true;

		Handed(Runnable task, Lender lender) {
			this.task = new AtomicReference<>(task);
			this.lender = lender;
		}

		/** Returns the task to the first who asks, and null to others. */
		Runnable take() {
			return task.getAndSet(null);
		}

		@Override
		public void run() {
			lender.begin(this);
		}
	}

	/** A host's executor. */
	private final class Lender {

		private final Executor executor;
		private final Set<Handed> waiting = ConcurrentHashMap.newKeySet();
		/** It has not begun something in time, and gets nothing until it does. */
		private volatile boolean late;

		Lender(Executor executor) {
			this.executor = executor;
		}

		/** Returns whether somebody will do the task, or has done it. */
		boolean offer(Runnable task) {
			if (late) {
				return false;
			}
			Handed handed = new Handed(task, this);
			waiting.add(handed);
			watchSoon();
			try {
				executor.execute(handed);
			} catch (Throwable refused) { // the host's code
				waiting.remove(handed);
				return handed.take() == null;
			} finally {
				handed.offering = false;
			}
			if (lender != this) { // taken back meanwhile, perhaps without having seen this one
				takeOver();
			}
			return true;
		}

		/** Called on a thread of the executor's choice. */
		void begin(Handed handed) {
			Runnable task = handed.take();
			waiting.remove(handed);
			if (task == null) {
				if (late) {
					late = false;
					LOG.info("{} is at work again", this);
				}
			} else if (handed.by == Thread.currentThread() && handed.offering) {
				onPool(task); // nobody's listener runs on a caller's thread, who may hold a lock
			} else {
				visit(task);
			}
		}

		/** Looks whether it keeps up; runs on the timer's thread. Returns whether to look again. */
		boolean look(long now) {
			long patience = TimeUnit.MILLISECONDS.toNanos(stuckMillis);
			if (!late && waiting.stream().anyMatch(handed -> now - handed.sinceNanos >= patience)) {
				late = true;
				LOG.warn("{} has not begun what it was given {} ms ago; the registry's own threads do it", this, stuckMillis);
			}
			if (late) {
				takeOver();
			}
			return !waiting.isEmpty();
		}

		void takeOver() {
			for (Handed handed : waiting) {
				Runnable task = handed.take();
				waiting.remove(handed);
				if (task != null) {
					onPool(task);
				}
			}
		}

		@Override
		public String toString() {
			return "the executor " + executor.getClass().getName() + " of " + Bundles.nameOf(executor);
		}
	}

	private final ScheduledThreadPoolExecutor timer;
	private final ThreadPoolExecutor pool;
	private final Set<Place> places = ConcurrentHashMap.newKeySet();
	/** The places of threads of a host's executor. */
	private final ThreadLocal<Place> visitors = new ThreadLocal<>();
	private final AtomicInteger names = new AtomicInteger();
	private final AtomicBoolean watching = new AtomicBoolean();
	private final Object lostLock = new Object();
	private int threads;
	private volatile int lostThreads;
	private volatile long stuckMillis;
	private volatile Lender lender;
	/** Whether there may be visitors. */
	private volatile boolean lent;

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
		work(task, ((Worker) Thread.currentThread()).place);
	}

	private void work(Runnable task, Place place) {
		places.add(place);
		try {
			task.run();
		} finally {
			places.remove(place);
		}
	}

	/** Runs a task on a thread of a host's executor; nothing of ours stays with the thread. */
	private void visit(Runnable task) {
		Place outer = visitors.get(); // an executor may run one task within another
		Place place = new Place(Thread.currentThread());
		visitors.set(place);
		try {
			work(task, place);
		} finally {
			if (outer == null) {
				visitors.remove();
			} else {
				visitors.set(outer);
			}
		}
	}

	/** Returns the place of the current thread, null if it does not work for us. */
	private Place place() {
		return Thread.currentThread() instanceof Worker mine ? mine.place : lent ? visitors.get() : null;
	}

	/** Uses a host's executor from now on; null for none. */
	void lend(Executor executor) {
		Lender before = lender;
		lent |= executor != null;
		lender = executor == null ? null : new Lender(executor);
		if (before != null) {
			before.takeOver();
		}
	}

	/** Uses a host's executor no longer, if that is the one. */
	void takeBack(Executor executor) {
		Lender now = lender;
		if (now != null && now.executor == executor) {
			lend(null);
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
		Lender theirs = lender;
		if (theirs == null || !theirs.offer(task)) {
			onPool(task);
		}
	}

	private void onPool(Runnable task) {
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
		Place me = place();
		if (me == null) {
			return null;
		}
		Callee outer = me.callee;
		me.callee = callee;
		if (outer == null) {
			me.calls.lazySet(me.calls.getPlain() + 1);
		} else {
			next(me);
		}
		watchSoon();
		return outer;
	}

	private void watchSoon() {
		if (!watching.get() && watching.compareAndSet(false, true)) {
			watchLater();
		}
	}

	/** Says that it came back. */
	void exit(Callee outer) {
		Place me = place();
		if (me != null) {
			me.callee = outer;
			next(me);
		}
	}

	/** Ends a call, and takes a thread back into account that had been reported. */
	private void next(Place me) {
		long call = me.calls.getPlain();
		me.calls.set(call + 1); // a full fence: either we see that we were reported, or the reporter sees that we are back
		if (me.lost == call) {
			found(me, call);
		}
	}

	private void found(Place place, long call) {
		Callee back;
		synchronized (lostLock) {
			if (place.lost != call) {
				return;
			}
			place.lost = 0;
			back = place.lostCallee;
			place.lostCallee = null;
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
		Lender theirs = lender;
		boolean busy = theirs != null && theirs.look(now);
		for (Place place : places) {
			long call = place.calls.get();
			Callee callee = place.callee;
			if (callee == null) {
				place.seen = 0;
				continue;
			}
			busy = true;
			if (place.seen != call) {
				place.seen = call;
				place.seenNanos = now;
			} else if (now - place.seenNanos >= TimeUnit.MILLISECONDS.toNanos(stuckMillis)) {
				report(place, call, callee);
			}
		}
		return busy;
	}

	private void report(Place place, long call, Callee callee) {
		synchronized (lostLock) {
			if (place.lost == call) {
				return;
			}
			place.lost = call;
			place.lostCallee = callee;
			lostThreads++;
		}
		callee.stuck();
		if (place.calls.get() != call) {
			found(place, call);
			return;
		}
		resize();
		StackTraceElement[] stack = place.thread.getStackTrace();
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
		lend(null);
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
