package dcl.transport.itest.embedded;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.jar.JarFile;
import java.util.stream.Stream;

import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;
import org.osgi.framework.wiring.FrameworkWiring;

/**
 * A framework that a test starts, and may stop or shake through, which the one it runs in itself would not survive. It runs the bundles of the run file; a
 * plain Java program embeds us the same way.
 */
final class OwnFramework implements Closeable {

	/** Would take the terminal of the tests, and stop the framework at the end of its input. */
	private static final String TERMINAL = "org.apache.felix.gogo.jline";

	/** What fixtures tell, in order. */
	final List<String> journal = new CopyOnWriteArrayList<>();
	private final Framework framework;
	private final Path storage;

	/**
	 * Starts a framework with all bundles.
	 *
	 * @param shared symbolic names of bundles whose packages come from the class path of the test, so that it can use their types
	 */
	OwnFramework(String... shared) throws Exception {
		this(name -> true, shared);
	}

	/** Starts a framework with some bundles, by their symbolic names. */
	OwnFramework(Predicate<String> some, String... shared) throws Exception {
		storage = Files.createTempDirectory(Path.of(System.getProperty("java.io.tmpdir")), "framework");
		Map<String, String> settings = new HashMap<>();
		settings.put(Constants.FRAMEWORK_STORAGE, storage.toString());
		settings.put("felix.service.urlhandlers", "false");
		settings.put("felix.bootdelegation.implicit", "false");
		settings.put("osgi.classloader.lock", "classname");
		List<Path> jars;
		try (Stream<Path> files = Files.list(Path.of(System.getProperty("bundles.dir")))) {
			jars = files.filter(file -> file.toString().endsWith(".jar")).sorted().toList();
		}
		List<String> exports = new ArrayList<>();
		List<Path> chosen = new ArrayList<>();
		for (Path jar : jars) {
			try (JarFile file = new JarFile(jar.toFile())) {
				String name = file.getManifest().getMainAttributes().getValue(Constants.BUNDLE_SYMBOLICNAME).split(";")[0].trim();
				if (List.of(shared).contains(name)) {
					exports.add(file.getManifest().getMainAttributes().getValue(Constants.EXPORT_PACKAGE));
				}
				if (some.test(name) && !name.equals(TERMINAL)) {
					chosen.add(jar);
				}
			}
		}
		settings.put(Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA, String.join(",", exports));
		framework = ServiceLoader.load(FrameworkFactory.class).iterator().next().newFramework(settings);
		framework.init();
		Consumer<String> writer = journal::add;
		context().registerService(Consumer.class, writer, new Hashtable<>(Map.of("fixture", "journal")));
		List<Bundle> bundles = new ArrayList<>();
		for (Path jar : chosen) {
			bundles.add(context().installBundle("reference:" + jar.toAbsolutePath().normalize().toUri()));
		}
		framework.start();
		for (Bundle bundle : bundles) {
			if (!isFragment(bundle)) {
				bundle.start();
			}
		}
	}

	static boolean isFragment(Bundle bundle) {
		return bundle.getHeaders("").get(Constants.FRAGMENT_HOST) != null;
	}

	BundleContext context() {
		return framework.getBundleContext();
	}

	Bundle bundle(String symbolicName) {
		return Arrays.stream(context().getBundles()).filter(bundle -> bundle.getSymbolicName().equals(symbolicName)).findFirst()
				.orElseThrow(() -> new AssertionError("no bundle " + symbolicName));
	}

	/** Installs a fixture and starts it. */
	void start(String fixture) throws BundleException {
		context().installBundle(Path.of(System.getProperty("fixtures.prefix") + fixture + ".jar").toUri().toString()).start();
	}

	/** Waits for a service. */
	<T> T service(Class<T> type) {
		Await.until("there is a " + type.getSimpleName(), () -> context().getServiceReference(type) != null);
		return context().getService(context().getServiceReference(type));
	}

	/** Returns the types that the registry's service shows; none without a registry. Of no class of the API. */
	List<String> types() {
		ServiceReference<?> reference = context().getServiceReference("dcl.transport.TransportRegistry");
		Object types = reference == null ? null : reference.getProperty("transport.types");
		return types == null ? List.of() : List.of((String[]) types);
	}

	/** Returns a bundle and all that a refresh of it refreshes. */
	Collection<Bundle> dependantsOf(Bundle bundle) {
		return framework.adapt(FrameworkWiring.class).getDependencyClosure(List.of(bundle));
	}

	/** Refreshes a bundle and what depends on it. */
	void refresh(Bundle bundle) throws Exception {
		CompletableFuture<FrameworkEvent> refreshed = new CompletableFuture<>();
		framework.adapt(FrameworkWiring.class).refreshBundles(List.of(bundle), refreshed::complete);
		if (Await.result(refreshed).getType() != FrameworkEvent.PACKAGES_REFRESHED) {
			throw new AssertionError(refreshed.get());
		}
	}

	/** Stops it, and waits until it has. */
	void stop() throws BundleException, InterruptedException {
		framework.stop();
		if (framework.waitForStop(60_000).getType() == FrameworkEvent.WAIT_TIMEDOUT) {
			throw new AssertionError("the framework does not stop");
		}
	}

	@Override
	public void close() throws IOException {
		try {
			stop();
		} catch (BundleException | InterruptedException e) {
			throw new IOException(e);
		}
		List<Path> files;
		try (Stream<Path> all = Files.walk(storage)) {
			files = all.sorted(Comparator.reverseOrder()).toList();
		}
		for (Path file : files) {
			Files.delete(file);
		}
	}
}
