package dcl.transport.hotdeploy.internal;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.ConcurrentModificationException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import dcl.transport.hotdeploy.Rule;
import dcl.transport.hotdeploy.internal.Headers.Clause;
import dcl.transport.spi.TransportProvider;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceListener;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.Version;
import org.osgi.framework.VersionRange;
import org.osgi.framework.namespace.BundleNamespace;
import org.osgi.framework.namespace.PackageNamespace;
import org.osgi.framework.wiring.BundleCapability;
import org.osgi.framework.wiring.FrameworkWiring;
import org.osgi.resource.Namespace;
import org.osgi.resource.Requirement;
import org.osgi.resource.Resource;

/** A framework of OSGi R6 or later. */
final class OsgiPlatform implements Platform {

	private static final String PROVIDERS = "(" + Constants.OBJECTCLASS + "=" + TransportProvider.class.getName() + ")";
	/** Collections that hold what is in them themselves. */
	private static final Pattern OWN_STORAGE = Pattern
			.compile("java\\.util\\.(ArrayList|LinkedList|Vector|HashSet|LinkedHashSet|Arrays\\$ArrayList|ImmutableCollections\\$\\w+|Collections\\$(Singleton|Empty)\\w+)");

	private final BundleContext context;

	OsgiPlatform(BundleContext context) {
		this.context = context;
	}

	// ---- questions

	@Override
	public List<String> missing(Facts facts, String location) {
		List<String> missing = new ArrayList<>();
		for (Clause clause : facts.imports()) {
			for (String name : clause.paths()) {
				if (!isOptional(clause) && !exportsItself(facts, name, clause) && !isThere(() -> packageNeed(name, clause), location)) {
					missing.add("package " + name + range(clause.attributes().get("version")) + ", exported here: " + exported(name));
				}
			}
		}
		for (Clause clause : facts.bundles()) {
			for (String name : clause.paths()) {
				if (!isOptional(clause) && !isThere(() -> bundleNeed(name, clause), location)) {
					missing.add("bundle " + name + range(clause.attributes().get("bundle-version")));
				}
			}
		}
		for (Clause clause : facts.requirements()) {
			for (String namespace : clause.paths()) {
				String filter = clause.directives().getOrDefault(Namespace.REQUIREMENT_FILTER_DIRECTIVE, "");
				boolean now = clause.directives().getOrDefault(Namespace.REQUIREMENT_EFFECTIVE_DIRECTIVE, "resolve").equals("resolve");
				if (now && !isOptional(clause) && !offersItself(facts, namespace, filter) && !isThere(() -> new Need(namespace, filter), location)) {
					missing.add("capability " + namespace + (filter.isEmpty() ? "" : " with " + filter));
				}
			}
		}
		return missing;
	}

	private static boolean isOptional(Clause clause) {
		return clause.directives().getOrDefault(Namespace.REQUIREMENT_RESOLUTION_DIRECTIVE, "").equals(Namespace.RESOLUTION_OPTIONAL);
	}

	private static String range(String range) {
		return range == null ? "" : " " + range;
	}

	private static boolean exportsItself(Facts facts, String name, Clause wanted) {
		VersionRange range = VersionRange.valueOf(wanted.attributes().getOrDefault("version", "0"));
		return facts.exports().stream().anyMatch(clause -> clause.paths().contains(name)
				&& range.includes(version(clause.attributes().getOrDefault("version", "0"))));
	}

	private static boolean offersItself(Facts facts, String namespace, String filter) {
		return facts.capabilities().stream().filter(clause -> clause.paths().contains(namespace)).anyMatch(clause -> {
			try {
				Map<String, Object> plain = new LinkedHashMap<>();
				clause.attributes().forEach((key, value) -> {
					int colon = key.indexOf(':');
					String type = colon < 0 ? "" : key.substring(colon + 1);
					plain.put(colon < 0 ? key : key.substring(0, colon), type.startsWith("List") ? Arrays.stream(value.split(",")).map(String::strip).toList()
							: type.equals("Version") ? version(value) : value);
				});
				return filter.isEmpty() || FrameworkUtil.createFilter(filter).matches(plain);
			} catch (InvalidSyntaxException e) {
				return false;
			}
		});
	}

	private static Version version(String text) {
		try {
			return Version.parseVersion(text);
		} catch (IllegalArgumentException e) {
			return Version.emptyVersion; // the framework will refuse it
		}
	}

	private static Need packageNeed(String name, Clause clause) {
		StringBuilder filter = new StringBuilder("(&(" + PackageNamespace.PACKAGE_NAMESPACE + "=" + name + ")");
		clause.attributes().forEach((key, value) -> {
			if (key.equals("version") || key.equals("bundle-version")) {
				filter.append(VersionRange.valueOf(value).toFilterString(key));
			} else {
				filter.append('(').append(key).append('=').append(escaped(value)).append(')');
			}
		});
		return new Need(PackageNamespace.PACKAGE_NAMESPACE, filter.append(')').toString());
	}

