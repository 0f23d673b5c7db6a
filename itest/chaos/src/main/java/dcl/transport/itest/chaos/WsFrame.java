package dcl.transport.itest.chaos;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

/** Makes and alters whole WebSocket frames (RFC 6455, 5.2) without looking at what they mean. */
final class WsFrame {

	static final int PONG = 10;
	private static final byte[] MASK = {0x37, (byte) 0xFA, 0x21, 0x3D};

	private WsFrame() {
	}

	/** Returns an unfragmented frame; what a client sends is masked. */
	static byte[] of(int opcode, byte[] payload, boolean masked) {
		return of(0x80 | opcode, payload, 0, payload.length, masked ? MASK : null);
	}

	private static byte[] of(int first, byte[] payload, int from, int to, byte[] mask) {
		ByteArrayOutputStream frame = new ByteArrayOutputStream();
		int length = to - from;
		int bit = mask == null ? 0 : 0x80;
		frame.write(first);
		if (length < 126) {
			frame.write(bit | length);
		} else if (length < 65_536) {
			frame.write(bit | 126);
			frame.write(length >> 8);
			frame.write(length);
		} else {
			frame.write(bit | 127);
			for (int shift = 56; shift >= 0; shift -= 8) {
				frame.write((int) ((long) length >> shift));
			}
		}
		if (mask != null) {
			frame.writeBytes(mask);
		}
		for (int i = from; i < to; i++) {
			frame.write(mask == null ? payload[i] : payload[i] ^ mask[i - from & 3]);
		}
		return frame.toByteArray();
	}

	static int opcode(byte[] frame) {
		return frame[0] & 0x0F;
	}

	static void opcode(byte[] frame, int opcode) {
		frame[0] = (byte) (frame[0] & 0xF0 | opcode);
	}

	/** Returns the frame as fragments with so many bytes of payload each; a control frame, or a small one, as it is. */
	static List<byte[]> split(byte[] frame, int bytes) {
		int extended = (frame[1] & 0x7F) == 126 ? 2 : (frame[1] & 0x7F) == 127 ? 8 : 0;
		boolean masked = frame[1] < 0;
		int begin = 2 + extended + (masked ? 4 : 0);
		if (opcode(frame) >= 8 || frame.length - begin <= bytes) {
			return List.of(frame);
		}
		byte[] payload = new byte[frame.length - begin];
		for (int i = 0; i < payload.length; i++) {
			payload[i] = (byte) (frame[begin + i] ^ (masked ? frame[begin - 4 + (i & 3)] : 0));
		}
		List<byte[]> fragments = new ArrayList<>();
		for (int from = 0; from < payload.length; from += bytes) {
			int to = Math.min(payload.length, from + bytes);
			int first = (to == payload.length ? frame[0] & 0x80 : 0) | (from == 0 ? frame[0] & 0x7F : 0);
			fragments.add(of(first, payload, from, to, masked ? MASK : null));
		}
		return fragments;
	}
}
