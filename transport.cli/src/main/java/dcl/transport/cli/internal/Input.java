package dcl.transport.cli.internal;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;

import dcl.transport.Packet;
import dcl.transport.Session;
import dcl.transport.Session.Outcome;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.recording.RecordingEntry;

/**
 * Sends what standard input says, line by line, on a thread of its own. It reads nothing before the first connection is there, holds the line it has
 * while there is none, and goes no further ahead of what is known to have become of the lines before than a bound, so that nothing piles up.
 */
final class Input {

	/** The longest line, in bytes: a packet of the largest size in hexadecimal, and room to spare. */
	static final int MAX_LINE_BYTES = 262_144;

	/** What may be on its way: what a ws-room confirms at once, four times over, and half of what a session keeps. */
	private static final int MAX_PACKETS = 256;
	private static final int MAX_BYTES = 524_288;

	private final InputStream in;
	private final Output out;
	private final Reporter reporter;
	private final Tape tape;
	private final Session session;
	private final Runnable whenEnded;
	private boolean connected; // guarded by this, like what follows
	private boolean started;
	private boolean leaving;
	private int packets;
	private int bytes;

	Input(InputStream in, Output out, Reporter reporter, Tape tape, Session session, Runnable whenEnded) {
		this.in = new BufferedInputStream(in);
		this.out = out;
		this.reporter = reporter;
		this.tape = tape;
		this.session = session;
		this.whenEnded = whenEnded;
	}

	synchronized void connected() {
		connected = true;
		notifyAll();
		if (!started) {
			started = true;
			Thread reader = new Thread(this::read, "comms-input");
			reader.setDaemon(true); // a read from a terminal cannot be interrupted
			reader.start();
		}
	}

	synchronized void disconnected() {
		connected = false;
	}

	/** What is not known to have arrived when we leave is as it should be. */
	synchronized void leaving() {
		leaving = true;
	}

	private synchronized void begin(int size) throws InterruptedException {
		while (!connected || packets >= MAX_PACKETS || packets > 0 && bytes + size > MAX_BYTES) {
			wait();
		}
		packets++;
		bytes += size;
	}

	private synchronized boolean end(int size) {
		packets--;
		bytes -= size;
		notifyAll();
		return leaving;
	}

	private void read() {
		try {
			for (String line = line(); line != null; line = line()) {
				if (!line.isBlank()) {
					handle(line);
				}
			}
		} catch (IOException e) {
			reporter.failed(Code.INVALID_PARAMS, "standard input cannot be read: " + e.getMessage());
		} catch (InterruptedException e) {
			throw new IllegalStateException("nobody interrupts this thread", e);
		} finally {
			whenEnded.run();
		}
	}

	private void handle(String line) throws InterruptedException {
		Packets.Outgoing outgoing;
		try {
			outgoing = out.json() ? Packets.parse(line) : Packets.chat(line);
		} catch (IllegalArgumentException e) {
			reporter.failed(Code.INVALID_PARAMS, e.getMessage());
			return;
		}
		Packet packet = outgoing.packet();
		Runnable sent = reporter.sent(packet, outgoing.delivery());
		begin(packet.size());
		CompletableFuture<Outcome> sending = session.send(packet, outgoing.delivery()).toCompletableFuture();
		if (!sending.isCompletedExceptionally()) {
			tape.add(at -> RecordingEntry.sent(at, packet, outgoing.delivery()));
			sent.run();
		}
		sending.whenComplete((outcome, failure) -> ended(packet, outcome, failure));
	}

	private void ended(Packet packet, Outcome outcome, Throwable failure) {
		boolean over = end(packet.size());
		if (failure instanceof TransportException refusal) {
			reporter.failed(refusal);
		} else if (failure != null && failure.getCause() instanceof TransportException refusal) {
			reporter.failed(refusal);
		} else if (failure != null) {
			throw new IllegalStateException(failure);
		} else if (outcome == Outcome.DROPPED) {
			reporter.failed(Code.NOT_CONNECTED, "a packet of " + packet.size() + " bytes never left, since there was no connection");
		} else if (outcome == Outcome.UNKNOWN && !over) {
			reporter.failed(Code.UNKNOWN, "the connection broke before a packet of " + packet.size() + " bytes was known to be read: it may have arrived");
		}
	}

	/** Returns the next line, without its end; null after the last. A line that is too long is refused as a whole. */
	private String line() throws IOException {
		ByteArrayOutputStream line = new ByteArrayOutputStream();
		boolean tooLong = false;
		boolean any = false;
		for (int c = in.read(); c >= 0; c = in.read()) {
			any = true;
			if (c == '\n') {
				if (!tooLong) {
					break;
				}
				reporter.failed(Code.INVALID_PARAMS, "a line of input has at most " + MAX_LINE_BYTES + " bytes; a longer one was left out");
				tooLong = false;
				line.reset();
			} else if (line.size() < MAX_LINE_BYTES) {
				line.write(c);
			} else {
				tooLong = true;
			}
		}
		return any ? line.toString(StandardCharsets.UTF_8).stripTrailing() : null;
	}
}