	private static Need bundleNeed(String name, Clause clause) {
		String range = clause.attributes().getOrDefault("bundle-version", "0");
		return new Need(BundleNamespace.BUNDLE_NAMESPACE, "(&(" + BundleNamespace.BUNDLE_NAMESPACE + "=" + escaped(name) + ")"
				+ VersionRange.valueOf(range).toFilterString("bundle-version") + ")");
	}

	private static String escaped(String value) {
		return value.replaceAll("([\\\\*()])", "\\\\$1");
	}

	private boolean isThere(Supplier<Need> need, String exceptLocation) {
		try {
			return wiring().findProviders(need.get()).stream()
					.anyMatch(capability -> !capability.getRevision().getBundle().getLocation().equals(exceptLocation));
		} catch (IllegalArgumentException e) {
			return false; // not a filter, or not a range: nobody offers that
		}
	}

	private Set<String> exported(String name) {
		Set<String> versions = new TreeSet<>();
		for (BundleCapability capability : wiring().findProviders(new Need(PackageNamespace.PACKAGE_NAMESPACE,
				"(" + PackageNamespace.PACKAGE_NAMESPACE + "=" + name + ")"))) {
			versions.add(String.valueOf(capability.getAttributes().get(PackageNamespace.CAPABILITY_VERSION_ATTRIBUTE)));
		}
		return versions;
	}

	private FrameworkWiring wiring() {
		return context.getBundle(Constants.SYSTEM_BUNDLE_LOCATION).adapt(FrameworkWiring.class);
	}

	@Override
	public Optional<String> providerOf(String type, String exceptLocation) {
		for (ServiceReference<TransportProvider> reference : providers()) {
			Bundle bundle = reference.getBundle();
			if (bundle != null && !bundle.getLocation().equals(exceptLocation) && types(reference).contains(type)) {
				return Optional.of(bundle.getSymbolicName() + " " + bundle.getVersion());
			}
		}
		return Optional.empty();
	}

	@Override
	public Map<String, Set<String>> provided() {
		Map<String, Set<String>> provided = new HashMap<>();
		for (ServiceReference<TransportProvider> reference : providers()) {
			Bundle bundle = reference.getBundle();
			if (bundle != null) {
				provided.computeIfAbsent(bundle.getLocation(), location -> new TreeSet<>()).addAll(types(reference));
			}
		}
		return provided;
	}

	private Collection<ServiceReference<TransportProvider>> providers() {
		try {
			return context.getServiceReferences(TransportProvider.class, null);
		} catch (InvalidSyntaxException e) {
			throw new IllegalStateException("no filter was given", e);
		}
	}

	private static Set<String> types(ServiceReference<?> reference) {
		Object types = reference.getProperty(TransportProvider.TYPE);
		Set<String> found = new TreeSet<>();
		Stream<?> all = Stream.of();
		if (types instanceof String one) {
			all = Stream.of(one);
		} else if (types instanceof Object[] many) {
			all = Arrays.stream(many);
		} else if (types instanceof Collection<?> many && OWN_STORAGE.matcher(many.getClass().getName()).matches()) { // a bundle's own might hang, inside another too
			all = copy(many);
		}
		all.filter(String.class::isInstance).map(String.class::cast).forEach(found::add);
		return found;
	}

	private static Stream<?> copy(Collection<?> many) {
		try {
			return Stream.of(many.toArray());
		} catch (ConcurrentModificationException e) { // its bundle changes it just now
			return Stream.of();
		}
	}

	@Override
	public Optional<String> bundleNamed(String name, String exceptLocation) {
		return Arrays.stream(context.getBundles()).filter(bundle -> name.equals(bundle.getSymbolicName()) && !bundle.getLocation().equals(exceptLocation))
				.findFirst().map(bundle -> name + " " + bundle.getVersion() + " from " + bundle.getLocation());
	}

	@Override
	public long modified(String location) {
		Bundle bundle = context.getBundle(location);
		return bundle == null ? 0 : bundle.getLastModified();
	}

	@Override
	public long running(String location, long modified) {
		Bundle bundle = context.getBundle(location);
		return bundle != null && bundle.getState() == Bundle.ACTIVE && bundle.getLastModified() == modified ? bundle.getBundleId() : -1;
	}

	@Override
	public Collection<String> locations(String prefix) {
		return Arrays.stream(context.getBundles()).map(Bundle::getLocation).filter(location -> location.startsWith(prefix)).toList();
	}

	// ---- deeds

