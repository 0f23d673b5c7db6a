package dcl.transport.itest;

import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import javax.management.JMException;
import javax.management.ObjectName;

import org.osgi.framework.Bundle;
import org.osgi.framework.wiring.BundleWiring;

/** What updates must not leave behind: class loaders and threads. */
final class Leftovers {

	/**
	 * What the registry may start later, up to its bounds: its pool has two threads by default, it looks up names on at most four, and asks a
	 * provider whether it accepts params on one.
	 */
	private static final Map<String, Long> BOUNDS = Map.of("dcl-transport-#", 2L, "dcl-transport-dns", 4L, "dcl-transport-ask", 2L);

	/** Of Config Admin and Equinox, which start one when there is something to do and let it end when there was nothing for a while. */
	private static final Pattern PASSING = Pattern.compile("CM (Event Dispatcher|Configuration Updater).*|(Active|Refresh) Thread: Equinox Container.*");
	private static final long COLLECT_EVERY_MILLIS = 100;

	private final List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
	private final Map<String, Long> before = threads();

	/** Takes note of the class loader that a bundle has now. */
	void watch(Bundle bundle) {
		loaders.add(new WeakReference<>(bundle.adapt(BundleWiring.class).getClassLoader()));
	}

	/** Returns how many class loaders were noted. */
	int watched() {
		return loaders.size();
	}

	/** Waits until every class loader that was noted is collected. */
	void awaitLoadersCollected() {
		try {
			Await.until("all class loaders are collected", COLLECT_EVERY_MILLIS, () -> {
				System.gc();
				return alive() == 0;
			});
		} catch (AssertionError e) { // not passed on as a cause, which the test framework would show in place of this
			throw new AssertionError(alive() + " of " + watched() + " are not collected; who holds them is in " + heapDump());
		}
	}

	private long alive() {
		return loaders.stream().filter(loader -> loader.get() != null).count();
	}

	private static String heapDump() {
		String file = System.getProperty("java.io.tmpdir") + "/leak-" + System.nanoTime() + ".hprof";
		try {
			ManagementFactory.getPlatformMBeanServer().invoke(new ObjectName("com.sun.management:type=HotSpotDiagnostic"), "dumpHeap",
					new Object[] {file, true}, new String[] {"java.lang.String", "boolean"});
		} catch (JMException e) {
			return "no heap dump: " + e;
		}
		return file;
	}

	/** Waits until there are no more threads of any name than when this began. */
	void awaitThreadsGone() {
		try {
			Await.until("the threads that came are gone", () -> more().isEmpty());
		} catch (AssertionError e) {
			throw new AssertionError("more threads than before: " + more() + "; before: " + before);
		}
	}

	private Map<String, Long> more() {
		Map<String, Long> more = threads();
		more.entrySet().removeIf(now -> now.getValue() <= Math.max(before.getOrDefault(now.getKey(), 0L), BOUNDS.getOrDefault(now.getKey(), 0L)));
		return more;
	}

	/** Returns how many live threads there are of each name, numbers aside. */
	private static Map<String, Long> threads() {
		return Thread.getAllStackTraces().keySet().stream().map(Thread::getName).filter(name -> !PASSING.matcher(name).matches())
				.collect(Collectors.groupingBy(name -> name.replaceAll("[0-9]+", "#"), TreeMap::new, Collectors.counting()));
	}
}
