package dcl.transport;

import java.time.Duration;
import java.util.Set;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * Hears what happens on one session: one call at a time, in order, on a registry thread.
 * <p>
 * A method must not block: it holds up its own session, and after {@code stuckMillis} (2 000) it is reported with the name of its bundle. What it throws
 * is logged and goes no further. Joins and leaves pair across all connections of the session.
 * <pre>
 * attempt    = connecting, ( failed | connected or reconnected, …, disconnected )
 * session    = attempt, ( reconnecting, attempt )…, closed
 * reconnected comes behind the leaves and joins of what changed meanwhile
 * </pre>
 */
@ConsumerType
public interface SessionListener {

	/** An attempt begins. */
	default void connecting() {
	}

	/** An attempt failed. Followed by {@link #reconnecting}, or by {@link #closed} if it was for good. */
	default void failed(TransportException failure) {
	}

	/**
	 * The first connection, once.
	 *
	 * @param peers those already there; a snapshot
	 */
	default void connected(Set<PeerId> peers) {
	}

	/**
	 * Connected again. Whoever went or came meanwhile has been told just before, as a leave or a join; those who stayed have not.
	 *
	 * @param peers those there now; a snapshot
	 */
	default void reconnected(Set<PeerId> peers) {
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

	/** A connection ended. Followed by {@link #reconnecting}, or by {@link #closed} if it was for good. */
	default void disconnected(Disconnection why) {
	}

	/**
	 * It will try again.
	 *
	 * @param attempt from 1; begins anew after a connection that was steady
	 * @param in      when, at the latest: a provider that comes, or {@link Session#retryNow()}, makes it sooner
	 * @param after   what ended; {@code FAILED} for an attempt that failed
	 */
	default void reconnecting(int attempt, Duration in, Disconnection after) {
	}

	/** The last call, once. */
	default void closed(Disconnection why) {
	}
}