	@Override
	public long bring(String location, Content content, Facts facts, Duration limit) throws Failure, InterruptedException {
		long end = System.nanoTime() + limit.toNanos();
		Bundle bundle = context.getBundle(location);
		try {
			if (bundle == null) {
				try (InputStream in = content.open()) {
					bundle = context.installBundle(location, in);
				}
			} else {
				bundle.stop(Bundle.STOP_TRANSIENT);
				try (InputStream in = content.open()) {
					bundle.update(in);
				}
				refresh(bundle, end);
			}
			start(bundle, facts, end);
			return bundle.getBundleId();
		} catch (IOException e) {
			throw new Failure(Rule.UNREADABLE, "the private copy cannot be read: " + Texts.of(e));
		} catch (BundleException | RuntimeException | LinkageError e) {
			String late = System.nanoTime() - end > 0 ? "not within " + limit.toMillis() + " ms: " : "";
			throw new Failure(Rule.NOT_STARTED, "it does not start: " + late + Texts.of(e));
		}
	}

	private void start(Bundle bundle, Facts facts, long end) throws BundleException, Failure, InterruptedException {
		Semaphore changes = new Semaphore(0);
		ServiceListener listener = event -> {
			if (event.getServiceReference().getBundle() == bundle) {
				changes.release();
			}
		};
		try {
			context.addServiceListener(listener, PROVIDERS);
			bundle.start(Bundle.START_TRANSIENT); // whether it starts after a restart is the gate's to say
			Set<String> shown = check(bundle, facts);
			while (!shown.containsAll(facts.types())) {
				Thread.interrupted(); // a bundle may have left that behind; how long this takes is bounded by the time alone
				if (!changes.tryAcquire(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS)) {
					throw new Failure(Rule.NO_PROVIDER, "it started, but offers " + shown + " and not " + facts.types()
							+ ": a TransportProvider service is needed for each type it declares");
				}
				shown = check(bundle, facts);
			}
		} catch (InvalidSyntaxException e) {
			throw new IllegalStateException(PROVIDERS, e);
		} finally {
			context.removeServiceListener(listener);
		}
	}

	/** Returns the types for which a bundle has a provider that can be had. */
	private Set<String> check(Bundle bundle, Facts facts) throws Failure {
		Set<String> shown = new TreeSet<>();
		for (ServiceReference<TransportProvider> reference : providers()) {
			if (reference.getBundle() != bundle) {
				continue;
			}
			Set<String> types = types(reference);
			for (String type : types) {
				if (!facts.types().contains(type)) {
					throw new Failure(Rule.NO_PROVIDER, Platform.surplus(type, facts.types()));
				}
			}
			// a component is made when it is first asked for, and may fail only then
			if (context.getService(reference) == null) {
				throw new Failure(Rule.NOT_STARTED, "its provider of " + types + " cannot be made; the log of the framework says why");
			}
			context.ungetService(reference);
			shown.addAll(types);
		}
		return shown;
	}

	@Override
	public void remove(String location) throws Failure, InterruptedException {
		Bundle bundle = context.getBundle(location);
		if (bundle == null) {
			return;
		}
		try {
			bundle.uninstall();
			refresh(bundle, System.nanoTime() + TimeUnit.SECONDS.toNanos(5));
		} catch (BundleException | RuntimeException e) {
			throw new Failure(Rule.NOT_STARTED, "it cannot be uninstalled: " + Texts.of(e));
		}
	}

	/** Rewires those who use the packages of old bytes; most providers export none, and nobody is touched. */
	private void refresh(Bundle bundle, long end) throws InterruptedException {
		FrameworkWiring wiring = wiring();
		if (wiring.getRemovalPendingBundles().contains(bundle)) {
			CountDownLatch refreshed = new CountDownLatch(1);
			wiring.refreshBundles(List.of(bundle), event -> refreshed.countDown());
			Thread.interrupted(); // as above
			refreshed.await(Math.max(1, end - System.nanoTime()), TimeUnit.NANOSECONDS);
		}
	}

	/** What a bundle needs, before it is one. */
	private static final class Need implements Requirement {

		private final String namespace;
		private final Map<String, String> directives;

		private Need(String namespace, String filter) {
			this.namespace = namespace;
			this.directives = filter.isEmpty() ? Map.of() : Map.of(Namespace.REQUIREMENT_FILTER_DIRECTIVE, filter);
			if (!filter.isEmpty()) {
				check(filter);
			}
		}

		private static void check(String filter) {
			try {
				FrameworkUtil.createFilter(filter);
			} catch (InvalidSyntaxException e) {
				throw new IllegalArgumentException(e.getMessage());
			}
		}

		@Override
		public String getNamespace() {
			return namespace;
		}

		@Override
		public Map<String, String> getDirectives() {
			return directives;
		}

		@Override
		public Map<String, Object> getAttributes() {
			return Map.of();
		}

		@Override
		public Resource getResource() {
			return null;
		}
	}
}
