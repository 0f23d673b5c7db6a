package dcl.transport.registry.internal;

import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;

import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportOptions;
import dcl.transport.TransportRegistry;
import dcl.transport.TransportUri;

/** The registry as one host bundle sees it: it closes what the bundle leaves open. */
final class HostRegistry implements TransportRegistry {

	private final Registry registry;
	private final Set<Transport> mine = ConcurrentHashMap.newKeySet();

	HostRegistry(Registry registry) {
		this.registry = registry;
	}

	@Override
	public Transport create(TransportUri uri) throws TransportException {
		return create(uri, TransportOptions.none());
	}

	@Override
	public Transport create(TransportUri uri, TransportOptions options) throws TransportException {
		Transport transport = registry.create(Objects.requireNonNull(uri), Objects.requireNonNull(options), mine::remove);
		mine.add(transport);
		return transport;
	}

	@Override
	public CompletionStage<Void> whenAvailable(TransportUri uri, Duration timeout) {
		return registry.whenAvailable(Objects.requireNonNull(uri), Objects.requireNonNull(timeout));
	}

	@Override
	public Set<String> types() {
		return registry.types();
	}

	@Override
	public Set<Transport> open() {
		return Set.copyOf(mine);
	}

	/** The bundle has stopped or given the service back. */
	void close() {
		mine.forEach(Transport::close);
	}
}
