package dcl.transport.spi;

import java.util.concurrent.CompletionStage;

import dcl.transport.TransportUri;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Opens links of the types named by its service property {@link #TYPE}. Stateless towards hosts; thread-safe.
 * <p>
 * Do not hold a reference to the {@link dcl.transport.TransportRegistry}: the registry refers to all providers, and the circle breaks
 * on some start orders. {@link LinkContext#open} opens another connection string.
 */
@ConsumerType
public interface TransportProvider {

	/** Service property, {@code String+}, required: the types served. {@link TransportType} sets it. It is read once, when the service is bound. */
	String TYPE = "transport.type";

	/** The type that stands for every type which has no provider of its own. */
	String ANY = "*";

	/**
	 * Returns whether the params are of this provider's kind: a cheap, local veto without I/O. Called on a registry thread; an answer that takes longer
	 * than 200 ms, or an exception, counts as no.
	 */
	default boolean accepts(TransportUri uri) {
		return true;
	}

	/**
	 * Connects and shakes hands. Called on a registry thread; returns at once.
	 *
	 * @param uri     what to open
	 * @param context what may be used, and where the link reports; valid for this link only
	 * @return the link once the handshake is over; fails with a {@link dcl.transport.TransportException}, anything else becomes {@code INTERNAL}
	 */
	CompletionStage<Link> open(TransportUri uri, LinkContext context);
}
