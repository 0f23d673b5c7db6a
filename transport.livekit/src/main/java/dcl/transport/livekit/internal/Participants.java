package dcl.transport.livekit.internal;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

import dcl.transport.PeerId;
import dcl.transport.livekit.internal.proto.ParticipantInfo;

/**
 * Who is in the room besides us. A participant is a peer while it is active: packets sent before would be lost. One that comes again has another sid.
 * <p>
 * A server tells of participants without tracks up to three seconds late, so their packets come first, and are as good a proof that they are
 * there. Who is only heard, and not told of, for longer than {@value #UNTOLD_SECONDS} s is gone: the packet was a replay.
 * <p>
 * Changed by one thread; {@link #peer}, {@link #isNews} and {@link #identity} are for any.
 */
final class Participants {

	/** Told of what changes. */
	interface Changes {

		void joined(PeerId peer);

		void left(PeerId peer);

		void invalid(String why);
	}

	private static final int ACTIVE = 2;
	private static final int DISCONNECTED = 3;

	private static final int UNTOLD_SECONDS = 10;
	private static final long UNTOLD_NANOS = TimeUnit.SECONDS.toNanos(UNTOLD_SECONDS);
	private static final int MAX_DEPARTED = 1_024;
	private static final long TOLD = 0;

	/** @param heardAt when it was first heard, if the server has not told of it; otherwise {@link #TOLD} */
	private record Known(String identity, String sid, int version, boolean active, long heardAt) {
	}

	private final Changes changes;
	private final Map<PeerId, Known> known = new HashMap<>();
	/** Those that are active, and what they are called: an address may have upper case in its identity, which a server compares letter by letter. */
	private final Map<String, PeerId> peers = new ConcurrentHashMap<>();
	private final Map<PeerId, String> identities = new ConcurrentHashMap<>();
	/** The sids of the last ones that left, whose packets may still come. Guarded by itself. */
	private final Set<String> departed = new LinkedHashSet<>();
	private volatile String own = "";

	Participants(Changes changes) {
		this.changes = changes;
	}

	/** We joined, or joined again: who is there now. Whoever was there before and still is, if under another sid, does not leave and join. */
	void joined(String ownIdentity, Collection<ParticipantInfo> others) {
		own = ownIdentity;
		replace(others);
	}

	/** We are back, and this is everybody. */
	void replace(Collection<ParticipantInfo> everybody) {
		Set<PeerId> present = new HashSet<>();
		for (ParticipantInfo info : everybody) {
			PeerId peer = peerOf(info);
			if (peer != null && info.getState() != DISCONNECTED) {
				present.add(peer);
			}
		}
		for (PeerId gone : List.copyOf(known.keySet())) {
			if (!present.contains(gone)) {
				remove(gone);
			}
		}
		for (ParticipantInfo info : everybody) {
			change(info, false);
		}
	}

	/** Something changed about some of them. */
	void update(Collection<ParticipantInfo> some) {
		for (ParticipantInfo info : some) {
			change(info, true);
		}
	}

	private void change(ParticipantInfo info, boolean live) {
		PeerId peer = peerOf(info);
		if (peer == null) {
			return;
		}
		Known before = known.get(peer);
		boolean same = before != null && before.sid().equals(info.getSid());
		if (info.getState() == DISCONNECTED) {
			if (same) { // of an older session: its successor is here already
				remove(peer);
			}
			return;
		}
		if (same && live && Integer.compareUnsigned(info.getVersion(), before.version()) < 0) {
			return;
		}
		boolean was = before != null && before.active();
		boolean active = info.getState() == ACTIVE || was && same; // once heard, it is
		if (was && (!active || live && !same)) {
			peers.remove(before.identity());
			depart(before.sid());
			changes.left(peer);
			was = false;
		}
		known.put(peer, new Known(info.getIdentity(), info.getSid(), info.getVersion(), active, TOLD));
		identities.put(peer, info.getIdentity());
		if (active) {
			peers.put(info.getIdentity(), peer);
		}
		if (active && !was) {
			changes.joined(peer);
		}
	}

	private void remove(PeerId peer) {
		Known gone = known.remove(peer);
		peers.remove(gone.identity());
		identities.remove(peer);
		depart(gone.sid());
		if (gone.active()) {
			changes.left(peer);
		}
	}

	private void depart(String sid) {
		synchronized (departed) {
			departed.add(sid);
			if (departed.size() > MAX_DEPARTED) {
				departed.remove(departed.iterator().next());
			}
		}
	}

	/** Returns whether a packet of that session says that somebody is there. From any thread. */
	boolean isNews(String identity, String sid) {
		if (sid.isEmpty() || identity.equals(own)) {
			return false;
		}
		synchronized (departed) {
			return !departed.contains(sid);
		}
	}

	/** Somebody was heard before the server told that it is there. */
	void heard(PeerId peer, String identity, String sid) {
		Known before = known.get(peer);
		if (before != null && (before.active() || !before.sid().equals(sid)) || !isNews(identity, sid)) {
			return;
		}
		known.put(peer, new Known(identity, sid, before == null ? 0 : before.version(), true, before == null ? System.nanoTime() | 1 : TOLD));
		identities.put(peer, identity);
		peers.put(identity, peer);
		changes.joined(peer);
	}

	/** Takes away those that were heard, and of whom the server has not told since. */
	void forgetUntold(long now) {
		List<PeerId> gone = new ArrayList<>();
		known.forEach((peer, it) -> {
			if (it.heardAt() != TOLD && now - it.heardAt() > UNTOLD_NANOS) {
				gone.add(peer);
			}
		});
		gone.forEach(this::remove);
	}

	/** Returns null for ourselves, and for what is no participant. */
	private PeerId peerOf(ParticipantInfo info) {
		String identity = info.getIdentity();
		if (identity.equals(own)) {
			return null;
		}
		if (identity.isEmpty() || identity.length() > PeerId.MAX_LENGTH || info.getSid().isEmpty()) {
			changes.invalid("a participant with a sid and an identity of 1 to " + PeerId.MAX_LENGTH + " characters expected, one with "
					+ identity.length() + " came");
			return null;
		}
		return PeerId.of(identity);
	}

	/** Returns how many it knows, active or not. */
	int size() {
		return known.size();
	}

	/** Whether that one is known, and active. */
	boolean isActive(PeerId peer) {
		Known it = known.get(peer);
		return it != null && it.active();
	}

	/** Returns those that are active. */
	Set<PeerId> active() {
		return known.entrySet().stream().filter(entry -> entry.getValue().active()).map(Map.Entry::getKey).collect(Collectors.toUnmodifiableSet());
	}

	/** Returns who has that identity, or null if it is nobody who is active. */
	PeerId peer(String identity) {
		return peers.get(identity);
	}

	/** Returns the identity of a peer as the server has it. */
	String identity(PeerId peer) {
		return identities.getOrDefault(peer, peer.value());
	}
}
