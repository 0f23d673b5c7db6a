package dcl.transport.launcher.internal;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarInputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;

import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;
import org.osgi.framework.startlevel.BundleStartLevel;

/**
 * A running framework with the bundles of the run file in it; its cache is a temporary folder of its own, which goes when it is closed.
 * <p>
 * The framework is whatever {@link FrameworkFactory} the class path has.
 */
public final class Container implements AutoCloseable {

	private static final String FOLDER = "/bundle/";
	private static final long STOP_SECONDS = 10;

	/** What slf4j needs to find its backend; whoever logs before these are active never gets one. */
	private static final int LOGGING_LEVEL = 1;
	private static final int EVERYTHING_LEVEL = 2;
	private static final List<String> LOGGING = List.of("slf4j.", "org.objectweb.asm", "org.apache.aries.spifly");
	/** Names of bundles, and of their files, that are there for the shell alone. */
	private static final List<String> SHELL = List.of("dcl.transport.shell", "org.apache.felix.gogo.", "org.jline", "jline-");
	/** One of them, which takes the terminal: started by whoever wants it there. */
	private static final String TERMINAL = "org.apache.felix.gogo.jline";

	/** Taken from the class path of an embedding program, so that it and the bundles speak of the same classes. */
	private static final Set<String> SHARED = Set.of("dcl.transport.api", "slf4j.api");
	/** Of no use to an embedding program: the command line, and a logging backend besides its own. */
	private static final List<String> NOT_EMBEDDED = List.of("dcl.transport.cli", "picocli", "slf4j.", "org.objectweb.asm",
			"org.apache.aries.spifly", "com.fasterxml.jackson.core.jackson-databind", "com.fasterxml.jackson.core.jackson-annotations");

	private final Framework framework;
	private final Path cache;

	private Container(Framework framework, Path cache) {
		this.framework = framework;
		this.cache = cache;
	}

	/**
	 * Starts all bundles but those of the shell.
	 *
	 * @param cache an existing folder for the framework, which becomes the container's
	 * @throws BundleException if the framework or one of the bundles does not start, with the first of them in its message
	 */
	public static Container whole(Path cache) throws BundleException {
		return start(cache, list().stream().filter(bundle -> !isOfShell(bundle)).toList(), Map.of());
	}

	/** Starts all bundles and those of the shell; its terminal waits to be started. */
	public static Container withShell(Path cache) throws BundleException {
		return start(cache, list(), Map.of("gosh.home", cache.resolve("gosh").toString(), // else it runs a profile that lies about in the current folder
				"gosh.args", "--nohistory")); // else connection strings stay behind in the home folder
	}

	private static boolean isOfShell(String bundle) {
		return SHELL.stream().anyMatch(bundle::startsWith);
	}

	/** Starts the bundles that a Java program needs; the API and slf4j come from its class path. */
	public static Container embedded(Path cache) throws BundleException {
		List<String> bundles = new ArrayList<>();
		List<String> exports = new ArrayList<>();
		for (String bundle : list()) {
			Manifest manifest = manifest(bundle);
			String header = manifest.getMainAttributes().getValue(Constants.BUNDLE_SYMBOLICNAME);
			String name = header.split(";", 2)[0].trim();
			if (SHARED.contains(name)) {
				exports.add(manifest.getMainAttributes().getValue(Constants.EXPORT_PACKAGE));
			} else if (NOT_EMBEDDED.stream().noneMatch(name::startsWith) && !isOfShell(name)) {
				bundles.add(bundle);
			}
		}
		return start(cache, bundles, Map.of(Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA, String.join(",", exports)));
	}

	/** Returns the context of the system bundle. */
	public BundleContext context() {
		return framework.getBundleContext();
	}

	/** Stops the bundles and the framework, for at most ten seconds, and deletes the cache. Idempotent. */
	@Override
	public void close() {
		try {
			framework.stop();
			waitForStop();
		} catch (BundleException e) {
			throw new IllegalStateException("the framework does not stop", e);
		} finally {
			delete(cache);
		}
	}

