package dcl.transport.websocket;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The body of an answer: of a known length, in chunks, or up to the end of the connection (RFC 9112, 6.3). Holds at most what is allowed,
 * and refuses what two readers could read in two ways.
 */
final class Body {

	/** What came is no body, or one that is too long. */
	static final class Broken extends Exception {

		private static final long serialVersionUID = 1L;

		final transient WebSocketEnding.Kind kind;

		Broken(WebSocketEnding.Kind kind, String expected) {
			super("expected " + expected);
			this.kind = kind;
		}
	}

	/** What comes next. */
	private enum Part {
		SIZE, DATA, DATA_END, TRAILER, WHOLE
	}

	private static final int MOST_LINE_BYTES = 4_096; // a chunk's size with what may follow it, or all trailers

	private final int bound;
	private final boolean chunked;
	private final boolean untilEnd;
	private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
	private final StringBuilder line = new StringBuilder();
	private Part part;
	private long left; // of the data
	private int trailerBytes;

	/** Begins to read what follows a head. */
	Body(int status, Head head, int bound) throws Broken {
		this.bound = bound;
		List<String> lengths = head.all("Content-Length");
		List<String> codings = head.all("Transfer-Encoding");
		chunked = !codings.isEmpty();
		untilEnd = !chunked && lengths.isEmpty();
		if (status == 204 || status == 304) {
			part = Part.WHOLE;
		} else if (chunked) {
			if (codings.size() > 1 || !codings.get(0).equalsIgnoreCase("chunked") || !lengths.isEmpty()
					|| !head.startLine.startsWith("HTTP/1.1 ")) {
				throw protocol("a body in chunks, in no other coding and without a length");
			}
			part = Part.SIZE;
		} else if (untilEnd) {
			part = Part.DATA;
			left = Long.MAX_VALUE;
		} else {
			if (lengths.stream().distinct().count() > 1 || !lengths.get(0).matches("[0-9]{1,18}")) {
				throw protocol("one Content-Length, a decimal number");
			}
			left = Long.parseLong(lengths.get(0));
			fits(left);
			part = left == 0 ? Part.WHOLE : Part.DATA;
		}
	}

	boolean isWhole() {
		return part == Part.WHOLE;
	}

	/** The connection ends; returns whether that ends the body. */
	boolean ends() {
		return isWhole() || untilEnd;
	}

	byte[] bytes() {
		return bytes.toByteArray();
	}

	/** Reads on, and leaves what is behind the body. */
	void read(ByteBuffer in) throws Broken {
		while (in.hasRemaining() && part != Part.WHOLE) {
			if (part == Part.DATA) {
				data(in);
			} else if (line(in)) {
				String text = line.toString();
				line.setLength(0);
				lineRead(text);
			}
		}
	}

	private void data(ByteBuffer in) throws Broken {
		int count = (int) Math.min(in.remaining(), left);
		fits(count);
		byte[] some = new byte[count];
		in.get(some);
		bytes.write(some, 0, count);
		left -= untilEnd ? 0 : count;
		if (left == 0) {
			part = chunked ? Part.DATA_END : Part.WHOLE;
		}
	}

	private void fits(long more) throws Broken {
		if (bytes.size() + more > bound) {
			throw new Broken(WebSocketEnding.Kind.TOO_BIG, "a body of at most " + bound + " bytes");
		}
	}

	/** Collects a line; returns whether it is whole. */
	private boolean line(ByteBuffer in) throws Broken {
		while (in.hasRemaining()) {
			char c = (char) (in.get() & 0xFF);
			int length = line.length();
			if (c == '\n') {
				if (length == 0 || line.charAt(length - 1) != '\r') {
					throw protocol("lines that end with CR LF between chunks");
				}
				line.setLength(length - 1);
				return true;
			}
			if (length == MOST_LINE_BYTES) {
				throw protocol("lines of at most " + MOST_LINE_BYTES + " bytes between chunks");
			}
			line.append(c);
		}
		return false;
	}

	private void lineRead(String text) throws Broken {
		switch (part) {
			case SIZE -> {
				int extension = text.indexOf(';');
				String size = (extension < 0 ? text : text.substring(0, extension)).strip();
				if (!size.matches("[0-9a-fA-F]{1,15}")) {
					throw protocol("the size of a chunk, a hexadecimal number");
				}
				left = Long.parseLong(size, 16);
				fits(left);
				part = left == 0 ? Part.TRAILER : Part.DATA;
			}
			case DATA_END -> {
				if (!text.isEmpty()) {
					throw protocol("the end of a chunk where its size said");
				}
				part = Part.SIZE;
			}
			default -> {
				trailerBytes += text.length();
				if (trailerBytes > MOST_LINE_BYTES) {
					throw protocol("trailers of at most " + MOST_LINE_BYTES + " bytes");
				}
				part = text.isEmpty() ? Part.WHOLE : Part.TRAILER;
			}
		}
	}

	private static Broken protocol(String expected) {
		return new Broken(WebSocketEnding.Kind.PROTOCOL, expected);
	}
}
