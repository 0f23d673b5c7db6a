package dcl.transport;

import java.util.Set;
import java.util.concurrent.CompletionStage;

import org.osgi.annotation.versioning.ProviderType;

/**
 * One conversation with a comms service and the peers it connects.
 * <p>
 * A transport is used once: it goes from {@code NEW} through {@code CONNECTING} and {@code CONNECTED} to {@code CLOSED} and never back. To reconnect,
 * create another.
 * <pre>
 * NEW ──connect()──▶ CONNECTING ──▶ CONNECTED ──▶ CLOSED
 *  └────────────── close() ───────────┴──────────────▲
 * </pre>
 * All methods may be called from any thread and none of them blocks. Listener calls and the completions of stages that were not complete when they
 * were handed out happen one at a time, in wire order, on a thread of the registry.
 * Source: ADR-81 (minimum communications adapter); ADR-104 for the meaning of packets.
 */
@ProviderType
public interface Transport extends AutoCloseable {

	/** Where in its life a transport is. May gain constants. */
	enum State {
		/** Made, and not asked to connect yet. */
		NEW,
		/** Resolving, connecting or shaking hands. */
		CONNECTING,
		/** Packets flow. */
		CONNECTED,
		/** Over, for whatever reason. */
		CLOSED
	}

	/** Returns the connection string it was made from. */
	TransportUri uri();

	/** Returns where in its life it is now. */
	State state();

	/** Returns a snapshot of the peers known now; empty unless connected. */
	Set<PeerId> peers();

	/** Returns its counters, live. */
	TransportStats stats();

	/**
	 * Adds a listener. Add it before {@link #connect()} to miss nothing; added later it hears from then on. It is dropped at {@code CLOSED}.
	 */
	Subscription listen(TransportListener listener);

	/**
	 * Resolves a provider, connects and shakes hands, within the configured time (30 s unless set otherwise, not counting time spent inside
	 * {@link Identity#sign}).
	 *
	 * @return completes when connected, before any listener hears of it; fails with a {@link TransportException} of any code but {@code CONGESTED},
	 *         {@code TOO_LARGE} and {@code UNKNOWN}. The second call fails with {@code NOT_CONNECTED}
	 */
	CompletionStage<Void> connect();

	/**
	 * Hands one packet to the wire.
	 * <p>
	 * Packets of equal reliability leave in the order of the calls. A lossy packet may be dropped, silently, when the outgoing queue is full; a
	 * reliable one is refused instead.
	 *
	 * @param packet   at most {@code maxPacketBytes} (registry setting, default 64 000 bytes, or what the wire carries if less)
	 * @param delivery reliability, addressees and topic; naming addressees or a topic needs a wire that has them
	 * @return for a reliable packet, completes when it has left the queue, which is not a promise that anybody received it, and fails with
	 *         {@code NOT_CONNECTED}, {@code TOO_LARGE}, {@code CONGESTED}, {@code UNSUPPORTED} or {@code UNKNOWN}. For a lossy packet that was accepted,
	 *         a stage that is complete already; one that was refused fails with {@code NOT_CONNECTED} or {@code TOO_LARGE}, and one the wire cannot
	 *         address is counted as failed
	 */
	CompletionStage<Void> send(Packet packet, Delivery delivery);

	/**
	 * Returns whether the wire tells which reliable packets the service has read, by {@link TransportListener#confirmed} and
	 * {@link TransportStats#confirmed()}. Known once connected.
	 */
	default boolean confirms() {
		return false;
	}

	/**
	 * Closes in good order: what is queued has one second to leave, what is left fails with {@code NOT_CONNECTED}. Idempotent.
	 *
	 * @return completes when the wire is closed; never fails
	 */
	CompletionStage<Void> disconnect();

	/** Returns a stage that completes once, at {@code CLOSED}, and never fails. */
	CompletionStage<Disconnection> closed();

	/** Does what {@link #disconnect()} does, without waiting. */
	@Override
	void close();
}
