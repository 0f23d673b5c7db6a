package dcl.transport;

import java.time.Duration;
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
	 * Connecting has come to its next step, and what was the step before is done: for whoever wants to see how far it gets. Comes before
	 * {@link #connected}, also if that never comes; then the last step is the one that failed.
	 *
	 * @param step   a short name. The registry says {@code resolve} (which provider serves it), {@code connect} (the provider has it now) and {@code dns};
	 *               providers document theirs, and most begin with {@code tcp}, {@code tls} and {@code upgrade}. After a redirect it begins with
	 *               {@code resolve} again
	 * @param detail what the step is about, for people to read and without secrets, such as an address; "" if there is nothing to say
	 * @param after  when it began, since the call of {@link Transport#connect()}
	 */
	default void connecting(String step, String detail, Duration after) {
	}

	/**
	 * The first call but for {@link #connecting}, once.
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

	/**
	 * The wire broke under more of the reliable packets and was mended without ending the transport: the oldest that were not confirmed may have arrived or not, and
	 * nobody will know.
	 *
	 * @param reliablePackets how many more, 1 or more: in the same order as those {@link #confirmed}
	 */
	default void unknown(long reliablePackets) {
	}

	/** The last call, once, and only after {@link #connected}. */
	default void disconnected(Disconnection why) {
	}
}
