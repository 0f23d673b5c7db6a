package dcl.transport;

import java.time.Duration;
import java.util.Objects;

/**
 * How a session comes back, and how much it keeps meanwhile. Immutable.
 * <p>
 * The n-th attempt to come back follows a wait that is drawn at random from zero to a bound, so that many clients of a service that was restarted do not
 * come all at once (exponential back-off with full jitter). The bound is {@link #firstWait()} for the first and doubles up to {@link #longestWait()}.
 */
public final class SessionPolicy {

	private static final SessionPolicy DEFAULTS = new SessionPolicy(Duration.ofSeconds(1), Duration.ofSeconds(30), Duration.ofSeconds(10), true, 1_000,
			1_048_576, 10_000);
	private static final Duration SHORTEST = Duration.ofMillis(1);
	private static final Duration LONGEST = Duration.ofDays(1);
	private static final int MOST_PACKETS = 1_000_000;
	private static final long MOST_BYTES = 1L << 30;

	private final Duration firstWait;
	private final Duration longestWait;
	private final Duration steadyAfter;
	private final boolean firstRetried;
	private final int waitingPackets;
	private final long waitingBytes;
	private final int unconfirmedPackets;

	private SessionPolicy(Duration firstWait, Duration longestWait, Duration steadyAfter, boolean firstRetried, int waitingPackets, long waitingBytes,
			int unconfirmedPackets) {
		this.firstWait = firstWait;
		this.longestWait = longestWait;
		this.steadyAfter = steadyAfter;
		this.firstRetried = firstRetried;
		this.waitingPackets = waitingPackets;
		this.waitingBytes = waitingBytes;
		this.unconfirmedPackets = unconfirmedPackets;
	}

	/** Returns waits within 1 s to 30 s, steady after 10 s, the first attempt retried; 1 000 packets or 1 MiB waiting, 10 000 unconfirmed. */
	public static SessionPolicy defaults() {
		return DEFAULTS;
	}

	/**
	 * Returns the same with other bounds for the waits.
	 *
	 * @param first   the bound of the first wait, 1 ms or longer
	 * @param longest the greatest bound, from {@code first} to a day
	 * @throws IllegalArgumentException out of these ranges
	 */
	public SessionPolicy withWaits(Duration first, Duration longest) {
		if (first.compareTo(SHORTEST) < 0 || longest.compareTo(first) < 0 || longest.compareTo(LONGEST) > 0) {
			throw new IllegalArgumentException("waits from " + first + " to " + longest + ": expected " + SHORTEST + " <= first <= longest <= " + LONGEST);
		}
		return new SessionPolicy(first, longest, steadyAfter, firstRetried, waitingPackets, waitingBytes, unconfirmedPackets);
	}

	/**
	 * Returns the same with another time after which a connection was a good one, so that the next wait is short again.
	 *
	 * @throws IllegalArgumentException for a negative time
	 */
	public SessionPolicy withSteadyAfter(Duration time) {
		if (time.isNegative()) {
			throw new IllegalArgumentException("steady after " + time + ": expected zero or more");
		}
		return new SessionPolicy(firstWait, longestWait, Objects.requireNonNull(time), firstRetried, waitingPackets, waitingBytes, unconfirmedPackets);
	}

	/** Returns the same, with or without further attempts when the session has never been connected and an attempt fails that might be retried. */
	public SessionPolicy withFirstRetried(boolean retried) {
		return new SessionPolicy(firstWait, longestWait, steadyAfter, retried, waitingPackets, waitingBytes, unconfirmedPackets);
	}

	/**
	 * Returns the same with other bounds for the reliable packets that no wire has taken yet, whichever is hit first.
	 *
	 * @param packets from 1 to 1 000 000
	 * @param bytes   from 1 to 2^30
	 * @throws IllegalArgumentException out of these ranges
	 */
	public SessionPolicy withWaiting(int packets, long bytes) {
		if (packets < 1 || packets > MOST_PACKETS || bytes < 1 || bytes > MOST_BYTES) {
			throw new IllegalArgumentException(packets + " packets and " + bytes + " bytes waiting: expected 1 to " + MOST_PACKETS + " and 1 to " + MOST_BYTES);
		}
		return new SessionPolicy(firstWait, longestWait, steadyAfter, firstRetried, packets, bytes, unconfirmedPackets);
	}

	/**
	 * Returns the same with another bound for the reliable packets that a wire has taken and not confirmed; beyond it further ones wait.
	 *
	 * @param packets from 1 to 1 000 000; a wire may confirm no sooner than after 64 packets or a second
	 * @throws IllegalArgumentException out of this range
	 */
	public SessionPolicy withUnconfirmed(int packets) {
		if (packets < 1 || packets > MOST_PACKETS) {
			throw new IllegalArgumentException(packets + " packets unconfirmed: expected 1 to " + MOST_PACKETS);
		}
		return new SessionPolicy(firstWait, longestWait, steadyAfter, firstRetried, waitingPackets, waitingBytes, packets);
	}

	/** Returns the bound of the first wait. */
	public Duration firstWait() {
		return firstWait;
	}

	/** Returns the greatest bound of a wait. */
	public Duration longestWait() {
		return longestWait;
	}

	/** Returns how long a connection lasts to be a good one. */
	public Duration steadyAfter() {
		return steadyAfter;
	}

	/** Returns whether attempts go on when none has ever succeeded. */
	public boolean isFirstRetried() {
		return firstRetried;
	}

	/** Returns how many reliable packets may wait for a wire to take them. */
	public int waitingPackets() {
		return waitingPackets;
	}

	/** Returns how many bytes they may have together. */
	public long waitingBytes() {
		return waitingBytes;
	}

	/** Returns how many reliable packets may be unconfirmed. */
	public int unconfirmedPackets() {
		return unconfirmedPackets;
	}

	@Override
	public String toString() {
		return "waits " + firstWait + " to " + longestWait + ", steady after " + steadyAfter + (firstRetried ? "" : ", first attempt not retried") + ", "
				+ waitingPackets + " packets or " + waitingBytes + " bytes waiting, " + unconfirmedPackets + " unconfirmed";
	}
}
