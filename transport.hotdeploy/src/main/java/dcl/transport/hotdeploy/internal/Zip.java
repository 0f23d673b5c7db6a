package dcl.transport.hotdeploy.internal;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipInputStream;

import dcl.transport.hotdeploy.Rule;

/**
 * A zip file, read more strictly than anybody has to: every byte belongs to exactly one entry or to the directory, both descriptions of an entry agree,
 * and each entry unpacks to what its checksum says. So all readers, whichever description they go by, see the same. (APPNOTE.TXT 6.3, sections 4.3 and
 * 4.4; {@code java.util.zip.ZipFile} checks no checksum.)
 */
final class Zip {

	/** One entry. */
	record Entry(String name, int method, long header, long data, long packed, long size, long crc, boolean descriptor) {

		boolean isFolder() {
			return name.endsWith("/");
		}
	}

	static final String MANIFEST = "META-INF/MANIFEST.MF";
	private static final int END_SIZE = 22;
	private static final int END = 0x06054b50;
	private static final int CENTRAL = 0x02014b50;
	private static final int CENTRAL_SIZE = 46;
	private static final int LOCAL = 0x04034b50;
	private static final int LOCAL_SIZE = 30;
	private static final int DESCRIPTOR = 12;
	private static final int DESCRIPTOR_SIGNATURE = 0x08074b50;
	private static final int MAX_COMMENT = 0xffff;
	private static final int MAX_NAME = 512;
	private static final int MAX_DEPTH = 40;
	private static final int MAX_NESTING = 2;
	private static final int MAX_MANIFEST = 1 << 20;
	private static final int MAX_FOLDER = 200;
	private static final int FLAG_ENCRYPTED = 1;
	private static final int FLAG_DESCRIPTOR = 8;
	private static final int STORED = 0;
	private static final int DEFLATED = 8;
	private static final int BUFFER = 1 << 15;

	private final Map<String, Entry> entries = new HashMap<>();
	private final Set<String> innerFolders = new HashSet<>();
	private byte[] manifest = {};

	private Zip() {
	}

	/** Returns whether a file ends as a zip file ends: a cheap sign that it is complete. */
	static boolean looksComplete(SeekableByteChannel file) throws IOException {
		return endOf(tail(file)) >= 0;
	}

	/**
	 * Reads all of a file.
	 *
	 * @param limits what it may take
	 */
	static Zip read(Path path, Limits limits) throws IOException, Refusal {
		Zip zip = new Zip();
		try (SeekableByteChannel file = Files.newByteChannel(path)) {
			List<Entry> found = directory(file, limits);
			zip.check(file, found);
			for (Entry entry : found) {
				zip.unpack(file, entry, limits);
			}
		} catch (EOFException e) {
			throw new Refusal(Rule.DAMAGED, "half a jar: it ends in the middle of an entry");
		}
		return zip;
	}

	Set<String> names() {
		return entries.keySet();
	}

	/** The folders of classes in jars in it, but for those with longer names than a package has. */
	Set<String> innerFolders() {
		return innerFolders;
	}

	/** The bytes of the manifest; empty if there is none. */
	byte[] manifest() {
		return manifest.clone();
	}

	// ---- the directory

	private static byte[] tail(SeekableByteChannel file) throws IOException {
		int length = (int) Math.min(file.size(), END_SIZE + MAX_COMMENT);
		return bytes(file, file.size() - length, length).array();
	}

	/** Where the end record begins in the last bytes of a file, or -1. */
	private static int endOf(byte[] tail) {
		ByteBuffer buffer = little(tail);
		for (int at = tail.length - END_SIZE; at >= 0; at--) {
			if (buffer.getInt(at) == END && at + END_SIZE + Short.toUnsignedInt(buffer.getShort(at + 20)) == tail.length) {
				return at;
			}
		}
		return -1;
	}

