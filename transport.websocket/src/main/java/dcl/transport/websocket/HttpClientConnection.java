package dcl.transport.websocket;

import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * The client role of one plain HTTP exchange: connects as for a WebSocket, with the same care for addresses and certificates, and asks for
 * no upgrade.
 */
final class HttpClientConnection extends ClientConnection implements HttpExchange {

	/** Completes the stage in the place where listeners are called. */
	static final class Outcome implements WebSocketListener {

		private final CompletableFuture<HttpReply> stage = new CompletableFuture<>();
		private final Consumer<WebSocketStep> steps;
		private volatile HttpReply reply;

		Outcome(Consumer<WebSocketStep> steps) {
			this.steps = Objects.requireNonNull(steps);
		}

		@Override
		public void step(WebSocketConnection connection, WebSocketStep step) {
			steps.accept(step);
		}

		@Override
		public void message(WebSocketConnection connection, byte[] payload, boolean text) {
			throw new IllegalStateException("there are no messages in an HTTP exchange");
		}

		@Override
		public void closed(WebSocketConnection connection, WebSocketEnding ending) {
			HttpReply whole = reply;
			if (whole != null) {
				stage.complete(whole);
			} else {
				stage.completeExceptionally(new HttpExchangeException(ending));
			}
		}
	}

	/** Informational answers before the real one; a server sends one or two. */
	private static final int MOST_INFORMATIONAL = 8;

	private final Outcome outcome;
	private final int maxBodyBytes;
	private int informational;
	private int status;
	private Head head;
	private Body body;

	HttpClientConnection(WebSockets engine, Loop loop, WebSocketRequest request, int maxBodyBytes, Outcome outcome) {
		super(engine, loop, request, outcome);
		this.outcome = outcome;
		this.maxBodyBytes = maxBodyBytes;
	}

	@Override
	public CompletionStage<HttpReply> reply() {
		return outcome.stage.minimalCompletionStage();
	}

	@Override
	void ask() {
		reached(WebSocketStep.REQUEST);
		sendHead(head("POST").append("Connection: close\r\nContent-Length: 0\r\n"));
	}

	@Override
	String asking() {
		return "answer";
	}

	@Override
	void answered(Head answer) {
		int code = status(answer);
		if (code == 0) {
			return;
		}
		if (code == 101 || code < 200 && ++informational > MOST_INFORMATIONAL) {
			badHead(0, WebSocketEnding.Kind.PROTOCOL, "expected an answer to the request, got status " + code);
		} else if (code < 200) {
			nextHead();
		} else {
			status = code;
			head = answer;
			try {
				body = new Body(code, answer, maxBodyBytes);
			} catch (Body.Broken e) {
				badHead(0, e.kind, e.getMessage());
				return;
			}
			readingBody();
			finishIfWhole();
		}
	}

	@Override
	void body(ByteBuffer in) {
		try {
			body.read(in);
		} catch (Body.Broken e) {
			badHead(0, e.kind, e.getMessage());
			return;
		}
		finishIfWhole();
	}

	private void finishIfWhole() {
		if (body.isWhole()) {
			finish();
		}
	}

	@Override
	boolean bodyEnds() {
		if (body.ends()) {
			finish();
			return true;
		}
		return false;
	}

	private void finish() {
		outcome.reply = new HttpReply(status, head, body.bytes());
		end(ending(WebSocketEnding.Kind.CLOSED_BY_US, 1006, "answered with status " + status));
	}
}
