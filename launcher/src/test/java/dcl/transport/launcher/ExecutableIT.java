package dcl.transport.launcher;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;

import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SpecVersion;
import dcl.transport.launcher.acme.AcmeProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** The executable jar, as a process. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class ExecutableIT {

	private static final long SECONDS = 60;
	private static final Path SCRIPT = Path.of("/usr/bin/script");
	private static final int END_OF_TRANSMISSION = 4;
	/** From this version on Java warns of Felix and protobuf on standard error, unless it is told that this is known. */
	private static final int UNSAFE_WARNS = 23;
	private static final JsonSchemaFactory SCHEMAS = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012);

	@TempDir
	private Path temporary;
	private final List<Running> started = new ArrayList<>();

	@AfterEach
	void end() throws Exception {
		for (Running running : started) {
			running.process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
		}
	}

	private Running comms(String... args) throws IOException {
		return comms("warn", args);
	}

	/** Who is started in the background of a shell ignores SIGINT, and whom it starts does so too; what stands before a command to undo that. */
	private static List<String> interruptible() throws IOException {
		Path status = Path.of("/proc/self/status");
		if (Files.isReadable(status)) {
			for (String line : Files.readAllLines(status)) {
				if (line.startsWith("SigIgn:") && (Long.parseUnsignedLong(line.substring(7).strip(), 16) >> 1 & 1) != 0) {
					return List.of("env", "--default-signal=INT");
				}
			}
		}
		return List.of();
	}

	private Running comms(String logLevel, String[] args) throws IOException {
		String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
		List<String> command = new ArrayList<>(interruptible());
		Collections.addAll(command, java, "-XX:TieredStopAtLevel=1",
				"-Djava.io.tmpdir=" + temporary, "-Dorg.slf4j.simpleLogger.defaultLogLevel=" + logLevel);
		if (Runtime.version().feature() >= UNSAFE_WARNS) {
			command.add("--sun-misc-unsafe-memory-access=allow");
		}
		command.add("-jar");
		command.add(System.getProperty("executable.jar"));
		Collections.addAll(command, args);
		Running running = new Running(new ProcessBuilder(command).start());
		started.add(running);
		return running;
	}

	private void assertNothingLeft() throws IOException {
		try (Stream<Path> files = Files.list(temporary)) {
			assertThat(files.filter(file -> !file.getFileName().toString().startsWith("hsperfdata"))).isEmpty();
		}
	}

	private static void assertValid(String schema, List<String> lines) {
		JsonSchema validator = SCHEMAS.getSchema(SchemaLocation.of(Path.of("../transport.cli/schemas", schema + ".json").toUri().toString()));
		assertThat(lines).isNotEmpty().allSatisfy(line -> assertThat(validator.validate(line, InputFormat.JSON)).as(line).isEmpty());
	}

	@Test
	void the_demo_is_a_room_where_two_meet_talk_and_see_each_other_leave() throws Exception {
		Running demo = comms("demo", "--json");

		assertThat(demo.exit()).as(demo.err).isZero();
		assertValid("demo", demo.lines);
		assertThat(demo.lines.stream().map(line -> line.replaceAll("\\{\"event\":\"(\\w+)\".*", "$1")).distinct())
				.containsExactlyInAnyOrder("listening", "connecting", "connected", "joined", "sent", "received", "left", "disconnected");
		assertThat(demo.lines.stream().filter(line -> line.contains("\"left\""))
				.map(line -> line.replaceAll(".*\"self\":\"(\\w+)\".*", "$1")).distinct())
				.as("who saw somebody leave").hasSize(2);
		assertThat(demo.err).isEmpty();
		assertNothingLeft();
	}

	@Test
	void people_can_read_the_demo() throws Exception {
		Running demo = comms("demo");

		assertThat(demo.exit()).as(demo.err).isZero();
		assertThat(demo.lines.get(0)).startsWith("rooms are at ws://127.0.0.1:");
		assertThat(demo.lines).anyMatch(line -> line.matches("0x[0-9a-f]{4}…[0-9a-f]{4}  hears 0x[0-9a-f]{4}…[0-9a-f]{4}: Hello!.*"));
		assertNothingLeft();
	}

	@Test
	void providers_and_resolve_speak_of_the_bundles_of_the_run_file() throws Exception {
		Running providers = comms("providers", "--json");
		Running resolve = comms("resolve", "ws-room:wss://h.example/rooms/secret", "--json");

		assertThat(providers.exit()).as(providers.err).isZero();
		assertValid("providers", providers.lines);
		assertThat(providers.lines).anyMatch(line -> line.contains("\"type\":\"offline\""))
				.anyMatch(line -> line.contains("\"dcl.transport.wsroom\""));
		assertThat(resolve.exit()).as(resolve.err).isZero();
		assertValid("resolve", resolve.lines);
		assertThat(resolve.lines.toString()).doesNotContain("secret");
		assertNothingLeft();
	}

	@ParameterizedTest
	@CsvSource({"2, dance", "2, connect --loud offline:x", "3, connect nothing:x --json", "3, connect ws-room:// --json",
			"4, connect ws-room:ws://127.0.0.1:1/rooms/x --guest --json",
			"0, connect offline:x --json", "0, --help"})
	void the_exit_code_is_the_process_s(int code, String args) throws Exception {
		Running running = comms(args.split(" "));
		running.process.getOutputStream().close();

		assertThat(running.exit()).as(running.err).isEqualTo(code);
		if (args.endsWith("--json")) {
			assertValid("connect", running.lines);
		}
		assertNothingLeft();
	}

	@Test
	@DisabledOnOs(OS.WINDOWS) // no signals there
	void people_in_a_room_hear_each_other_until_they_are_interrupted() throws Exception {
		Running room = comms("room", "--json");
		String listening = room.await("listening");
		String url = listening.replaceAll(".*\"url\":\"([^\"]+)\".*", "$1");
		String login = listening.replaceAll(".*\"login\":\"([^\"]+)\".*", "$1");
		Running first = comms("connect", "ws-room:" + url + "plaza", "--guest", "--json");
		first.await("\"connected\"");
		Running second = comms("connect", "signed-login:" + login + "plaza", "--guest"); // one room, two ways in
		first.await("\"joined\"");

		second.type("hello from the other side");
		first.await("hello from the other side");
		first.type("{\"send\":\"chat\",\"message\":\"and back\"}");
		second.await(": and back");
		first.type("{\"send\":\"movement\",\"packet\":{\"position_x\":1}}");
		second.await(": movement");
		second.process.getOutputStream().close();

		assertThat(second.exit()).as(second.err).isZero();
		first.await("\"left\"");
		first.signal("INT");
		assertThat(first.exit()).as(first.err).isEqualTo(130);
		assertThat(first.lines).last().asString().contains("\"disconnected\"").contains("\"CLIENT\"");
		room.await("\"left\"");
		room.signal("TERM");
		assertThat(room.exit()).as(room.err).isEqualTo(143);
		assertValid("connect", first.lines);
		assertValid("room", room.lines);
		assertThat(room.lines).anyMatch(line -> line.contains("\"joined\"") && line.contains("\"room\":\"plaza\""));
		assertNothingLeft();
	}

	@Test
	@DisabledOnOs(OS.WINDOWS)
	void a_room_is_probed_and_filled_with_bots() throws Exception {
		Running room = comms("room", "--capacity", "10", "--json");
		String listening = room.await("listening");
		String url = listening.replaceAll(".*\"url\":\"([^\"]+)\".*", "$1");
		String login = listening.replaceAll(".*\"login\":\"([^\"]+)\".*", "$1");
		Running direct = comms("probe", "ws-room:" + url + "plaza", "--json");
		Running signed = comms("probe", "signed-login:" + login + "plaza", "--json");
		Running nowhere = comms("probe", "ws-room:ws://127.0.0.1:1/rooms/S3cr3t", "--json");
		Running bots = comms("bots", "ws-room:" + url + "field", "--count", "8", "--for", "2s", "--reliable", "100", "--json");

		assertThat(direct.exit()).as(direct.err + direct.lines).isZero();
		assertThat(steps(direct)).containsExactly("resolve", "dns", "tcp", "upgrade", "challenge", "sign", "welcome");
		assertThat(signed.exit()).as(signed.err + signed.lines).isZero();
		assertThat(steps(signed)).startsWith("resolve").containsSubsequence("request", "resolve", "tcp", "upgrade", "welcome").endsWith("welcome");
		assertThat(nowhere.exit()).as(nowhere.err).isEqualTo(4);
		assertThat(nowhere.lines).last().asString().contains("\"tcp\"", "Nothing listens").doesNotContain("S3cr3t");
		for (Running probe : List.of(direct, signed, nowhere)) {
			assertValid("probe", probe.lines);
		}
		assertThat(bots.exit()).as(bots.err + bots.lines).isZero();
		assertValid("bots", bots.lines);
		assertThat(bots.lines).last().asString().contains("\"connected\":8", "\"sent\":160", "\"received\":1120", "\"lost\":0");
		assertThat(bots.err).isEmpty();
		room.signal("INT");
		assertThat(room.exit()).isEqualTo(130);
		assertNothingLeft();
	}

	private static List<String> steps(Running probe) {
		return probe.lines.stream().map(line -> line.replaceAll("\\{\"step\":\"(\\w+)\".*", "$1")).toList();
	}

	@Test
	@DisabledOnOs(OS.WINDOWS)
	void what_was_recorded_is_played_back(@TempDir Path recordings) throws Exception {
		Running room = comms("room", "--json");
		String url = room.await("listening").replaceAll(".*\"url\":\"([^\"]+)\".*", "$1");
		Path file = recordings.resolve("plaza.jsonl");
		Running live = comms("connect", "ws-room:" + url + "plaza", "--guest", "--json", "--record", file.toString());
		live.await("\"connected\"");
		Running other = comms("connect", "ws-room:" + url + "plaza", "--guest");
		live.await("\"joined\"");
		other.type("is this on?");
		String heard = live.await("is this on?");
		live.process.getOutputStream().close();
		assertThat(live.exit()).as(live.err).isZero();
		room.signal("INT");
		other.signal("INT");

		Running played = comms("connect", "simulator:file:" + file, "--json");
		assertThat(withoutTime(played.await("is this on?"))).isEqualTo(withoutTime(heard));
		played.process.getOutputStream().close();
		assertThat(played.exit()).as(played.err).isZero();
		assertValid("connect", played.lines);
		assertThat(Files.getPosixFilePermissions(file)).hasSize(2);
		assertThat(List.of(room.exit(), other.exit())).containsOnly(130);
		assertNothingLeft();
	}

	/** Writes a bundle with a provider of the type {@code acme}. */
	private static Path acme(Path file, String version) throws IOException {
		Manifest manifest = new Manifest();
		Attributes headers = manifest.getMainAttributes();
		headers.put(Attributes.Name.MANIFEST_VERSION, "1.0");
		headers.putValue("Bundle-ManifestVersion", "2");
		headers.putValue("Bundle-SymbolicName", "com.acme.transport");
		headers.putValue("Bundle-Version", version);
		headers.putValue("Bundle-Activator", AcmeProvider.class.getName());
		headers.putValue("Import-Package", "org.osgi.framework;version=\"[1.8,2)\",dcl.transport;version=\"[1.0,2)\",dcl.transport.spi;version=\"[1.0,2)\"");
		headers.putValue("Provide-Capability", "dcl.transport;dcl.transport:List<String>=acme;version:Version=\"1.0.0\"");
		String name = AcmeProvider.class.getName().replace('.', '/') + ".class";
		try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(file), manifest);
				InputStream in = AcmeProvider.class.getResourceAsStream("/" + name)) {
			out.putNextEntry(new JarEntry(name));
			in.transferTo(out);
		}
		return file;
	}

	/** A folder that nobody else can write to; the build's own may be one that a group can write to. */
	private static Path ownFolder() throws IOException {
		Path shared = Path.of("/tmp");
		return Files.isDirectory(shared) ? Files.createTempDirectory(shared, "comms-it") : Files.createTempDirectory("comms-it");
	}

	private static void deleteAll(Path folder) throws IOException {
		try (Stream<Path> files = Files.walk(folder)) {
			for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
				Files.delete(file);
			}
		}
	}

	@Test
	@DisabledOnOs(OS.WINDOWS)
	void a_host_that_is_killed_comes_back_with_what_was_deployed_and_nothing_twice() throws Exception {
		Path own = ownFolder();
		try {
			String folder = own.resolve("deploy").toString();
			Path jar = acme(own.resolve("acme.jar"), "1.0.0");
			Running nobody = comms("deploy", jar.toString(), "--to", folder, "--signatures", "warn", "--json");
			assertThat(nobody.exit()).as(nobody.err).isEqualTo(4);
			Running host = comms("run", "--deploy", folder, "--signatures", "warn", "--json");
			host.await("\"watching\"");
			Running deployed = comms("deploy", jar.toString(), "--to", folder, "--signatures", "warn", "--json");
			assertThat(deployed.exit()).as(deployed.err + deployed.lines).isZero();
			assertThat(deployed.lines).singleElement().asString().contains("\"deployed\"", "\"com.acme.transport\"", "\"1.0.0\"");

			for (int kills = 0; kills < 2; kills++) {
				host.process.destroyForcibly().waitFor(SECONDS, TimeUnit.SECONDS);
				host = comms("run", "--deploy", folder, "--signatures", "warn", "--json");
				host.await("as before the restart");
			}
			Path newer = acme(own.resolve("acme.jar"), "2.0.0");
			Running updated = comms("deploy", newer.toString(), "--to", folder, "--signatures", "warn", "--json");
			assertThat(updated.exit()).as(updated.err + updated.lines).isZero();
			Running back = comms("deploy", "--rollback", "com.acme.transport", "--to", folder, "--json");
			assertThat(back.exit()).as(back.err + back.lines).isZero();
			assertThat(back.lines).singleElement().asString().contains("\"deployed\"", "\"1.0.0\"");
			Running nothing = comms("deploy", "--rollback", "com.nobody", "--to", folder, "--json");
			assertThat(nothing.exit()).as(nothing.err).isEqualTo(9);
			assertThat(nothing.lines).singleElement().asString().contains("NOTHING_BEFORE", "com.acme.transport");
			host.signal("INT");
			assertThat(host.exit()).as(host.err).isEqualTo(130);

			assertThat(host.lines.stream().filter(line -> line.contains("\"deployed\"")).map(line -> line.replaceAll(".*\"version\":\"([^\"]+)\".*", "$1")))
					.containsExactly("1.0.0", "2.0.0", "1.0.0");
			assertValid("run", host.lines);
			for (Running command : List.of(nobody, deployed, updated, back, nothing)) {
				assertValid("deploy", command.lines);
			}
			assertValid("deploy", List.of(Files.readString(own.resolve("deploy/.state/acme.jar.json"))));
		} finally {
			deleteAll(own);
		}
	}

	@Test
	@DisabledOnOs(OS.WINDOWS)
	void the_jar_alone_takes_nothing_that_nobody_trusted_signed() throws Exception {
		Path own = ownFolder();
		try {
			Path jar = acme(own.resolve("acme.jar"), "1.0.0");
			Running dry = comms("deploy", jar.toString(), "--to", own.toString(), "--dry-run", "--json");
			Running host = comms("run", "--deploy", own.toString(), "--json"); // where the jar lies already

			assertThat(host.await("\"watching\"")).contains("\"enforce\"");
			assertThat(host.await("\"refused\"")).contains("\"UNTRUSTED\"", "it is not signed");
			assertThat(dry.exit()).as(dry.err).isEqualTo(9);
			assertThat(dry.lines).singleElement().asString().contains("\"refused\"", "\"UNTRUSTED\"");
			host.signal("INT");
			assertThat(host.exit()).as(host.err).isEqualTo(130);
			assertValid("run", host.lines);
			assertNothingLeft();
		} finally {
			deleteAll(own);
		}
	}

	private static String withoutTime(String event) {
		return event.replaceFirst("\"at\":\"[^\"]+\",", "");
	}

	@Test
	@DisabledOnOs(OS.WINDOWS)
	void a_signal_while_it_starts_leaves_nothing_either() throws Exception {
		Running room;
		try (WatchService watch = temporary.getFileSystem().newWatchService()) {
			temporary.register(watch, StandardWatchEventKinds.ENTRY_CREATE);
			room = comms("room");
			boolean there = false;
			while (!there) {
				WatchKey key = watch.poll(SECONDS, TimeUnit.SECONDS);
				assertThat(key).as(room.err).isNotNull();
				there = key.pollEvents().stream().anyMatch(event -> event.context().toString().startsWith("comms-"));
				key.reset();
			}
		}
		room.signal("INT");

		assertThat(room.exit()).as(room.err).isEqualTo(130);
		assertNothingLeft();
	}

	@ParameterizedTest
	@ValueSource(strings = {"ws-room:ws://127.0.0.1:1/rooms/S3cr3t?access_token=S3cr3t", "ws-room:ws://u:S3cr3t@127.0.0.1:1/rooms/x",
			"ws-room:ws://127.0.0.1:1/S3cr3t#S3cr3t", "S3cr3t",
			"nothing:wss://h.example?access_token=S3cr3t"})
	void nothing_that_is_printed_or_logged_holds_what_a_connection_string_holds(String uri) throws Exception {
		Running running = comms("trace", new String[] {"connect", uri, "--guest"});
		running.process.getOutputStream().close();

		assertThat(running.exit()).isBetween(3, 4);
		assertThat(running.err).contains("INFO dcl.transport.registry", "failed: ").doesNotContain("S3cr3t");
		assertThat(running.lines.toString()).doesNotContain("S3cr3t");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`', value = {
			"``                                    | Java is not installed, or JAVA_HOME is wrong: a JDK 17 or newer is needed",
			"echo 'openjdk version \"11.0.2\"' >&2 | is Java 11: 17 or newer is needed",
			"echo 'java version \"1.8.0_402\"' >&2 | is Java 8: 17 or newer is needed",
			"echo 'who knows' >&2                  | is Java of an unknown version: 17 or newer is needed"})
	@DisabledOnOs(OS.WINDOWS)
	void the_script_says_which_java_it_needs(String java, String message) throws Exception {
		Path home = Files.createDirectories(temporary.resolve("home/bin")).getParent();
		if (!java.isEmpty()) {
			Path program = Files.writeString(home.resolve("bin/java"), "#!/bin/sh\n" + java + "\n");
			assertThat(program.toFile().setExecutable(true)).isTrue();
		}
		ProcessBuilder script = new ProcessBuilder("sh", "../comms", "--version");
		script.environment().put("JAVA_HOME", home.toString());
		Running running = new Running(script.start());
		started.add(running);

		assertThat(running.exit()).isEqualTo(1);
		assertThat(running.err).startsWith("comms: ").contains(message);
	}

	@Test
	@DisabledOnOs(OS.WINDOWS)
	void the_shell_runs_a_script_and_listens_on_no_port() throws Exception {
		Running shell = comms("shell");
		shell.type("comms:providers");
		shell.await("dcl.transport.wsroom");
		shell.type("comms:open offline:secret-token");
		shell.await("CONNECTED");
		shell.type("(comms:list) size");
		shell.await("1");

		assertThat(listening(shell.process)).isEmpty();
		shell.type("comms:nonsense");
		shell.process.getOutputStream().close();
		assertThat(shell.exit()).as(shell.err).isEqualTo(1);
		assertThat(shell.err).contains("Command not found: comms:nonsense");
		assertThat(shell.lines.toString() + shell.err).doesNotContain("secret-token");
		assertNothingLeft();
	}

	@Test
	@DisabledOnOs(OS.WINDOWS)
	void a_script_that_ends_well_is_a_success_and_a_signal_ends_one_that_waits() throws Exception {
		Running good = comms("shell");
		good.type("comms:nonsense");
		good.type("comms:providers");
		good.process.getOutputStream().close();
		Running waits = comms("shell");
		waits.type("comms:open offline:x");
		waits.type("comms:watch 1");
		waits.await("CONNECTED");
		waits.signal("TERM");

		assertThat(good.exit()).as(good.err).isZero();
		assertThat(waits.exit()).as(waits.err).isEqualTo(143);
		assertNothingLeft();
	}

	@Test
	@DisabledOnOs(OS.WINDOWS)
	void the_shell_has_a_drop_zone_where_it_is_given_a_folder() throws Exception {
		Path folder = temporary.resolve("zone");
		Running with = comms("shell", "--deploy", folder.toString());
		with.type("comms:trust list");
		with.type("comms:deployed");
		with.process.getOutputStream().close();
		Running without = comms("shell");
		without.type("comms:deployed");
		without.process.getOutputStream().close();

		assertThat(with.exit()).as(with.err).isZero();
		assertThat(with.lines).containsExactly("nobody is trusted", "nothing came through the drop zone");
		assertThat(without.exit()).isEqualTo(1);
		assertThat(without.err).startsWith("comms: no drop zone is open here: start with comms shell --deploy <folder>");
		assertThat(folder.resolve(".state")).isDirectory();
	}

	@Test
	@EnabledOnOs(OS.LINUX)
	void on_a_terminal_the_shell_is_interactive_and_leaves_no_history_behind() throws Exception {
		assumeTrue(Files.isExecutable(SCRIPT), SCRIPT + ", which makes a terminal, is not installed");
		String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
		ProcessBuilder terminal = new ProcessBuilder(SCRIPT.toString(), "-qfec", java + " -XX:TieredStopAtLevel=1 -Djava.io.tmpdir=" + temporary + " -Duser.home=" + temporary
				+ " -jar " + System.getProperty("executable.jar") + " shell", "/dev/null");
		terminal.environment().put("TERM", "dumb");
		Running shell = new Running(terminal.start());
		started.add(shell);
		shell.await("Ctrl-D leaves");
		shell.type("providers");
		shell.await("dcl.transport.wsroom");
		shell.type("open offline:secret-token");
		shell.await("CONNECTED");
		shell.process.getOutputStream().write(END_OF_TRANSMISSION);
		shell.process.getOutputStream().flush();

		shell.await("stopping framework");
		assertThat(shell.exit()).as(shell.err + shell.lines).isZero();
		assertNothingLeft();
	}

	/** Returns the inodes of the TCP sockets of a process that listen. */
	private static List<String> listening(Process process) throws IOException {
		Path proc = Path.of("/proc", Long.toString(process.pid()));
		assumeTrue(Files.isDirectory(proc), "no /proc here");
		List<String> sockets = new ArrayList<>();
		try (Stream<Path> files = Files.list(proc.resolve("fd"))) {
			for (Path file : files.toList()) {
				try {
					sockets.add(Files.readSymbolicLink(file).toString());
				} catch (NoSuchFileException closedMeanwhile) {
					continue;
				}
			}
		}
		List<String> listening = new ArrayList<>();
		for (String table : List.of("net/tcp", "net/tcp6")) {
			for (String line : Files.readAllLines(proc.resolve(table))) {
				String[] fields = line.trim().split("\\s+");
				if (fields[3].equals("0A") && sockets.contains("socket:[" + fields[9] + "]")) {
					listening.add(line);
				}
			}
		}
		return listening;
	}

	@Test
	void an_output_that_nobody_reads_ends_it() throws Exception {
		Running connected = comms("connect", "offline:x", "--json");
		connected.await("\"connected\"");
		connected.process.getInputStream().close();
		// A read that is under way keeps the pipe open until something comes, and that may be several lines at once: so not a fixed number of them.
		long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
		do {
			connected.type("{\"send\":\"chat\",\"message\":\"anybody?\"}");
		} while (!connected.process.waitFor(200, TimeUnit.MILLISECONDS) && System.nanoTime() < deadline);

		assertThat(connected.process.isAlive()).isFalse();
		assertThat(connected.process.exitValue()).isEqualTo(130);
		assertNothingLeft();
	}

	/** A process whose output is read as it comes. */
	private static final class Running {

		final Process process;
		final List<String> lines = new ArrayList<>(); // guarded by this until it has ended
		volatile String err = "";
		private final Thread reader;
		private final Thread errors;

		Running(Process process) {
			this.process = process;
			reader = new Thread(this::read);
			reader.setDaemon(true);
			reader.start();
			errors = new Thread(() -> {
				try {
					err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
				} catch (IOException e) {
					err = e.toString();
				}
			});
			errors.setDaemon(true);
			errors.start();
		}

		private void read() {
			try (BufferedReader in = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
				for (String line = in.readLine(); line != null; line = in.readLine()) {
					synchronized (this) {
						lines.add(line);
						notifyAll();
					}
				}
			} catch (IOException closed) {
				synchronized (this) {
					notifyAll();
				}
			}
		}

		synchronized String await(String text) throws InterruptedException {
			long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
			while (true) {
				for (String line : lines) {
					if (line.contains(text)) {
						return line;
					}
				}
				long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
				assertThat(left > 0 && (process.isAlive() || reader.isAlive())).as("no line with %s in %s; %s", text, lines, err).isTrue();
				wait(Math.min(left, 1_000));
			}
		}

		void type(String line) {
			try {
				OutputStream out = process.getOutputStream();
				out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
				out.flush();
			} catch (IOException ended) {
				assertThat(process.onExit()).succeedsWithin(SECONDS, TimeUnit.SECONDS);
			}
		}

		void signal(String name) throws Exception {
			assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor()).isZero();
		}

		int exit() throws Exception {
			assertThat(process.waitFor(SECONDS, TimeUnit.SECONDS)).as("ended; %s %s", lines, err).isTrue();
			reader.join(10_000);
			errors.join(10_000);
			return process.exitValue();
		}
	}
}
