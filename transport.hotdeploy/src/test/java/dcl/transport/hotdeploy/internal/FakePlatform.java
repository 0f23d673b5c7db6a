package dcl.transport.hotdeploy.internal;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.jar.JarInputStream;

import dcl.transport.hotdeploy.Rule;
import dcl.transport.hotdeploy.internal.Headers.Clause;

/** A framework made up of maps: what a bundle does is in headers {@code Test-…} of its manifest. */
final class FakePlatform implements Platform {

	/** What is installed, by location: version and bytes. */
	final Map<String, byte[]> bundles = new ConcurrentHashMap<>();
	/** Types that others provide. */
	final Map<String, String> providers = new ConcurrentHashMap<>();
	/** Types that the bundles themselves provide, by location. */
	final Map<String, Set<String>> provided = new ConcurrentHashMap<>();
	/** Symbolic names that others have. */
	final Map<String, String> names = new ConcurrentHashMap<>();
	final Collection<String> packages = new CopyOnWriteArrayList<>(List.of("org.osgi.framework"));
	final List<String> deeds = new CopyOnWriteArrayList<>();
	/** What every question about an import fails with, by the package. */
	final Map<String, Throwable> defects = new ConcurrentHashMap<>();
	/** Versions that do not start now. */
	final Set<String> failing = ConcurrentHashMap.newKeySet();
	/** Locations of bundles whose end hangs. */
	final Set<String> hangingEnds = ConcurrentHashMap.newKeySet();
	final CountDownLatch release = new CountDownLatch(1);
	final AtomicInteger atOnce = new AtomicInteger();
	final AtomicInteger mostAtOnce = new AtomicInteger();
	private final Map<String, Long> modified = new ConcurrentHashMap<>();
	private final AtomicInteger ids = new AtomicInteger();

	@Override
	public List<String> missing(Facts facts, String location) {
		List<String> missing = new ArrayList<>();
		for (Clause clause : facts.imports()) {
			clause.paths().stream().filter(defects::containsKey).forEach(name -> FakePlatform.<RuntimeException>fail(defects.get(name)));
			clause.paths().stream().filter(name -> !packages.contains(name)).forEach(name -> missing.add("package " + name));
		}
		return missing;
	}

	@SuppressWarnings("unchecked")
	private static <T extends Throwable> void fail(Throwable failure) throws T {
		throw (T) failure;
	}

	@Override
	public Optional<String> providerOf(String type, String exceptLocation) {
		return Optional.ofNullable(providers.get(type));
	}

	@Override
	public Map<String, Set<String>> provided() {
		return provided;
	}

	@Override
	public Optional<String> bundleNamed(String name, String exceptLocation) {
		return Optional.ofNullable(names.get(name));
	}

	@Override
	public long bring(String location, Content content, Facts facts, Duration limit) throws Failure, InterruptedException {
		refuseInterrupted();
		mostAtOnce.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
		try {
			byte[] bytes;
			try (InputStream in = content.open()) {
				ByteArrayOutputStream all = new ByteArrayOutputStream();
				in.transferTo(all);
				bytes = all.toByteArray();
			} catch (IOException e) {
				throw new Failure(Rule.UNREADABLE, e.getMessage());
			}
			deeds.add((bundles.put(location, bytes) == null ? "install " : "update ") + facts.version());
			if (failing.contains(facts.version().toString())) {
				throw new Failure(Rule.NOT_STARTED, "failing now");
			}
			switch (behaviour(bytes)) {
				case "throws" -> throw new Failure(Rule.NOT_STARTED, "thrown");
				case "hangs" -> release.await();
				case "interrupts" -> {
					Thread.currentThread().interrupt();
					release.await();
				}
				case "interrupts and throws" -> {
					Thread.currentThread().interrupt();
					throw new Failure(Rule.NOT_STARTED, "thrown");
				}
				case "fails" -> throw new StackOverflowError("a bundle's own");
				case "deaf" -> {
					boolean released = false;
					while (!released) {
						try {
							release.await();
							released = true;
						} catch (InterruptedException e) {
							deeds.add("ignored");
						}
					}
				}
				default -> {
				}
			}
			long id = ids.incrementAndGet();
			modified.put(location, id);
			return id;
		} finally {
			atOnce.decrementAndGet();
		}
	}

	private static String behaviour(byte[] jar) {
		try (JarInputStream in = new JarInputStream(new ByteArrayInputStream(jar))) {
			String behaviour = in.getManifest().getMainAttributes().getValue("Test-Behaviour");
			return behaviour == null ? "" : behaviour;
		} catch (IOException e) {
			throw new AssertionError(e);
		}
	}

	/** As waiting for a framework does. */
	private static void refuseInterrupted() throws InterruptedException {
		if (Thread.interrupted()) {
			throw new InterruptedException("left over");
		}
	}

	@Override
	public long modified(String location) {
		return modified.getOrDefault(location, 0L);
	}

	@Override
	public long running(String location, long known) {
		return bundles.containsKey(location) && known > 0 && modified(location) == known ? known : -1;
	}

	@Override
	public void remove(String location) throws InterruptedException {
		refuseInterrupted();
		if (hangingEnds.contains(location)) {
			release.await();
		}
		provided.remove(location);
		if (bundles.remove(location) != null) {
			deeds.add("remove");
		}
	}

	@Override
	public Collection<String> locations(String prefix) {
		return bundles.keySet().stream().filter(location -> location.startsWith(prefix)).toList();
	}
}
