package dcl.transport.cli.internal;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.channels.Channels;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.function.Function;

import dcl.transport.TransportUri;
import dcl.transport.recording.RecordingEntry;
import dcl.transport.recording.RecordingHeader;
import dcl.transport.recording.RecordingWriter;
import dcl.transport.text.Printable;

/**
 * Writes what happens into a file that its owner alone may read, on a thread of its own, so that a slow disk holds up no listener: at most 16 MiB of packets
 * wait, further ones are left out and counted. What stops it early is told on standard error. Thread-safe.
 */
final class Recorder implements Tape, AutoCloseable {

	private static final long MAX_WAITING_BYTES = 16 << 20;
	/** What an entry counts besides its packet. */
	private static final int ENTRY_BYTES = 128;
	private static final long CLOSE_MILLIS = 5_000;

	private final Path file;
	private final PrintStream err;
	private final RecordingWriter writer;
	private final long startNanos = System.nanoTime();
	private final Backlog<RecordingEntry> waiting = new Backlog<>(MAX_WAITING_BYTES, entry -> ENTRY_BYTES + entry.bytes());
	private final Thread thread;

	private Recorder(Path file, OutputStream out, TransportUri uri, String self, long maxBytes, PrintStream err) throws IOException {
		this.file = file;
		this.err = err;
		this.writer = new RecordingWriter(out, RecordingHeader.of(uri, self, Instant.now()), maxBytes);
		writer.flush(); // a full disk shows before anything happens
		this.thread = new Thread(this::write, "comms-recorder");
		thread.setDaemon(true);
		thread.start();
	}

	/**
	 * Begins a recording.
	 *
	 * @param force    whether a file of that name may be replaced; only a regular file is
	 * @param maxBytes where it stops
	 * @throws FileAlreadyExistsException if there is one, and it may not be replaced
	 * @throws IOException                if the file cannot be made or written
	 */
	static Recorder open(Path file, boolean force, TransportUri uri, String self, long maxBytes, PrintStream err) throws IOException {
		if (force && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
			Files.delete(file); // a new one: the mode of the old one may be too wide, and others may have it open
		}
		OutputStream out = Channels.newOutputStream(Files.newByteChannel(file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), mode(file)));
		try {
			return new Recorder(file, out, uri, self, maxBytes, err);
		} catch (IOException | RuntimeException e) {
			out.close();
			throw e;
		}
	}

	/** Its owner alone, where the file system knows of owners. */
	private static FileAttribute<?>[] mode(Path file) {
		boolean posix = file.getFileSystem().supportedFileAttributeViews().contains("posix");
		return posix ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))} : new FileAttribute<?>[0];
	}

	/** Returns what was wrong with a file, without the name, which the user has just written. */
	static String words(IOException e) {
		if (e instanceof FileAlreadyExistsException) {
			return "there is something of that name already; --force replaces a file";
		}
		return e instanceof NoSuchFileException ? "there is no such folder" : e.getClass().getSimpleName() + ": " + e.getMessage();
	}

	@Override
	public void add(Function<Duration, RecordingEntry> made) {
		waiting.offer(() -> made.apply(Duration.ofNanos(System.nanoTime() - startNanos))); // the time is taken inside, so that times never run backwards
	}

	private void write() {
		try (writer) {
			for (RecordingEntry entry = waiting.next(); entry != null; entry = waiting.next()) {
				if (!writer.write(entry)) {
					stop("is full, after " + writer.bytes() + " bytes (--record-max)");
					return;
				}
				if (waiting.isEmpty()) {
					writer.flush(); // what is in the file is worth having if we are killed
				}
			}
		} catch (IOException e) {
			stop("cannot be written any more: " + words(e));
		} catch (InterruptedException e) {
			throw new IllegalStateException("nobody interrupts this thread", e);
		}
	}

	private void stop(String why) {
		waiting.abandon();
		err.println("comms: the recording " + Printable.of(file.getFileName().toString()) + " " + why + "; what happens from here on is not in it");
	}

	/** Writes what waits, for at most five seconds. */
	@Override
	public void close() {
		long missing = waiting.closeAndAwait(thread, CLOSE_MILLIS);
		if (missing > 0) {
			err.println("comms: the disk was too slow: " + missing + " entries are not in the recording");
		}
	}
}