	private static List<Entry> directory(SeekableByteChannel file, Limits limits) throws IOException, Refusal {
		byte[] tail = tail(file);
		int at = endOf(tail);
		if (at < 0) {
			throw new Refusal(Rule.DAMAGED, "not a jar, or half of one: it does not end with a zip directory");
		}
		ByteBuffer end = little(tail);
		for (int other = at + 4; other + 4 <= tail.length; other++) {
			if (end.getInt(other) == END) {
				throw new Refusal(Rule.UNSAFE, "two ends of a zip directory: readers would differ");
			}
		}
		int count = Short.toUnsignedInt(end.getShort(at + 10));
		long size = Integer.toUnsignedLong(end.getInt(at + 12));
		long offset = Integer.toUnsignedLong(end.getInt(at + 16));
		long endAt = file.size() - tail.length + at;
		if (end.getInt(at + 4) != 0 || Short.toUnsignedInt(end.getShort(at + 8)) != count) {
			throw new Refusal(Rule.DAMAGED, "a zip file in several parts");
		}
		if (count == 0xffff || size == 0xffffffffL || offset == 0xffffffffL) {
			throw new Refusal(Rule.TOO_LARGE, "a zip64 directory: more entries or bytes than a bundle may have");
		}
		if (offset + size != endAt) {
			throw new Refusal(Rule.UNSAFE, "the zip directory is not where its end says: " + offset + "+" + size + ", not " + endAt);
		}
		if (size > (long) count * (CENTRAL_SIZE + 3 * 0xffff)) {
			throw new Refusal(Rule.DAMAGED, "a zip directory of " + size + " bytes for " + count + " entries");
		}
		return entries(bytes(file, offset, Math.toIntExact(size)), count, limits);
	}

	private static List<Entry> entries(ByteBuffer directory, int count, Limits limits) throws Refusal {
		List<Entry> found = new ArrayList<>();
		for (int i = 0; i < count; i++) {
			limits.entry();
			int at = directory.position();
			if (directory.remaining() < CENTRAL_SIZE || directory.getInt(at) != CENTRAL) {
				throw new Refusal(Rule.DAMAGED, "entry " + i + " of the zip directory is none");
			}
			int name = Short.toUnsignedInt(directory.getShort(at + 28));
			int more = Short.toUnsignedInt(directory.getShort(at + 30)) + Short.toUnsignedInt(directory.getShort(at + 32));
			if (directory.remaining() < CENTRAL_SIZE + name + more) {
				throw new Refusal(Rule.DAMAGED, "entry " + i + " of the zip directory is cut off");
			}
			byte[] bytes = new byte[name];
			directory.get(at + CENTRAL_SIZE, bytes);
			int flags = directory.getShort(at + 8);
			found.add(new Entry(name(bytes), Short.toUnsignedInt(directory.getShort(at + 10)), unsigned(directory, at + 42), 0,
					unsigned(directory, at + 20), unsigned(directory, at + 24), unsigned(directory, at + 16), (flags & FLAG_DESCRIPTOR) != 0));
			if ((flags & FLAG_ENCRYPTED) != 0) {
				throw new Refusal(Rule.UNSAFE, "'" + found.get(i).name() + "' is encrypted");
			}
			directory.position(at + CENTRAL_SIZE + name + more);
		}
		if (directory.hasRemaining()) {
			throw new Refusal(Rule.UNSAFE, "more in the zip directory than its end says");
		}
		return found;
	}

	private static long unsigned(ByteBuffer buffer, int at) {
		return Integer.toUnsignedLong(buffer.getInt(at));
	}

	private static String name(byte[] bytes) throws Refusal {
		String name;
		try {
			name = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
		} catch (CharacterCodingException e) {
			throw new Refusal(Rule.UNSAFE, "the name of an entry is not UTF-8");
		}
		checkName(name);
		return name;
	}

