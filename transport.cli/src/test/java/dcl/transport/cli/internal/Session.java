package dcl.transport.cli.internal;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import dcl.transport.TransportRegistry;
import dcl.transport.hotdeploy.DropZones;
import dcl.transport.roomserver.RoomServers;

/** A command that runs on a thread of its own, with a test at its streams. */
final class Session {

	private static final long SECONDS = 60;

	private final Captured out = new Captured();
	private final ByteArrayOutputStream err = new ByteArrayOutputStream();
	private final PipedOutputStream typing = new PipedOutputStream();
	private final CompletableFuture<Integer> exit = new CompletableFuture<>();
	private final Thread thread;

	Session(TransportRegistry registry, Installed installed, RoomServers servers, String... args) throws IOException {
		this(false, registry, installed, servers, args);
	}

	private Session(boolean terminal, TransportRegistry registry, Installed installed, RoomServers servers, String... args) throws IOException {
		this(terminal, registry, installed, servers, null, Optional::empty, args);
	}

	private Session(boolean terminal, TransportRegistry registry, Installed installed, RoomServers servers, DropZones zones, Shells shells, String... args)
			throws IOException {
		InputStream in = new PipedInputStream(typing);
		Io io = new Io(in, out, new PrintStream(err, true, StandardCharsets.UTF_8), terminal);
		thread = new Thread(() -> {
			try {
				exit.complete(new Tool(io, registry, installed, servers, zones, shells, "1.2.3").run(args));
			} catch (Throwable defect) {
				exit.completeExceptionally(defect);
			}
		}, "command");
		thread.start();
	}

	static Session of(TransportRegistry registry, String... args) throws IOException {
		return new Session(registry, List::of, null, args);
	}

	static Session of(DropZones zones, String... args) throws IOException {
		return new Session(false, new FakeRegistry(), List::of, null, zones, Optional::empty, args);
	}

	/** The same, with a person who looks at standard error. */
	static Session onTerminal(TransportRegistry registry, String... args) throws IOException {
		return new Session(true, registry, List::of, null, args);
	}

	/** The same, with a shell. */
	static Session of(boolean terminal, Shells shells, String... args) throws IOException {
		return new Session(terminal, null, List::of, null, null, shells, args);
	}

	void type(String line) throws IOException {
		typing.write((line + "\n").getBytes(StandardCharsets.UTF_8));
		typing.flush();
	}

	void endOfInput() throws IOException {
		typing.close();
	}

	void interrupt() {
		thread.interrupt();
	}

	int exit() throws Exception {
		return exit.get(SECONDS, TimeUnit.SECONDS);
	}

	/** Waits for a line that contains a text, and returns it. */
	String await(String text) throws InterruptedException {
		return out.await(text);
	}

	/** Nobody reads standard output any more. */
	void closeOutput() {
		out.gone = true;
	}

	List<String> lines() {
		return out.lines();
	}

	String err() {
		return err.toString(StandardCharsets.UTF_8);
	}

	private static final class Captured extends OutputStream {

		private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(); // guarded by this
		private volatile boolean gone;

		@Override
		public void write(int b) throws IOException {
			write(new byte[] {(byte) b}, 0, 1);
		}

		@Override
		public synchronized void write(byte[] from, int offset, int length) throws IOException {
			if (gone) {
				throw new IOException("Broken pipe");
			}
			bytes.write(from, offset, length);
			notifyAll();
		}

		private synchronized List<String> lines() {
			return bytes.toString(StandardCharsets.UTF_8).lines().toList();
		}

		private synchronized String await(String text) throws InterruptedException {
			long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
			while (true) {
				for (String line : lines()) {
					if (line.contains(text)) {
						return line;
					}
				}
				long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
				if (left <= 0) {
					throw new AssertionError("no line with " + text + " in " + lines());
				}
				wait(left);
			}
		}
	}
}
