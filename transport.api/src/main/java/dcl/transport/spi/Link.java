package dcl.transport.spi;

import java.util.Set;
import java.util.concurrent.CompletionStage;

import dcl.transport.Delivery;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * One live wire. The registry calls it from one thread at a time, except that {@link #close()} may come beside another call, and calls nothing after
 * {@code close()}. No method blocks.
 */
@ConsumerType
public interface Link {

	/** Returns the peers known when the handshake ended, without ourselves; later changes go to the context. Asked once. */
	Set<PeerId> peers();

	/** Returns the largest packet this wire carries, in bytes; the registry refuses above it and above its own limit. Asked once. */
	default int maxPacketBytes() {
		return Integer.MAX_VALUE;
	}

	/**
	 * Returns whether this wire reports what the service has read, with {@link LinkContext#confirmed}. Where it does, a {@link dcl.transport.Session} waits
	 * for that before it says what became of a reliable packet. Asked once.
	 */
	default boolean confirms() {
		return false;
	}

	/**
	 * Takes one packet.
	 *
	 * @return completes when the wire can take the next packet: usually at once, one shared completed stage. A wire holds at most 64 KiB of its own;
	 *         beyond that the stage waits. Fails with a {@link dcl.transport.TransportException} if the packet was not taken, {@code UNSUPPORTED} for
	 *         addressees or a topic the wire does not have
	 */
	CompletionStage<Void> send(Packet packet, Delivery delivery);

	/**
	 * Says goodbye if the protocol has a goodbye. Idempotent.
	 *
	 * @return completes when the wire is closed, at most a second later, whatever the peer does
	 */
	CompletionStage<Void> close();
}
