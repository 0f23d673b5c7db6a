package dcl.transport.cli.internal;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import dcl.transport.Delivery;
import dcl.transport.Disconnection;
import dcl.transport.Message;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.SessionPolicy;
import dcl.transport.Subscription;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportListener;
import dcl.transport.TransportOptions;
import dcl.transport.TransportRegistry;
import dcl.transport.TransportStats;
import dcl.transport.TransportUri;

/** Serves the type {@code fake}, with transports whose fate the test decides. */
final class FakeRegistry implements TransportRegistry {

	/** Those that were told to connect. */
	final BlockingQueue<FakeTransport> connecting = new LinkedBlockingQueue<>();
	final List<TransportOptions> options = new CopyOnWriteArrayList<>();

	FakeTransport next() throws InterruptedException {
		FakeTransport transport = connecting.poll(10, TimeUnit.SECONDS);
		if (transport == null) {
			throw new AssertionError("nothing was told to connect");
		}
		return transport;
	}

	@Override
	public Transport create(TransportUri uri) throws TransportException {
		return create(uri, TransportOptions.none());
	}

	@Override
	public Transport create(TransportUri uri, TransportOptions with) throws TransportException {
		if (!uri.type().equals("fake")) {
			throw new TransportException(Code.NO_PROVIDER, "no provider for '" + uri.type() + "'; installed: [fake]");
		}
		options.add(with);
		return new FakeTransport(uri, connecting);
	}

	@Override
	public CompletionStage<Void> whenAvailable(TransportUri uri, Duration timeout) {
		throw new UnsupportedOperationException();
	}

	@Override
	public dcl.transport.Session session(TransportUri uri, TransportOptions with, SessionPolicy policy) {
		return new FakeSession(this, uri, with, policy);
	}

	@Override
	public Set<dcl.transport.Session> sessions() {
		throw new UnsupportedOperationException();
	}

	@Override
	public Set<String> types() {
		return Set.of("fake");
	}

	@Override
	public Set<Transport> open() {
		throw new UnsupportedOperationException();
	}

	/** What a transport was told to send. */
	record Sent(Packet packet, Delivery delivery) {
	}

	static final class FakeTransport implements Transport {

		final BlockingQueue<Sent> sent = new LinkedBlockingQueue<>();
		/** Decides what becomes of a packet. */
		volatile Consumer<CompletableFuture<Void>> wire = stage -> stage.complete(null);
		private final TransportUri uri;
		private final BlockingQueue<FakeTransport> whenConnecting;
		private final List<TransportListener> listeners = new CopyOnWriteArrayList<>();
		private final CompletableFuture<Void> connecting = new CompletableFuture<>();
		private final CompletableFuture<Disconnection> closed = new CompletableFuture<>();
		private volatile State state = State.NEW;

		FakeTransport(TransportUri uri, BlockingQueue<FakeTransport> whenConnecting) {
			this.uri = uri;
			this.whenConnecting = whenConnecting;
		}

		// ---- what the test does

		FakeTransport connected(String... peers) {
			state = State.CONNECTED;
			connecting.complete(null);
			Set<PeerId> here = new HashSet<>();
			for (String peer : peers) {
				here.add(PeerId.of(peer));
			}
			listeners.forEach(listener -> listener.connected(here));
			return this;
		}

		void fails(TransportException failure) {
			state = State.CLOSED;
			connecting.completeExceptionally(failure);
			closed.complete(new Disconnection(Disconnection.Reason.FAILED, ""));
		}

		void hears(String peer, Packet packet, Delivery.Reliability reliability) {
			Message message = new Message() {
				@Override
				public PeerId from() {
					return new PeerId(peer);
				}

				@Override
				public Packet packet() {
					return packet;
				}

				@Override
				public Delivery.Reliability reliability() {
					return reliability;
				}

				@Override
				public String topic() {
					return "";
				}
			};
			listeners.forEach(listener -> listener.received(message));
		}

		void joins(String peer) {
			listeners.forEach(listener -> listener.peerJoined(PeerId.of(peer)));
		}

		void leaves(String peer) {
			listeners.forEach(listener -> listener.peerLeft(PeerId.of(peer)));
		}

		void ends(Disconnection.Reason reason, String detail) {
			Disconnection why = new Disconnection(reason, detail);
			boolean was = state == State.CONNECTED;
			state = State.CLOSED;
			if (was) {
				listeners.forEach(listener -> listener.disconnected(why));
			}
			closed.complete(why);
		}

		Sent nextSent() throws InterruptedException {
			Sent next = sent.poll(10, TimeUnit.SECONDS);
			if (next == null) {
				throw new AssertionError("nothing was sent");
			}
			return next;
		}

		// ---- what the command does

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
		public TransportStats stats() {
			throw new UnsupportedOperationException();
		}

		@Override
		public Subscription listen(TransportListener listener) {
			listeners.add(listener);
			return () -> listeners.remove(listener);
		}

		@Override
		public CompletionStage<Void> connect() {
			state = State.CONNECTING;
			whenConnecting.add(this);
			return connecting;
		}

		@Override
		public CompletionStage<Void> send(Packet packet, Delivery delivery) {
			CompletableFuture<Void> stage = new CompletableFuture<>();
			wire.accept(stage);
			sent.add(new Sent(packet, delivery));
			return stage;
		}

		@Override
		public CompletionStage<Void> disconnect() {
			ends(Disconnection.Reason.CLIENT, "");
			return CompletableFuture.completedFuture(null);
		}

		@Override
		public CompletionStage<Disconnection> closed() {
			return closed;
		}

		@Override
		public void close() {
			disconnect();
		}
	}
}
