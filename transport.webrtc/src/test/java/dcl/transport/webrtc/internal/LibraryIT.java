package dcl.transport.webrtc.internal;

import java.io.File;
import java.io.InputStream;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import dcl.transport.webrtc.WebRtcUnavailableException;
import dev.onvoid.webrtc.PeerConnectionFactory;
import dev.onvoid.webrtc.internal.NativeObject;
import dev.onvoid.webrtc.media.audio.HeadlessAudioDeviceModule;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** Where libwebrtc cannot be loaded, mostly in JVMs of their own, with a library that wants another one that is nowhere. */
@Timeout(120)
@EnabledOnOs(OS.LINUX)
class LibraryIT {

	private static final String WANTED = "libpulse.so.0";
	private static final String NOWHERE = "libnopls.so.0"; // of the same length

	@TempDir
	private Path folder;

	@Test
	void a_missing_system_library_is_named_each_time_nothing_is_left_behind_and_once_it_is_there_it_works() throws Exception {
		LibraryNeeded.check();
		Path library = folder.resolve(library());
		Files.write(library, wanting());

		List<String> said = run(folder + File.pathSeparator + System.getProperty("java.class.path"), library.toString());

		assertThat(said.subList(0, 3)).allSatisfy(line -> assertThat(line).startsWith("library=" + NOWHERE + " message=libwebrtc needs the system library "
				+ NOWHERE + ", which is not installed fix=install " + NOWHERE));
		assertThat(said).contains("mended");
	}

	@Test
	void without_the_fragment_its_name_is_told() throws Exception {
		String without = Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
				.filter(entry -> !entry.matches(".*webrtc-java-[\\d.]+-.*\\.jar")).collect(Collectors.joining(File.pathSeparator));

		List<String> said = run(without);

		assertThat(said).hasSize(3).allSatisfy(line -> assertThat(line).startsWith("library= message=libwebrtc for linux-")
				.contains("dcl.transport.webrtc.natives.linux-"));
	}

	/** Libwebrtc-java throws bare Errors for what it did not expect. */
	@Test
	void a_factory_that_cannot_be_made_is_told_and_nothing_of_it_is_kept() throws Exception {
		LibraryNeeded.check();
		List<HeadlessAudioDeviceModule> modules = new ArrayList<>();
		Rtc rtc = new Rtc(Settings.DEFAULTS, audio -> {
			modules.add(audio);
			if (modules.size() == 1) {
				throw new Error("Create PeerConnectionFactory failed");
			}
			return new PeerConnectionFactory(audio);
		});
		try {
			assertThat(Await.failure(rtc.load())).isInstanceOf(WebRtcUnavailableException.class).hasMessageContaining("PeerConnectionFactory failed");
			assertThat(handle(modules.get(0))).as("of what was disposed").isZero();
			Await.result(rtc.load());
			assertThat(handle(modules.get(1))).isNotZero();
		} finally {
			rtc.close();
		}
	}

	private static long handle(NativeObject object) throws ReflectiveOperationException {
		Field handle = NativeObject.class.getDeclaredField("nativeHandle");
		handle.setAccessible(true);
		return handle.getLong(object);
	}

	private static String library() throws WebRtcUnavailableException {
		return System.mapLibraryName("webrtc-java-" + NativeLibrary.platform(System.getProperty("os.name"), System.getProperty("os.arch")));
	}

	/** Returns the library with another name in the list of those it needs. */
	private static byte[] wanting() throws Exception {
		byte[] library;
		try (InputStream in = NativeLibrary.class.getResourceAsStream("/" + library())) {
			library = in.readAllBytes();
		}
		byte[] wanted = (WANTED + "\0").getBytes(StandardCharsets.ISO_8859_1);
		byte[] instead = NOWHERE.getBytes(StandardCharsets.ISO_8859_1);
		int changed = 0;
		for (int at = 0; at < library.length - wanted.length; at++) {
			int same = 0;
			while (same < wanted.length && library[at + same] == wanted[same]) {
				same++;
			}
			if (same == wanted.length) {
				System.arraycopy(instead, 0, library, at, instead.length);
				changed++;
			}
		}
		assertThat(changed).isPositive();
		return library;
	}

	private List<String> run(String classPath, String... arguments) throws Exception {
		Path temporary = Files.createDirectory(folder.resolve("tmp"));
		Path log = folder.resolve("log");
		List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:-UsePerfData",
				"-Djava.io.tmpdir=" + temporary, "-cp", classPath, LoadProgram.class.getName()));
		command.addAll(List.of(arguments));
		Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
		try {
			assertThat(process.waitFor(100, TimeUnit.SECONDS)).isTrue();
			String said = Files.readString(log);
			assertThat(process.exitValue()).as(said).isZero();
			try (Stream<Path> left = Files.list(temporary)) {
				assertThat(left).as("left in the temporary folder").isEmpty();
			}
			return said.lines().filter(line -> line.startsWith("library=") || line.equals("mended")).toList(); // JDK 24 and later warn about native code
		} finally {
			process.destroyForcibly();
		}
	}
}
