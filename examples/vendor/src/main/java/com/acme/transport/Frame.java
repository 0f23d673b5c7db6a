package com.acme.transport;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * One frame of acme's protocol: four bytes for the length of the rest, one for the kind, then fields. A text is two bytes for its length and UTF-8, a list of
 * texts two bytes for their number and the texts.
 *
 * @param body the fields
 */
record Frame(byte kind, ByteBuffer body) {

	/** To the server: room, token, name. */
	static final byte HELLO = 1;
	/** To the server: whether it is lossy, to whom (nobody: all), topic, packet. From it: whether it is lossy, from whom, topic, packet. */
	static final byte PACKET = 2;
	/** To the server: a number, which comes back in a PONG when everything before has been read. */
	static final byte PING = 3;
	/** From the server: the number of a PING. */
	static final byte PONG = 4;
	/** To the server and from it, with words: the end, in good order. */
	static final byte BYE = 5;
	/** From the server: who is there. */
	static final byte WELCOME = 6;
	/** From the server: a name. */
	static final byte JOINED = 7;
	/** From the server: a name. */
	static final byte LEFT = 8;
	/** From the server, with words: who is put out. */
	static final byte KICKED = 9;
	/** From the server instead of WELCOME, with words. */
	static final byte REFUSED = 10;

	static final int HEAD_BYTES = 5;
	/** The longest frame without its head. */
	static final int MAX_BYTES = 65_536;

	/** Bytes that make no sense. */
	static final class Malformed extends Exception {

		private static final long serialVersionUID = 1L;

		Malformed(String message) {
			super(message);
		}
	}

	/** Writes a frame. */
	static final class Writer {

		private ByteBuffer bytes = ByteBuffer.allocate(256).position(HEAD_BYTES);
		private final byte kind;

		Writer(byte kind) {
			this.kind = kind;
		}

		private ByteBuffer room(int more) {
			if (bytes.remaining() < more) {
				bytes = ByteBuffer.allocate(2 * (bytes.position() + more)).put(bytes.flip());
			}
			return bytes;
		}

		Writer text(String text) {
			byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
			room(2 + utf8.length).putShort((short) utf8.length).put(utf8);
			return this;
		}

		Writer texts(Collection<String> texts) {
			room(2).putShort((short) texts.size());
			texts.forEach(this::text);
			return this;
		}

		Writer flag(boolean flag) {
			room(1).put((byte) (flag ? 1 : 0));
			return this;
		}

		Writer number(long number) {
			room(8).putLong(number);
			return this;
		}

		Writer rest(ByteBuffer rest) {
			room(rest.remaining()).put(rest);
			return this;
		}

		/** Returns the bytes to send. */
		ByteBuffer end() {
			bytes.putInt(0, bytes.position() - HEAD_BYTES).put(4, kind);
			return bytes.flip();
		}
	}

	/**
	 * Takes the next frame out of what has come.
	 *
	 * @param in its position moves on by one frame
	 * @return null if it is not all there yet; otherwise a frame whose body is a view
	 */
	static Frame next(ByteBuffer in) throws Malformed {
		if (in.remaining() < HEAD_BYTES) {
			return null;
		}
		int length = in.getInt(in.position());
		if (length < 0 || length > MAX_BYTES) {
			throw new Malformed("a frame of at most " + MAX_BYTES + " bytes expected, one of " + Integer.toUnsignedString(length) + " announced");
		}
		if (in.remaining() < HEAD_BYTES + length) {
			return null;
		}
		Frame frame = new Frame(in.get(in.position() + 4), in.slice(in.position() + HEAD_BYTES, length));
		in.position(in.position() + HEAD_BYTES + length);
		return frame;
	}

	private ByteBuffer has(int bytes) throws Malformed {
		if (bytes < 0 || body.remaining() < bytes) {
			throw new Malformed("frame of kind " + kind + ": " + bytes + " more bytes expected, " + body.remaining() + " are there");
		}
		return body;
	}

	String text() throws Malformed {
		int length = Short.toUnsignedInt(has(2).getShort());
		byte[] utf8 = new byte[length];
		has(length).get(utf8);
		return new String(utf8, StandardCharsets.UTF_8);
	}

	List<String> texts() throws Malformed {
		int count = Short.toUnsignedInt(has(2).getShort());
		List<String> texts = new ArrayList<>();
		for (int i = 0; i < count; i++) {
			texts.add(text());
		}
		return texts;
	}

	boolean flag() throws Malformed {
		return has(1).get() != 0;
	}

	long number() throws Malformed {
		return has(8).getLong();
	}

	/** Returns a copy of what is left. */
	byte[] rest() {
		byte[] rest = new byte[body.remaining()];
		body.get(rest);
		return rest;
	}
}
