package dcl.transport.registry.internal;

import java.util.ArrayDeque;

/**
 * A queue with a bound in entries and in bytes, in which a newer entry pushes out the oldest lossy one: a newer position replaces an older. Not
 * thread-safe; whoever owns it locks.
 */
final class LossyQueue<E extends LossyQueue.Entry> {

	/** What is queued. */
	abstract static class Entry {

		/** Its size; negative for an entry that no bound counts. */
		final int bytes;
		final boolean lossy;
		private boolean dropped;

		Entry(int bytes, boolean lossy) {
			this.bytes = bytes;
			this.lossy = lossy;
		}

		private boolean counted() {
			return bytes >= 0;
		}
	}

	/** What became of an offer. */
	enum Outcome {
		/** It is queued. */
		QUEUED,
		/** It is queued, or was lossy and the only one to go; at least one lossy entry was dropped. */
		DROPPED,
		/** It is not queued, and there is nothing lossy left to make room. */
		REFUSED
	}

	private final ArrayDeque<E> entries = new ArrayDeque<>();
	private final ArrayDeque<E> lossy = new ArrayDeque<>();
	private int live;
	private int dead;
	private long bytes;
	private int droppedNow;

	/** Queues an entry in any case, bounds or not. */
	void add(E entry) {
		entries.add(entry);
		if (entry.lossy) {
			lossy.add(entry);
		}
		if (counted(entry)) {
			live++;
			bytes += entry.bytes;
		}
	}

	/** Queues an entry if the bounds allow, dropping the oldest lossy ones as needed; how many went is in {@link #droppedNow()}. */
	Outcome offer(E entry, int maxEntries, long maxBytes) {
		droppedNow = 0;
		while (live >= maxEntries || bytes + entry.bytes > maxBytes) {
			E oldest = lossy.poll();
			if (oldest == null) {
				if (!entry.lossy) {
					return Outcome.REFUSED;
				}
				droppedNow++;
				return Outcome.DROPPED;
			}
			drop(oldest);
			droppedNow++;
		}
		add(entry);
		return droppedNow > 0 ? Outcome.DROPPED : Outcome.QUEUED;
	}

	/** Returns how many lossy entries the last offer cost. */
	int droppedNow() {
		return droppedNow;
	}

	private void drop(E entry) {
		setDropped(entry);
		live--;
		bytes -= entry.bytes;
		dead++;
		if (dead > 64 && dead > entries.size() / 2) { // dropped entries stay in place until they are the majority, so a drop costs the same however long the queue is
			entries.removeIf(LossyQueue::isDropped);
			dead = 0;
		}
	}

	private static void setDropped(Entry entry) {
		entry.dropped = true;
	}

	private static boolean isDropped(Entry entry) {
		return entry.dropped;
	}

	/** Takes the oldest entry, or null. */
	E poll() {
		E next = entries.poll();
		while (next != null && isDropped(next)) {
			dead--;
			next = entries.poll();
		}
		if (next != null && counted(next)) {
			live--;
			bytes -= next.bytes;
			if (next.lossy) {
				lossy.poll(); // both queues have the same order, so it is the first
			}
		}
		return next;
	}

	private static boolean counted(Entry entry) {
		return entry.counted();
	}

	/** Returns how many entries are queued that count. */
	int size() {
		return live;
	}

	boolean isEmpty() {
		return entries.size() == dead;
	}

	void clear() {
		entries.clear();
		lossy.clear();
		live = 0;
		dead = 0;
		bytes = 0;
	}
}
