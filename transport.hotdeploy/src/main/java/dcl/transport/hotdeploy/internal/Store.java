package dcl.transport.hotdeploy.internal;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import dcl.transport.hotdeploy.DropZoneException;
import dcl.transport.hotdeploy.DropZoneException.Code;
import dcl.transport.hotdeploy.Rule;
import dcl.transport.hotdeploy.Verdict;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder {@code .state}: private copies by their hash, what runs, the last verdict on each file, and a lock that tells others that somebody watches.
 * All files in it are replaced as a whole. Used by the zone's thread, except for {@link #open}.
 */
final class Store implements AutoCloseable {

	/** A private copy. */
	record Copy(String hash, Path path) {
	}

	/** What writes private copies; another one in tests, where a disk is full. */
	interface Writer {

		OutputStream open(Path file) throws IOException;
	}

	static final String FOLDER = ".state";
	private static final Logger LOG = LoggerFactory.getLogger(Store.class);
	private static final String COPIES = "copies";
	private static final String STATE = "state.json";
	private static final String LOCK = "lock";
	private static final int MAX_STATE = 1 << 26;
	private static final int BUFFER = 1 << 16;
	private static final long LOCK_NANOS = 2_000_000_000L;

	private static final String ASKED = ".asked";
	/** Longer than it takes to be seen. */
	private static final long ASKED_MILLIS = TimeUnit.MINUTES.toMillis(1);

	private final Path folder;
	private final Path copies;
	private final Writer writer;
	private final FileChannel lockFile;

	private Store(Path folder, Writer writer, FileChannel lockFile) {
		this.folder = folder;
		this.copies = folder.resolve(COPIES);
		this.writer = writer;
		this.lockFile = lockFile;
	}

	/** Opens the store of a folder that is watched from now on. @throws DropZoneException if somebody watches it */
	static Store open(Path watched, Writer writer) throws IOException {
		Path folder = watched.resolve(FOLDER);
		OwnFiles.createFolder(folder);
		if (Files.isSymbolicLink(folder)) {
			throw new DropZoneException(Code.FOLDER_UNSAFE, folder + " is a link");
		}
		OwnFiles.createFolder(folder.resolve(COPIES));
		FileChannel lockFile = lock(folder.resolve(LOCK), watched);
		try {
			Store store = new Store(folder, writer, lockFile);
			store.sweep();
			return store;
		} catch (IOException | RuntimeException e) {
			lockFile.close();
			throw e;
		}
	}

