package dcl.transport.livekit.internal;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import dcl.transport.livekit.internal.proto.DataChannelReceiveState;

/** The last sequence number heard of each sender, by sid: what came before is not taken again when the server replays it. Thread-safe. */
final class Heard {

	private final int bound;
	private final Map<String, Integer> last = new LinkedHashMap<>(16, 0.75f, true);

	/** @param bound how many senders it remembers; those not heard for longest are forgotten first */
	Heard(int bound) {
		this.bound = bound;
	}

	/** Returns whether a packet is new. Those without a number or a sender are. */
	synchronized boolean isNew(String sid, int sequence) {
		if (sequence == 0 || sid.isEmpty()) {
			return true;
		}
		Integer before = last.get(sid);
		if (before != null && Integer.compareUnsigned(sequence, before) <= 0) {
			return false;
		}
		last.put(sid, sequence);
		if (last.size() > bound) {
			last.remove(last.keySet().iterator().next());
		}
		return true;
	}

	/** Returns what the server needs to know to replay what we missed. */
	synchronized List<DataChannelReceiveState> states() {
		List<DataChannelReceiveState> states = new ArrayList<>(last.size());
		last.forEach((sid, sequence) -> states.add(DataChannelReceiveState.newBuilder().setPublisherSid(sid).setLastSeq(sequence).build()));
		return states;
	}
}
