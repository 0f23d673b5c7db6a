package dcl.transport.roomserver.internal;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/** Requests that were taken once, for as long as their time stamps are good, so that nobody passes one on. */
final class Replays {

	/** What became of a request. */
	enum Verdict {
		NEW, REPLAY, TOO_MANY
	}

	/** A time stamp is good for one window before the server's clock and one after it. */
	static final long KEPT_MILLIS = 2 * SignedFetch.WINDOW_MILLIS;

	private final int most;
	/** When it was taken, by hash; oldest first. Guarded by this. */
	private final Map<ByteBuffer, Long> taken = new LinkedHashMap<>();

	Replays(int most) {
		this.most = most;
	}

	/** Takes a request. Who signed and what counts, not the signature, which can be written in several ways. */
	synchronized Verdict take(String owner, String payload, long nowMillis) {
		Iterator<Long> oldest = taken.values().iterator();
		while (oldest.hasNext() && oldest.next() < nowMillis - KEPT_MILLIS) {
			oldest.remove();
		}
		ByteBuffer key = hash(owner + ' ' + payload);
		if (taken.containsKey(key)) {
			return Verdict.REPLAY;
		}
		if (taken.size() >= most) {
			return Verdict.TOO_MANY;
		}
		taken.put(key, nowMillis);
		return Verdict.NEW;
	}

	private static ByteBuffer hash(String text) {
		try {
			return ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
		} catch (NoSuchAlgorithmException e) {
			throw new IllegalStateException("every Java platform has SHA-256", e);
		}
	}
}