	private static void checkName(String name) throws Refusal {
		String shown = "'" + name + "'";
		if (name.isEmpty() || name.length() > MAX_NAME) {
			throw new Refusal(Rule.UNSAFE, "the name of an entry has 1 to " + MAX_NAME + " characters, not " + name.length());
		}
		if (name.startsWith("/") || name.indexOf('\\') >= 0 || name.indexOf(':') >= 0 || name.chars().anyMatch(c -> c < ' ' || c == 0x7f)) {
			throw new Refusal(Rule.UNSAFE, "a name that is no plain relative path: " + shown);
		}
		String[] parts = (name.endsWith("/") ? name.substring(0, name.length() - 1) : name).split("/", -1);
		for (String part : parts) {
			if (part.isEmpty() || part.equals(".") || part.equals("..")) {
				throw new Refusal(Rule.UNSAFE, "a name that leads elsewhere: " + shown);
			}
		}
		if (parts.length > MAX_DEPTH) {
			throw new Refusal(Rule.UNSAFE, "folders in folders, more than " + MAX_DEPTH + " deep: " + shown);
		}
	}

	// ---- what lies between

	/** Holds the headers in front of the entries against the directory, and leaves no byte that belongs to nobody. */
	private void check(SeekableByteChannel file, List<Entry> found) throws IOException, Refusal {
		Set<String> metaInf = new HashSet<>();
		List<Entry> inOrder = new ArrayList<>(found);
		inOrder.sort(Comparator.comparingLong(Entry::header));
		long expected = 0;
		Entry before = null;
		for (Entry entry : inOrder) {
			checkGap(file, before, expected, entry.header(), entry.name());
			Entry whole = located(file, entry);
			if (entries.putIfAbsent(whole.name(), whole) != null) {
				throw new Refusal(Rule.UNSAFE, (whole.name().equals(MANIFEST) ? "two manifests: " : "the same name twice: ") + "'" + whole.name() + "'");
			}
			if (whole.name().toUpperCase(Locale.ROOT).startsWith("META-INF/") && !metaInf.add(whole.name().toUpperCase(Locale.ROOT))) {
				throw new Refusal(Rule.UNSAFE, "two names in META-INF that differ by case alone, as two manifests would: '" + whole.name() + "'");
			}
			expected = whole.data() + whole.packed();
			before = whole;
		}
		if (found.isEmpty()) {
			throw new Refusal(Rule.NOT_A_BUNDLE, "an empty jar");
		}
		checkGap(file, before, expected, startOfDirectory(file), "the directory");
		for (String name : entries.keySet()) {
			if (!name.endsWith("/") && entries.containsKey(name + "/")) {
				throw new Refusal(Rule.UNSAFE, "a file and a folder of one name: '" + name + "'");
			}
		}
	}

	private static long startOfDirectory(SeekableByteChannel file) throws IOException {
		byte[] tail = tail(file);
		return unsigned(little(tail), endOf(tail) + 16);
	}

	/** Between two entries there is nothing, or the data descriptor of the first: checksum and sizes, with or without a signature in front. */
	private static void checkGap(SeekableByteChannel file, Entry before, long from, long to, String next) throws IOException, Refusal {
		long gap = to - from;
		if (gap < 0) {
			throw new Refusal(Rule.UNSAFE, "entries that overlap, at '" + next + "'");
		}
		boolean descriptor = before != null && before.descriptor();
		if (descriptor ? gap != DESCRIPTOR && gap != DESCRIPTOR + 4 : gap != 0) {
			throw new Refusal(Rule.UNSAFE, gap + " bytes that belong to no entry, in front of '" + next + "'");
		}
		if (descriptor) {
			ByteBuffer found = bytes(file, from, (int) gap);
			int at = (int) gap - DESCRIPTOR;
			if (at > 0 && found.getInt(0) != DESCRIPTOR_SIGNATURE || unsigned(found, at) != before.crc() || unsigned(found, at + 4) != before.packed()
					|| unsigned(found, at + 8) != before.size()) {
				throw new Refusal(Rule.UNSAFE, "what stands behind '" + before.name() + "' is not what the zip directory says of it");
			}
		}
	}

