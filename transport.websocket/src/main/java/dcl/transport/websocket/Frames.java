package dcl.transport.websocket;

import java.nio.charset.StandardCharsets;

/** Puts payloads into frames (RFC 6455, 5.2). */
final class Frames {

	static final int CONTINUATION = 0x0;
	static final int TEXT = 0x1;
	static final int BINARY = 0x2;
	static final int CLOSE = 0x8;
	static final int PING = 0x9;
	static final int PONG = 0xA;
	static final int MAX_CONTROL_BYTES = 125;

	private Frames() {
	}

	/**
	 * Returns one whole frame with FIN set.
	 *
	 * @param masks {@code null} for an unmasked frame
	 */
	static byte[] encode(int opcode, byte[] payload, Masks masks) {
		int length = payload.length;
		int lengthBytes = length < 126 ? 0 : length <= 0xFFFF ? 2 : 8;
		int header = 2 + lengthBytes + (masks == null ? 0 : 4);
		byte[] frame = new byte[header + length];
		frame[0] = (byte) (0x80 | opcode);
		int maskBit = masks == null ? 0 : 0x80;
		frame[1] = (byte) (maskBit | (lengthBytes == 0 ? length : lengthBytes == 2 ? 126 : 127));
		for (int i = 0, shift = 8 * (lengthBytes - 1); i < lengthBytes; i++, shift -= 8) {
			frame[2 + i] = (byte) ((long) length >>> shift);
		}
		if (masks == null) {
			System.arraycopy(payload, 0, frame, header, length);
		} else {
			int mask = masks.next();
			frame[header - 4] = (byte) (mask >>> 24);
			frame[header - 3] = (byte) (mask >>> 16);
			frame[header - 2] = (byte) (mask >>> 8);
			frame[header - 1] = (byte) mask;
			mask(payload, 0, frame, header, length, mask);
		}
		return frame;
	}

	/** Returns a close frame; the reason has at most 123 bytes. */
	static byte[] close(int code, String reason, Masks masks) {
		byte[] text = reason.getBytes(StandardCharsets.UTF_8);
		byte[] payload = new byte[2 + text.length];
		payload[0] = (byte) (code >> 8);
		payload[1] = (byte) code;
		System.arraycopy(text, 0, payload, 2, text.length);
		return encode(CLOSE, payload, masks);
	}

	/** Copies {@code length} bytes, each xored with its byte of the mask; the first one with the highest. */
	static void mask(byte[] from, int fromIndex, byte[] to, int toIndex, int length, int mask) {
		byte m0 = (byte) (mask >>> 24);
		byte m1 = (byte) (mask >>> 16);
		byte m2 = (byte) (mask >>> 8);
		byte m3 = (byte) mask;
		int i = 0;
		for (; i + 3 < length; i += 4) {
			to[toIndex + i] = (byte) (from[fromIndex + i] ^ m0);
			to[toIndex + i + 1] = (byte) (from[fromIndex + i + 1] ^ m1);
			to[toIndex + i + 2] = (byte) (from[fromIndex + i + 2] ^ m2);
			to[toIndex + i + 3] = (byte) (from[fromIndex + i + 3] ^ m3);
		}
		for (; i < length; i++) {
			to[toIndex + i] = (byte) (from[fromIndex + i] ^ (mask >>> (24 - 8 * (i & 3))));
		}
	}
}
