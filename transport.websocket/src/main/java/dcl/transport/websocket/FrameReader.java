package dcl.transport.websocket;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A parser of frames that refuses all RFC 6455 refuses, bounds what it holds, and gives what came before a broken frame.
 * <p>
 * One for each connection; used by its loop alone. It works on a buffer in any split and keeps at most one incomplete frame and the
 * fragments of one message.
 */
final class FrameReader {

	/** What the parser found. */
	interface Sink {

		void message(byte[] payload, boolean text);

		void pinged(byte[] payload);

		void ponged(byte[] payload);

		/** The peer closes; {@code code} is 1005 if it sent none. */
		void peerClosed(int code, String reason);

		/** The peer broke the protocol or a limit; nothing after this is read. */
		void broken(WebSocketEnding.Kind kind, int code, String detail);
	}

	private static final byte[] EMPTY = {};
	/** What is allocated at once for a frame of which less has arrived. */
	private static final int FIRST_BYTES = 16 << 10;
	/** The first byte of a binary message in one frame. */
	private static final byte WHOLE_BINARY = (byte) (0x80 | Frames.BINARY);

	private final Sink sink;
	private final boolean client;
	private final WebSocketLimits limits;
	private final int usualBytes;

	private final byte[] head = new byte[14];
	private int headHave;
	private int headNeed = 2;
	private byte[] payload; // of the incomplete frame, null while in its head
	private int filled;
	private int length;
	private int mask;
	private boolean dead;

	private int messageOpcode; // of the message whose fragments are arriving, or 0
	private int fragmentCount;
	private long messageBytes;
	private List<byte[]> fragments;
	private int startedWith; // the opcode of the first of the fragments held

	FrameReader(Sink sink, boolean client, WebSocketLimits limits) {
		this.sink = sink;
		this.client = client;
		this.limits = limits;
		usualBytes = Math.min(Frames.MAX_CONTROL_BYTES, Math.min(limits.maxFrameBytes(), limits.maxMessageBytes())); // a length of seven bits
	}

	/** Reads all bytes, or those before the end: that of a close frame, or the place where they stop making sense. */
	void read(ByteBuffer in) {
		while (in.hasRemaining() && !dead) {
			if (!usual(in)) {
				any(in);
			}
		}
	}

	/** Reads what nearly all frames are, a whole small binary message that is there to its end; returns false for all others, good or bad. */
	private boolean usual(ByteBuffer in) {
		int start = in.position();
		int headBytes = client ? 2 : 6;
		int left = in.remaining() - headBytes;
		if (headHave > 0 || payload != null || messageOpcode != 0 || left < 0 || in.get(start) != WHOLE_BINARY) {
			return false;
		}
		int size = (byte) (in.get(start + 1) ^ (client ? 0 : 0x80)); // negative if it is masked and must not be, or the other way round
		if (size < 0 || size > usualBytes || size > left) {
			return false;
		}
		byte[] message = new byte[size];
		in.position(start + headBytes).get(message);
		if (!client) {
			Frames.mask(message, 0, message, 0, size, in.getInt(start + 2));
		}
		sink.message(message, false);
		return true;
	}

	/** Reads nothing more. */
	void stop() {
		dead = true;
		payload = null;
		fragments = null;
	}

	/** Reads a frame as far as it is there, and processes it if it is whole. */
	private void any(ByteBuffer in) {
		if (payload == null && !head(in)) {
			return;
		}
		int part = Math.min(in.remaining(), length - filled);
		if (filled + part > payload.length) {
			byte[] larger = new byte[(int) Math.min(length, Math.max(2L * payload.length, filled + part))];
			System.arraycopy(payload, 0, larger, 0, filled);
			payload = larger;
		}
		in.get(payload, filled, part);
		if (!client) {
			Frames.mask(payload, filled, payload, filled, part, Integer.rotateLeft(mask, 8 * (filled & 3)));
		}
		filled += part;
		if (filled == length) {
			byte[] whole = payload;
			payload = null;
			headHave = 0;
			headNeed = 2;
			process(head[0] & 0x0F, head[0] < 0, whole);
		}
	}

	/** Reads the head of a frame, and returns whether it is whole and allowed. */
	private boolean head(ByteBuffer in) {
		while (in.hasRemaining()) {
			head[headHave++] = in.get();
			if (headHave == 2 && !headBegins()) {
				return false;
			}
			if (headHave == headNeed - (client ? 0 : 4) && !lengthFits()) {
				return false;
			}
			if (headHave == headNeed) {
				mask = client ? 0 : (int) number(headHave - 4, 4);
				payload = length == 0 ? EMPTY : new byte[Math.min(length, Math.max(in.remaining(), FIRST_BYTES))];
				filled = 0;
				return true;
			}
		}
		return false;
	}

