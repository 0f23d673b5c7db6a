package dcl.transport;

import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;

import org.osgi.annotation.versioning.ProviderType;

/**
 * A conversation that outlives its wires: it makes one {@link Transport} after the other for the same connection string, until it is closed or an
 * ending is final.
 * <pre>
 * NEW ──connect()──▶ CONNECTING ──────▶ CONNECTED
 *                     ▲    │               │
 *        wait is over │    ▼ failed        │ wire ended
 *                    WAITING ◀─────────────┘
 * any ── close(), or an ending that is final ──▶ CLOSED
 * </pre>
 * <b>Coming back.</b> After an ending or a failure that {@link Disconnection.Reason#isRetryable()} or {@link TransportException.Code#isRetryable()}
 * says may pass, it waits, at random within a bound that doubles with each attempt ({@link SessionPolicy}), and at least as long as the service asked
 * for ({@link TransportException#retryAfter()}, at most an hour of it); without end. If the provider is missing or left, it comes back as soon as there
 * is one again. It never comes back by itself after a kick, a refusal or a breach of the protocol. Every attempt begins anew with the connection
 * string: provider, signed-login, socket, challenge, roster; nothing that one resolved to, a token for instance, is kept for the next, and none begins
 * before the wire of the one before is closed.
 * <p>
 * <b>The account.</b> What peers received nobody here can know. What can be known is told: every reliable packet that {@link #send} takes ends in
 * exactly one {@link Outcome}, or with the failure of the wire that refused it. A packet that was handed to a wire is never sent again.
 * <p>
 * All methods may be called from any thread and none of them blocks. Stages that were not complete when they were handed out complete on a thread of
 * the registry. A session ends with {@code CLIENT} when the host bundle stops, and with {@code PROVIDER_GONE} when the registry itself does: take the
 * service anew then.
 */
@ProviderType
public interface Session extends AutoCloseable {

	/** Where in its life a session is. May gain constants. */
	enum State {
		/** Made, and not asked to connect yet. */
		NEW,
		/** An attempt is under way. */
		CONNECTING,
		/** Packets flow. */
		CONNECTED,
		/** The next attempt will come, see {@link Session#nextAttempt()}. */
		WAITING,
		/** Over, for whatever reason. */
		CLOSED
	}

	/** What became of one packet. May gain constants. */
	enum Outcome {
		/** The service has read it; whom it passed it on to is not known. Only on wires that {@link Transport#confirms()}. */
		CONFIRMED,
		/** A wire took it that cannot tell what the service has read; or, for a lossy packet, the outgoing queue did. */
		HANDED_OVER,
		/** It never left: a lossy packet while there was no wire, or a reliable one that still waited when the session was closed. */
		DROPPED,
		/** A wire took it, or part of it, and ended before the service was known to have read it: it may or may not have arrived. */
		UNKNOWN
	}

	/** Returns the connection string of every attempt. */
	TransportUri uri();

	/** Returns where in its life it is now. */
	State state();

	/**
	 * Returns the peers that have joined and not left, as far as has been told; they stay while it is coming back, since they may still be there then.
	 * A snapshot; empty before the first connection and when closed.
	 */
	Set<PeerId> peers();

	/** Returns how many attempts to come back there were, the present one included, since a connection was last steady; 0 for the first ever. */
	int attempt();

	/** Returns when the next attempt comes at the latest; empty unless {@code WAITING}. By the clock of this machine, and for display. */
	Optional<Instant> nextAttempt();

	/**
	 * Returns how the last attempt or connection ended: {@code FAILED}, with the code of the failure in the words, if it never connected. Empty before
	 * the first ending.
	 */
	Optional<Disconnection> lastEnding();

	/** Returns the account, live. */
	SessionStats stats();

	/** Adds a listener. Add it before {@link #connect()} to miss nothing; added later it hears from then on. It is dropped at {@code CLOSED}. */
	Subscription listen(SessionListener listener);

	/**
	 * Begins. Further calls change nothing.
	 *
	 * @return the same stage for each call: completes at the first connection, before any listener hears of it; fails with a {@link TransportException}
	 *         if the session closes before, with that of the last attempt or {@code NOT_CONNECTED}
	 */
	CompletionStage<Void> connect();

	/**
	 * Sends one packet, now or after coming back.
	 * <p>
	 * Reliable packets leave in the order of the calls, also across wires; those that no wire has taken yet wait, within the bounds of the
	 * {@link SessionPolicy}. A lossy packet is handed on at once or dropped.
	 *
	 * @return for a reliable packet, completes once with what became of it, at the latest when the session is closed; fails with {@code CONGESTED} when
	 *         too much waits already, {@code TOO_LARGE} above {@link SessionPolicy#waitingBytes()}, {@code NOT_CONNECTED} when closed, and as {@link Transport#send} does when the wire refuses it. For a lossy packet,
	 *         a stage that is complete already, with {@code HANDED_OVER} or {@code DROPPED}, or failed as {@link Transport#send} says
	 */
	CompletionStage<Outcome> send(Packet packet, Delivery delivery);

	/** Makes the next attempt now, if it is {@code WAITING}; otherwise does nothing. For a host that knows the network is back. */
	void retryNow();

	/**
	 * Returns a stage that completes once, at {@code CLOSED}, after the listeners were told and every packet has its outcome; never fails. {@code FAILED}
	 * stands for an attempt that failed for good; {@link SessionListener#failed} had its code.
	 */
	CompletionStage<Disconnection> closed();

	/**
	 * Ends it in good order: what the wire has been offered has a second to leave, what waits for one is {@code DROPPED}. Idempotent.
	 */
	@Override
	void close();
}