	private static Entry located(SeekableByteChannel file, Entry entry) throws IOException, Refusal {
		ByteBuffer local = bytes(file, entry.header(), LOCAL_SIZE);
		if (local.getInt(0) != LOCAL) {
			throw new Refusal(Rule.DAMAGED, "no entry where the zip directory says '" + entry.name() + "' begins");
		}
		int flags = local.getShort(6);
		byte[] name = bytes(file, entry.header() + LOCAL_SIZE, Short.toUnsignedInt(local.getShort(26))).array();
		boolean descriptor = (flags & FLAG_DESCRIPTOR) != 0;
		boolean sizesAgree = unsigned(local, 14) == entry.crc() && unsigned(local, 18) == entry.packed() && unsigned(local, 22) == entry.size();
		if (!Arrays.equals(name, entry.name().getBytes(StandardCharsets.UTF_8)) || Short.toUnsignedInt(local.getShort(8)) != entry.method()
				|| descriptor != entry.descriptor() || !descriptor && !sizesAgree || (flags & FLAG_ENCRYPTED) != 0) {
			throw new Refusal(Rule.UNSAFE, "what stands in front of '" + entry.name() + "' is not what the zip directory says of it");
		}
		if (entry.method() != STORED && entry.method() != DEFLATED) {
			throw new Refusal(Rule.UNSAFE, "'" + entry.name() + "' is packed by method " + entry.method() + ", which is neither 0 nor 8");
		}
		if (entry.method() == STORED && entry.packed() != entry.size() || entry.isFolder() && entry.size() != 0) {
			throw new Refusal(Rule.UNSAFE, "the size of '" + entry.name() + "' cannot be");
		}
		long data = entry.header() + LOCAL_SIZE + name.length + Short.toUnsignedInt(local.getShort(28));
		return new Entry(entry.name(), entry.method(), entry.header(), data, entry.packed(), entry.size(), entry.crc(), descriptor);
	}

	// ---- unpacking

	private void unpack(SeekableByteChannel file, Entry listed, Limits limits) throws IOException, Refusal {
		Entry entry = entries.get(listed.name());
		boolean isManifest = entry.name().equals(MANIFEST);
		if (isManifest && entry.size() > MAX_MANIFEST) {
			throw new Refusal(Rule.TOO_LARGE, "a manifest of more than " + MAX_MANIFEST + " bytes");
		}
		limits.unpacked(entry.size());
		try (Unpacking in = new Unpacking(file, entry)) {
			if (isManifest) {
				manifest = in.readNBytes(MAX_MANIFEST);
			} else if (isJar(entry.name())) {
				nested(in, entry.name(), limits, 1);
			}
			in.transferTo(OutputStream.nullOutputStream());
		} catch (EOFException e) {
			throw e;
		} catch (ZipException e) {
			throw new Refusal(Rule.DAMAGED, "'" + entry.name() + "' does not unpack: " + e.getMessage());
		}
	}

	private static boolean isJar(String name) {
		String lower = name.toLowerCase(Locale.ROOT);
		return lower.endsWith(".jar") || lower.endsWith(".zip") || lower.endsWith(".war");
	}

