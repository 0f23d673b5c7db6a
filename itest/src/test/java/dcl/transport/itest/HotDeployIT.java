package dcl.transport.itest;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarInputStream;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;

import dcl.transport.Disconnection.Reason;
import dcl.transport.Transport;
import dcl.transport.hotdeploy.DropZone;
import dcl.transport.hotdeploy.DropZoneOptions;
import dcl.transport.hotdeploy.DropZoneOptions.Signatures;
import dcl.transport.hotdeploy.DropZones;
import dcl.transport.hotdeploy.Outcome;
import dcl.transport.hotdeploy.Rule;
import dcl.transport.hotdeploy.Verdict;
import dcl.transport.spi.TransportProvider;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;

import static org.assertj.core.api.Assertions.assertThat;

/** The drop zone in a real framework, while a neighbour's packets flow. */
public class HotDeployIT extends FrameworkTest {

	private static final String ECHO = "echo.jar";
	private static final String ECHO_BUNDLE = "dcl.transport.itest.echo";
	private static final int CYCLES = Integer.getInteger("hotdeploy.cycles", 5);
	private static final int DROPS = 50;
	private static final long LIMIT_SECONDS = 30;

	private final BlockingQueue<Verdict> verdicts = new LinkedBlockingQueue<>();
	private Path folder;
	private DropZone zone;
	private Transport neighbour;
	private Flow flow;

	@Before
	public void watchBesideANeighbour() throws Exception {
		// not below the build's own folder, which may be one that a group can write to
		Path shared = Path.of("/tmp");
		folder = Files.isDirectory(shared) ? Files.createTempDirectory(shared, "hotdeploy-it") : Files.createTempDirectory("hotdeploy-it");
		start("other", "1.0.0");
		neighbour = connect("other:room");
		flow = Flow.through(neighbour);
		watch(options());
	}

