package dcl.transport;

import org.osgi.annotation.versioning.ProviderType;

/**
 * The account of one session since its creation. Each number only grows; together they are not a snapshot. At rest, which it is at the latest when the
 * session is closed, {@code accepted = confirmed + handedOver + dropped + unknown + failed}: no reliable packet is lost without a word.
 */
@ProviderType
public interface SessionStats {

	/** Returns how many reliable packets {@link Session#send} did not refuse. */
	long accepted();

	/** Returns how many of them the service is known to have read. */
	long confirmed();

	/** Returns how many of them a wire took that cannot tell what the service has read. */
	long handedOver();

	/** Returns how many of them never left, since the session was closed. */
	long dropped();

	/** Returns how many of them a wire had taken that ended, or was replaced by its provider, before they were confirmed. */
	long unknown();

	/** Returns how many of them a wire refused. */
	long failed();

	/** Returns how many lossy packets the outgoing queue of a wire took. */
	long lossyHandedOver();

	/** Returns how many lossy packets were dropped since there was no wire. */
	long lossyDropped();

	/** Returns how many packets came in. */
	long received();

	/** Returns how many attempts were made. */
	long attempts();

	/** Returns how many of them led to a connection. */
	long connections();
}
