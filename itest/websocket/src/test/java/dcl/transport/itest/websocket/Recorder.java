package dcl.transport.itest.websocket;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import dcl.transport.websocket.WebSocketConnection;
import dcl.transport.websocket.WebSocketEnding;
import dcl.transport.websocket.WebSocketListener;

/** Keeps what it is told. */
final class Recorder implements WebSocketListener {

	record Message(byte[] payload, boolean text) {
	}

	final CompletableFuture<WebSocketConnection> opened = new CompletableFuture<>();
	final CompletableFuture<WebSocketEnding> closed = new CompletableFuture<>();
	final BlockingQueue<Message> messages = new LinkedBlockingQueue<>();
	final BlockingQueue<byte[]> pongs = new LinkedBlockingQueue<>();
	final BlockingQueue<Boolean> writable = new LinkedBlockingQueue<>();

	@Override
	public void opened(WebSocketConnection connection) {
		opened.complete(connection);
	}

	@Override
	public void message(WebSocketConnection connection, byte[] payload, boolean text) {
		messages.add(new Message(payload, text));
	}

	@Override
	public void pong(WebSocketConnection connection, byte[] payload) {
		pongs.add(payload);
	}

	@Override
	public void writable(WebSocketConnection connection) {
		writable.add(true);
	}

	@Override
	public void closed(WebSocketConnection connection, WebSocketEnding ending) {
		closed.complete(ending);
	}

	WebSocketConnection open() throws Exception {
		CompletableFuture.anyOf(opened, closed).get(Peer.LIMIT.toSeconds(), TimeUnit.SECONDS);
		if (!opened.isDone()) {
			throw new AssertionError("expected it to open, got " + closed.get());
		}
		return opened.get();
	}

	Message next() throws Exception {
		Message message = messages.poll(Peer.LIMIT.toSeconds(), TimeUnit.SECONDS);
		if (message == null) {
			throw new AssertionError("expected a message; closed: " + closed.getNow(null));
		}
		return message;
	}

	WebSocketEnding ending() throws Exception {
		return closed.get(Peer.LIMIT.toSeconds(), TimeUnit.SECONDS);
	}
}
