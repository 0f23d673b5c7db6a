package dcl.transport;

import org.osgi.annotation.versioning.ProviderType;

/** Takes a listener away again. */
@ProviderType
public interface Subscription extends AutoCloseable {

	/** Stops the calls; one that is under way ends normally. Idempotent. */
	@Override
	void close();
}
