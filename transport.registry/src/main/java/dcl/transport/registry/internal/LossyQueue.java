package dcl.transport.registry.internal;

import java.util.ArrayDeque;

/**
 * A queue with a bound in entries and in bytes, in which a newer entry pushes out the oldest lossy ones: a newer position replaces an older. Not
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
	}

	/** The answer to an offer that was refused: nothing lossy could make enough room. */
	static final int REFUSED = -1;

	/** Dropped entries stay in place until they are the majority, so a drop costs the same however long the queue is. */
	private static final int FEW = 64;

	private final ArrayDeque<Entry> entries = new ArrayDeque<>();
	private final ArrayDeque<Entry> lossy = new ArrayDeque<>();
	private int live;
	private int dead;
	private long bytes;
	private long lossyBytes;

	/** Queues an entry in any case, bounds or not. */
	void add(E entry) {
		Entry added = entry;
		entries.add(added);
		if (added.bytes >= 0) {
			live++;
			bytes += added.bytes;
			if (added.lossy) {
				lossy.add(added);
				lossyBytes += added.bytes;
			}
		}
	}

	/**
	 * Queues an entry that counts if the bounds allow, dropping the oldest lossy ones as needed. A lossy entry for which dropping is not enough is dropped
	 * itself.
	 *
	 * @return how many were dropped, or {@link #REFUSED}, and then nothing is
	 */
	int offer(E entry, int maxEntries, long maxBytes) {
		Entry offered = entry;
		if (live < maxEntries && bytes + offered.bytes <= maxBytes) {
			add(entry);
			return 0;
		}
		if (live - lossy.size() >= maxEntries || bytes - lossyBytes + offered.bytes > maxBytes) {
			return offered.lossy ? 1 : REFUSED;
		}
		int dropped = 0;
		while (live >= maxEntries || bytes + offered.bytes > maxBytes) {
			Entry oldest = lossy.poll();
			oldest.dropped = true;
			live--;
			bytes -= oldest.bytes;
			lossyBytes -= oldest.bytes;
			dead++;
			dropped++;
		}
		if (dead > FEW && dead > entries.size() / 2) {
			entries.removeIf(e -> e.dropped);
			dead = 0;
		}
		add(entry);
		return dropped;
	}

	/** Takes the oldest entry, or null. */
	@SuppressWarnings("unchecked")
	E poll() {
		Entry next = entries.poll();
		while (next != null && next.dropped) {
			dead--;
			next = entries.poll();
		}
		if (next != null && next.bytes >= 0) {
			live--;
			bytes -= next.bytes;
			if (next.lossy) {
				lossy.poll(); // both queues have the same order, so it is the first
				lossyBytes -= next.bytes;
			}
		}
		return (E) next;
	}

	/** Returns how many entries are queued that count. */
	int size() {
		return live;
	}

	/** Returns the bytes of the entries that count. */
	long bytes() {
		return bytes;
	}

	/** Returns the slots in use, those of dropped entries included. */
	int slots() {
		return entries.size();
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
		lossyBytes = 0;
	}
}
