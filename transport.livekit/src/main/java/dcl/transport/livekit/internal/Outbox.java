package dcl.transport.livekit.internal;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * The reliable packets of which it is not known that the service has read them, numbered from 1 as one session of the server numbers them.
 * Their messages are kept for a replay as far as there is room. Not thread-safe.
 */
final class Outbox {

	private static final class Entry {

		private final long sequence;
		/** How many bytes had been sent when this one had been. */
		private final long end;
		private byte[] message;

		Entry(long sequence, long end, byte[] message) {
			this.sequence = sequence;
			this.end = end;
			this.message = message;
		}
	}

	private final int maxPackets;
	private final int maxBytes;
	private final ArrayDeque<Entry> unconfirmed = new ArrayDeque<>();
	/** Those that still have their message, the newest of the above. */
	private final ArrayDeque<Entry> kept = new ArrayDeque<>();
	private long keptBytes;
	private long last;
	private long sentBytes;

	Outbox(int maxPackets, int maxBytes) {
		this.maxPackets = maxPackets;
		this.maxBytes = maxBytes;
	}

	boolean isFull() {
		return unconfirmed.size() >= maxPackets;
	}

	boolean isEmpty() {
		return unconfirmed.isEmpty();
	}

	/** Returns the number the next packet gets. */
	long next() {
		return last + 1;
	}

	/** The packet with the next number was sent. */
	void sent(byte[] message) {
		last++;
		sentBytes += message.length;
		Entry entry = new Entry(last, sentBytes, message);
		unconfirmed.add(entry);
		kept.add(entry);
		keptBytes += message.length;
		while (keptBytes > maxBytes) {
			Entry oldest = kept.poll();
			keptBytes -= oldest.message.length;
			oldest.message = null;
		}
	}

	/** Returns the number of the last packet that has left the channel's buffer, if so many bytes wait in it; 0 for none. */
	long left(long buffered) {
		long gone = sentBytes - buffered;
		Entry lastGone = null;
		for (Entry entry : unconfirmed) {
			if (entry.end > gone) {
				break;
			}
			lastGone = entry;
		}
		return lastGone == null ? 0 : lastGone.sequence;
	}

	/** Everything up to that number was read; returns how many packets that is which were not known to be. */
	int confirm(long sequence) {
		int confirmed = 0;
		for (Entry first = unconfirmed.peek(); first != null && first.sequence <= sequence; first = unconfirmed.peek()) {
			unconfirmed.poll();
			confirmed++;
			if (first.message != null) {
				kept.poll();
				keptBytes -= first.message.length;
			}
		}
		return confirmed;
	}

	/** Returns what can be sent again, in order. */
	List<byte[]> replay() {
		List<byte[]> messages = new ArrayList<>(kept.size());
		kept.forEach(entry -> messages.add(entry.message));
		return messages;
	}

	/** The session of the server is gone, and numbers begin anew; returns how many packets nobody will ever know of. */
	int reset() {
		int doubtful = unconfirmed.size();
		unconfirmed.clear();
		kept.clear();
		keptBytes = 0;
		last = 0;
		sentBytes = 0;
		return doubtful;
	}
}