	/** A jar in the jar, which the framework would open for {@code Bundle-ClassPath}: its entries count, too. */
	private void nested(InputStream packed, String where, Limits limits, int depth) throws IOException, Refusal {
		if (depth > MAX_NESTING) {
			throw new Refusal(Rule.TOO_LARGE, "jars in jars, more than " + MAX_NESTING + " deep: '" + where + "'");
		}
		// not closed: it is a view, and the one around it is to go on
		ZipInputStream in = new ZipInputStream(packed, StandardCharsets.UTF_8);
		byte[] buffer = new byte[BUFFER];
		try {
			for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
				limits.entry();
				checkName(entry.getName());
				int slash = entry.getName().lastIndexOf('/');
				if (slash > 0 && slash <= MAX_FOLDER && entry.getName().endsWith(".class")) {
					innerFolders.add(entry.getName().substring(0, slash));
				}
				if (isJar(entry.getName())) {
					nested(in, where + "!/" + entry.getName(), limits, depth + 1);
				}
				for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
					limits.unpacked(read);
				}
			}
		} catch (IllegalArgumentException e) {
			throw new Refusal(Rule.UNSAFE, "the name of an entry of '" + where + "' is not UTF-8");
		} catch (ZipException | EOFException e) {
			throw new Refusal(Rule.DAMAGED, "a jar in it, '" + where + "', is broken: " + e.getMessage());
		}
	}

	private static ByteBuffer bytes(SeekableByteChannel file, long at, int length) throws IOException {
		if (at < 0 || at + length > file.size()) {
			throw new EOFException();
		}
		ByteBuffer buffer = little(new byte[length]);
		file.position(at);
		while (buffer.hasRemaining()) {
			if (file.read(buffer) < 0) {
				throw new EOFException();
			}
		}
		return buffer.flip();
	}

	private static ByteBuffer little(byte[] bytes) {
		return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
	}

	/** The unpacked bytes of one entry; whoever reads to the end knows that size and checksum are right. */
	private static final class Unpacking extends InputStream {

		private final SeekableByteChannel file;
		private final Entry entry;
		private final Inflater inflater = new Inflater(true);
		private final CRC32 crc = new CRC32();
		private final byte[] packed = new byte[BUFFER];
		private long position;
		private long size;
		private boolean over;

		private Unpacking(SeekableByteChannel file, Entry entry) {
			this.file = file;
			this.entry = entry;
		}

		@Override
		public int read() throws IOException {
			byte[] one = new byte[1];
			return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
		}

		@Override
		public int read(byte[] into, int offset, int length) throws IOException {
			if (over) {
				return -1;
			}
			if (length == 0) {
				return 0;
			}
			int read = entry.method() == STORED ? copied(into, offset, length) : inflated(into, offset, length);
			if (read > 0) {
				crc.update(into, offset, read);
				size += read;
				if (size > entry.size()) {
					throw new ZipException("more than the " + entry.size() + " bytes that were announced");
				}
				return read;
			}
			if (size != entry.size() || crc.getValue() != entry.crc() || position != entry.packed()
					|| entry.method() == DEFLATED && inflater.getRemaining() != 0) {
				throw new ZipException("size or checksum is wrong");
			}
			over = true;
			return -1;
		}

		private int copied(byte[] into, int offset, int length) throws IOException {
			int wanted = (int) Math.min(length, entry.packed() - position);
			if (wanted == 0) {
				return -1;
			}
			System.arraycopy(bytes(file, entry.data() + position, wanted).array(), 0, into, offset, wanted);
			position += wanted;
			return wanted;
		}

		private int inflated(byte[] into, int offset, int length) throws IOException {
			try {
				while (true) {
					int read = inflater.inflate(into, offset, length);
					if (read > 0 || inflater.finished()) {
						return read;
					}
					if (inflater.needsDictionary()) {
						throw new ZipException("it needs a dictionary");
					}
					int wanted = (int) Math.min(packed.length, entry.packed() - position);
					if (wanted == 0) {
						throw new ZipException("it ends too early");
					}
					System.arraycopy(bytes(file, entry.data() + position, wanted).array(), 0, packed, 0, wanted);
					position += wanted;
					inflater.setInput(packed, 0, wanted);
				}
			} catch (DataFormatException e) {
				throw new ZipException("not deflated data: " + e.getMessage());
			}
		}

		@Override
		public void close() {
			inflater.end();
		}
	}
}