	/** Who only asks whether somebody watches holds the lock for a moment, so one refusal is none. */
	private static FileChannel lock(Path file, Path watched) throws IOException {
		FileChannel channel = FileChannel.open(file, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE));
		try {
			for (long end = System.nanoTime() + LOCK_NANOS; System.nanoTime() < end; Thread.sleep(50)) {
				FileLock lock = channel.tryLock();
				if (lock != null) {
					return channel;
				}
			}
		} catch (OverlappingFileLockException inThisProcess) {
			LOG.debug("{} is locked in this process", file);
		} catch (InterruptedException e) {
			Thread.currentThread().interrupt();
		}
		channel.close();
		throw new DropZoneException(Code.IN_USE, "somebody watches " + watched + " already");
	}

	/** Whether another process watches a folder. Not for folders that this process watches: to look would give its own lock back. */
	static boolean isWatched(Path watched) throws IOException {
		Path file = watched.resolve(FOLDER).resolve(LOCK);
		try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
			FileLock lock = channel.tryLock();
			return lock == null;
		} catch (NoSuchFileException e) {
			return false;
		}
	}

	/** Takes away what a killed process left half done. */
	private void sweep() throws IOException {
		for (Path where : new Path[] {folder, copies}) {
			try (DirectoryStream<Path> files = Files.newDirectoryStream(where, "{.new-*.part,*" + ASKED + "}")) {
				for (Path file : files) {
					Files.delete(file);
				}
			}
		}
	}

	// ---- private copies

	/**
	 * Reads a file, once, into a private copy.
	 *
	 * @throws Refusal if it is larger than it may be, or no file
	 */
	Copy take(Path file, long maxBytes) throws IOException, Refusal {
		return take(file, maxBytes, copies, writer);
	}

	static Copy take(Path file, long maxBytes, Path into, Writer writer) throws IOException, Refusal {
		Path temporary = OwnFiles.createTemporary(into);
		boolean done = false;
		try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
			MessageDigest digest = sha256();
			long size = 0;
			try (OutputStream out = writer.open(temporary)) {
				byte[] buffer = new byte[BUFFER];
				for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
					size += read;
					if (size > maxBytes) {
						throw new Refusal(Rule.TOO_LARGE, "more than " + maxBytes + " bytes");
					}
					digest.update(buffer, 0, read);
					out.write(buffer, 0, read);
				}
			}
			String hash = HexFormat.of().formatHex(digest.digest());
			Path copy = into.resolve(hash + ".jar");
			Files.move(temporary, copy, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
			done = true;
			return new Copy(hash, copy);
		} finally {
			if (!done) {
				Files.deleteIfExists(temporary);
			}
		}
	}

	/** SHA-256 of a file. */
	static String hash(Path file) throws IOException {
		MessageDigest digest = sha256();
		try (InputStream in = new DigestInputStream(Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS), digest)) {
			in.transferTo(OutputStream.nullOutputStream());
		}
		return HexFormat.of().formatHex(digest.digest());
	}

	Path copy(String hash) {
		return copies.resolve(hash + ".jar");
	}

	boolean has(String hash) {
		return !hash.isEmpty() && Files.isRegularFile(copy(hash), LinkOption.NOFOLLOW_LINKS);
	}

	/** Opens a copy for reading; at its end it is an error if the bytes are not those of the hash. Any thread. */
	InputStream open(String hash) throws IOException {
		return new Verified(Files.newInputStream(copy(hash), LinkOption.NOFOLLOW_LINKS), hash);
	}

	/** Checks a copy, all of it. @throws IOException if it cannot be read now, which says nothing about it */
	boolean isIntact(String hash) throws IOException {
		try (InputStream in = open(hash)) {
			in.transferTo(OutputStream.nullOutputStream());
			return true;
		} catch (NoSuchFileException | Altered e) {
			LOG.warn("A private copy cannot be used: {}", Texts.of(e));
			return false;
		}
	}

	/** Deletes all copies but these. */
	void keep(Set<String> hashes) throws IOException {
		try (DirectoryStream<Path> files = Files.newDirectoryStream(copies, "*.jar")) {
			for (Path file : files) {
				String name = file.getFileName().toString();
				if (!hashes.contains(name.substring(0, name.length() - ".jar".length()))) {
					Files.delete(file);
				}
			}
		}
	}

	private static MessageDigest sha256() {
		try {
			return MessageDigest.getInstance("SHA-256");
		} catch (NoSuchAlgorithmException e) {
			throw new IllegalStateException("every JDK has it", e);
		}
	}

	/** A copy has other bytes than it had. */
	private static final class Altered extends IOException {

		private static final long serialVersionUID = 1;

		private Altered(String message) {
			super(message);
		}
	}

	/** Bytes that are those of a hash, or else an error at their end. */
	private static final class Verified extends FilterInputStream {

		private final MessageDigest digest;
		private final String hash;

		private Verified(InputStream in, String hash) {
			this(in, hash, sha256());
		}

		private Verified(InputStream in, String hash, MessageDigest digest) {
			super(new DigestInputStream(in, digest));
			this.digest = digest;
			this.hash = hash;
		}

		@Override
		public int read() throws IOException {
			byte[] one = new byte[1];
			return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
		}

		@Override
		public int read(byte[] into, int offset, int length) throws IOException {
			int read = super.read(into, offset, length);
			if (read < 0 && !HexFormat.of().formatHex(digest.digest()).equals(hash)) {
				throw new Altered("the private copy " + hash + " is not what it was");
			}
			return read;
		}
	}

	// ---- what was asked for from outside

	/** Asks whoever watches a folder to take the bytes of a hash although they are older. */
	static void askFor(Path watched, String hash) throws IOException {
		OwnFiles.replace(watched.resolve(FOLDER).resolve(hash + ASKED), new byte[0]);
	}

	/** Takes back what was asked for, since the bytes could not be put into the folder. */
	static void askNoMore(Path watched, String hash) throws IOException {
		Files.deleteIfExists(watched.resolve(FOLDER).resolve(hash + ASKED));
	}

	/** Whether somebody asked for these bytes a moment ago; once. */
	boolean takeAsked(String hash) throws IOException {
		Path mark = folder.resolve(hash + ASKED);
		try {
			boolean fresh = Math.abs(System.currentTimeMillis() - Files.getLastModifiedTime(mark).toMillis()) < ASKED_MILLIS;
			return Files.deleteIfExists(mark) && fresh;
		} catch (NoSuchFileException nobody) {
			return false;
		}
	}

	/** The private copy of some bytes in a folder that another process watches. */
	static Path copy(Path watched, String hash) {
		return watched.resolve(FOLDER).resolve(COPIES).resolve(hash + ".jar");
	}

	// ---- state and verdicts

	/** Reads what ran before; what cannot be understood is put aside, and begun anew. */
	State load() throws IOException {
		return load(folder);
	}

	private static State load(Path folder) throws IOException {
		Path file = folder.resolve(STATE);
		try {
			if (Files.size(file) > MAX_STATE) {
				throw new IOException("more than " + MAX_STATE + " bytes");
			}
			return State.fromJson(Files.readAllBytes(file));
		} catch (NoSuchFileException e) {
			return new State();
		} catch (IOException e) {
			Path aside = folder.resolve(STATE + ".bad");
			LOG.error("{} cannot be understood, is kept as {}, and begun anew: {}", file, aside, Texts.of(e));
			Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
			return new State();
		}
	}

	/** Reads the state of a folder that need not be watched, and changes nothing. */
	static State peek(Path watched) throws IOException {
		Path file = watched.resolve(FOLDER).resolve(STATE);
		try {
			return State.fromJson(Files.readAllBytes(file));
		} catch (NoSuchFileException e) {
			return new State();
		}
	}

	void save(State state) throws IOException {
		OwnFiles.replace(folder.resolve(STATE), state.toJson());
	}

	void save(Verdict verdict) throws IOException {
		OwnFiles.replace(verdictFile(folder, verdict.file()), json(verdict));
	}

	void forget(String file) throws IOException {
		Files.deleteIfExists(verdictFile(folder, file));
	}

	/** Forgets the verdicts on files that are no more. */
	void forgetAllBut(Set<String> here) throws IOException {
		try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.jar.json")) {
			for (Path file : files) {
				String name = file.getFileName().toString();
				if (!here.contains(name.substring(0, name.length() - ".json".length()))) {
					Files.delete(file);
				}
			}
		}
	}

	private static Path verdictFile(Path folder, String file) {
		return folder.resolve(file + ".json");
	}

	/** Reads the verdict on a file that a watching process left. */
	static Optional<Map<String, Object>> verdict(Path watched, String file) throws IOException {
		try {
			return Optional.of(Json.read(Files.readAllBytes(verdictFile(watched.resolve(FOLDER), file))));
		} catch (NoSuchFileException e) {
			return Optional.empty();
		}
	}

	/** The event, as the command line prints it. */
	static byte[] json(Verdict verdict) {
		Map<String, Object> object = new LinkedHashMap<>();
		object.put("event", VerdictJson.event(verdict.outcome()));
		VerdictJson.members(verdict, object);
		return Json.write(object);
	}

	/** Lets others watch. */
	@Override
	public void close() throws IOException {
		lockFile.close();
	}
}
