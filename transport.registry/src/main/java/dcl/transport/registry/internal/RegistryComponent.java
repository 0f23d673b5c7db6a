package dcl.transport.registry.internal;

import java.net.ProxySelector;
import java.time.Clock;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.ConcurrentModificationException;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import javax.net.ssl.SSLContext;

import dcl.transport.Identity;
import dcl.transport.TransportRegistry;
import dcl.transport.spi.TransportProvider;
import dcl.transport.status.TransportStatus;
import org.osgi.annotation.bundle.Capability;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceFactory;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.osgi.service.metatype.annotations.Designate;

/**
 * Ties the registry to the framework. It registers its services by hand: the registry, since the property {@code transport.types} follows the providers; its
 * status, since whoever waits for both is activated while this component is, and asking SCR for a service of it then would be a cycle.
 * <p>
 * Two things to know of the order of calls: SCR unbinds providers after {@link #stop}, which a stopped registry ignores; and providers bind
 * while the service is being registered, because somebody reacts to it, so the types are published once more afterwards.
 */
@Component(service = {}, immediate = true, configurationPid = "dcl.transport.registry")
@Designate(ocd = Config.class)
@Capability(namespace = "osgi.service", attribute = "objectClass:List<String>=\"dcl.transport.TransportRegistry\"", uses = TransportRegistry.class, effective = "active")
@Capability(namespace = "osgi.service", attribute = "objectClass:List<String>=\"dcl.transport.status.TransportStatus\"", uses = TransportStatus.class, effective = "active")
public final class RegistryComponent {

	/** Collections that hold what is in them themselves. */
	private static final Pattern OWN_STORAGE = Pattern
			.compile("java\\.util\\.(ArrayList|LinkedList|Vector|HashSet|LinkedHashSet|Arrays\\$ArrayList|ImmutableCollections\\$\\w+|Collections\\$(Singleton|Empty)\\w+)");
	private static final String LENT = "(" + TransportRegistry.RESOURCE + "=true)";

	private final Registry registry;
	private final TransportStatus status;
	private final Map<ServiceReference<?>, Identity> identities = new ConcurrentHashMap<>();
	private volatile ServiceRegistration<?> registration;
	private volatile ServiceRegistration<?> statusRegistration;

	@Reference(target = LENT, cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC, policyOption = ReferencePolicyOption.GREEDY)
	private volatile SSLContext sslContext;

	@Reference(target = LENT, cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC, policyOption = ReferencePolicyOption.GREEDY)
	private volatile ProxySelector proxySelector;

	@Reference(target = LENT, cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC, policyOption = ReferencePolicyOption.GREEDY)
	private volatile Clock clock;

	/** Makes a registry that nobody sees yet. */
	@Activate
	public RegistryComponent(Config config) {
		registry = new Registry(Settings.of(config), this::bestIdentity, new Resources());
		status = new Status(registry);
	}

	@Activate
	void start(BundleContext bundles) {
		statusRegistration = bundles.registerService(TransportStatus.class, status, null);
		registration = bundles.registerService(TransportRegistry.class, new PerBundle(), properties(registry.types()));
		publish();
	}

	@Modified
	void configure(Config config) {
		registry.configure(Settings.of(config));
	}

	@Deactivate
	void stop() {
		registry.stopping();
		ServiceRegistration<?> mine = registration;
		registration = null;
		if (mine != null) {
			mine.unregister();
		}
		ServiceRegistration<?> told = statusRegistration;
		statusRegistration = null;
		if (told != null) {
			told.unregister();
		}
		registry.stop();
	}

	@Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC, policyOption = ReferencePolicyOption.GREEDY)
	void bindProvider(TransportProvider provider, ServiceReference<TransportProvider> reference) {
		registry.add(candidate(provider, reference));
		publish();
	}

	void updatedProvider(TransportProvider provider, ServiceReference<TransportProvider> reference) {
		registry.update(candidate(provider, reference));
		publish();
	}

	void unbindProvider(ServiceReference<TransportProvider> reference) {
		registry.remove((Long) reference.getProperty(Constants.SERVICE_ID));
		publish();
	}

	@Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC, policyOption = ReferencePolicyOption.GREEDY)
	void bindIdentity(Identity identity, ServiceReference<Identity> reference) {
		identities.put(reference, identity);
	}

	void unbindIdentity(ServiceReference<Identity> reference) {
		identities.remove(reference);
	}

	@Reference(target = LENT, cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC, policyOption = ReferencePolicyOption.GREEDY)
	void bindExecutor(Executor executor) {
		registry.workers().lend(executor);
	}

	void unbindExecutor(Executor executor) {
		registry.workers().takeBack(executor);
	}

	private Optional<Identity> bestIdentity() {
		return identities.entrySet().stream().max((a, b) -> a.getKey().compareTo(b.getKey())).map(Map.Entry::getValue); // by the ranking of now
	}

	private static Candidate candidate(TransportProvider provider, ServiceReference<?> reference) {
		Object types = reference.getProperty(TransportProvider.TYPE);
		Object ranking = reference.getProperty(Constants.SERVICE_RANKING);
		return new Candidate(provider, strings(types), ranking instanceof Integer number ? number : 0, (Long) reference.getProperty(Constants.SERVICE_ID),
				Bundles.nameOf(reference.getBundle()));
	}

	/** Returns the strings of a service property of type {@code String+}; a collection of a bundle's own, which might hang, has none. */
	private static Set<String> strings(Object property) {
		Collection<?> values = property instanceof Object[] array ? Arrays.asList(array)
				: property instanceof Collection<?> many ? OWN_STORAGE.matcher(many.getClass().getName()).matches() ? many : Set.of() : Collections.singletonList(property);
		try {
			return Stream.of(values.toArray()).filter(String.class::isInstance).map(String.class::cast).collect(Collectors.toUnmodifiableSet());
		} catch (ConcurrentModificationException e) { // its bundle changes it just now, and has to say so when it has
			return Set.of();
		}
	}

	private static Dictionary<String, Object> properties(Set<String> types) {
		Dictionary<String, Object> properties = new Hashtable<>();
		properties.put(TransportRegistry.TYPES, types.toArray(String[]::new));
		return properties;
	}

	/** Repeats until the types that were set are the types that are: two binds may publish in swapped order. */
	private void publish() {
		Set<String> shown;
		do {
			ServiceRegistration<?> mine = registration;
			if (mine == null) {
				return;
			}
			shown = registry.types();
			try {
				mine.setProperties(properties(shown)); // no lock held: this calls foreign listeners
			} catch (IllegalStateException unregistered) {
				return; // stopped meanwhile
			}
		} while (!shown.equals(registry.types()));
	}

	/** What the references have now. */
	private final class Resources implements Lent {

		@Override
		public Optional<SSLContext> sslContext() {
			return Optional.ofNullable(sslContext);
		}

		@Override
		public Optional<ProxySelector> proxySelector() {
			return Optional.ofNullable(proxySelector);
		}

		@Override
		public Clock clock() {
			Clock theirs = clock;
			return theirs != null ? theirs : Clock.systemUTC();
		}
	}

	/** Gives every host bundle a registry of its own. */
	private final class PerBundle implements ServiceFactory<TransportRegistry> {

		@Override
		public TransportRegistry getService(Bundle host, ServiceRegistration<TransportRegistry> service) {
			return new HostRegistry(registry, Bundles.nameOf(host));
		}

		@Override
		public void ungetService(Bundle host, ServiceRegistration<TransportRegistry> service, TransportRegistry taken) {
			((HostRegistry) taken).close();
		}
	}
}
