package dcl.transport.testkit;

import java.time.Duration;
import java.util.Set;

import dcl.transport.Delivery.Reliability;
import dcl.transport.PeerId;

/** Somebody else in a room. Thread-safe. */
public interface Peer {

	/** What a peer got. */
	interface Received {

		/** Returns the sender, as the service names it. */
		PeerId from();

		/** Returns the bytes of the packet. */
		byte[] packet();

		/** Returns the topic, "" if there is none. */
		String topic();
	}

	/** Returns what the room calls this peer. */
	PeerId id();

	/** Returns whom this peer sees, without itself. */
	Set<PeerId> sees();

	/**
	 * Sends a packet to all, and waits until the wire has room for the next.
	 *
	 * @param packet one rfc4 packet
	 */
	void send(byte[] packet, Reliability reliability) throws Exception;

	/**
	 * Waits for the oldest packet not returned yet.
	 *
	 * @return null if none came in time
	 */
	Received next(Duration limit) throws InterruptedException;

	/** Leaves the room, and waits until that is said. Idempotent. */
	void leave() throws Exception;
}
