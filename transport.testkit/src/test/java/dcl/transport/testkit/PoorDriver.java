package dcl.transport.testkit;

import java.util.Set;

import dcl.transport.TransportUri;
import dcl.transport.spi.TransportProvider;

/** A driver that can do nothing but run a server. */
final class PoorDriver implements TransportDriver {

	private final MemoryDriver behind = new MemoryDriver(Set.of());

	@Override
	public void start() {
		behind.start();
	}

	@Override
	public void stop() throws Exception {
		behind.stop();
	}

	@Override
	public TransportProvider activate() {
		return behind.activate();
	}

	@Override
	public void deactivate(TransportProvider provider) {
		behind.deactivate(provider);
	}

	@Override
	public TransportUri uri(String room) {
		return behind.uri(room);
	}

	@Override
	public Set<Ability> abilities() {
		return Set.of();
	}
}
