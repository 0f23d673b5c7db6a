package dcl.transport.cli.internal;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;

import dcl.transport.Packet;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;

/**
 * Sends what standard input says, line by line, on a thread of its own: each packet when the one before has left. It reads nothing before
 * the first connection is there, and while there is none it holds the line it has, so that nothing is lost and nothing piles up.
 */
final class Input {

	/** The longest line, in bytes: a packet of the largest size in hexadecimal, and room to spare. */
	static final int MAX_LINE_BYTES = 262_144;

	private final InputStream in;
	private final Output out;
	private final Reporter reporter;
	private final Runnable whenEnded;
	private Transport current; // guarded by this, like what follows
	private boolean started;

	Input(InputStream in, Output out, Reporter reporter, Runnable whenEnded) {
		this.in = new BufferedInputStream(in);
		this.out = out;
		this.reporter = reporter;
		this.whenEnded = whenEnded;
	}

	synchronized void connected(Transport transport) {
		current = transport;
		notifyAll();
		if (!started) {
			started = true;
			Thread reader = new Thread(this::read, "comms-input");
			reader.setDaemon(true); // a read from a terminal cannot be interrupted
			reader.start();
		}
	}

	synchronized void disconnected() {
		current = null;
	}

	private synchronized Transport transport() throws InterruptedException {
		while (current == null) {
			wait();
		}
		return current;
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
		CompletionStage<Void> sending = transport().send(packet, outgoing.delivery());
		try {
			sending.thenRun(sent).toCompletableFuture().get();
		} catch (ExecutionException e) {
			if (e.getCause() instanceof TransportException failure) {
				reporter.failed(failure);
			} else {
				throw new IllegalStateException(e.getCause());
			}
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
