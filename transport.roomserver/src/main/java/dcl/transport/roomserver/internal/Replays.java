package dcl.transport.roomserver.internal;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Requests that were taken once, for as long as their time stamps are good, so that nobody passes one on. A request is who signed and what
 * counts, not the signature, which can be written in several ways.
 * <p>
 * The system clock may be set. A request is forgotten when its time stamp is too old by that clock <em>and</em> it was taken two windows ago by
 * one that is never set. One whose time stamp is too far ahead, because it was taken while the clock was, will be good again: it goes only
 * where room is needed.
 */
final class Replays {

	/** What became of a request. */
	enum Verdict {
		NEW, REPLAY, TOO_MANY
	}

	/** A time stamp is good for one window before the server's clock and one after it. */
	static final long KEPT_MILLIS = 2 * SignedFetch.WINDOW_MILLIS;

	private record Request(long stampMillis, ByteBuffer hash) implements Comparable<Request> {

		private static final Comparator<Request> ORDER = Comparator.comparingLong(Request::stampMillis).thenComparing(Request::hash);

		static Request of(String owner, String payload, long stampMillis) {
			try {
				byte[] text = (owner + ' ' + payload).getBytes(StandardCharsets.UTF_8);
				return new Request(stampMillis, ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(text)));
			} catch (NoSuchAlgorithmException e) {
				throw new IllegalStateException("every Java platform has SHA-256", e);
			}
		}

		@Override
		public int compareTo(Request other) {
			return ORDER.compare(this, other);
		}
	}

	private final int most;
	private final LongSupplier nanos;
	/** When it was taken, by {@link #nanos}; oldest time stamp first. Guarded by this. */
	private final TreeMap<Request, Long> taken = new TreeMap<>();

	/**
	 * Remembers nothing yet.
	 *
	 * @param nanos a clock that nobody sets, such as {@link System#nanoTime()}
	 */
	Replays(int most, LongSupplier nanos) {
		this.most = most;
		this.nanos = nanos;
	}

	/** Returns whether a request was taken; takes nothing. */
	boolean knows(String owner, String payload, long stampMillis) {
		Request request = Request.of(owner, payload, stampMillis);
		synchronized (this) {
			return taken.containsKey(request);
		}
	}

	/**
	 * Takes a request.
	 *
	 * @param stampMillis its time stamp, which is within the window
	 * @param nowMillis   the system clock's
	 */
	synchronized Verdict take(String owner, String payload, long stampMillis, long nowMillis) {
		long now = nanos.getAsLong();
		for (Map.Entry<Request, Long> oldest = taken.firstEntry(); oldest != null && isOver(oldest, now, nowMillis);
				oldest = taken.firstEntry()) {
			taken.pollFirstEntry();
		}
		Request request = Request.of(owner, payload, stampMillis);
		if (taken.containsKey(request)) {
			return Verdict.REPLAY;
		}
		if (taken.size() >= most) {
			if (taken.lastKey().stampMillis <= nowMillis + SignedFetch.WINDOW_MILLIS) {
				return Verdict.TOO_MANY;
			}
			taken.pollLastEntry();
		}
		taken.put(request, now);
		return Verdict.NEW;
	}

	private static boolean isOver(Map.Entry<Request, Long> taken, long now, long nowMillis) {
		return taken.getKey().stampMillis < nowMillis - SignedFetch.WINDOW_MILLIS
				&& now - taken.getValue() > TimeUnit.MILLISECONDS.toNanos(KEPT_MILLIS);
	}
}
