package dcl.transport.registry.internal;

import java.util.Arrays;

/**
 * A queue with a bound in entries and in bytes, in which a newer entry pushes out the oldest lossy ones: a newer position replaces an older. Not
 * thread-safe; whoever owns it locks.
 * <p>
 * What it has to know of an entry is kept beside it. So taking entries does not look into them, which would make one processor wait for what another wrote,
 * with the lock held.
 */
final class LossyQueue<E extends LossyQueue.Entry> {

	/** What is queued. */
	abstract static class Entry {

		/** Its size; negative for an entry that no bound counts. */
		final int bytes;
		final boolean lossy;

		Entry(int bytes, boolean lossy) {
			this.bytes = bytes;
			this.lossy = lossy;
		}
	}

	/** The answer to an offer that was refused: nothing lossy could make enough room. */
	static final int REFUSED = -1;

	/** Dropped entries leave a hole until holes are the majority, so a drop costs the same however long the queue is. */
	private static final int FEW = 64;
	private static final int FIRST_CAPACITY = 16;

	// A ring: entries, and in the same places their sizes and whether they are lossy. Positions count on for ever; capacities are powers of two.
	private Entry[] entries = {};
	private int[] sizes = {};
	private boolean[] lossy = {};
	private int head;
	private int tail;
	/** No lossy entry is before this position. */
	private int lossyFrom;
	private int live;
	private int liveLossy;
	private int holes;
	private long bytes;
	private long lossyBytes;

	/** Queues an entry in any case, bounds or not. */
	void add(E entry) {
		if (tail - head == entries.length) {
			arrange(Math.max(FIRST_CAPACITY, holes > entries.length / 2 ? entries.length : 2 * entries.length));
		}
		Entry added = entry;
		int at = tail++ & entries.length - 1;
		entries[at] = added;
		sizes[at] = added.bytes;
		lossy[at] = added.lossy;
		if (added.bytes >= 0) {
			live++;
			bytes += added.bytes;
			if (added.lossy) {
				liveLossy++;
				lossyBytes += added.bytes;
			}
		}
	}

	/** Moves what is there to the beginning of a ring of that capacity, without holes. */
	private void arrange(int capacity) {
		Entry[] newEntries = new Entry[capacity];
		int[] newSizes = new int[capacity];
		boolean[] newLossy = new boolean[capacity];
		int count = 0;
		for (int i = head; i != tail; i++) {
			int at = i & entries.length - 1;
			if (entries[at] != null) {
				newEntries[count] = entries[at];
				newSizes[count] = sizes[at];
				newLossy[count++] = lossy[at];
			}
		}
		entries = newEntries;
		sizes = newSizes;
		lossy = newLossy;
		head = 0;
		tail = count;
		lossyFrom = 0;
		holes = 0;
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
		if (live - liveLossy >= maxEntries || bytes - lossyBytes + offered.bytes > maxBytes) {
			return offered.lossy ? 1 : REFUSED;
		}
		int dropped = 0;
		while (live >= maxEntries || bytes + offered.bytes > maxBytes) {
			dropOldestLossy();
			dropped++;
		}
		if (holes > FEW && holes > slots() / 2) {
			arrange(entries.length);
		}
		add(entry);
		return dropped;
	}

	private void dropOldestLossy() {
		int position = lossyFrom - head < 0 ? head : lossyFrom;
		int at = position & entries.length - 1;
		while (entries[at] == null || !lossy[at]) {
			at = ++position & entries.length - 1;
		}
		lossyFrom = position + 1;
		entries[at] = null;
		holes++;
		uncount(at);
	}

	private void uncount(int at) {
		int size = sizes[at];
		if (size >= 0) {
			live--;
			bytes -= size;
			if (lossy[at]) {
				liveLossy--;
				lossyBytes -= size;
			}
		}
	}

	/** Takes the oldest entry, or null. */
	@SuppressWarnings("unchecked")
	E poll() {
		while (head != tail) {
			int at = head++ & entries.length - 1;
			Entry next = entries[at];
			if (next != null) {
				entries[at] = null;
				uncount(at);
				return (E) next;
			}
			holes--;
		}
		return null;
	}

	/**
	 * Takes the oldest entries, as many as fit.
	 *
	 * @param target gets them from its beginning on, with nulls for dropped ones in between
	 * @return how many places of it are used
	 */
	int take(Entry[] target) {
		int count = Math.min(target.length, slots());
		for (int done = 0; done < count;) {
			int at = head & entries.length - 1;
			int part = Math.min(count - done, entries.length - at);
			System.arraycopy(entries, at, target, done, part);
			for (int i = at; i < at + part; i++) {
				if (entries[i] == null) {
					holes--;
				} else {
					uncount(i);
				}
			}
			Arrays.fill(entries, at, at + part, null);
			head += part;
			done += part;
		}
		return count;
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
		return tail - head;
	}

	boolean isEmpty() {
		return slots() == holes;
	}

	void clear() {
		Arrays.fill(entries, null);
		head = tail;
		lossyFrom = tail;
		live = 0;
		liveLossy = 0;
		holes = 0;
		bytes = 0;
		lossyBytes = 0;
	}
}
