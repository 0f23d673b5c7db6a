package dcl.transport.hotdeploy.internal;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

import dcl.transport.hotdeploy.Deployed;
import dcl.transport.hotdeploy.DropZoneException;
import dcl.transport.hotdeploy.DropZoneException.Code;
import dcl.transport.hotdeploy.DropZoneOptions;
import dcl.transport.hotdeploy.DropZoneOptions.Signatures;
import dcl.transport.hotdeploy.Outcome;
import dcl.transport.hotdeploy.Rule;
import dcl.transport.hotdeploy.Verdict;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/** The folder, over time; the framework is made up. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class ZoneTest {

	private static final long SECONDS = 30;
	/** Longer than it takes to copy a file slowly here, and shorter than anybody waits. */
	private static final Duration SETTLE = Duration.ofMillis(400);

	@TempDir
	private Path temporary;
	private Path folder;
	private final FakePlatform platform = new FakePlatform();
	private final BlockingQueue<Verdict> verdicts = new LinkedBlockingQueue<>();
	private DropZoneOptions options = DropZoneOptions.defaults().withSignatures(Signatures.WARN).withPoll(Duration.ofMillis(10)).withSettle(SETTLE);
	private Store.Writer writer = Files::newOutputStream;
	private Zone zone;

	@BeforeEach
	void makeFolder() throws IOException {
		folder = Files.createDirectory(temporary.resolve("deploy"), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
	}

	@AfterEach
	void close() {
		platform.release.countDown();
		if (zone != null) {
			zone.close();
		}
	}

	private void watch() throws IOException {
		zone = new Zone(Folder.of(folder), options, Store.open(folder, file -> writer.open(file)), platform, Clock.systemUTC(), verdicts::add, () -> { });
		zone.start();
	}

	/** Moves a jar into the folder at once. */
	private void drop(String name, byte[] jar) throws IOException {
		Path made = Files.write(temporary.resolve("made"), jar);
		Files.move(made, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
	}

	private Verdict next() throws InterruptedException {
		Verdict verdict = verdicts.poll(SECONDS, TimeUnit.SECONDS);
		assertThat(verdict).as("a verdict").isNotNull();
		return verdict;
	}

	private Verdict next(Outcome outcome) throws InterruptedException {
		Verdict verdict = next();
		assertThat(verdict.outcome()).as(verdict.toString()).isEqualTo(outcome);
		return verdict;
	}

	private static <T> T result(CompletionStage<T> stage) throws Exception {
		return stage.toCompletableFuture().get(SECONDS, TimeUnit.SECONDS);
	}

	/** Deploys a bundle that wants a package which is gone after a restart: it is kept, and does not run. */
	private void keep(String file) throws Exception {
		platform.packages.add("extra");
		watch();
		drop(file, Jars.acme("1.0.0").with("Import-Package", "extra").build());
		next(Outcome.DEPLOYED);
		zone.close();
		platform.bundles.clear();
		platform.packages.remove("extra");
		watch();
		assertThat(next(Outcome.REFUSED).rule()).isEqualTo(Rule.UNRESOLVED);
	}

	private byte[] running(String file) {
		return platform.bundles.get(Zone.locationOf(zone.folder(), file));
	}

	private List<String> copies() throws IOException {
		try (Stream<Path> files = Files.list(folder.resolve(".state/copies"))) {
			return files.map(file -> file.getFileName().toString()).toList();
		}
	}

	// ---- coming, changing, going

	@Test
	void a_jar_is_deployed_updated_and_undeployed() throws Exception {
		watch();
		byte[] first = Jars.acme("1.0.0").build();
		byte[] second = Jars.acme("2.0.0").build();

		drop("acme.jar", first);
		Verdict deployed = next(Outcome.DEPLOYED);
		assertThat(deployed.bundle()).isEqualTo("com.acme.transport");
		assertThat(running("acme.jar")).isEqualTo(first);
		drop("acme.jar", second);
		assertThat(next(Outcome.DEPLOYED).version()).isEqualTo("2.0.0");
		assertThat(running("acme.jar")).isEqualTo(second);
		Deployed now = zone.deployed().get(0);
		assertThat(now.previousVersion()).isEqualTo("1.0.0");
		assertThat(now.previousHash()).isEqualTo(deployed.hash());
		assertThat(copies()).containsExactlyInAnyOrder(now.hash() + ".jar", deployed.hash() + ".jar");
		Files.delete(folder.resolve("acme.jar"));
		assertThat(next(Outcome.UNDEPLOYED).version()).isEqualTo("2.0.0");

		assertThat(platform.deeds).containsExactly("install 1.0.0", "update 2.0.0", "remove");
		assertThat(zone.deployed()).isEmpty();
		assertThat(copies()).isEmpty();
	}

	@Test
	void who_provides_more_than_it_declares_after_its_start_goes_and_the_version_before_comes_back() throws Exception {
		watch();
		byte[] first = Jars.acme("1.0.0").build();
		drop("acme.jar", first);
		next(Outcome.DEPLOYED);
		drop("acme.jar", Jars.acme("2.0.0").build());
		String second = next(Outcome.DEPLOYED).hash();

		platform.provided.put(Zone.locationOf(zone.folder(), "acme.jar"), Set.of("acme", "ws-room"));

		Verdict verdict = next(Outcome.ROLLED_BACK);
		assertThat(verdict.rule()).isEqualTo(Rule.NO_PROVIDER);
		assertThat(verdict.version()).isEqualTo("2.0.0");
		assertThat(verdict.why()).contains("'ws-room', which it does not declare", "[acme]", "version 1.0.0 comes back");
		assertThat(next(Outcome.DEPLOYED).version()).isEqualTo("1.0.0");
		assertThat(running("acme.jar")).isEqualTo(first);
		assertThat(platform.deeds).containsExactly("install 1.0.0", "update 2.0.0", "remove", "install 1.0.0");

		zone.close(); // and what was taken down stays down after a restart
		watch();
		assertThat(next(Outcome.DEPLOYED).version()).isEqualTo("1.0.0");
		assertThat(zone.check(folder.resolve("acme.jar")).hash()).isEqualTo(second);
		assertThat(running("acme.jar")).isEqualTo(first);
		drop("acme.jar", Jars.acme("2.0.1").build());
		assertThat(next(Outcome.DEPLOYED).version()).isEqualTo("2.0.1");
	}

	@Test
	void who_provides_more_than_it_declares_and_had_no_version_before_is_uninstalled_until_its_file_changes() throws Exception {
		watch();
		drop("acme.jar", Jars.acme("1.0.0").build());
		next(Outcome.DEPLOYED);

		platform.provided.put(Zone.locationOf(zone.folder(), "acme.jar"), Set.of("acme", "ws-room"));

		assertThat(next(Outcome.ROLLED_BACK).why()).endsWith("it is uninstalled");
		assertThat(zone.deployed()).isEmpty();
		drop("acme.jar", Jars.acme("1.0.1").build());
		assertThat(next(Outcome.DEPLOYED).version()).isEqualTo("1.0.1");
		assertThat(platform.deeds).containsExactly("install 1.0.0", "remove", "install 1.0.1");
	}

	@Test
	void an_older_version_that_was_asked_for_from_outside_is_taken_once_and_only_if_it_ran_last() throws Exception {
		watch();
		List<byte[]> jars = List.of(Jars.acme("1.0.0").build(), Jars.acme("2.0.0").build(), Jars.acme("3.0.0").build());
		List<String> hashes = new ArrayList<>();
		for (byte[] jar : jars) {
			drop("acme.jar", jar);
			hashes.add(next(Outcome.DEPLOYED).hash());
		}

		Store.askFor(folder, hashes.get(0));
		drop("acme.jar", jars.get(0));
		assertThat(next(Outcome.REFUSED).rule()).isEqualTo(Rule.OLDER);
		Store.askFor(folder, hashes.get(1));
		drop("acme.jar", jars.get(1));
		assertThat(next(Outcome.DEPLOYED).version()).isEqualTo("2.0.0");
		drop("acme.jar", jars.get(2));
		assertThat(next(Outcome.DEPLOYED).version()).isEqualTo("3.0.0");
		drop("acme.jar", jars.get(1));
		assertThat(next(Outcome.REFUSED).rule()).isEqualTo(Rule.OLDER);
		zone.close();
		watch();
		try (Stream<Path> files = Files.list(folder.resolve(".state"))) {
			assertThat(files).noneMatch(file -> file.toString().endsWith(".asked"));
		}
	}

	@Test
	void nobody_takes_the_types_of_a_version_that_comes_back() throws Exception {
		watch();
		drop("b.jar", Jars.acme("1.0.0").build());
		next(Outcome.DEPLOYED);
		drop("b.jar", Jars.acme("2.0.0").build());
		next(Outcome.DEPLOYED);
		drop("a.jar", Jars.acme("1.0.0").named("com.rival").build());
		assertThat(next(Outcome.REFUSED).rule()).isEqualTo(Rule.TYPE_TAKEN);

		platform.provided.put(Zone.locationOf(zone.folder(), "b.jar"), Set.of("acme", "ws-room"));

		next(Outcome.ROLLED_BACK);
		assertThat(next(Outcome.DEPLOYED).file()).isEqualTo("b.jar");
		assertThat(running("a.jar")).isNull();
	}

	@Test
	void a_version_that_may_not_come_back_yet_is_kept_until_it_may() throws Exception {
		platform.packages.add("extra");
		watch();
		byte[] first = Jars.acme("1.0.0").with("Import-Package", "extra").build();
		drop("acme.jar", first);
		next(Outcome.DEPLOYED);
		drop("acme.jar", Jars.acme("2.0.0").build());
		next(Outcome.DEPLOYED);
		platform.packages.remove("extra");

		platform.provided.put(Zone.locationOf(zone.folder(), "acme.jar"), Set.of("acme", "ws-room"));

		next(Outcome.ROLLED_BACK);
		assertThat(next(Outcome.REFUSED).rule()).isEqualTo(Rule.UNRESOLVED);
		platform.packages.add("extra");
		drop("other.jar", Jars.acme("1.0.0").named("com.other").types("other").build());
		assertThat(next(Outcome.DEPLOYED).file()).isEqualTo("other.jar");
		assertThat(next(Outcome.DEPLOYED).version()).isEqualTo("1.0.0");
		assertThat(running("acme.jar")).isEqualTo(first);
	}

	@Test
	void a_new_version_is_judged_again_although_the_one_before_cannot_run_either() throws Exception {
		keep("acme.jar");
		drop("acme.jar", Jars.acme("2.0.0").with("Import-Package", "more").build());
		assertThat(next(Outcome.REFUSED).version()).isEqualTo("2.0.0");

		platform.packages.add("more");
		drop("other.jar", Jars.acme("1.0.0").named("com.other").types("other").build());

		assertThat(next(Outcome.DEPLOYED).file()).isEqualTo("other.jar");
		assertThat(next(Outcome.DEPLOYED).version()).isEqualTo("2.0.0");
	}

	@Test
	void who_was_refused_for_the_sake_of_one_that_then_failed_comes_up() throws Exception {
		watch();
		drop("a.jar", Jars.acme("1.0.0").with("Test-Behaviour", "hangs").build());
		await("it is being started", () -> platform.deeds.contains("install 1.0.0"));
		drop("b.jar", Jars.acme("2.0.0").named("com.rival").build());
		assertThat(next(Outcome.REFUSED).rule()).isEqualTo(Rule.TYPE_TAKEN);

		assertThat(next(Outcome.ROLLED_BACK).file()).isEqualTo("a.jar");
		assertThat(next(Outcome.DEPLOYED).file()).isEqualTo("b.jar");
	}

	@Test
	void what_does_not_even_come_back_is_kept_and_does_not_count_as_running() throws Exception {
		watch();
		byte[] first = Jars.acme("1.0.0").build();
		drop("acme.jar", first);
		next(Outcome.DEPLOYED);

		platform.failing.add("1.0.0");
		drop("acme.jar", Jars.acme("2.0.0").with("Test-Behaviour", "throws").build());
		assertThat(next(Outcome.ROLLED_BACK).why()).contains("does not come up either");
		assertThat(zone.deployed()).isEmpty();
		platform.failing.clear();
		zone.close();
		watch();
		assertThat(next(Outcome.DEPLOYED).version()).isEqualTo("1.0.0");
		assertThat(running("acme.jar")).isEqualTo(first);
	}

	@Test
	void what_is_kept_takes_nothing_from_what_runs_after_a_restart() throws Exception {
		keep("a.jar");
		drop("b.jar", Jars.acme("1.0.0").named("com.other").build());
		assertThat(next(Outcome.DEPLOYED).file()).isEqualTo("b.jar");
		zone.close();
		platform.bundles.clear();
		platform.packages.add("extra");

		watch();

		List<Verdict> both = List.of(next(), next()); // one of them comes from a thread of its own
		assertThat(both).extracting(Verdict::file).containsExactlyInAnyOrder("a.jar", "b.jar");
		assertThat(both).allSatisfy(verdict -> assertThat(verdict.rule()).isEqualTo(verdict.file().equals("a.jar") ? Rule.TYPE_TAKEN : Rule.NONE));
		assertThat(running("a.jar")).isNull();
	}

	@Test
	void who_watches_anew_in_the_same_framework_restarts_nothing_that_runs() throws Exception {
		watch();
		drop("acme.jar", Jars.acme("1.0.0").build());
		next(Outcome.DEPLOYED);
		zone.close();

		options = options.withPoll(Duration.ofMillis(20));
		watch();

		assertThat(next(Outcome.DEPLOYED).why()).isEqualTo("it runs already");
		assertThat(platform.deeds).containsExactly("install 1.0.0");
		drop("acme.jar", Jars.acme("2.0.0").build());
		assertThat(next(Outcome.DEPLOYED).version()).isEqualTo("2.0.0");
	}

	@Test
	void who_may_not_run_any_more_and_hangs_in_its_end_holds_up_nobody() throws Exception {
		watch();
		drop("acme.jar", Jars.acme("1.0.0").build());
		next(Outcome.DEPLOYED);
		platform.hangingEnds.add(Zone.locationOf(zone.folder(), "acme.jar"));
		zone.close();

		options = options.withSignatures(Signatures.ENFORCE);
		watch();

		drop("bad.jar", Jars.acme("1.0.0").named("com.other").types("other").build());
		assertThat(next(Outcome.REFUSED).file()).isEqualTo("bad.jar");
		platform.release.countDown();
		Verdict verdict = next(Outcome.REFUSED);
		assertThat(verdict.file()).isEqualTo("acme.jar");
		assertThat(verdict.rule()).isEqualTo(Rule.UNTRUSTED);
	}

	@Test
	void another_content_of_the_same_length_and_time_is_noticed() throws Exception {
		watch();
		FileTime time = FileTime.fromMillis(1_700_000_000_000L);
		byte[] first = Jars.acme("1.0.0").flat();
		byte[] second = Jars.acme("1.0.1").flat();
		assertThat(second).hasSameSizeAs(first);
		Path made = Files.write(temporary.resolve("made"), first);
		Files.setLastModifiedTime(made, time);
		Files.move(made, folder.resolve("acme.jar"));
		next(Outcome.DEPLOYED);

		try (OutputStream inPlace = Files.newOutputStream(folder.resolve("acme.jar"), StandardOpenOption.WRITE)) {
			inPlace.write(second);
		}
		Files.setLastModifiedTime(folder.resolve("acme.jar"), time);

		assertThat(next(Outcome.DEPLOYED).version()).isEqualTo("1.0.1");
		assertThat(running("acme.jar")).isEqualTo(second);
	}

	@Test
	void while_a_jar_is_copied_slowly_the_one_before_runs() throws Exception {
		options = options.withSettle(Duration.ofSeconds(SECONDS)); // it does not depend on how slowly
		watch();
		byte[] second = Jars.acme("2.0.0").build();
		drop("acme.jar", Jars.acme("1.0.0").build());
		next(Outcome.DEPLOYED);

		try (OutputStream slow = Files.newOutputStream(folder.resolve("acme.jar"))) {
			for (int at = 0; at < second.length; at += 50) {
				slow.write(second, at, Math.min(50, second.length - at));
				slow.flush();
				drop("probe.jar", Jars.bytes("looked at meanwhile"));
				zone.check(folder.resolve("acme.jar")); // on the zone's thread, so at least one look is over
				assertThat(platform.deeds).as("byte %d of %d", at, second.length).doesNotContain("remove");
			}
		}
		Files.delete(folder.resolve("probe.jar"));
		assertThat(next(Outcome.DEPLOYED).version()).isEqualTo("2.0.0");
		assertThat(platform.deeds).containsExactly("install 1.0.0", "update 2.0.0");
	}

	@Test
	void half_a_jar_is_refused_once_it_does_not_grow_and_taken_when_it_does() throws Exception {
		watch();
		byte[] jar = Jars.acme("1.0.0").build();

		Files.write(folder.resolve("acme.jar"), Arrays.copyOf(jar, jar.length / 2));
		assertThat(next(Outcome.REFUSED).rule()).isEqualTo(Rule.DAMAGED);
		Files.write(folder.resolve("acme.jar"), jar);

		assertThat(next(Outcome.DEPLOYED).hash()).isNotEmpty();
	}

	@Test
	void a_jar_that_is_deleted_and_written_anew_between_two_looks_is_an_update() throws Exception {
		options = options.withPoll(Duration.ofMillis(500));
		watch();
		drop("acme.jar", Jars.acme("1.0.0").build());
		next(Outcome.DEPLOYED);

		Files.delete(folder.resolve("acme.jar"));
		drop("acme.jar", Jars.acme("2.0.0").build());

		assertThat(next(Outcome.DEPLOYED).version()).isEqualTo("2.0.0");
		assertThat(platform.deeds).containsExactly("install 1.0.0", "update 2.0.0");
	}

	@Test
	void fifty_at_once_all_come_up_a_few_at_a_time() throws Exception {
		List<byte[]> jars = new ArrayList<>();
		for (int i = 0; i < 50; i++) {
			jars.add(Jars.acme("1.0.0").named("com.acme.n" + i).types("acme" + i).build());
		}
		watch();
		for (int i = 0; i < 50; i++) {
			drop("acme" + i + ".jar", jars.get(i));
		}
		for (int i = 0; i < 50; i++) {
			next(Outcome.DEPLOYED);
		}
		assertThat(zone.deployed()).hasSize(50);
		assertThat(platform.mostAtOnce.get()).isBetween(1, 4);
	}

	@Test
	void dropped_and_deleted_at_once_leaves_nothing() throws Exception {
		watch();
		for (int i = 0; i < 50; i++) {
			drop("acme.jar", Jars.acme("1.0." + i).build());
			Files.delete(folder.resolve("acme.jar"));
		}
		drop("last.jar", Jars.acme("1.0.0").named("com.last").types("last").build());
		Verdict verdict = next();
		while (!verdict.file().equals("last.jar")) {
			verdict = next();
		}
		while (!zone.deployed().stream().map(Deployed::file).toList().equals(List.of("last.jar"))) {
			assertThat(next().file()).isEqualTo("acme.jar");
		}
		assertThat(platform.bundles).hasSize(1);
	}

	@Test
	void no_more_than_its_limit_of_files_is_looked_at_and_who_is_in_stays() throws Exception {
		options = options.withMaxFiles(2);
		watch();
		drop("m.jar", Jars.acme("1.0.0").named("com.m").types("m").build());
		next(Outcome.DEPLOYED);
		drop("n.jar", Jars.acme("1.0.0").named("com.n").types("n").build());
		next(Outcome.DEPLOYED);
		drop("z.jar", Jars.acme("1.0.0").named("com.z").types("z").build());
		drop("m.jar", Jars.acme("1.0.1").named("com.m").types("m").build());

		assertThat(next(Outcome.DEPLOYED).file()).isEqualTo("m.jar");
		assertThat(zone.deployed()).extracting(Deployed::file).containsExactly("m.jar", "n.jar");
		assertThat(verdicts).isEmpty();
	}

	@Test
	void other_names_are_left_alone() throws Exception {
		watch();
		Files.write(folder.resolve("notes.txt"), Jars.bytes("notes"));
		Files.write(folder.resolve(".hidden.jar"), Jars.acme("1.0.0").build());
		drop("od d.jar", Jars.acme("1.0.0").build());

		assertThat(next(Outcome.REFUSED).rule()).isEqualTo(Rule.NOT_A_FILE);
		assertThat(verdicts).isEmpty();
	}

	@Test
	void a_link_in_the_place_of_what_runs_is_refused_and_it_goes_on_running() throws Exception {
		watch();
		drop("acme.jar", Jars.acme("1.0.0").build());
		next(Outcome.DEPLOYED);
		Path elsewhere = Files.write(temporary.resolve("elsewhere.jar"), Jars.acme("2.0.0").build());
		Path link = Files.createSymbolicLink(temporary.resolve("link"), elsewhere);

		Files.move(link, folder.resolve("acme.jar"), StandardCopyOption.ATOMIC_MOVE);

		assertThat(next(Outcome.REFUSED).rule()).isEqualTo(Rule.NOT_A_FILE);
		assertThat(platform.deeds).containsExactly("install 1.0.0");
	}

	// ---- what does not come up

	@Test
	void what_does_not_start_is_rolled_back_to_the_bytes_before() throws Exception {
		watch();
		byte[] good = Jars.acme("1.0.0").build();
		drop("acme.jar", good);
		next(Outcome.DEPLOYED);

		drop("acme.jar", Jars.acme("2.0.0").with("Test-Behaviour", "throws").build());

		Verdict verdict = next(Outcome.ROLLED_BACK);
		assertThat(verdict.version()).isEqualTo("2.0.0");
		assertThat(verdict.why()).isEqualTo("thrown; version 1.0.0 runs again");
		assertThat(running("acme.jar")).isEqualTo(good);
		assertThat(zone.deployed()).singleElement().extracting(Deployed::version).isEqualTo("1.0.0");
	}

	@Test
	void what_does_not_start_and_had_nothing_before_is_uninstalled() throws Exception {
		watch();
		drop("acme.jar", Jars.acme("1.0.0").with("Test-Behaviour", "throws").build());

		assertThat(next(Outcome.ROLLED_BACK).rule()).isEqualTo(Rule.NOT_STARTED);
		assertThat(platform.bundles).isEmpty();
		assertThat(zone.deployed()).isEmpty();
		assertThat(copies()).isEmpty();
	}

	@Test
	void what_hangs_is_interrupted_and_others_come_in_meanwhile() throws Exception {
		options = options.withStart(Duration.ofMillis(500));
		watch();
		byte[] good = Jars.acme("1.0.0").build();
		drop("acme.jar", good);
		next(Outcome.DEPLOYED);

		drop("acme.jar", Jars.acme("2.0.0").with("Test-Behaviour", "hangs").build());
		drop("other.jar", Jars.acme("1.0.0").named("com.other").types("other").build());

		List<Verdict> both = List.of(next(), next());
		assertThat(both).extracting(Verdict::outcome).containsExactlyInAnyOrder(Outcome.DEPLOYED, Outcome.ROLLED_BACK);
		assertThat(running("acme.jar")).isEqualTo(good);
	}

	@ParameterizedTest
	@ValueSource(strings = {"interrupts", "interrupts and throws", "fails"})
	void what_leaves_its_thread_interrupted_or_fails_with_an_error_is_rolled_back(String behaviour) throws Exception {
		watch();
		byte[] good = Jars.acme("1.0.0").build();
		drop("acme.jar", good);
		next(Outcome.DEPLOYED);

		drop("acme.jar", Jars.acme("2.0.0").with("Test-Behaviour", behaviour).build());
		Verdict verdict = next(Outcome.ROLLED_BACK);
		assertThat(verdict.rule()).isEqualTo(Rule.NOT_STARTED);
		assertThat(verdict.why()).endsWith("; version 1.0.0 runs again");
		assertThat(running("acme.jar")).isEqualTo(good);
		drop("other.jar", Jars.acme("1.0.0").named("com.other").types("other").with("Test-Behaviour", behaviour).build());
		assertThat(next(Outcome.ROLLED_BACK).why()).endsWith("; nothing ran before, so it is uninstalled");
		assertThat(platform.bundles).hasSize(1);
	}

	@Test
	void what_ignores_interruption_costs_nobody_else_and_is_rolled_back_when_it_returns() throws Exception {
		options = options.withStart(Duration.ofMillis(200));
		watch();
		for (int i = 0; i < 5; i++) {
			drop("deaf" + i + ".jar", Jars.acme("1.0.0").named("com.deaf" + i).types("deaf" + i).with("Test-Behaviour", "deaf").build());
		}
		for (int i = 0; i < 5; i++) {
			Verdict verdict = next(Outcome.REFUSED);
			assertThat(verdict.rule()).isEqualTo(Rule.NOT_STARTED);
		}
		drop("acme.jar", Jars.acme("1.0.0").build());
		assertThat(next(Outcome.DEPLOYED).file()).isEqualTo("acme.jar");

		platform.release.countDown();
		for (int i = 0; i < 5; i++) {
			next(Outcome.DEPLOYED);
		}
	}

	@Test
	void what_was_rolled_back_is_tried_again_when_somebody_copies_it_again() throws Exception {
		watch();
		byte[] bad = Jars.acme("2.0.0").with("Test-Behaviour", "throws").build();
		drop("acme.jar", bad);
		next(Outcome.ROLLED_BACK);

		drop("acme.jar", bad);

		next(Outcome.ROLLED_BACK);
		assertThat(platform.deeds).containsExactly("install 2.0.0", "remove", "install 2.0.0", "remove");
	}

	// ---- neighbours

	@Test
	void what_waits_for_a_package_is_looked_at_again_when_others_came() throws Exception {
		watch();
		drop("acme.jar", Jars.acme("1.0.0").with("Import-Package", "com.library").build());
		assertThat(next(Outcome.REFUSED).rule()).isEqualTo(Rule.UNRESOLVED);

		platform.packages.add("com.library");
		drop("library.jar", Jars.acme("1.0.0").named("com.library").without("Provide-Capability").build());

		assertThat(List.of(next(Outcome.DEPLOYED).file(), next(Outcome.DEPLOYED).file())).containsExactly("library.jar", "acme.jar");
	}

	@Test
	void a_bundle_comes_from_one_file_and_from_the_other_when_that_is_gone() throws Exception {
		watch();
		drop("acme-1.jar", Jars.acme("1.0.0").build());
		next(Outcome.DEPLOYED);
		drop("acme-2.jar", Jars.acme("2.0.0").build());
		Verdict refused = next(Outcome.REFUSED);
		assertThat(refused.rule()).isEqualTo(Rule.NAME_TAKEN);
		assertThat(refused.why()).contains("acme-1.jar");

		Files.delete(folder.resolve("acme-1.jar"));

		next(Outcome.UNDEPLOYED);
		assertThat(next(Outcome.DEPLOYED).version()).isEqualTo("2.0.0");
	}

	@Test
	void two_files_with_one_type_at_once_are_not_both_let_in() throws Exception {
		drop("one.jar", Jars.acme("1.0.0").named("com.one").build());
		drop("two.jar", Jars.acme("1.0.0").named("com.two").build());
		watch();

		List<Verdict> both = List.of(next(), next());

		assertThat(both).extracting(Verdict::outcome).containsExactlyInAnyOrder(Outcome.DEPLOYED, Outcome.REFUSED);
		assertThat(platform.bundles).hasSize(1);
	}

	@Test
	void who_was_not_trusted_is_looked_at_again_when_the_trust_file_changes() throws Exception {
		options = options.withSignatures(Signatures.ENFORCE);
		Keys acme = Keys.of("acme", "-1d", 30);
		watch();
		drop("acme.jar", acme.sign(Jars.acme("1.0.0").build()));
		assertThat(next(Outcome.REFUSED).rule()).isEqualTo(Rule.UNTRUSTED);

		zone.trust().add("acme", acme.keyPin(), Set.of("acme"));

		assertThat(next(Outcome.DEPLOYED).signers()).singleElement().extracting(Verdict.Signer::trustedAs).isEqualTo("acme");
		assertThat(zone.deployed().get(0).signers()).containsExactly("acme");
	}

	// ---- older ones

	@Test
	void an_older_version_is_refused_unless_it_is_rolled_back_to() throws Exception {
		watch();
		byte[] first = Jars.acme("1.0.0").build();
		byte[] second = Jars.acme("2.0.0").build();
		drop("acme.jar", first);
		next(Outcome.DEPLOYED);
		drop("acme.jar", second);
		next(Outcome.DEPLOYED);

		drop("acme.jar", first);
		assertThat(next(Outcome.REFUSED).rule()).isEqualTo(Rule.OLDER);
		assertThat(running("acme.jar")).isEqualTo(second);

		Verdict back = result(zone.rollback("com.acme.transport"));
		assertThat(back.outcome()).isEqualTo(Outcome.DEPLOYED);
		assertThat(back.version()).isEqualTo("1.0.0");
		assertThat(running("acme.jar")).isEqualTo(first);
		assertThat(Files.readAllBytes(folder.resolve("acme.jar"))).isEqualTo(first);
		assertThat(result(zone.rollback("com.acme.transport")).version()).isEqualTo("2.0.0");
	}

	@Test
	void there_is_nothing_to_roll_back_to_at_first() throws Exception {
		watch();
		drop("acme.jar", Jars.acme("1.0.0").build());
		next(Outcome.DEPLOYED);

		assertThatThrownBy(() -> result(zone.rollback("com.acme.transport"))).hasCauseInstanceOf(IllegalArgumentException.class)
				.hasMessageContaining("nothing ran before com.acme.transport 1.0.0");
		assertThatThrownBy(() -> result(zone.undeploy("com.nobody"))).hasCauseInstanceOf(IllegalArgumentException.class)
				.hasMessageContaining("[com.acme.transport]");
	}

	static List<Throwable> defects() {
		return List.of(new StackOverflowError(), new IllegalArgumentException("unclosed"), new OutOfMemoryError("made up"));
	}

	@ParameterizedTest
	@MethodSource("defects")
	void a_jar_over_which_the_gate_stumbles_is_refused_and_costs_no_other(Throwable defect) throws Exception {
		platform.defects.put("com.odd", defect);
		byte[] odd = Jars.acme("1.0.0").named("com.odd").types("odd").with("Import-Package", "com.odd").build();
		watch();
		drop("a-odd.jar", odd);
		Verdict refused = next(Outcome.REFUSED);
		assertThat(refused.rule()).isEqualTo(Rule.UNREADABLE);
		assertThat(refused.why()).contains(defect.getClass().getSimpleName());
		assertThat(refused.hash()).isNotEmpty();

		drop("b-acme.jar", Jars.acme("1.0.0").build());
		assertThat(next(Outcome.DEPLOYED).file()).isEqualTo("b-acme.jar");
		Path asked = Files.write(temporary.resolve("a-odd.jar"), odd);
		assertThat(zone.check(asked).rule()).isEqualTo(Rule.UNREADABLE);
		assertThat(result(zone.deploy(asked)).rule()).isEqualTo(Rule.UNREADABLE);
		drop("c-last.jar", Jars.acme("1.0.0").named("com.last").types("last").build());
		assertThat(next(Outcome.DEPLOYED).file()).isEqualTo("c-last.jar");
	}

	@Test
	void a_listener_that_fails_with_an_error_costs_no_later_look() throws Exception {
		watch();
		zone.listen(verdict -> {
			throw new StackOverflowError("a listener's own");
		});
		assertThat(result(zone.deploy(Files.write(temporary.resolve("acme.jar"), Jars.acme("1.0.0").build()))).outcome()).isEqualTo(Outcome.DEPLOYED);
		drop("other.jar", Jars.acme("1.0.0").named("com.other").types("other").build());
		assertThat(List.of(next().file(), next().file())).containsExactly("acme.jar", "other.jar");
	}

	/** In a process of its own, since it is the locale that a process begins with. */
	@Test
	void a_name_that_the_locale_does_not_have_costs_no_other_file() throws Exception {
		byte[] odd = Jars.acme("1.0.0").named("com.odd").types("odd").build();
		Path made = Files.write(temporary.resolve("odd"), odd);
		drop("acme.jar", Jars.acme("1.0.0").build());
		ended(new ProcessBuilder("sh", "-c", "cp \"$1\" \"$2/$(printf 'a\\303\\251.jar')\"", "sh", made.toString(), folder.toString()));

		ProcessBuilder builder = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
				System.getProperty("java.class.path"), OneLook.class.getName(), folder.toString());
		builder.environment().put("LC_ALL", "C");

		assertThat(ended(builder)).contains(".jar REFUSED NOT_A_FILE").contains("acme.jar DEPLOYED NONE");
	}

	private String ended(ProcessBuilder builder) throws Exception {
		Path said = temporary.resolve("said");
		Process process = builder.redirectErrorStream(true).redirectOutput(said.toFile()).start();
		try {
			assertThat(process.waitFor(2 * SECONDS, TimeUnit.SECONDS)).isTrue();
			String text = Files.readString(said, StandardCharsets.ISO_8859_1);
			assertThat(process.exitValue()).as(text).isZero();
			return text;
		} finally {
			process.destroyForcibly();
		}
	}

	/** Says what comes of the two files in a folder. */
	static final class OneLook {

		private OneLook() {
		}

		public static void main(String[] args) throws Exception {
			BlockingQueue<Verdict> heard = new LinkedBlockingQueue<>();
			Path folder = Path.of(args[0]);
			Zone zone = new Zone(Folder.of(folder), DropZoneOptions.defaults().withSignatures(Signatures.WARN), Store.open(folder, Files::newOutputStream),
					new FakePlatform(), Clock.systemUTC(), heard::add, () -> { });
			zone.start();
			for (int i = 0; i < 2; i++) {
				Verdict verdict = heard.poll(SECONDS, TimeUnit.SECONDS);
				System.out.println(verdict.file() + " " + verdict.outcome() + " " + verdict.rule());
			}
			zone.close();
		}
	}

	// ---- asked for

	@Test
	void deploy_completes_with_what_came_of_it() throws Exception {
		watch();
		Path good = Files.write(temporary.resolve("acme.jar"), Jars.acme("1.0.0").build());
		assertThat(zone.check(good).outcome()).isEqualTo(Outcome.ACCEPTED);
		assertThat(platform.deeds).isEmpty();

		assertThat(result(zone.deploy(good)).outcome()).isEqualTo(Outcome.DEPLOYED);
		assertThat(result(zone.deploy(good)).why()).isEqualTo("these bytes run already");
		Files.write(good, Jars.acme("2.0.0").with("Test-Behaviour", "throws").build());
		assertThat(result(zone.deploy(good)).outcome()).isEqualTo(Outcome.ROLLED_BACK);
		Files.write(good, Jars.bytes("no jar"));
		assertThat(result(zone.deploy(good)).rule()).isEqualTo(Rule.DAMAGED);
		assertThat(result(zone.undeploy("com.acme.transport")).outcome()).isEqualTo(Outcome.UNDEPLOYED);
		assertThat(folder.resolve("acme.jar")).doesNotExist();
		assertThat(platform.deeds).containsExactly("install 1.0.0", "update 2.0.0", "update 1.0.0", "remove");
	}

	@Test
	void a_closed_zone_takes_no_more_and_lets_run_what_runs() throws Exception {
		watch();
		drop("acme.jar", Jars.acme("1.0.0").build());
		next(Outcome.DEPLOYED);
		zone.close();

		ExecutionException failure = catchThrowableOfType(ExecutionException.class, () -> result(zone.undeploy("com.acme.transport")));
		assertThat(((DropZoneException) failure.getCause()).code()).isEqualTo(Code.CLOSED);
		assertThat(zone.check(folder.resolve("acme.jar")).outcome()).isEqualTo(Outcome.REFUSED);
		assertThat(running("acme.jar")).isNotNull();
	}

	@Test
	void a_listener_that_throws_costs_the_next_one_nothing() throws Exception {
		watch();
		BlockingQueue<Verdict> heard = new LinkedBlockingQueue<>();
		zone.listen(verdict -> {
			throw new IllegalStateException("a listener's own");
		});
		zone.listen(heard::add);
		drop("acme.jar", Jars.acme("1.0.0").build());

		assertThat(heard.poll(SECONDS, TimeUnit.SECONDS)).isNotNull();
	}

	// ---- after a restart

	@Test
	void a_restart_finds_the_same_state() throws Exception {
		watch();
		byte[] first = Jars.acme("1.0.0").build();
		drop("acme.jar", first);
		next(Outcome.DEPLOYED);
		drop("acme.jar", Jars.acme("2.0.0").with("Test-Behaviour", "throws").build());
		next(Outcome.ROLLED_BACK);
		zone.close();
		platform.bundles.clear(); // a framework that begins empty
		platform.deeds.clear();

		watch();

		assertThat(next(Outcome.DEPLOYED).why()).isEqualTo("as before the restart");
		assertThat(running("acme.jar")).isEqualTo(first);
		result(zone.deploy(Files.write(temporary.resolve("other.jar"), Jars.acme("1.0.0").named("com.other").types("other").build())));
		assertThat(platform.deeds).as("what was rolled back is not tried again").containsExactly("install 1.0.0", "install 1.0.0");
		assertThat(zone.deployed()).hasSize(2);
	}

	@Test
	void a_framework_that_kept_its_bundles_gets_no_second_ones() throws Exception {
		watch();
		drop("acme.jar", Jars.acme("1.0.0").build());
		next(Outcome.DEPLOYED);
		zone.close();
		platform.bundles.put(Zone.locationOf(zone.folder(), "forgotten.jar"), Jars.acme("1.0.0").build());
		platform.bundles.put("elsewhere", Jars.acme("1.0.0").named("com.elsewhere").build());

		watch();

		next(Outcome.DEPLOYED);
		await("what nobody knows is gone", () -> running("forgotten.jar") == null);
		assertThat(platform.bundles.keySet()).containsExactlyInAnyOrder(Zone.locationOf(zone.folder(), "acme.jar"), "elsewhere");
	}

	@Test
	void what_changed_while_nobody_watched_is_noticed() throws Exception {
		watch();
		drop("acme.jar", Jars.acme("1.0.0").build());
		next(Outcome.DEPLOYED);
		drop("gone.jar", Jars.acme("1.0.0").named("com.gone").types("gone").build());
		next(Outcome.DEPLOYED);
		zone.close();
		platform.bundles.clear();
		drop("acme.jar", Jars.acme("2.0.0").build());
		Files.delete(folder.resolve("gone.jar"));

		watch();

		List<String> said = new ArrayList<>();
		for (int i = 0; i < 3; i++) {
			Verdict verdict = next();
			said.add(verdict.outcome() + " " + verdict.file() + " " + verdict.version());
		}
		assertThat(said).containsExactlyInAnyOrder("UNDEPLOYED gone.jar 1.0.0", "DEPLOYED acme.jar 1.0.0", "DEPLOYED acme.jar 2.0.0");
		assertThat(said.indexOf("DEPLOYED acme.jar 1.0.0")).isLessThan(said.indexOf("DEPLOYED acme.jar 2.0.0"));
		assertThat(zone.deployed().get(0).previousVersion()).isEqualTo("1.0.0");
	}

	@Test
	void a_state_that_is_not_understood_is_put_aside() throws Exception {
		watch();
		drop("acme.jar", Jars.acme("1.0.0").build());
		next(Outcome.DEPLOYED);
		zone.close();
		Files.writeString(folder.resolve(".state/state.json"), "{\"files\":[{\"file\":\"../../x.jar\"}]}");

		watch();

		assertThat(next(Outcome.DEPLOYED).why()).isEmpty();
		assertThat(folder.resolve(".state/state.json.bad")).exists();
	}

	@Test
	void a_private_copy_that_was_altered_does_not_run_and_the_file_is_read_anew() throws Exception {
		watch();
		byte[] jar = Jars.acme("1.0.0").build();
		drop("acme.jar", jar);
		Verdict deployed = next(Outcome.DEPLOYED);
		zone.close();
		platform.bundles.clear();
		Files.write(folder.resolve(".state/copies/" + deployed.hash() + ".jar"), Jars.acme("1.0.0").entry("evil.class").build());

		watch();

		assertThat(next(Outcome.REFUSED).rule()).isEqualTo(Rule.UNREADABLE);
		next(Outcome.DEPLOYED);
		assertThat(running("acme.jar")).isEqualTo(jar);
	}

	@Test
	void what_cannot_run_after_a_restart_is_kept_with_what_ran_before_it_and_runs_when_it_can() throws Exception {
		platform.packages.add("extra");
		watch();
		drop("acme.jar", Jars.acme("1.0.0").build());
		next(Outcome.DEPLOYED);
		byte[] second = Jars.acme("2.0.0").with("Import-Package", "extra").build();
		drop("acme.jar", second);
		next(Outcome.DEPLOYED);
		for (int restart = 0; restart < 2; restart++) {
			zone.close();
			platform.bundles.clear();
			platform.packages.remove("extra");
			watch();
			assertThat(next(Outcome.REFUSED).rule()).isEqualTo(Rule.UNRESOLVED);
			assertThat(running("acme.jar")).isNull();
			assertThat(zone.deployed()).isEmpty();
			awaitCopies(2);
		}

		platform.packages.add("extra");
		drop("other.jar", Jars.acme("1.0.0").named("com.other").types("other").build());

		assertThat(next(Outcome.DEPLOYED).file()).isEqualTo("other.jar");
		assertThat(next(Outcome.DEPLOYED).why()).isEqualTo("it ran before");
		assertThat(running("acme.jar")).isEqualTo(second);
		assertThat(result(zone.rollback("com.acme.transport")).version()).isEqualTo("1.0.0");
	}

	@Test
	void what_cannot_run_after_a_restart_gives_way_to_other_bytes_and_goes_with_its_file() throws Exception {
		platform.packages.add("extra");
		watch();
		drop("acme.jar", Jars.acme("1.0.0").with("Import-Package", "extra").build());
		next(Outcome.DEPLOYED);
		drop("gone.jar", Jars.acme("1.0.0").named("com.gone").types("gone").with("Import-Package", "extra").build());
		next(Outcome.DEPLOYED);
		zone.close();
		platform.bundles.clear();
		platform.packages.remove("extra");
		watch();
		next(Outcome.REFUSED);
		next(Outcome.REFUSED);

		drop("acme.jar", Jars.acme("2.0.0").build());
		assertThat(next(Outcome.DEPLOYED).version()).isEqualTo("2.0.0");
		assertThat(zone.deployed().get(0).previousVersion()).isEqualTo("1.0.0");
		awaitCopies(3);
		Files.delete(folder.resolve("gone.jar"));
		awaitCopies(2);
	}

	@Test
	void bytes_that_end_the_process_as_they_start_are_begun_twice_and_not_again_until_they_are_touched() throws Exception {
		options = options.withStart(Duration.ofMinutes(5));
		List<Zone> ended = new ArrayList<>();
		try {
			watch();
			drop("acme.jar", Jars.acme("1.0.0").build());
			next(Outcome.DEPLOYED);
			drop("acme.jar", Jars.acme("2.0.0").with("Test-Behaviour", "hangs").build());
			drop("new.jar", Jars.acme("1.0.0").named("com.new").types("new").with("Test-Behaviour", "hangs").build());
			awaitDeed("update 2.0.0", 1);
			awaitDeed("install 1.0.0", 2);
			for (int process = 2; process <= 3; process++) {
				ended.add(zone);
				folder = copyOfFolder("process-" + process); // what is on the disk at the end
				watch();
				if (process == 2) {
					assertThat(next(Outcome.DEPLOYED).why()).isEqualTo("as before the restart");
					awaitDeed("update 2.0.0", 2);
					awaitDeed("install 1.0.0", 4);
				}
			}

			assertThat(List.of(next(), next(), next())).extracting(verdict -> verdict.file() + " " + verdict.outcome() + " " + verdict.rule())
					.containsExactlyInAnyOrder("acme.jar DEPLOYED NONE", "acme.jar REFUSED NOT_STARTED", "new.jar REFUSED NOT_STARTED");
			assertThat(zone.deployed()).extracting(Deployed::version).containsExactly("1.0.0");
			Files.setLastModifiedTime(folder.resolve("acme.jar"), FileTime.fromMillis(1_700_000_000_000L));
			awaitDeed("update 2.0.0", 3);
		} finally {
			platform.release.countDown();
			ended.forEach(Zone::close);
		}
	}

	private void awaitDeed(String deed, int times) {
		long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
		while (platform.deeds.stream().filter(deed::equals).count() < times) {
			assertThat(System.nanoTime()).as("%d times '%s' in %s", times, deed, platform.deeds).isLessThan(end);
			LockSupport.parkNanos(1_000_000);
		}
	}

	private static void await(String what, BooleanSupplier condition) {
		long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
		while (!condition.getAsBoolean()) {
			assertThat(System.nanoTime()).as(what).isLessThan(end);
			LockSupport.parkNanos(1_000_000);
		}
	}

	private void awaitCopies(int number) throws IOException {
		long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
		while (copies().stream().filter(name -> name.endsWith(".jar")).count() != number) {
			assertThat(System.nanoTime()).as("%d copies, not %s", number, copies()).isLessThan(end);
			LockSupport.parkNanos(1_000_000);
		}
	}

	private Path copyOfFolder(String name) throws IOException {
		Path copy = temporary.resolve(name);
		try (Stream<Path> files = Files.walk(folder)) {
			for (Path file : (Iterable<Path>) files::iterator) {
				Files.copy(file, copy.resolve(folder.relativize(file).toString()), StandardCopyOption.COPY_ATTRIBUTES);
			}
		}
		return copy;
	}

	// ---- trouble with the disk and the folder

	@Test
	void a_full_disk_refuses_what_comes_and_takes_it_when_there_is_room() throws Exception {
		watch();
		drop("first.jar", Jars.acme("1.0.0").named("com.first").types("first").build());
		next(Outcome.DEPLOYED);
		writer = file -> new OutputStream() {
			@Override
			public void write(int b) throws IOException {
				throw new IOException("No space left on device");
			}
		};
		drop("acme.jar", Jars.acme("1.0.0").build());
		Verdict refused = next(Outcome.REFUSED);
		assertThat(refused.rule()).isEqualTo(Rule.UNREADABLE);
		assertThat(refused.why()).contains("No space left on device");
		assertThat(zone.deployed()).hasSize(1);

		writer = Files::newOutputStream;

		assertThat(next(Outcome.DEPLOYED).file()).isEqualTo("acme.jar");
	}

	@Test
	void a_folder_that_goes_or_that_others_can_write_to_takes_nothing_down() throws Exception {
		watch();
		drop("acme.jar", Jars.acme("1.0.0").build());
		next(Outcome.DEPLOYED);

		Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
		drop("evil.jar", Jars.acme("1.0.0").named("com.evil").types("evil").build());
		zone.check(folder.resolve("evil.jar")); // at least one look is over
		zone.check(folder.resolve("evil.jar"));
		Files.delete(folder.resolve("evil.jar"));
		Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
		Files.move(folder, temporary.resolve("moved"));
		Files.createDirectory(folder);
		zone.check(folder.resolve("acme.jar"));
		assertThat(platform.deeds).containsExactly("install 1.0.0");

		Files.delete(folder);
		Files.move(temporary.resolve("moved"), folder);
		drop("other.jar", Jars.acme("1.0.0").named("com.other").types("other").build());
		assertThat(next(Outcome.DEPLOYED).file()).isEqualTo("other.jar");
	}

	@Test
	void a_folder_that_is_not_ours_alone_is_not_watched() throws Exception {
		Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwx---"));
		assertThat(catchThrowableOfType(DropZoneException.class, this::watch)).hasMessageContaining("chmod go-w " + folder)
				.extracting(DropZoneException::code).isEqualTo(Code.FOLDER_UNSAFE);
		Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
		Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwxrwxrwx"));
		assertThat(catchThrowableOfType(DropZoneException.class, this::watch)).hasMessageContaining("it is above " + folder);
		Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwx------"));
		assertThat(catchThrowableOfType(DropZoneException.class, () -> Folder.of(folder.resolve("none")))).hasMessageContaining("no folder");
		assertThat(catchThrowableOfType(DropZoneException.class, () -> Folder.of(Files.createFile(folder.resolve("file"))))).hasMessageContaining("not a folder");
	}

	@Test
	void two_do_not_watch_one_folder() throws Exception {
		watch();

		assertThat(catchThrowableOfType(DropZoneException.class, () -> Store.open(folder, Files::newOutputStream)).code()).isEqualTo(Code.IN_USE);
		zone.close();
		watch();
	}
}
