package dcl.transport;

import java.util.Set;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * Hears what happens on one transport: one call at a time, in wire order, on a registry thread.
 * <p>
 * A method must not block: it holds up its own transport, and after {@code stuckMillis} (2 000) it is reported with the name of its bundle. What it
 * throws is logged and goes no further. Joins and leaves pair: a peer that is known never joins again, and one that is not known never leaves.
 */
@ConsumerType
public interface TransportListener {

	/**
	 * The first call, once.
	 *
	 * @param peers those already there; a snapshot
	 */
	default void connected(Set<PeerId> peers) {
	}

	/** Somebody came. */
	default void peerJoined(PeerId peer) {
	}

	/** Somebody left. */
	default void peerLeft(PeerId peer) {
	}

	/** A packet came in. */
	default void received(Message message) {
	}

	/**
	 * The service is known to have read more of the reliable packets; only on a wire that {@link Transport#confirms()}. Comes before
	 * {@link #disconnected}, or not at all.
	 *
	 * @param reliablePackets how many more, 1 or more: in the order they were sent, without those the wire refused
	 */
	default void confirmed(long reliablePackets) {
	}

	/** The last call, once, and only after {@link #connected}. */
	default void disconnected(Disconnection why) {
	}
}
