package dcl.transport.webrtc;

import java.util.OptionalInt;

/**
 * How a data channel behaves ({@code RTCDataChannelInit}). Immutable.
 * <pre>
 * DataChannelOptions.reliable()
 * DataChannelOptions.lossy().maxBufferedBytes(65_536)
 * </pre>
 */
public final class DataChannelOptions {

	private static final long DEFAULT_BUFFERED = 1 << 20;
	/** What libwebrtc holds at most for one channel (16 MiB), less the largest message. */
	private static final long LARGEST_BUFFERED = (16L << 20) - (256 << 10);

	private final boolean ordered;
	private final int maxRetransmits;
	private final int id;
	private final long maxBufferedBytes;
	private final long lowBytes;

	private DataChannelOptions(boolean ordered, int maxRetransmits, int id, long maxBufferedBytes, long lowBytes) {
		this.ordered = ordered;
		this.maxRetransmits = maxRetransmits;
		this.id = id;
		this.maxBufferedBytes = maxBufferedBytes;
		this.lowBytes = lowBytes;
	}

	/** Returns those of a channel that loses nothing and keeps the order. */
	public static DataChannelOptions reliable() {
		return new DataChannelOptions(true, -1, -1, DEFAULT_BUFFERED, DEFAULT_BUFFERED / 4);
	}

	/** Returns those of a channel that neither repeats what was lost nor keeps the order. */
	public static DataChannelOptions lossy() {
		return new DataChannelOptions(false, 0, -1, DEFAULT_BUFFERED, DEFAULT_BUFFERED / 4);
	}

	/** The same, but keeping the order or not. */
	public DataChannelOptions ordered(boolean keep) {
		return new DataChannelOptions(keep, maxRetransmits, id, maxBufferedBytes, lowBytes);
	}

	/**
	 * The same, but repeating what was lost so many times at most.
	 *
	 * @throws IllegalArgumentException unless 0 to 65535
	 */
	public DataChannelOptions maxRetransmits(int times) {
		return new DataChannelOptions(ordered, inRange(times, 0, 65_535, "retransmits"), id, maxBufferedBytes, lowBytes);
	}

	/**
	 * The same, but agreed upon by both sides under this id instead of announced on the wire ({@code negotiated: true}).
	 *
	 * @throws IllegalArgumentException unless 0 to 1022
	 */
	public DataChannelOptions negotiated(int agreedId) {
		return new DataChannelOptions(ordered, maxRetransmits, inRange(agreedId, 0, 1_022, "id"), maxBufferedBytes, lowBytes);
	}

	/**
	 * The same, but with at most so many bytes waiting to be sent (default 1 MiB); {@link DataChannelEvents#bufferedLow} comes at a quarter
	 * of it.
	 *
	 * @throws IllegalArgumentException unless 1 to 16515072 (libwebrtc holds 16 MiB)
	 */
	public DataChannelOptions maxBufferedBytes(long bytes) {
		if (bytes < 1 || bytes > LARGEST_BUFFERED) {
			throw new IllegalArgumentException("buffered bytes are 1 to " + LARGEST_BUFFERED + ", not " + bytes);
		}
		return new DataChannelOptions(ordered, maxRetransmits, id, bytes, bytes / 4);
	}

	/**
	 * The same, but with {@link DataChannelEvents#bufferedLow} at so many bytes.
	 *
	 * @throws IllegalArgumentException unless 0 to {@link #maxBufferedBytes()}
	 */
	public DataChannelOptions bufferedLowBytes(long bytes) {
		if (bytes < 0 || bytes > maxBufferedBytes) {
			throw new IllegalArgumentException("the low mark is 0 to " + maxBufferedBytes + " bytes, not " + bytes);
		}
		return new DataChannelOptions(ordered, maxRetransmits, id, maxBufferedBytes, bytes);
	}

	private static int inRange(int value, int least, int most, String what) {
		if (value < least || value > most) {
			throw new IllegalArgumentException(what + " is " + least + " to " + most + ", not " + value);
		}
		return value;
	}

	/** Whether the order is kept. */
	public boolean isOrdered() {
		return ordered;
	}

	/** How often what was lost is repeated; empty: until it arrives. */
	public OptionalInt maxRetransmits() {
		return maxRetransmits < 0 ? OptionalInt.empty() : OptionalInt.of(maxRetransmits);
	}

	/** The id both sides agreed upon; empty: the channel is announced on the wire. */
	public OptionalInt negotiatedId() {
		return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
	}

	/** How many bytes may wait to be sent. */
	public long maxBufferedBytes() {
		return maxBufferedBytes;
	}

	/** At how many waiting bytes it is said that there is room again. */
	public long bufferedLowBytes() {
		return lowBytes;
	}
}
