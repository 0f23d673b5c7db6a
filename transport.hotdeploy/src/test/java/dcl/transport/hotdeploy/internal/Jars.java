package dcl.transport.hotdeploy.internal;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/** Jars, good ones and others. */
final class Jars {

	static final String CLASS = "com/acme/Activator.class";

	private final Map<String, String> headers = new LinkedHashMap<>();
	private final Map<String, byte[]> entries = new LinkedHashMap<>();

	private Jars() {
	}

	/** A bundle that provides the type {@code acme}. */
	static Jars acme(String version) {
		Jars jar = new Jars();
		jar.headers.put("Manifest-Version", "1.0");
		jar.headers.put("Bundle-ManifestVersion", "2");
		jar.headers.put("Bundle-SymbolicName", "com.acme.transport");
		jar.headers.put("Bundle-Version", version);
		jar.entries.put(CLASS, bytes("class of " + version));
		return jar.types("acme");
	}

	Jars types(String... types) {
		return with("Provide-Capability", "dcl.transport;dcl.transport:List<String>=\"" + String.join(",", types) + "\";version:Version=\"1.0.0\"");
	}

	Jars named(String name) {
		return with("Bundle-SymbolicName", name);
	}

	Jars with(String header, String value) {
		headers.put(header, value);
		return this;
	}

	Jars without(String header) {
		headers.remove(header);
		return this;
	}

	Jars entry(String name, byte[] content) {
		entries.put(name, content);
		return this;
	}

	Jars entry(String name) {
		return entry(name, bytes("content of " + name));
	}

	static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	byte[] build() {
		return zip(all());
	}

	/** The same without compression: the size depends on that of the content alone. */
	byte[] flat() {
		return zip(all(), Deflater.NO_COMPRESSION);
	}

	private Map<String, byte[]> all() {
		Map<String, byte[]> all = new LinkedHashMap<>();
		all.put(Zip.MANIFEST, manifest());
		all.putAll(entries);
		return all;
	}

	private byte[] manifest() {
		StringBuilder text = new StringBuilder();
		headers.forEach((name, value) -> {
			String line = name + ": " + value;
			for (int limit = 70; line.length() > limit; limit = 70) {
				text.append(line, 0, limit).append("\r\n");
				line = " " + line.substring(limit);
			}
			text.append(line).append("\r\n");
		});
		return bytes(text.append("\r\n").toString());
	}

	/** Entries in order, with a time that is always the same. */
	static byte[] zip(Map<String, byte[]> entries) {
		return zip(entries, Deflater.DEFAULT_COMPRESSION);
	}

	private static byte[] zip(Map<String, byte[]> entries, int level) {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		try (ZipOutputStream out = new ZipOutputStream(bytes)) {
			out.setLevel(level);
			for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
				ZipEntry one = new ZipEntry(entry.getKey());
				one.setTime(1_767_225_600_000L);
				out.putNextEntry(one);
				out.write(entry.getValue());
			}
		} catch (IOException e) {
			throw new UncheckedIOException(e);
		}
		return bytes.toByteArray();
	}

	static Map<String, byte[]> unzip(byte[] jar) {
		Map<String, byte[]> entries = new LinkedHashMap<>();
		try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(jar))) {
			for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
				entries.put(entry.getName(), in.readAllBytes());
			}
		} catch (IOException e) {
			throw new UncheckedIOException(e);
		}
		return entries;
	}

	/** The same jar with one entry changed, added, or, with null, left out. */
	static byte[] altered(byte[] jar, String name, byte[] content) {
		Map<String, byte[]> entries = unzip(jar);
		if (content == null) {
			entries.remove(name);
		} else {
			entries.put(name, content);
		}
		return zip(entries);
	}

	/** Replaces bytes in place, wherever they are. */
	static byte[] patched(byte[] jar, byte[] from, byte[] to) {
		byte[] patched = jar.clone();
		int found = 0;
		for (int at = 0; at + from.length <= patched.length; at++) {
			if (Arrays.equals(patched, at, at + from.length, from, 0, from.length)) {
				System.arraycopy(to, 0, patched, at, to.length);
				found++;
			}
		}
		if (found == 0) {
			throw new AssertionError("nothing to patch");
		}
		return patched;
	}

	/** Where the n-th occurrence of four bytes is, as a little-endian number. */
	static int find(byte[] jar, int signature, int nth) {
		int found = 0;
		for (int at = 0; at + 4 <= jar.length; at++) {
			if (little(jar, at) == signature && found++ == nth) {
				return at;
			}
		}
		throw new AssertionError("no such header");
	}

	static int little(byte[] bytes, int at) {
		return bytes[at] & 0xff | (bytes[at + 1] & 0xff) << 8 | (bytes[at + 2] & 0xff) << 16 | (bytes[at + 3] & 0xff) << 24;
	}

	static byte[] put(byte[] jar, int at, int value) {
		byte[] changed = jar.clone();
		for (int i = 0; i < 4; i++) {
			changed[at + i] = (byte) (value >> 8 * i);
		}
		return changed;
	}

	static byte[] join(byte[]... parts) {
		ByteArrayOutputStream all = new ByteArrayOutputStream();
		for (byte[] part : parts) {
			all.writeBytes(part);
		}
		return all.toByteArray();
	}
}
