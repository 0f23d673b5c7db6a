package dcl.transport.registry.internal;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import dcl.transport.Disconnection;
import dcl.transport.Message;
import dcl.transport.PeerId;
import dcl.transport.TransportListener;

/** Notes every event in words, and whether two came at once. */
class FakeListener implements TransportListener {

	final List<String> events = new CopyOnWriteArrayList<>();
	final BlockingQueue<String> fresh = new LinkedBlockingQueue<>();
	final AtomicInteger overlaps = new AtomicInteger();
	private final AtomicInteger inside = new AtomicInteger();
	/** Runs inside every call, after it is noted. */
	volatile Consumer<String> doing = event -> {
	};

	/** Waits for the next event. */
	String next() {
		return FakeProvider.taken(fresh);
	}

	private void note(String event) {
		if (inside.incrementAndGet() > 1) {
			overlaps.incrementAndGet();
		}
		Consumer<String> now = doing; // who hears of this event may change it for the next
		try {
			events.add(event);
			fresh.add(event);
			now.accept(event);
		} finally {
			inside.decrementAndGet();
		}
	}

	@Override
	public void connected(Set<PeerId> peers) {
		Set<String> sorted = new TreeSet<>();
		peers.forEach(peer -> sorted.add(peer.value()));
		note("connected " + sorted);
	}

	@Override
	public void peerJoined(PeerId peer) {
		note("+" + peer);
	}

	@Override
	public void peerLeft(PeerId peer) {
		note("-" + peer);
	}

	@Override
	public void received(Message message) {
		note(message.from() + ": " + Rig.text(message.packet()));
	}

	@Override
	public void disconnected(Disconnection why) {
		note("disconnected " + why.reason());
	}
}
