package dcl.transport.registry.internal;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

import dcl.transport.Disconnection;
import dcl.transport.Message;
import dcl.transport.PeerId;
import dcl.transport.SessionListener;
import dcl.transport.TransportException;

/** Notes every event of a session in words, and every breach of the order that {@link SessionListener} promises. */
class StrictListener implements SessionListener {

	private enum Phase { QUIET, CONNECTING, CONNECTED, ENDED, CLOSED }

	final List<String> events = new ArrayList<>();
	final List<String> breaches = new ArrayList<>();
	final List<Duration> waits = new ArrayList<>();
	/** The peers as a listener counts them. */
	final Set<PeerId> peers = new HashSet<>();
	/** Runs inside every call. */
	Runnable inside = () -> {
	};
	private Phase phase = Phase.QUIET;
	private boolean ever;
	/** Within the leaves and joins that come before reconnected. */
	private boolean healing;
	private int depth;

	private synchronized void note(String event, boolean allowed) {
		if (depth++ > 0) {
			breaches.add(event + " within another call");
		}
		events.add(event);
		if (!allowed) {
			breaches.add(event + " when " + phase);
		}
		try {
			inside.run();
		} finally {
			depth--;
		}
	}

	@Override
	public void connecting() {
		boolean allowed = phase == Phase.QUIET;
		phase = Phase.CONNECTING;
		note("connecting", allowed);
	}

	@Override
	public void failed(TransportException failure) {
		boolean allowed = phase == Phase.CONNECTING;
		phase = Phase.ENDED;
		note("failed " + failure.code(), allowed);
	}

	@Override
	public void connected(Set<PeerId> present) {
		boolean allowed = phase == Phase.CONNECTING && !ever;
		ever = true;
		phase = Phase.CONNECTED;
		peers.addAll(present);
		note("connected " + present.size(), allowed);
	}

	@Override
	public void reconnected(Set<PeerId> present) {
		boolean allowed = (phase == Phase.CONNECTING || healing) && ever && peers.equals(present);
		healing = false;
		phase = Phase.CONNECTED;
		note("reconnected " + present.size(), allowed);
	}

	private boolean roster() {
		if (phase == Phase.CONNECTING && ever) {
			healing = true;
			return true;
		}
		return phase == Phase.CONNECTED;
	}

	@Override
	public void peerJoined(PeerId peer) {
		note("joined " + peer, roster() & peers.add(peer));
	}

	@Override
	public void peerLeft(PeerId peer) {
		note("left " + peer, roster() & peers.remove(peer));
	}

	@Override
	public void received(Message message) {
		note("received", phase == Phase.CONNECTED);
	}

	@Override
	public void disconnected(Disconnection why) {
		boolean allowed = phase == Phase.CONNECTED;
		phase = Phase.ENDED;
		note("disconnected " + why.reason(), allowed);
	}

	@Override
	public void reconnecting(int attempt, Duration in, Disconnection after) {
		boolean allowed = phase == Phase.ENDED && attempt > 0;
		phase = Phase.QUIET;
		waits.add(in);
		note("reconnecting " + attempt + " after " + after.reason(), allowed);
	}

	@Override
	public void closed(Disconnection why) {
		boolean allowed = phase != Phase.CLOSED && phase != Phase.CONNECTED;
		phase = Phase.CLOSED;
		note("closed " + why.reason(), allowed);
	}
}
