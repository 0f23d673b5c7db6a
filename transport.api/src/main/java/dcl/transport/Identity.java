package dcl.transport;

import java.util.concurrent.CompletionStage;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * Who we are, and how to prove it. Provided by the host, as a service or with {@link TransportOptions} for one transport. Keys never cross it.
 * Thread-safe.
 */
@ConsumerType
public interface Identity {

	/** Returns the wallet's address. */
	PeerId address();

	/** Returns whether it is a throw-away key that no wallet stands behind. */
	boolean isGuest();

	/**
	 * Proves the address for one purpose. It may ask a person and may take minutes, but ws-room services wait one second for the answer: an identity
	 * that asks a person delegates to an ephemeral key beforehand.
	 *
	 * @return the chain whose last link signs {@link SigningRequest#payload()}; fails with {@code REFUSED} if the owner declines
	 */
	CompletionStage<AuthChain> sign(SigningRequest request);
}
