package dcl.transport.itest;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.jar.JarEntry;
import java.util.jar.JarInputStream;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;

import javax.inject.Inject;

import dcl.transport.PeerId;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportRegistry;
import dcl.transport.TransportUri;
import net.bytebuddy.ByteBuddy;
import org.assertj.core.api.Assertions;
import org.junit.After;
import org.junit.Before;
import org.junit.Rule;
import org.junit.rules.Timeout;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.ops4j.pax.exam.options.UrlProvisionOption;
import org.ops4j.pax.exam.spi.reactors.ExamReactorStrategy;
import org.ops4j.pax.exam.spi.reactors.PerSuite;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.util.tracker.ServiceTracker;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.ops4j.pax.exam.CoreOptions.bundle;
import static org.ops4j.pax.exam.CoreOptions.cleanCaches;
import static org.ops4j.pax.exam.CoreOptions.composite;
import static org.ops4j.pax.exam.CoreOptions.frameworkProperty;
import static org.ops4j.pax.exam.CoreOptions.junitBundles;
import static org.ops4j.pax.exam.CoreOptions.options;

/**
 * A test that runs as a bundle in a framework, among the bundles of the run file. All tests share the framework, so each takes away what it
 * brought.
 */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerSuite.class)
public abstract class FrameworkTest {

	/** Whoever logs before these are active never gets a backend. */
	private static final List<String> LOGGING = List.of("slf4j", "asm", "org.apache.aries.spifly");
	private static final int LOGGING_LEVEL = 1;
	private static final String FRAGMENTS = "dcl.transport.webrtc.natives.";
	private static final List<String> TERMINAL = List.of("org.apache.felix.gogo.jline", "jline");
	private static final int MAX_TRIES = 10;

	/** For each test; most take a tenth of a second. */
	@Rule
	public final Timeout limit() {
		return Timeout.seconds(limitSeconds());
	}

	@Inject
	public BundleContext bundles;

	/** What fixtures tell, in order. */
	final List<String> journal = new CopyOnWriteArrayList<>();

	private final List<Bundle> installed = new ArrayList<>();
	private final Map<String, org.osgi.service.cm.Configuration> configured = new ConcurrentHashMap<>();
	private final List<ServiceTracker<?, ?>> trackers = new ArrayList<>();
	private ServiceRegistration<?> journalService;

	/** The bundles that the launcher runs, and what these tests are written with. */
	@Configuration
	public Option[] configuration() throws IOException {
		try (Stream<Path> files = Files.list(Path.of(System.getProperty("bundles.dir")))) {
			Option[] tested = files.filter(FrameworkTest::isTested).sorted().map(FrameworkTest::provision).toArray(Option[]::new);
			return options(cleanCaches(true), composite(tested), junitBundles(),
					provision(jarOf(Assertions.class)), provision(jarOf(ByteBuddy.class)),
					// Felix would help bundles out with what it finds on the class path of this test.
					frameworkProperty("felix.bootdelegation.implicit").value("false"));
		}
	}

	/** All but what would take the terminal of the tests. */
	private static boolean isTested(Path file) {
		String name = file.getFileName().toString();
		return name.endsWith(".jar") && TERMINAL.stream().noneMatch(name::startsWith);
	}

	private static UrlProvisionOption provision(Path file) {
		UrlProvisionOption option = bundle("reference:" + file.toAbsolutePath().normalize().toUri());
		if (file.getFileName().toString().startsWith(FRAGMENTS)) {
			return option.noStart();
		}
		return LOGGING.stream().anyMatch(file.getFileName().toString()::startsWith) ? option.startLevel(LOGGING_LEVEL) : option;
	}

	private static Path jarOf(Class<?> of) {
		return Path.of(of.getProtectionDomain().getCodeSource().getLocation().getPath());
	}

	@Before
	public void openJournal() {
		Consumer<String> writer = journal::add;
		journalService = bundles.registerService(Consumer.class, writer, new Hashtable<>(Map.of("fixture", "journal")));
	}

	@After
	public void leaveNothingBehind() throws Exception {
		closeTrackers();
		for (Bundle bundle : installed) {
			if (bundle.getState() != Bundle.UNINSTALLED) {
				bundle.uninstall();
			}
		}
		closeJournal();
		for (org.osgi.service.cm.Configuration configuration : configured.values()) {
			configuration.delete();
		}
	}

	/** Returns how long each test may take; called before a subclass is initialised. */
	int limitSeconds() {
		return 60;
	}

	/** Takes the journal away, without which no fixture is satisfied. */
	void closeJournal() {
		if (journalService != null) {
			journalService.unregister();
			journalService = null;
		}
	}

	// ---- bundles

