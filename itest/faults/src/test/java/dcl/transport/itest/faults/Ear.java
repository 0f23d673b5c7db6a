package dcl.transport.itest.faults;

import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import dcl.transport.websocket.SendMode;
import dcl.transport.websocket.SendResult;
import dcl.transport.websocket.WebSocketConnection;
import dcl.transport.websocket.WebSocketEnding;
import dcl.transport.websocket.WebSocketListener;

/**
 * One end of a connection: sends numbered messages and counts what became of them, and checks that those that come have no gap between
 * them.
 */
class Ear implements WebSocketListener {

	final CompletableFuture<WebSocketConnection> opened = new CompletableFuture<>();
	final CompletableFuture<WebSocketEnding> closed = new CompletableFuture<>();
	final AtomicLong received = new AtomicLong();
	final AtomicInteger writable = new AtomicInteger();
	volatile long endedNanos;
	volatile String fault = "";
	private final boolean gaps; // lossy messages may be missing, but not in another order
	private long last = -1; // the listener's calls come one at a time
	private int closings;
	private int inside;
	private long next; // the sender's
	private final Map<SendResult, Long> results = new EnumMap<>(SendResult.class); // the sender's

	Ear() {
		this(false);
	}

	Ear(boolean gaps) {
		this.gaps = gaps;
	}

	// ---- sending, by one thread

	WebSocketConnection connection() throws Exception {
		CompletableFuture.anyOf(opened, closed).get(Await.SECONDS, java.util.concurrent.TimeUnit.SECONDS);
		if (!opened.isDone()) {
			throw new AssertionError("expected it to open, got " + closed.get());
		}
		return opened.get();
	}

	/** Sends the next message; its number is used only if it was accepted. */
	SendResult send(int size, SendMode mode) throws Exception {
		SendResult result = connection().send(ByteBuffer.allocate(Math.max(8, size)).putLong(next).array(), mode);
		results.merge(result, 1L, Long::sum);
		if (result == SendResult.ACCEPTED) {
			next++;
		}
		return result;
	}

	long count(SendResult result) {
		return results.getOrDefault(result, 0L);
	}

	// ---- events

	private synchronized void enter(String what) {
		if (inside++ > 0) {
			fault = what + " while another call ran";
		}
		if (closings > 0) {
			fault = what + " after closed";
		}
	}

	private synchronized void exit() {
		inside--;
	}

	@Override
	public void opened(WebSocketConnection connection) {
		enter("opened");
		opened.complete(connection);
		exit();
	}

	@Override
	public void message(WebSocketConnection connection, byte[] payload, boolean text) {
		enter("message");
		long number = ByteBuffer.wrap(payload).getLong();
		if (gaps ? number <= last : number != last + 1) {
			fault = "message " + number + " after " + last;
		}
		last = number;
		received.incrementAndGet();
		heard(connection, payload);
		exit();
	}

	void heard(WebSocketConnection connection, byte[] payload) {
		// counted
	}

	@Override
	public void writable(WebSocketConnection connection) {
		enter("writable");
		writable.incrementAndGet();
		exit();
	}

	@Override
	public void closed(WebSocketConnection connection, WebSocketEnding ending) {
		endedNanos = System.nanoTime();
		enter("closed");
		synchronized (this) {
			closings++;
		}
		closed.complete(ending);
		exit();
	}

	/** Waits for the ending, and checks that it was told once and last. */
	WebSocketEnding ending() throws Exception {
		WebSocketEnding ending = Await.get(closed);
		if (!fault.isEmpty()) {
			throw new AssertionError(fault);
		}
		return ending;
	}
}