	private boolean headBegins() {
		int opcode = head[0] & 0x0F;
		boolean fin = head[0] < 0;
		boolean masked = head[1] < 0;
		int short7 = head[1] & 0x7F;
		if ((head[0] & 0x70) != 0) {
			return protocol("expected reserved bits of zero, since no extension was agreed");
		}
		if (opcode > Frames.BINARY && opcode < Frames.CLOSE || opcode > Frames.PONG) {
			return protocol("expected an opcode of RFC 6455, got " + opcode);
		}
		if (masked == client) {
			return protocol(client ? "expected an unmasked frame from a server" : "expected a masked frame from a client");
		}
		if (opcode >= Frames.CLOSE && (!fin || short7 > Frames.MAX_CONTROL_BYTES)) {
			return protocol("expected a control frame in one piece, of at most 125 bytes");
		}
		if (opcode == Frames.CONTINUATION && messageOpcode == 0) {
			return protocol("expected the begin of a message, got a continuation");
		}
		if ((opcode == Frames.TEXT || opcode == Frames.BINARY) && messageOpcode != 0) {
			return protocol("expected a continuation, got the begin of a message");
		}
		headNeed = 2 + (short7 == 126 ? 2 : short7 == 127 ? 8 : 0) + (client ? 0 : 4);
		return true;
	}

	/** Checks the announced length, before anything is allocated for it. */
	private boolean lengthFits() {
		int opcode = head[0] & 0x0F;
		int short7 = head[1] & 0x7F;
		long announced = short7 == 126 ? number(2, 2) : short7 == 127 ? number(2, 8) : short7;
		if (short7 == 126 && announced < 126 || short7 == 127 && announced >= 0 && announced <= 0xFFFF || announced < 0) {
			return protocol("expected the length of a frame in its shortest form");
		}
		if (announced > limits.maxFrameBytes()) {
			return tooBig("expected a frame of at most " + limits.maxFrameBytes() + " bytes, got " + announced);
		}
		if (opcode < Frames.CLOSE) {
			if (messageBytes + announced > limits.maxMessageBytes()) {
				return tooBig("expected a message of at most " + limits.maxMessageBytes() + " bytes, got " + (messageBytes + announced) + " or more");
			}
			if (++fragmentCount > limits.maxFragments()) {
				return tooBig("expected a message in at most " + limits.maxFragments() + " frames");
			}
			boolean fin = head[0] < 0;
			messageBytes = fin ? 0 : messageBytes + announced;
			fragmentCount = fin ? 0 : fragmentCount;
			messageOpcode = fin ? 0 : opcode == Frames.CONTINUATION ? messageOpcode : opcode;
		}
		length = (int) announced;
		return true;
	}

	private long number(int at, int bytes) {
		long value = 0;
		for (int i = 0; i < bytes; i++) {
			value = value << 8 | head[at + i] & 0xFF;
		}
		return value;
	}

	private boolean protocol(String detail) {
		return bad(WebSocketEnding.Kind.PROTOCOL, 1002, detail);
	}

	private boolean tooBig(String detail) {
		return bad(WebSocketEnding.Kind.TOO_BIG, 1009, detail);
	}

	private boolean bad(WebSocketEnding.Kind kind, int code, String detail) {
		broken(kind, code, detail);
		return false;
	}

	private void process(int opcode, boolean fin, byte[] whole) {
		switch (opcode) {
			case Frames.CLOSE -> close(whole);
			case Frames.PING -> sink.pinged(whole);
			case Frames.PONG -> sink.ponged(whole);
			default -> data(opcode, fin, whole);
		}
	}

	private void data(int opcode, boolean fin, byte[] part) {
		if (fin && opcode != Frames.CONTINUATION) {
			message(part, opcode == Frames.TEXT);
			return;
		}
		if (opcode != Frames.CONTINUATION) {
			startedWith = opcode;
			fragments = new ArrayList<>();
		}
		fragments.add(part);
		if (fin) {
			int total = 0;
			for (byte[] fragment : fragments) {
				total += fragment.length;
			}
			byte[] whole = new byte[total];
			int at = 0;
			for (byte[] fragment : fragments) {
				System.arraycopy(fragment, 0, whole, at, fragment.length);
				at += fragment.length;
			}
			fragments = null;
			message(whole, startedWith == Frames.TEXT);
		}
	}

	private void message(byte[] whole, boolean text) {
		if (text && !Utf8.valid(whole, 0, whole.length)) {
			broken(WebSocketEnding.Kind.PROTOCOL, 1007, "expected UTF-8 in a text message");
		} else {
			sink.message(whole, text);
		}
	}

	private void close(byte[] body) {
		if (body.length == 0) {
			closed(1005, "");
			return;
		}
		int code = body.length == 1 ? 0 : (body[0] & 0xFF) << 8 | body[1] & 0xFF;
		if (!isCloseCode(code)) {
			broken(WebSocketEnding.Kind.PROTOCOL, 1002, "expected a close code that may be sent, got " + (body.length == 1 ? "one byte" : code));
		} else if (!Utf8.valid(body, 2, body.length)) {
			broken(WebSocketEnding.Kind.PROTOCOL, 1007, "expected UTF-8 in a close reason");
		} else {
			closed(code, new String(body, 2, body.length - 2, StandardCharsets.UTF_8));
		}
	}

	private void closed(int code, String reason) {
		stop();
		sink.peerClosed(code, reason);
	}

	private void broken(WebSocketEnding.Kind kind, int code, String detail) {
		stop();
		sink.broken(kind, code, detail);
	}

	/** Tells whether a close frame may carry the code: RFC 6455, 7.4.2, and the IANA registry. */
	static boolean isCloseCode(int code) {
		return code >= 1000 && code <= 1003 || code >= 1007 && code <= 1014 || code >= 3000 && code <= 4999;
	}
}
