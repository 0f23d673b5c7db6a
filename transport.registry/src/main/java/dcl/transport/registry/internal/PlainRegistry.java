package dcl.transport.registry.internal;

import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

import dcl.transport.TransportRegistry;
import dcl.transport.spi.TransportProvider;

/** A registry outside of a framework, with the default settings and without an identity service: what a provider's contract is tested with. Thread-safe. */
public final class PlainRegistry implements AutoCloseable {

	private final Registry registry = new Registry(Settings.DEFAULTS, Optional::empty, Lent.NOTHING);
	private final HostRegistry host = new HostRegistry(registry, "plain Java");
	private final AtomicLong ids = new AtomicLong();

	/** Makes a registry without providers. */
	public PlainRegistry() {
	}

	/** Returns the registry as a host sees it. */
	public TransportRegistry host() {
		return host;
	}

	/**
	 * Adds a provider.
	 *
	 * @return for {@link #remove}
	 */
	public long add(TransportProvider provider, Set<String> types) {
		long id = ids.incrementAndGet();
		registry.add(new Candidate(provider, types, 0, id, provider.getClass().getName()));
		return id;
	}

	/** Takes a provider out, as when its bundle stops: returns when its links are closed, or have had their time. */
	public void remove(long id) {
		registry.remove(id);
	}

	/** Ends everything. */
	@Override
	public void close() {
		registry.stopping();
		registry.stop();
	}
}
