package dcl.transport.cli.internal;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * Standard output, written by a thread of its own, so that a reader who is slow, or stopped, holds up no listener. At most
 * {@value #MAX_LINES} lines wait; further events are left out, and counted. Thread-safe.
 */
final class Output implements AutoCloseable {

	/** What may wait for a slow reader. */
	static final int MAX_LINES = 10_000;

	private static final long CLOSE_MILLIS = 2_000;

	private final OutputStream out;
	private final PrintStream err;
	private final boolean json;
	private final Runnable whenBroken;
	private final Backlog<String> waiting = new Backlog<>(MAX_LINES, line -> 1);
	private final Thread writer;

	/** @param whenBroken runs once, when nobody reads any more */
	Output(Io io, boolean json, Runnable whenBroken) {
		this.out = new BufferedOutputStream(io.out());
		this.err = io.err();
		this.json = json;
		this.whenBroken = whenBroken;
		this.writer = new Thread(this::write, "comms-output");
		writer.setDaemon(true);
		writer.start();
	}

	boolean json() {
		return json;
	}

	/** Prints an event, or leaves it out if too many lines wait; never waits itself. */
	void offer(Event event) {
		prepare(event).run();
	}

	/** Returns what prints an event as {@link #offer} does, with everything done that can be done beforehand. */
	Runnable prepare(Event event) {
		String line = json ? Json.line(event.members()) : event.text();
		if (!json && event.name().equals("failed")) {
			return () -> err.println(line);
		}
		return () -> offer(line);
	}

	/** Prints a line as it is, or leaves it out if too many wait; never waits itself. */
	void offer(String line) {
		waiting.offer(() -> line);
	}

	/** Prints one line as it is, which may wait for others. */
	void line(String line) throws InterruptedException {
		waiting.put(line);
	}

	private void write() {
		try {
			for (String line = waiting.next(); line != null; line = waiting.next()) {
				out.write(line.getBytes(StandardCharsets.UTF_8));
				out.write('\n');
				if (waiting.isEmpty()) {
					out.flush();
				}
			}
			out.flush();
		} catch (IOException gone) {
			waiting.abandon();
			whenBroken.run();
		} catch (InterruptedException e) {
			throw new IllegalStateException("nobody interrupts this thread", e);
		}
	}

	/** Writes what waits, for at most two seconds. */
	@Override
	public void close() {
		long missing = waiting.closeAndAwait(writer, CLOSE_MILLIS);
		if (missing > 0) {
			err.println("standard output was too slow: " + missing + " lines were left out");
		}
	}
}
