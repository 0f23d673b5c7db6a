package dcl.transport.websocket;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A listener that keeps what it is told, and fails the test when told out of turn. */
class Recorder implements WebSocketListener {

	record Message(byte[] payload, boolean text) {

		String utf8() {
			return new String(payload, StandardCharsets.UTF_8);
		}
	}

	static final long SECONDS = 10;

	final CompletableFuture<WebSocketConnection> opened = new CompletableFuture<>();
	final CompletableFuture<WebSocketEnding> closed = new CompletableFuture<>();
	final LinkedBlockingQueue<WebSocketStep> steps = new LinkedBlockingQueue<>();
	final LinkedBlockingQueue<Message> messages = new LinkedBlockingQueue<>();
	final LinkedBlockingQueue<byte[]> pongs = new LinkedBlockingQueue<>();
	final LinkedBlockingQueue<Boolean> writable = new LinkedBlockingQueue<>();
	final AtomicInteger closings = new AtomicInteger();
	final List<String> faults = new ArrayList<>(); // guarded by itself
	private final AtomicInteger inside = new AtomicInteger();

	private void enter(String what) {
		if (inside.incrementAndGet() != 1) {
			fault(what + " while another call ran");
		}
		if (closings.get() > 0) {
			fault(what + " after closed");
		}
	}

	private void fault(String what) {
		synchronized (faults) {
			faults.add(what);
		}
	}

	@Override
	public void step(WebSocketConnection connection, WebSocketStep step) {
		enter("step");
		if (opened.isDone()) {
			fault("step after opened");
		}
		steps.add(step);
		inside.decrementAndGet();
	}

	@Override
	public void opened(WebSocketConnection connection) {
		enter("opened");
		opened.complete(connection);
		inside.decrementAndGet();
	}

	@Override
	public void message(WebSocketConnection connection, byte[] payload, boolean text) {
		enter("message");
		messages.add(new Message(payload, text));
		inside.decrementAndGet();
	}

	@Override
	public void pong(WebSocketConnection connection, byte[] payload) {
		enter("pong");
		pongs.add(payload);
		inside.decrementAndGet();
	}

	@Override
	public void writable(WebSocketConnection connection) {
		enter("writable");
		writable.add(true);
		inside.decrementAndGet();
	}

	@Override
	public void closed(WebSocketConnection connection, WebSocketEnding ending) {
		enter("closed");
		closings.incrementAndGet();
		closed.complete(ending);
		inside.decrementAndGet();
	}

	WebSocketConnection open() throws Exception {
		CompletableFuture.anyOf(opened, closed).get(SECONDS, TimeUnit.SECONDS);
		if (!opened.isDone()) {
			throw new AssertionError("expected it to open, got " + closed.get());
		}
		return opened.get();
	}

	Message next() throws Exception {
		Message message = messages.poll(SECONDS, TimeUnit.SECONDS);
		if (message == null) {
			throw new AssertionError("expected a message; closed: " + closed.getNow(null));
		}
		return message;
	}

	WebSocketEnding ending() throws Exception {
		WebSocketEnding ending = closed.get(SECONDS, TimeUnit.SECONDS);
		synchronized (faults) {
			if (!faults.isEmpty()) {
				throw new AssertionError("events out of turn: " + faults);
			}
		}
		return ending;
	}
}
