package dcl.transport.websocket;

import java.nio.ByteBuffer;

/**
 * The frames of one connection that wait to be written, bounded in bytes. Senders add, the loop takes.
 * <p>
 * What the loop took counts until it is written. Everything is guarded by the queue itself; no foreign code runs in here.
 */
final class SendQueue {

	private static final class Entry {

		final byte[] frame;
		final boolean lossy;
		Entry before;
		Entry after;
		Entry nextLossy;

		Entry(byte[] frame, boolean lossy) {
			this.frame = frame;
			this.lossy = lossy;
		}
	}

	private final int bound;
	private Entry first;
	private Entry last;
	private Entry firstLossy;
	private Entry lastLossy;
	private int firstTaken; // how much of the first frame the loop has
	private int bytes;
	private int lossyBytes; // what could give way
	private int inFlight;
	private long dropped;
	private boolean open;
	private boolean above;

	SendQueue(int bound) {
		this.bound = bound;
	}

	synchronized void open() {
		open = true;
	}

	/** Accepts nothing more; what is queued stays. */
	synchronized void refuse() {
		open = false;
	}

	synchronized SendResult offer(byte[] frame, boolean lossy) {
		if (!open) {
			return SendResult.NOT_OPEN;
		}
		if (frame.length > bound) {
			return SendResult.TOO_BIG;
		}
		int over = frame.length - (bound - bytes);
		if (over > 0) {
			above = true;
			if (over > lossyBytes) { // then nothing gives way in vain
				if (!lossy) {
					return SendResult.FULL;
				}
				dropped++;
				return SendResult.DROPPED;
			}
			while (frame.length > bound - bytes) {
				dropOldestLossy(); // each was queued by a call of its own: the work of dropping is never more than that of queueing
			}
		}
		append(new Entry(frame, lossy));
		if (bytes > bound / 2) {
			above = true;
		}
		return SendResult.ACCEPTED;
	}

	private void append(Entry entry) {
		entry.before = last;
		if (last == null) {
			first = entry;
		} else {
			last.after = entry;
		}
		last = entry;
		bytes += entry.frame.length;
		if (entry.lossy) {
			lossyBytes += entry.frame.length;
			if (lastLossy == null) {
				firstLossy = entry;
			} else {
				lastLossy.nextLossy = entry;
			}
			lastLossy = entry;
		}
	}

	private void dropOldestLossy() {
		Entry oldest = firstLossy;
		noLongerLossy();
		if (oldest.before == null) {
			first = oldest.after;
		} else {
			oldest.before.after = oldest.after;
		}
		if (oldest.after == null) {
			last = oldest.before;
		} else {
			oldest.after.before = oldest.before;
		}
		bytes -= oldest.frame.length;
		dropped++;
	}

	private void noLongerLossy() {
		lossyBytes -= firstLossy.frame.length;
		firstLossy = firstLossy.nextLossy;
		if (firstLossy == null) {
			lastLossy = null;
		}
	}

	/** Moves as many bytes as fit into the buffer. */
	synchronized void take(ByteBuffer out) {
		while (first != null && out.hasRemaining()) {
			if (firstTaken == 0 && first.lossy) {
				noLongerLossy(); // the oldest of the queue is the oldest of the lossy ones
			}
			int part = Math.min(out.remaining(), first.frame.length - firstTaken);
			out.put(first.frame, firstTaken, part);
			inFlight += part;
			firstTaken += part;
			if (firstTaken == first.frame.length) {
				firstTaken = 0;
				first = first.after;
				if (first == null) {
					last = null;
				} else {
					first.before = null;
				}
			}
		}
	}

	/**
	 * Counts what the operating system took.
	 *
	 * @param count bytes, those of control frames and TLS included
	 * @param all   whether everything taken is written
	 * @return whether the queue has just become writable again
	 */
	synchronized boolean written(int count, boolean all) {
		int settled = all ? inFlight : Math.min(count, inFlight);
		inFlight -= settled;
		bytes -= settled;
		boolean writable = above && bytes <= bound / 2;
		if (writable) {
			above = false;
		}
		return writable && open;
	}

	/** Returns whether the loop has taken a part of a frame: nothing else may be written before the rest of it. */
	synchronized boolean midFrame() {
		return firstTaken > 0;
	}

	/** Returns whether there is anything to take. */
	synchronized boolean isEmpty() {
		return first == null;
	}

	synchronized int bytes() {
		return bytes;
	}

	synchronized long dropped() {
		return dropped;
	}

	/** Forgets what is queued, except the rest of a frame that is half written. */
	synchronized void truncate() {
		open = false;
		if (firstTaken == 0) {
			first = null;
			bytes = inFlight;
		} else {
			first.after = null;
			bytes = inFlight + first.frame.length - firstTaken;
		}
		last = first;
		firstLossy = null;
		lastLossy = null;
		lossyBytes = 0;
	}

	/** Forgets everything: the socket is closed. */
	synchronized void clear() {
		firstTaken = 0;
		inFlight = 0;
		truncate();
	}
}
