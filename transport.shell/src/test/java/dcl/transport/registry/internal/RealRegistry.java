package dcl.transport.registry.internal;

import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

import dcl.transport.TransportRegistry;
import dcl.transport.spi.TransportProvider;
import dcl.transport.status.TransportStatus;

/** The registry as a host gets it, without a framework; in its package, since nothing of it is for anybody else. */
public final class RealRegistry implements AutoCloseable {

	private final Registry registry;
	private final HostRegistry host;
	private final HostRegistry neighbour;
	private long ids;

	/** Makes a registry with some settings changed. */
	public RealRegistry(Map<String, Object> settings) {
		registry = new Registry(Settings.of(configuration(Config.class, settings)), Optional::empty, Lent.NOTHING);
		host = new HostRegistry(registry, "dcl.transport.shell 1.0.0");
		neighbour = new HostRegistry(registry, "neighbour 2.0.0");
	}

	/** Returns a configuration with the defaults of its annotation but for some settings. */
	public static <C> C configuration(Class<C> type, Map<String, Object> settings) {
		return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type},
				(proxy, setting, arguments) -> settings.getOrDefault(setting.getName(), setting.getDefaultValue())));
	}

	public void add(String type, TransportProvider provider) {
		registry.add(new Candidate(provider, Set.of(type), 0, ++ids, "bundle of " + type));
	}

	/** Somebody else's. */
	public TransportRegistry neighbour() {
		return neighbour;
	}

	public TransportStatus status() {
		return new Status(registry);
	}

	public TransportRegistry host() {
		return host;
	}

	@Override
	public void close() {
		registry.stop();
	}
}
