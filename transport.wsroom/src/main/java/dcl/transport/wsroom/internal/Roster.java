package dcl.transport.wsroom.internal;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

import dcl.transport.PeerId;

/**
 * Who is in the room, by alias. A wallet may be there under two aliases for a moment, since a newer login is announced before the older one's leave; it is gone
 * when its last alias is. Not thread-safe.
 */
final class Roster {

	private final Map<Integer, PeerId> byAlias = new HashMap<>();
	private final Map<PeerId, Integer> aliases = new HashMap<>();

	/** What a change amounts to; either may be null. */
	record Change(PeerId left, PeerId joined) {
	}

	/** Puts a peer under an alias, in the place of whoever had it. */
	Change join(int alias, PeerId peer) {
		PeerId before = byAlias.put(alias, peer);
		if (peer.equals(before)) {
			return new Change(null, null);
		}
		boolean joined = aliases.merge(peer, 1, Integer::sum) == 1;
		return new Change(before != null && release(before) ? before : null, joined ? peer : null);
	}

	/** Takes an alias away; an unknown one changes nothing. */
	Change leave(int alias) {
		PeerId gone = byAlias.remove(alias);
		return new Change(gone != null && release(gone) ? gone : null, null);
	}

	private boolean release(PeerId peer) {
		return aliases.computeIfPresent(peer, (p, count) -> count == 1 ? null : count - 1) == null;
	}


	/** Returns who sent an update, or null. */
	PeerId sender(int alias) {
		return byAlias.get(alias);
	}

	int size() {
		return byAlias.size();
	}

	Set<PeerId> peers() {
		return Set.copyOf(aliases.keySet());
	}
}
