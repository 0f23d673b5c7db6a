package dcl.transport.wsroom.internal;

import java.nio.ByteBuffer;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

import dcl.transport.spi.LinkContext;
import dcl.transport.websocket.SendResult;
import dcl.transport.websocket.WebSocketConnection;

/**
 * Finds out what the server has read: a ping goes out behind at most {@value #EVERY} reliable packets or a second after one, and its pong, which a server sends in
 * the order of what it reads (rfc6455, 5.5.3), says that everything before it was read.
 */
final class Confirmations {

	static final int EVERY = 64;
	private static final long AFTER_MILLIS = 1_000;

	private final WebSocketConnection connection;
	private final LinkContext context;
	// Guarded by this:
	private long sent;
	private long asked;
	private long confirmed;
	private Future<?> timer;
	private boolean stopped;

	Confirmations(WebSocketConnection connection, LinkContext context) {
		this.connection = connection;
		this.context = context;
	}

	/** One more reliable packet has gone out. */
	void sent() {
		boolean now;
		synchronized (this) {
			sent++;
			now = sent - asked >= EVERY;
			if (!now && timer == null && !stopped) {
				timer = later();
			}
		}
		if (now) {
			ask();
		}
	}

	private Future<?> later() {
		try {
			return context.executor().schedule(this::ask, AFTER_MILLIS, TimeUnit.MILLISECONDS);
		} catch (RejectedExecutionException e) {
			return null; // too many tasks, or the end: the next packet tries again
		}
	}

	private void ask() {
		long upTo;
		synchronized (this) {
			if (timer != null) {
				timer.cancel(false);
				timer = null;
			}
			upTo = sent;
			if (stopped || upTo == asked) {
				return;
			}
			asked = upTo;
		}
		if (connection.ping(ByteBuffer.allocate(Long.BYTES).putLong(upTo).array()) != SendResult.ACCEPTED) {
			synchronized (this) {
				asked = confirmed; // the next packet asks for all of them
			}
		}
	}

	/** A pong came; one that answers no ping of ours is ignored. */
	void pong(byte[] payload) {
		long more;
		synchronized (this) {
			long upTo = payload.length == Long.BYTES ? ByteBuffer.wrap(payload).getLong() : -1;
			if (stopped || upTo <= confirmed || upTo > asked) {
				return;
			}
			more = upTo - confirmed;
			confirmed = upTo;
		}
		context.confirmed(more);
	}

	synchronized void stop() {
		stopped = true;
		if (timer != null) {
			timer.cancel(false);
			timer = null;
		}
	}
}