	/** Installs a fixture under a version of its own. */
	Bundle install(String fixture, String version) throws IOException, BundleException {
		Bundle bundle = bundles.installBundle("fixture:" + fixture + "-" + version, fixture(fixture, version));
		installed.add(bundle);
		return bundle;
	}

	/** Installs a fixture and starts it. */
	Bundle start(String fixture, String version) throws IOException, BundleException {
		Bundle bundle = install(fixture, version);
		bundle.start();
		return bundle;
	}

	/** Returns the jar of a fixture, under a version of its own. */
	static InputStream fixture(String name, String version) throws IOException {
		Path jar = Path.of(System.getProperty("fixtures.prefix") + name + ".jar");
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		try (JarInputStream in = new JarInputStream(Files.newInputStream(jar))) {
			Manifest manifest = in.getManifest();
			manifest.getMainAttributes().putValue(Constants.BUNDLE_VERSION, version);
			try (JarOutputStream out = new JarOutputStream(bytes, manifest)) {
				for (JarEntry entry = in.getNextJarEntry(); entry != null; entry = in.getNextJarEntry()) {
					out.putNextEntry(new JarEntry(entry.getName()));
					in.transferTo(out);
				}
			}
		}
		return new ByteArrayInputStream(bytes.toByteArray());
	}

	/** Returns one of the bundles of the run file. */
	Bundle bundleNamed(String symbolicName) {
		return Arrays.stream(bundles.getBundles()).filter(bundle -> bundle.getSymbolicName().equals(symbolicName)).findFirst()
				.orElseThrow(() -> new AssertionError("no bundle " + symbolicName + " among " + Arrays.toString(bundles.getBundles())));
	}

	// ---- services

	/** Returns a service, waiting for it. */
	<T> T service(Class<T> type) throws InterruptedException {
		ServiceTracker<T, T> tracker = new ServiceTracker<>(bundles, type, null);
		trackers.add(tracker);
		tracker.open();
		T service = tracker.waitForService(SECONDS.toMillis(Await.LIMIT_SECONDS));
		if (service == null) {
			throw new AssertionError("no service " + type.getName());
		}
		return service;
	}

	/** Gives all services back, and with the registry what was opened through it. */
	void closeTrackers() {
		trackers.forEach(ServiceTracker::close);
		trackers.clear();
	}

	/** Returns this bundle's own registry. */
	TransportRegistry registry() throws InterruptedException {
		return service(TransportRegistry.class);
	}

	/** Tells whether there is a service that matches a filter. */
	boolean isThere(Class<?> type, String filter) {
		try {
			return !bundles.getServiceReferences(type, filter).isEmpty();
		} catch (InvalidSyntaxException e) {
			throw new AssertionError(e);
		}
	}

	/** Tells whether a shell has a command of ours. */
	boolean isCommand(String function) {
		try {
			return bundles.getAllServiceReferences(null, "(&(osgi.command.scope=comms)(osgi.command.function=" + function + "))") != null;
		} catch (InvalidSyntaxException e) {
			throw new AssertionError(e);
		}
	}

	/** Returns the types that the registry's service shows. */
	List<String> shownTypes() {
		ServiceReference<TransportRegistry> reference = bundles.getServiceReference(TransportRegistry.class);
		return List.of((String[]) reference.getProperty(TransportRegistry.TYPES));
	}

	/** Configures a PID, until the end of the test. */
	void configure(String pid, Map<String, ?> values) throws IOException, InterruptedException {
		org.osgi.service.cm.Configuration configuration = service(ConfigurationAdmin.class).getConfiguration(pid, "?");
		configured.put(pid, configuration);
		configuration.update(new Hashtable<>(values));
	}

	/** Takes a configuration back. */
	void unconfigure(String pid) throws IOException {
		configured.remove(pid).delete();
	}

	// ---- transports

	/** Creates a transport, trying again while the machine is so busy that a provider does not say in time whether it takes the params. */
	Transport create(String uri) throws TransportException, InterruptedException {
		TransportRegistry registry = registry();
		for (int tries = 1;; tries++) {
			try {
				return registry.create(TransportUri.parse(uri));
			} catch (TransportException e) {
				if (e.code() != Code.TIMEOUT || tries == MAX_TRIES) {
					throw e;
				}
			}
		}
	}

	/** Creates a transport and connects it. */
	Transport connect(String uri) throws Exception {
		Transport transport = create(uri);
		Await.result(transport.connect());
		return transport;
	}

	/** Returns who serves a new transport of a type: name and version of the fixture. */
	String served(String uri) throws Exception {
		try (Transport transport = connect(uri)) {
			return serving(transport);
		}
	}

	/** Returns which fixture serves a connected transport. */
	static String serving(Transport transport) {
		return transport.peers().stream().map(PeerId::value).findFirst().orElseThrow(() -> new AssertionError("no fixture: " + transport.uri()));
	}
}
