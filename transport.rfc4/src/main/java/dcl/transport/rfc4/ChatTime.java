package dcl.transport.rfc4;

import java.time.Instant;
import java.util.Optional;

/**
 * What {@code Chat.timestamp} counts, on which senders disagree. It is no more than a hint when something was said, and a key to drop the doubles of a
 * chat that came by two ways; never decide anything by it.
 */
public enum ChatTime {
	/**
	 * OLE automation date, days since 1899-12-30: unity-explorer and godot-explorer. The one to send, as unity-explorer takes every timestamp for one of
	 * these and fails on what is no date.
	 */
	OLE_DATE(86_400_000, -25_569L * 86_400_000),
	/** Milliseconds since 1970: the clients of the first web explorer, and comms-station. */
	UNIX_MILLIS(1, 0),
	/** Seconds since 1970: the text of ADR-204. */
	UNIX_SECONDS(1_000, 0);

	private static final long EARLIEST = Instant.parse("2000-01-01T00:00:00Z").toEpochMilli();
	private static final long LATEST = Instant.parse("2100-01-01T00:00:00Z").toEpochMilli();

	private final long unitMillis;
	private final long originMillis;

	ChatTime(long unitMillis, long originMillis) {
		this.unitMillis = unitMillis;
		this.originMillis = originMillis;
	}

	/** Returns the timestamp of a moment, taken to the millisecond. */
	public double timestamp(Instant moment) {
		return (double) (moment.toEpochMilli() - originMillis) / unitMillis;
	}

	/**
	 * Returns the moment of a timestamp, to the millisecond.
	 *
	 * @throws IllegalArgumentException if it is not a number, or too far away to be a moment
	 */
	public Instant instant(double timestamp) {
		double millis = timestamp * unitMillis + originMillis;
		if (!(Math.abs(millis) < Long.MAX_VALUE)) {
			throw new IllegalArgumentException("a timestamp within " + Long.MAX_VALUE + " ms of 1970 expected as " + this + ": " + timestamp);
		}
		return Instant.ofEpochMilli(Math.round(millis));
	}

	/**
	 * Guesses the moment of a timestamp of unknown convention: that of the first constant by which it falls into this century.
	 *
	 * @return empty if there is none; bevy-explorer counts seconds since its own start, which can be told from an OLE date only until it has run for
	 *         ten hours
	 */
	public static Optional<Instant> guess(double timestamp) {
		for (ChatTime convention : values()) {
			double millis = timestamp * convention.unitMillis + convention.originMillis;
			if (millis >= EARLIEST && millis < LATEST) {
				return Optional.of(convention.instant(timestamp));
			}
		}
		return Optional.empty();
	}
}
