package dcl.transport.cli.internal;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/**
 * What waits to be written by a thread of its own, so that a slow reader or disk holds up nobody else. Bounded by what it weighs; what is offered beyond that is left out and
 * counted. Thread-safe.
 */
final class Backlog<T> {

	private final long max;
	private final ToLongFunction<T> weight;
	private final Deque<T> waiting = new ArrayDeque<>(); // guarded by this, like what follows
	private long waitingWeight;
	private long leftOut;
	private boolean closed;

	/** @param max what may wait at most, in the unit of {@code weight}; the last entry may exceed it */
	Backlog(long max, ToLongFunction<T> weight) {
		this.max = max;
		this.weight = weight;
	}

	/** Adds what is made here and now, in the order of the calls; leaves it out if too much waits. */
	synchronized void offer(Supplier<T> made) {
		T entry = made.get();
		if (waitingWeight >= max) {
			leftOut += closed ? 0 : 1;
		} else {
			add(entry);
		}
	}

	/** Adds it, as soon as no more than the bound waits. */
	synchronized void put(T entry) throws InterruptedException {
		while (waitingWeight >= max && !closed) {
			wait();
		}
		add(entry);
	}

	private void add(T entry) {
		if (!closed) {
			waiting.add(entry);
			waitingWeight += weight.applyAsLong(entry);
			notifyAll();
		}
	}

	/** Waits for the next one; null if there is none and will be none. */
	synchronized T next() throws InterruptedException {
		while (waiting.isEmpty() && !closed) {
			wait();
		}
		T entry = waiting.poll();
		if (entry != null) {
			waitingWeight -= weight.applyAsLong(entry);
			notifyAll();
		}
		return entry;
	}

	synchronized boolean isEmpty() {
		return waiting.isEmpty();
	}

	/** Takes no more, and forgets what waits: it cannot be written. */
	synchronized void abandon() {
		waiting.clear();
		waitingWeight = 0;
		close();
	}

	/** Takes no more; what waits can still be had. */
	synchronized void close() {
		closed = true;
		notifyAll();
	}

	/** Waits for the thread that writes, for at most so many milliseconds, even if interrupted: the last words are worth it. Returns how many were left out. */
	long closeAndAwait(Thread writer, long millis) {
		close();
		boolean interrupted = Thread.interrupted();
		long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
		while (writer.isAlive() && System.nanoTime() < end) {
			try {
				writer.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime())));
			} catch (InterruptedException e) {
				interrupted = true;
			}
		}
		if (interrupted) {
			Thread.currentThread().interrupt();
		}
		synchronized (this) {
			return leftOut;
		}
	}
}
