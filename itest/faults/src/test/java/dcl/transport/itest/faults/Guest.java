package dcl.transport.itest.faults;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

import dcl.transport.Delivery;
import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Identity;
import dcl.transport.Message;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportListener;
import dcl.transport.TransportOptions;
import dcl.transport.TransportRegistry;
import dcl.transport.TransportStats;
import dcl.transport.TransportUri;
import dcl.transport.identity.Wallets;
import dcl.transport.itest.chaos.History;
import dcl.transport.itest.chaos.History.Outcome;
import dcl.transport.itest.chaos.History.Stamp;

/** Somebody in a room, whose every event goes into a history. */
final class Guest implements TransportListener {

	final String name;
	final Transport transport;
	final AtomicLong received = new AtomicLong();
	volatile long endedNanos;
	final Identity identity;
	final int session;
	private final History history;
	private final Map<PeerId, String> names;
	private final AtomicLong pending = new AtomicLong();
	private long sequence;

	Guest(String name, TransportRegistry registry, String uri, History history, Map<PeerId, String> names) throws TransportException {
		this(name, 1, Wallets.random(), registry, uri, history, names);
	}

	/** The same somebody once more, if the identity and the name are, in another session. */
	Guest(String name, int session, Identity identity, TransportRegistry registry, String uri, History history, Map<PeerId, String> names)
			throws TransportException {
		this.name = name;
		this.session = session;
		this.identity = identity;
		this.history = history;
		this.names = names;
		names.put(identity.address(), name);
		transport = registry.create(TransportUri.parse("ws-room:" + uri), TransportOptions.of(identity));
		transport.listen(this);
	}

	/** Returns null once connected, or the code it failed with. */
	Code connect() throws Exception {
		try {
			Await.get(transport.connect().toCompletableFuture());
			return null;
		} catch (java.util.concurrent.ExecutionException e) {
			return ((TransportException) e.getCause()).code();
		}
	}

	/** Sends messages with the next numbers; how each ends goes into the history. */
	synchronized void send(int count, int size) {
		for (int i = 0; i < count; i++) {
			Stamp stamp = new Stamp(name, session, ++sequence, true);
			history.accepted(stamp);
			pending.incrementAndGet();
			transport.send(Packet.copyOf(stamp.encode(size)), Delivery.reliable()).whenComplete((done, failure) -> {
				history.outcome(stamp, failure == null ? Outcome.WRITTEN : code(failure) == Code.UNKNOWN ? Outcome.UNKNOWN : Outcome.FAILED);
				pending.decrementAndGet();
			});
		}
	}

	private static Code code(Throwable failure) {
		return ((TransportException) (failure instanceof CompletionException ? failure.getCause() : failure)).code();
	}

	/** Waits until every message has an outcome, and the counters add up. */
	void settle() throws Exception {
		Await.until("an outcome for every message of " + name, () -> pending.get() == 0);
		Await.until("accepted = sent + dropped + failed for " + name + ": " + transport.stats(), () -> {
			TransportStats stats = transport.stats();
			return stats.accepted() == stats.sent() + stats.sendDropped() + stats.sendFailed();
		});
	}

	private Set<String> named(Set<PeerId> peers) {
		return peers.stream().map(names::get).collect(Collectors.toSet());
	}

	private void event(String what, Runnable note) {
		history.enter(name, session, what);
		note.run();
		history.exit(name, session, what);
	}

	@Override
	public void connected(Set<PeerId> peers) {
		event("connected", () -> history.connected(name, session, named(peers)));
	}

	@Override
	public void peerJoined(PeerId peer) {
		event("peerJoined", () -> history.joined(name, session, names.get(peer)));
	}

	@Override
	public void peerLeft(PeerId peer) {
		event("peerLeft", () -> history.left(name, session, names.get(peer)));
	}

	@Override
	public void received(Message message) {
		event("received", () -> history.received(name, session, Stamp.decode(message.packet().toByteArray())));
		received.incrementAndGet();
	}

	@Override
	public void disconnected(Disconnection why) {
		endedNanos = System.nanoTime();
		event("disconnected", () -> history.disconnected(name, session, why.reason().name(), why.reason() != Reason.CLIENT));
	}

	CompletableFuture<Disconnection> ended() {
		return transport.closed().toCompletableFuture();
	}
}