	private void waitForStop() {
		boolean interrupted = false;
		long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(STOP_SECONDS);
		FrameworkEvent stopped = null;
		while (stopped == null) {
			try {
				stopped = framework.waitForStop(Math.max(1, TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime())));
			} catch (InterruptedException e) {
				interrupted = true; // it is stopping already, and a cache in use cannot be deleted
			}
		}
		if (interrupted) {
			Thread.currentThread().interrupt();
		}
		if (stopped.getType() == FrameworkEvent.WAIT_TIMEDOUT) {
			throw new IllegalStateException("the framework did not stop within " + STOP_SECONDS + " s");
		}
	}

	private static Container start(Path cache, List<String> bundles, Map<String, String> more) throws BundleException {
		Map<String, String> properties = new HashMap<>();
		properties.put(Constants.FRAMEWORK_STORAGE, cache.toString());
		properties.put(Constants.FRAMEWORK_BEGINNING_STARTLEVEL, Integer.toString(EVERYTHING_LEVEL));
		properties.put("felix.service.urlhandlers", "false"); // one per JVM: not ours to take
		properties.put("felix.log.level", "0"); // it logs to standard output; what matters arrives as an event
		properties.put("felix.resolver.parallelism", "1"); // its pool would outlive it by a minute
		properties.putAll(more);
		Framework framework = ServiceLoader.load(FrameworkFactory.class).findFirst()
				.orElseThrow(() -> new BundleException("no OSGi framework on the class path, such as org.apache.felix.framework"))
				.newFramework(properties);
		Container container = new Container(framework, cache);
		try {
			container.startBundles(bundles);
		} catch (BundleException | RuntimeException failure) {
			try {
				container.close();
			} catch (RuntimeException closing) {
				failure.addSuppressed(closing);
			}
			throw failure;
		}
		return container;
	}

	private void startBundles(List<String> names) throws BundleException {
		framework.init();
		BundleContext context = framework.getBundleContext();
		Map<Long, Throwable> failures = new ConcurrentHashMap<>();
		context.addFrameworkListener(event -> {
			if (event.getType() == FrameworkEvent.ERROR) {
				failures.putIfAbsent(event.getBundle().getBundleId(), event.getThrowable());
			}
		});
		List<Bundle> bundles = new ArrayList<>();
		for (String name : names) {
			Bundle bundle = install(context, name);
			boolean logging = LOGGING.stream().anyMatch(bundle.getSymbolicName()::startsWith);
			bundle.adapt(BundleStartLevel.class).setStartLevel(logging ? LOGGING_LEVEL : EVERYTHING_LEVEL);
			bundles.add(bundle);
		}
		for (Bundle bundle : bundles) {
			if (isStarted(bundle)) {
				bundle.start(Bundle.START_ACTIVATION_POLICY); // takes effect when its level is reached
			}
		}
		framework.start();
		for (Bundle bundle : bundles) {
			if ((bundle.getState() & (Bundle.ACTIVE | Bundle.STARTING)) == 0 && isStarted(bundle)) {
				throw new BundleException("bundle " + bundle + " did not start", failures.get(bundle.getBundleId()));
			}
		}
	}

	private static boolean isStarted(Bundle bundle) {
		return bundle.getHeaders("").get(Constants.FRAGMENT_HOST) == null && !bundle.getSymbolicName().equals(TERMINAL);
	}

	private static Bundle install(BundleContext context, String name) throws BundleException {
		try (InputStream in = open(name)) {
			return context.installBundle("comms:" + name, in);
		} catch (IOException e) {
			throw new UncheckedIOException("cannot read " + FOLDER + name, e);
		}
	}

	private static List<String> list() {
		try (BufferedReader in = new BufferedReader(new InputStreamReader(open("list"), StandardCharsets.UTF_8))) {
			return in.lines().flatMap(line -> Stream.of(line.split(","))).map(String::trim).filter(name -> !name.isEmpty()).toList();
		} catch (IOException e) {
			throw new UncheckedIOException("cannot read " + FOLDER + "list", e);
		}
	}

	private static Manifest manifest(String name) {
		try (JarInputStream jar = new JarInputStream(open(name), false)) {
			Manifest manifest = jar.getManifest();
			if (manifest == null) {
				throw new IllegalStateException(FOLDER + name + " does not begin with its manifest");
			}
			return manifest;
		} catch (IOException e) {
			throw new UncheckedIOException("cannot read " + FOLDER + name, e);
		}
	}

	private static InputStream open(String name) throws IOException {
		InputStream in = Container.class.getResourceAsStream(FOLDER + name);
		if (in == null) {
			throw new IOException("no resource " + FOLDER + name + " beside " + Container.class.getName());
		}
		return in;
	}

	/** Deletes a folder and what is in it. */
	public static void delete(Path folder) {
		if (!Files.exists(folder)) {
			return;
		}
		try {
			Files.walkFileTree(folder, new SimpleFileVisitor<>() {
				@Override
				public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
					Files.deleteIfExists(file);
					return FileVisitResult.CONTINUE;
				}

				@Override
				public FileVisitResult postVisitDirectory(Path visited, IOException failure) throws IOException {
					if (failure != null) {
						throw failure;
					}
					Files.deleteIfExists(visited);
					return FileVisitResult.CONTINUE;
				}
			});
		} catch (IOException e) {
			throw new UncheckedIOException("cannot delete the temporary folder " + folder, e);
		}
	}
}
