package dcl.transport.registry.internal;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

import dcl.transport.Delivery;
import dcl.transport.Delivery.Reliability;
import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.Subscription;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportListener;
import dcl.transport.TransportStats;
import dcl.transport.TransportUri;

/**
 * A transport whose fate the test decides, which keeps the rules of {@link Transport}, with a service behind it that reads a part of what the wire takes
 * and confirms a part of what it has read. What the test tells it happens at once, as on a thread of its own.
 */
final class VirtualTransport implements Transport {

	static final int MAX_BYTES = 30;

	private record Sent(Packet packet, Stage<Void> stage) {
	}

	private final VirtualWorld world;
	private final TransportUri uri;
	private final List<TransportListener> listeners = new ArrayList<>();
	private final Stage<Void> connected = new Stage<>();
	private final Stage<Disconnection> closed = new Stage<>();
	private final Stage<Void> disconnected = new Stage<>();
	private final ArrayDeque<Sent> queue = new ArrayDeque<>();
	private final ArrayDeque<Packet> unread = new ArrayDeque<>();
	private final Set<PeerId> peers = new LinkedHashSet<>();
	private State state = State.NEW;
	private boolean closing;
	private long read;
	private long confirmed;
	/** Whether its wire takes its time to close. */
	boolean slowGoodbye;

	VirtualTransport(VirtualWorld world, TransportUri uri) {
		this.world = world;
		this.uri = uri;
	}

	// ---- what the test does

	boolean isConnecting() {
		return state == State.CONNECTING;
	}

	boolean isConnected() {
		return state == State.CONNECTED;
	}

	boolean isGone() {
		return disconnected.isDone();
	}

	void opens(PeerId... present) {
		state = State.CONNECTED;
		peers.addAll(List.of(present));
		connected.finish(null);
		tell(listener -> listener.connected(Set.of(present)));
	}

	void fails(TransportException failure) {
		state = State.CLOSED;
		connected.fail(failure);
		closed.finish(new Disconnection(Reason.FAILED, failure.getMessage()));
		goes();
	}

	void joins(PeerId peer) {
		if (peers.add(peer)) {
			tell(listener -> listener.peerJoined(peer));
		}
	}

	void leaves(PeerId peer) {
		if (peers.remove(peer)) {
			tell(listener -> listener.peerLeft(peer));
		}
	}

	/** The wire takes the oldest packet. */
	void takes() {
		Sent next = queue.poll();
		if (next != null) {
			world.taken.add(next.packet);
			unread.add(next.packet);
			next.stage.finish(null);
		}
	}

	/** The wire refuses the oldest packet. */
	void refuses(Code code) {
		Sent next = queue.poll();
		if (next != null) {
			next.stage.fail(new TransportException(code, "refused"));
		}
	}

	/** The service reads the oldest packet it has got. */
	void reads() {
		Packet next = unread.poll();
		if (next != null) {
			world.read.add(next);
			read++;
		}
	}

	/** The wire tells what the service has read. */
	void confirmsAll() {
		long more = read - confirmed;
		if (world.confirming && more > 0) {
			confirmed = read;
			tell(listener -> listener.confirmed(more));
		}
	}

	/** The wire breaks and is mended: whether the service read what it had not confirmed, nobody will know. */
	void mends() {
		long more = read - confirmed + unread.size();
		if (world.confirming && more > 0) {
			read += unread.size();
			unread.clear();
			confirmed = read;
			tell(listener -> listener.unknown(more));
		}
	}

	/** The wire breaks, or the service ends it: the packet on the wire is in doubt, those behind it have not left. */
	void ends(Reason reason) {
		boolean was = state == State.CONNECTED;
		state = State.CLOSED;
		boolean first = true;
		List<Sent> left = List.copyOf(queue);
		queue.clear();
		for (Sent next : left) {
			if (first) {
				world.taken.add(next.packet);
				unread.add(next.packet);
			}
			next.stage.fail(new TransportException(first ? Code.UNKNOWN : Code.NOT_CONNECTED, "it ended"));
			first = false;
		}
		connected.fail(new TransportException(Code.NOT_CONNECTED, "closed before it was connected"));
		if (was) {
			tell(listener -> listener.disconnected(new Disconnection(reason, "because")));
		}
		listeners.clear();
		closed.finish(new Disconnection(reason, "because"));
		goes();
	}

	private void goes() {
		if (!slowGoodbye) {
			disconnected.finish(null);
		}
	}

	/** The wire is closed at last. */
	void goodbye() {
		disconnected.finish(null);
	}

	/** What was asked to close does. */
	void obeys() {
		if (closing && state != State.CLOSED) {
			while (!queue.isEmpty()) {
				takes();
			}
			ends(Reason.CLIENT);
		}
	}

	boolean isClosing() {
		return closing;
	}

	void tell(Consumer<TransportListener> event) {
		List.copyOf(listeners).forEach(event);
	}

	// ---- what the session does

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
		return Set.copyOf(peers);
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
		if (state != State.NEW || closing) {
			return Stage.failed(new TransportException(Code.NOT_CONNECTED, "a transport connects once"));
		}
		state = State.CONNECTING;
		return connected;
	}

	@Override
	public CompletionStage<Void> send(Packet packet, Delivery delivery) {
		if (state != State.CONNECTED || closing) {
			return Stage.failed(new TransportException(Code.NOT_CONNECTED, "not connected"));
		}
		if (delivery.reliability() == Reliability.LOSSY) {
			return Stage.DONE;
		}
		if (packet.size() > MAX_BYTES) {
			return Stage.failed(new TransportException(Code.TOO_LARGE, "at most " + MAX_BYTES + " bytes"));
		}
		if (queue.size() >= world.queue) {
			return Stage.failed(new TransportException(Code.CONGESTED, "full"));
		}
		Stage<Void> stage = new Stage<>();
		queue.add(new Sent(packet, stage));
		return stage;
	}

	@Override
	public boolean confirms() {
		return world.confirming;
	}

	@Override
	public CompletionStage<Void> disconnect() {
		closing = true;
		if (state == State.NEW) {
			ends(Reason.CLIENT);
		}
		return disconnected;
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
