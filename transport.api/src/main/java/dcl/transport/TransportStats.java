package dcl.transport;

import org.osgi.annotation.versioning.ProviderType;

/**
 * Counters of one transport since its creation. Each only grows; together they are not a snapshot. At rest,
 * {@code accepted = sent + sendDropped + sendFailed}.
 */
@ProviderType
public interface TransportStats {

	/** Returns how many packets {@link Transport#send} did not refuse. */
	long accepted();

	/** Returns how many packets the wire took. */
	long sent();

	/** Returns the bytes of the packets the wire took, without its own wrapping. */
	long bytesSent();

	/** Returns how many accepted lossy packets were dropped because the queue was full, or at the end. */
	long sendDropped();

	/** Returns how many accepted packets the wire refused, or were left at the end. */
	long sendFailed();

	/** Returns how many reliable packets the service is known to have read; stays 0 where the wire cannot know. */
	long confirmed();

	/** Returns how many packets came in and were queued for the listeners. */
	long received();

	/** Returns the bytes of the packets that came in, without the wire's own wrapping. */
	long bytesReceived();

	/** Returns how many lossy packets that came in were dropped because listeners were too slow. */
	long receiveDropped();

	/** Returns how often the wire brought something that made no sense and was left out. */
	long invalid();
}
