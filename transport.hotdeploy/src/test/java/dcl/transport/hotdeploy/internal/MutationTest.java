package dcl.transport.hotdeploy.internal;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

import dcl.transport.hotdeploy.DropZoneOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

/**
 * Good jars, damaged at random: nothing but a refusal is thrown, and what is let in is the same for every reader, whether it goes by the directory at the end
 * ({@code ZipFile}) or by the headers in front of the entries ({@code ZipInputStream}). {@code -Dhotdeploy.mutations=} for more, {@code -Dhotdeploy.seed=}
 * for others.
 */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class MutationTest {

	private static final int MUTATIONS = Integer.getInteger("hotdeploy.mutations", 1_000);
	private static final long SEED = Long.getLong("hotdeploy.seed", 20261122);

	@TempDir
	private Path folder;

	private static List<byte[]> good() {
		byte[] acme = Jars.acme("1.0.0").with("Import-Package", "org.osgi.framework;version=\"[1.8,2)\",dcl.transport").entry("com/acme/x.txt").build();
		return List.of(acme, Jars.acme("1.0.0").entry("com/acme/lib.jar", acme).entry("com/acme/folder/", new byte[0]).flat(),
				Keys.of("acme", "-1d", 30).sign(acme));
	}

	@Test
	void damage_is_refused_or_means_the_same_to_every_reader() throws Exception {
		List<byte[]> good = good();
		Random random = new Random(SEED);
		int letIn = 0;
		for (int i = 0; i < MUTATIONS; i++) {
			byte[] jar = damaged(good.get(random.nextInt(good.size())), random);
			Path file = folder.resolve("mutation.jar");
			Files.write(file, jar);
			try {
				Zip zip = Zip.read(file, new Limits(DropZoneOptions.defaults(), jar.length));
				letIn++;
				Map<String, byte[]> byDirectory = byDirectory(file);
				assertThat(zip.names()).as("mutation %d of seed %d", i, SEED).isEqualTo(byDirectory.keySet());
				assertSame(byDirectory, Jars.unzip(jar), i);
				assertThat(zip.manifest()).isEqualTo(byDirectory.getOrDefault(Zip.MANIFEST, new byte[0]));
				Facts.of(zip, false);
				JarSignatures.of(file, zip);
			} catch (Refusal refusal) {
				assertThat(refusal.getMessage()).isNotBlank();
			} catch (IOException | RuntimeException e) {
				fail("mutation " + i + " of seed " + SEED + " is not refused but ends in " + e, e);
			}
		}
		assertThat(letIn).as("some damage does no harm, such as another time of an entry").isPositive();
	}

	private static void assertSame(Map<String, byte[]> byDirectory, Map<String, byte[]> byHeaders, int mutation) {
		assertThat(byHeaders.keySet()).as("mutation %d of seed %d", mutation, SEED).isEqualTo(byDirectory.keySet());
		byDirectory.forEach((name, content) -> assertThat(byHeaders.get(name)).as("%s of mutation %d of seed %d", name, mutation, SEED).isEqualTo(content));
	}

	private static Map<String, byte[]> byDirectory(Path file) throws IOException {
		Map<String, byte[]> entries = new LinkedHashMap<>();
		try (ZipFile zip = new ZipFile(file.toFile())) {
			for (ZipEntry entry : zip.stream().map(ZipEntry.class::cast).toList()) {
				try (InputStream in = zip.getInputStream(entry)) {
					entries.put(entry.getName(), in.readAllBytes());
				}
			}
		}
		return entries;
	}

	/** One to three of: a bit, a byte, a number, a piece cut out, doubled or moved. */
	private static byte[] damaged(byte[] jar, Random random) {
		byte[] bytes = jar.clone();
		for (int times = 1 + random.nextInt(3); times > 0; times--) {
			int at = random.nextInt(bytes.length - 8);
			int length = 1 + random.nextInt(Math.min(64, bytes.length - at));
			switch (random.nextInt(6)) {
				case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
				case 1 -> bytes[at] = (byte) random.nextInt(256);
				case 2 -> bytes = Jars.put(bytes, at, random.nextInt(4) == 0 ? -1 : random.nextInt(bytes.length));
				case 3 -> bytes = cut(bytes, at, length, 0);
				case 4 -> bytes = cut(bytes, at, length, 2);
				default -> System.arraycopy(bytes, at, bytes, random.nextInt(bytes.length - length + 1), length);
			}
			if (bytes.length < 100) {
				return bytes;
			}
		}
		return bytes;
	}

	private static byte[] cut(byte[] bytes, int at, int length, int copies) {
		byte[] piece = Arrays.copyOfRange(bytes, at, at + length);
		byte[] head = Arrays.copyOf(bytes, at);
		byte[] tail = Arrays.copyOfRange(bytes, at + length, bytes.length);
		byte[] all = head;
		for (int i = 0; i < copies; i++) {
			all = Jars.join(all, piece);
		}
		return Jars.join(all, tail);
	}
}
