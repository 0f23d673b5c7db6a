package dcl.transport.cli.internal;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;

import dcl.transport.Delivery;
import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Message;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.Session;
import dcl.transport.SessionListener;
import dcl.transport.SessionPolicy;
import dcl.transport.SessionStats;
import dcl.transport.Subscription;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportListener;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;

/** A session over {@link FakeRegistry.FakeTransport}s: it comes back at once, unless it was asked to wait, as on the threads of the test. */
final class FakeSession implements Session, TransportListener {

	private final FakeRegistry registry;
	private final TransportUri uri;
	private final TransportOptions options;
	private final SessionPolicy policy;
	private final List<SessionListener> listeners = new CopyOnWriteArrayList<>();
	private final CompletableFuture<Void> connected = new CompletableFuture<>();
	private final CompletableFuture<Disconnection> closed = new CompletableFuture<>();
	private volatile State state = State.NEW;
	private volatile Transport wire;
	private volatile boolean closing;
	private volatile int attempt;

	FakeSession(FakeRegistry registry, TransportUri uri, TransportOptions options, SessionPolicy policy) {
		this.registry = registry;
		this.uri = uri;
		this.options = options;
		this.policy = policy;
	}

	private void tryNow() {
		state = State.CONNECTING;
		listeners.forEach(SessionListener::connecting);
		Transport next;
		try {
			next = registry.create(uri, options);
		} catch (TransportException e) {
			failed(e);
			return;
		}
		wire = next;
		next.listen(this);
		next.closed().thenAccept(why -> {
			if (wire == next && state == State.CONNECTED) {
				ended(why, why.reason().isRetryable(), Duration.ZERO);
			} else if (wire == next && closing) {
				close(why);
			}
		});
		next.connect().whenComplete((nothing, failure) -> {
			if (failure != null) {
				failed((TransportException) failure);
			}
		});
	}

	private void failed(TransportException failure) {
		listeners.forEach(listener -> listener.failed(failure));
		ended(new Disconnection(Reason.FAILED, ""), failure.code().isRetryable() && (connected.isDone() || policy.isFirstRetried()),
				failure.retryAfter().orElse(Duration.ZERO));
	}

	private void ended(Disconnection why, boolean again, Duration wait) {
		if (closing || !again) {
			close(why);
			return;
		}
		attempt++;
		state = State.WAITING;
		listeners.forEach(listener -> listener.reconnecting(attempt, wait, why));
		if (wait.isZero()) {
			tryNow();
		}
	}

	private void close(Disconnection why) {
		if (state != State.CLOSED) {
			state = State.CLOSED;
			listeners.forEach(listener -> listener.closed(why));
			closed.complete(why);
		}
	}

	// ---- from the transport

	@Override
	public void connected(Set<PeerId> peers) {
		state = State.CONNECTED;
		boolean first = connected.complete(null);
		listeners.forEach(listener -> {
			if (first) {
				listener.connected(peers);
			} else {
				listener.reconnected(peers);
			}
		});
	}

	@Override
	public void peerJoined(PeerId peer) {
		listeners.forEach(listener -> listener.peerJoined(peer));
	}

	@Override
	public void peerLeft(PeerId peer) {
		listeners.forEach(listener -> listener.peerLeft(peer));
	}

	@Override
	public void received(Message message) {
		listeners.forEach(listener -> listener.received(message));
	}

	@Override
	public void disconnected(Disconnection why) {
		listeners.forEach(listener -> listener.disconnected(why));
	}

	// ---- for the command

	@Override
	public TransportUri uri() {
		return uri;
	}

	@Override
	public State state() {
		return state;
	}

	@Override
	public Set<PeerId> peers() {
		throw new UnsupportedOperationException();
	}

	@Override
	public int attempt() {
		return attempt;
	}

	@Override
	public Optional<Instant> nextAttempt() {
		throw new UnsupportedOperationException();
	}

	@Override
	public Optional<Disconnection> lastEnding() {
		throw new UnsupportedOperationException();
	}

	@Override
	public SessionStats stats() {
		throw new UnsupportedOperationException();
	}

	@Override
	public Subscription listen(SessionListener listener) {
		listeners.add(listener);
		return () -> listeners.remove(listener);
	}

	@Override
	public CompletionStage<Void> connect() {
		tryNow();
		return connected;
	}

	@Override
	public CompletionStage<Outcome> send(Packet packet, Delivery delivery) {
		CompletableFuture<Outcome> result = new CompletableFuture<>();
		wire.send(packet, delivery).whenComplete((nothing, failure) -> {
			if (failure == null) {
				result.complete(Outcome.HANDED_OVER);
			} else if (((TransportException) failure).code() == Code.UNKNOWN) {
				result.complete(Outcome.UNKNOWN);
			} else {
				result.completeExceptionally(failure);
			}
		});
		return result;
	}

	@Override
	public void retryNow() {
		throw new UnsupportedOperationException();
	}

	@Override
	public CompletionStage<Disconnection> closed() {
		return closed;
	}

	@Override
	public void close() {
		closing = true;
		if (state == State.WAITING || wire == null) {
			close(new Disconnection(Reason.CLIENT, ""));
		} else {
			wire.close();
		}
	}
}