	@After
	public void takeEverythingAway() throws Exception {
		flow.close();
		zone.close();
		for (Bundle bundle : bundles.getBundles()) {
			if (bundle.getLocation().startsWith("hotdeploy:")) {
				bundle.uninstall();
			}
		}
		try (Stream<Path> files = Files.walk(folder)) {
			for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
				Files.delete(file);
			}
		}
	}

	private static DropZoneOptions options() {
		return DropZoneOptions.defaults().withSignatures(Signatures.WARN).withSettle(Duration.ofMillis(300));
	}

	private void watch(DropZoneOptions options) throws Exception {
		zone = service(DropZones.class).watch(folder, options, verdicts::add);
	}

	/** Moves a jar into the folder, at once. */
	private void drop(String name, byte[] jar) throws IOException {
		Path made = Files.write(Files.createTempFile(folder, "made", ".part"), jar);
		Files.move(made, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
	}

	private Verdict next() throws InterruptedException {
		Verdict verdict = verdicts.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
		assertThat(verdict).as("a verdict").isNotNull();
		return verdict;
	}

	private Verdict next(Outcome outcome) throws InterruptedException {
		Verdict verdict = next();
		assertThat(verdict.outcome()).as(verdict.toString()).isEqualTo(outcome);
		return verdict;
	}

	private Verdict next(Outcome outcome, Rule rule) throws InterruptedException {
		Verdict verdict = next(outcome);
		assertThat(verdict.rule()).as(verdict.toString()).isEqualTo(rule);
		return verdict;
	}

	private static byte[] echo(String version) throws IOException {
		return fixture("echo", version).readAllBytes();
	}

	/** The same jar with other headers, and other texts in its component descriptions. */
	private static byte[] changed(byte[] jar, Consumer<Attributes> headers, String from, String to, Map<String, String> more) {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		try (JarInputStream in = new JarInputStream(new ByteArrayInputStream(jar))) {
			Manifest manifest = in.getManifest();
			headers.accept(manifest.getMainAttributes());
			try (JarOutputStream out = new JarOutputStream(bytes, manifest)) {
				for (JarEntry entry = in.getNextJarEntry(); entry != null; entry = in.getNextJarEntry()) {
					byte[] content = in.readAllBytes();
					out.putNextEntry(new JarEntry(entry.getName()));
					out.write(entry.getName().startsWith("OSGI-INF/") ? new String(content, StandardCharsets.UTF_8).replace(from, to)
							.getBytes(StandardCharsets.UTF_8) : content);
				}
				for (Map.Entry<String, String> entry : more.entrySet()) {
					out.putNextEntry(new JarEntry(entry.getKey()));
					out.write(entry.getValue().getBytes(StandardCharsets.UTF_8));
				}
			}
		} catch (IOException e) {
			throw new UncheckedIOException(e);
		}
		return bytes.toByteArray();
	}

	private static byte[] changed(byte[] jar, String header, String value) {
		return changed(jar, headers -> headers.putValue(header, value), "", "", Map.of());
	}

	/** A provider of its own type, and of its own name. */
	private static byte[] another(int number) throws IOException {
		byte[] jar = echo("1.0.0");
		return changed(jar, headers -> {
			headers.putValue("Bundle-SymbolicName", ECHO_BUNDLE + number);
			headers.putValue("Provide-Capability", headers.getValue("Provide-Capability")
					.replaceFirst("(dcl\\.transport:List<String>=)\"?echo\"?", "$1\"echo" + number + "\""));
		}, ">echo<", ">echo" + number + "<", Map.of());
	}

	private void theNeighbourLostNothing() throws InterruptedException {
		flow.awaitMore();
		assertThat(flow.end()).isPositive();
		assertThat(neighbour.state()).isEqualTo(Transport.State.CONNECTED);
		assertThat(neighbour.stats().sendFailed() + neighbour.stats().sendDropped() + neighbour.stats().receiveDropped()).isZero();
	}

	@Test
	public void a_provider_is_deployed_updated_rolled_back_and_undeployed() throws Exception {
		drop(ECHO, echo("1.0.0"));
		assertThat(next(Outcome.DEPLOYED).types()).containsExactly("echo");
		assertThat(served("echo:room")).isEqualTo("echo-1.0.0");
		long id = zone.deployed().get(0).bundleId();

		Transport room = connect("echo:room");
		drop(ECHO, echo("2.0.0"));
		next(Outcome.DEPLOYED);
		assertThat(Await.result(room.closed()).reason()).isEqualTo(Reason.PROVIDER_GONE);
		assertThat(served("echo:room")).isEqualTo("echo-2.0.0");
		assertThat(zone.deployed().get(0).bundleId()).as("updated in place").isEqualTo(id);

		assertThat(zone.rollback(ECHO_BUNDLE).toCompletableFuture().get(LIMIT_SECONDS, TimeUnit.SECONDS).version()).isEqualTo("1.0.0");
		assertThat(served("echo:room")).isEqualTo("echo-1.0.0");

		Files.delete(folder.resolve(ECHO));
		next(Outcome.DEPLOYED);
		next(Outcome.UNDEPLOYED);
		assertThat(bundles.getBundle(id)).isNull();
		assertThat(shownTypes()).doesNotContain("echo");
		theNeighbourLostNothing();
	}

	@Test
	public void the_six_bad_drops_take_nothing_down() throws Exception {
		byte[] good = echo("2.0.0");
		drop(ECHO, echo("1.0.0"));
		next(Outcome.DEPLOYED);
		Transport room = connect("echo:room");
		try (Flow old = Flow.through(room)) {
			drop(ECHO, Arrays.copyOf(good, good.length / 2));
			next(Outcome.REFUSED, Rule.DAMAGED);
			drop(ECHO, "this is no jar".getBytes(StandardCharsets.UTF_8));
			next(Outcome.REFUSED, Rule.DAMAGED);
			drop(ECHO, changed(good, headers -> { }, "", "", Map.of("META-INF/ACME.SF", "Signature-Version: 1.0\r\nSHA-256-Digest-Manifest: AAAA\r\n\r\n",
					"META-INF/ACME.RSA", "none")));
			next(Outcome.REFUSED, Rule.TAMPERED);
			drop(ECHO, changed(good, headers -> headers.putValue("Import-Package", headers.getValue("Import-Package") + ",com.nobody;version=\"[1,2)\""), "", "",
					Map.of()));
			assertThat(next(Outcome.REFUSED, Rule.UNRESOLVED).why()).contains("package com.nobody [1,2)");
			drop("thief.jar", changed(fixture("other", "9.0.0").readAllBytes(), "Bundle-SymbolicName", "com.thief"));
			assertThat(next(Outcome.REFUSED, Rule.TYPE_TAKEN).why()).contains("'other' is provided by dcl.transport.itest.other 1.0.0");

			assertThat(old.end()).as("the room of the old version is open all the time").isPositive();
			assertThat(room.state()).isEqualTo(Transport.State.CONNECTED);
		}
		drop(ECHO, changed(good, "Bundle-Activator", "dcl.transport.itest.fixture.Bomb"));
		assertThat(next(Outcome.ROLLED_BACK, Rule.NOT_STARTED).why()).contains("boom").endsWith("version 1.0.0 runs again");
		assertThat(Await.result(room.closed()).reason()).as("what is updated in place ends, and sessions follow").isEqualTo(Reason.PROVIDER_GONE);
		assertThat(served("echo:room")).isEqualTo("echo-1.0.0");
		theNeighbourLostNothing();
	}

	@Test
	public void what_starts_without_what_it_declares_or_with_more_is_taken_back() throws Exception {
		watchImpatiently();
		drop(ECHO, echo("1.0.0"));
		next(Outcome.DEPLOYED);

		drop(ECHO, changed(echo("2.0.0"), headers -> headers.remove(new Attributes.Name("Service-Component")), "", "", Map.of()));
		next(Outcome.ROLLED_BACK, Rule.NO_PROVIDER);
		drop(ECHO, changed(echo("3.0.0"), headers -> headers.remove(new Attributes.Name("Provide-Capability")), "", "", Map.of()));
		assertThat(next(Outcome.ROLLED_BACK, Rule.NO_PROVIDER).why()).contains("'echo', which it does not declare");

		assertThat(served("echo:room")).isEqualTo("echo-1.0.0");
		theNeighbourLostNothing();
	}

	@Test
	public void what_provides_more_than_it_declares_later_is_taken_back() throws Exception {
		drop(ECHO, echo("1.0.0"));
		next(Outcome.DEPLOYED);
		drop(ECHO, echo("2.0.0"));
		next(Outcome.DEPLOYED);

		BundleContext own = bundles.getBundle(zone.deployed().get(0).bundleId()).getBundleContext();
		TransportProvider provider = own.getService(own.getServiceReferences(TransportProvider.class, "(" + TransportProvider.TYPE + "=echo)").iterator().next());
		own.registerService(TransportProvider.class, provider, new Hashtable<>(Map.of(TransportProvider.TYPE, "sneaky")));

		assertThat(next(Outcome.ROLLED_BACK, Rule.NO_PROVIDER).why()).contains("'sneaky', which it does not declare");
		assertThat(next(Outcome.DEPLOYED).version()).isEqualTo("1.0.0");
		assertThat(shownTypes()).doesNotContain("sneaky");
		assertThat(served("echo:room")).isEqualTo("echo-1.0.0");
		theNeighbourLostNothing();
	}

	private void watchImpatiently() throws Exception {
		zone.close();
		watch(options().withStart(Duration.ofSeconds(2)));
	}

	@Test
	public void fifty_drops_at_once_good_and_bad_lose_the_neighbour_nothing() throws Exception {
		List<byte[]> jars = new ArrayList<>();
		for (int i = 0; i < DROPS; i++) {
			byte[] jar = another(i);
			jars.add(i % 5 == 4 ? Arrays.copyOf(jar, jar.length - 100) : jar);
		}
		for (int i = 0; i < DROPS; i++) {
			drop("echo" + i + ".jar", jars.get(i));
		}
		Map<Outcome, Integer> outcomes = new TreeMap<>();
		for (int i = 0; i < DROPS; i++) {
			Verdict verdict = next();
			outcomes.merge(verdict.outcome(), 1, Integer::sum);
			assertThat(verdict.outcome()).as(verdict.toString()).isIn(Outcome.DEPLOYED, Outcome.REFUSED);
		}
		assertThat(outcomes).isEqualTo(Map.of(Outcome.DEPLOYED, DROPS * 4 / 5, Outcome.REFUSED, DROPS / 5));
		Await.until("the registry shows them", () -> shownTypes().containsAll(List.of("echo0", "echo48")));
		for (int i = 0; i < DROPS; i++) {
			Files.delete(folder.resolve("echo" + i + ".jar"));
		}
		for (int i = 0; i < DROPS * 4 / 5; i++) {
			next(Outcome.UNDEPLOYED);
		}
		theNeighbourLostNothing();
	}

	@Test
	public void another_zone_after_this_one_finds_the_same_bundles_and_no_second_ones() throws Exception {
		drop(ECHO, echo("1.0.0"));
		next(Outcome.DEPLOYED);
		Transport room = connect("echo:room");
		zone.close();
		int before = bundles.getBundles().length;

		watch(options());

		assertThat(next(Outcome.DEPLOYED).why()).isEqualTo("it runs already");
		assertThat(bundles.getBundles()).hasSize(before);
		assertThat(room.state()).isEqualTo(Transport.State.CONNECTED);
		assertThat(served("echo:room")).isEqualTo("echo-1.0.0");
		assertThat(isThere(DropZone.class, "(" + DropZone.FOLDER + "=" + zone.folder() + ")")).isTrue();
		theNeighbourLostNothing();
	}

	/** Says how long it takes until what was done to the folder shows in the registry; prints it. Not a proof of speed but for the most generous bound. */
	@Test
	public void what_is_done_to_the_folder_shows_soon() throws Exception {
		List<Long> install = new ArrayList<>();
		List<Long> update = new ArrayList<>();
		List<Long> delete = new ArrayList<>();
		for (int i = 0; i < CYCLES; i++) {
			byte[] first = echo("1.0." + 2 * i);
			byte[] second = echo("1.0." + (2 * i + 1));
			String updated = "echo-1.0." + (2 * i + 1) + " activated";
			install.add(millis(() -> drop(ECHO, first), () -> shownTypes().contains("echo")));
			next(Outcome.DEPLOYED);
			update.add(millis(() -> drop(ECHO, second), () -> journal.contains(updated) && shownTypes().contains("echo")));
			next(Outcome.DEPLOYED);
			delete.add(millis(() -> Files.delete(folder.resolve(ECHO)), () -> !shownTypes().contains("echo")));
			next(Outcome.UNDEPLOYED);
		}
		System.out.println("hotdeploy on " + System.getProperty("framework.name") + ", " + CYCLES + " cycles, ms: install to service " + figures(install)
				+ "; update to service back " + figures(update) + "; delete to gone " + figures(delete));
		theNeighbourLostNothing();
	}

	private interface Step {

		void run() throws IOException;
	}

	private static long millis(Step step, BooleanSupplier shows) throws IOException {
		long begin = System.nanoTime();
		step.run();
		Await.until("it shows", shows);
		return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
	}

	private static String figures(List<Long> times) {
		Collections.sort(times);
		return "median " + times.get(times.size() / 2) + ", p95 " + times.get((int) Math.ceil(times.size() * 0.95) - 1) + ", most " + times.get(times.size() - 1);
	}
}
