package dcl.transport.itest.websocket;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A process of foreign software, told what to do and telling what happened in lines; the README of this module lists them.
 * <p>
 * It ends with this object, and with this JVM however that ends, because the scripts stop at the end of their standard input.
 */
class Peer implements AutoCloseable {

	/** How long anything may take on a busy machine before a test gives up on it. */
	static final Duration LIMIT = Duration.ofSeconds(30);

	private static final int MAX_EVENTS = 1_000;
	private static final int MAX_LOG_CHARS = 4_000;
	private static final AtomicInteger STARTED = new AtomicInteger();

	private final String name;
	private final Process process;
	private final Path log;
	private final List<String> events = new ArrayList<>(); // guarded by itself
	private boolean over; // guarded by events

	/**
	 * Starts a process.
	 *
	 * @param lines whether its standard input and output are the lines; otherwise a subclass carries them
	 */
	Peer(String name, boolean lines, String... command) throws IOException {
		this.name = name + "-" + STARTED.incrementAndGet();
		log = Tools.logs().resolve(this.name + ".log");
		ProcessBuilder builder = new ProcessBuilder(command).directory(Tools.FOLDER.toFile());
		process = (lines ? builder.redirectError(log.toFile()) : builder.redirectErrorStream(true).redirectOutput(log.toFile())).start();
		if (lines) {
			Thread reader = new Thread(this::read, "lines of " + this.name);
			reader.setDaemon(true);
			reader.start();
		}
	}

	/** Tells it to do something. */
	void tell(String line) throws IOException {
		Writer to = process.outputWriter(StandardCharsets.UTF_8);
		to.write(line + "\n");
		to.flush();
	}

	/** Takes the first line, told or to come, that begins with these words; returns what follows them. */
	String await(String words) throws InterruptedException {
		return poll(words, LIMIT).orElseThrow(() -> new AssertionError("expected '" + words + "' from " + name + situation()));
	}

	/** Like {@link #await}, but empty if there is none within the limit, or the process has ended before. */
	Optional<String> poll(String words, Duration limit) throws InterruptedException {
		long deadline = System.nanoTime() + limit.toNanos();
		synchronized (events) {
			while (true) {
				for (Iterator<String> each = events.iterator(); each.hasNext();) {
					String event = each.next();
					if (event.equals(words) || event.startsWith(words + " ")) {
						each.remove();
						return Optional.of(event.substring(words.length()).stripLeading());
					}
				}
				long left = deadline - System.nanoTime();
				if (left <= 0 || over) {
					return Optional.empty();
				}
				TimeUnit.NANOSECONDS.timedWait(events, left);
			}
		}
	}

	/** It told this. */
	final void told(String line) {
		synchronized (events) {
			if (events.size() == MAX_EVENTS) {
				throw new IllegalStateException("expected at most " + MAX_EVENTS + " lines that no test takes");
			}
			events.add(line);
			events.notifyAll();
		}
	}

	private void read() {
		try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
			for (String line = lines.readLine(); line != null; line = lines.readLine()) {
				told(line);
			}
		} catch (IOException e) {
			throw new UncheckedIOException(name, e);
		} finally {
			synchronized (events) {
				over = true;
				events.notifyAll();
			}
		}
	}

	private String situation() {
		try {
			String said = Files.readString(log);
			synchronized (events) {
				return "\nlines: " + events + "\nalive: " + process.isAlive() + "\nstandard error:\n"
						+ said.substring(Math.max(0, said.length() - MAX_LOG_CHARS));
			}
		} catch (IOException e) {
			return "\nstandard error cannot be read: " + e;
		}
	}

	/** Ends its standard input, and kills what is left of it. */
	@Override
	public void close() throws Exception {
		List<ProcessHandle> children = process.descendants().toList();
		try {
			if (process.isAlive()) {
				process.getOutputStream().close();
				process.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
			}
		} finally {
			children.forEach(ProcessHandle::destroyForcibly);
			process.destroyForcibly();
		}
	}
}
