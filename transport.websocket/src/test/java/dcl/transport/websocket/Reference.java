package dcl.transport.websocket;

import java.io.ByteArrayOutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * RFC 6455, sections 5 to 8, as a reader of the whole: it is given all that one side sent, at once. Written apart from the engine's
 * parser, to be compared with it; nothing of this is fast.
 */
final class Reference {

	/** A message or a control frame; {@code opcode} is 1, 2, 9 or 10. */
	record Event(int opcode, byte[] payload) {

		@Override
		public String toString() {
			return opcode + ":" + (payload.length > 40 ? payload.length + " bytes, hash " + Arrays.hashCode(payload) : Arrays.toString(payload));
		}
	}

	/** How the bytes end. */
	enum End {
		/** In order, or in the middle of a frame. */
		MORE,
		/** With a close frame; what follows it was not read. */
		CLOSE,
		/** With something no peer may send. */
		BROKEN
	}

	/** The codes a close frame may carry: RFC 6455, 7.4.1, and what IANA registered since. */
	static final Set<Integer> CODES = Set.of(1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014);

	final List<Event> events = new ArrayList<>();
	End end = End.MORE;
	/** Of the close frame, 1005 without one in it; or the code a broken one is answered with: 1002, 1007 or 1009. */
	int code;
	String reason = "";
	/** Bytes that make whole frames, up to a close frame. */
	int whole;

	private static final class Refused extends RuntimeException {

		private static final long serialVersionUID = 1;
		final int code;

		Refused(int code) {
			super(null, null, false, false);
			this.code = code;
		}
	}

	private Reference() {
	}

	/** Reads what a client ({@code masked}) or a server sent to somebody with those limits. */
	static Reference read(byte[] wire, boolean masked, WebSocketLimits limits) {
		Reference read = new Reference();
		ByteBuffer in = ByteBuffer.wrap(wire);
		try {
			read.frames(in, masked, limits);
		} catch (BufferUnderflowException e) {
			read.end = End.MORE;
		} catch (Refused e) {
			read.end = End.BROKEN;
			read.code = e.code;
		}
		return read;
	}

	private void frames(ByteBuffer in, boolean masked, WebSocketLimits limits) {
		ByteArrayOutputStream message = null;
		int type = 0;
		int pieces = 0;
		while (true) {
			whole = in.position();
			int first = in.get() & 0xFF;
			int second = in.get() & 0xFF;
			int opcode = first % 16;
			boolean last = first >= 128;
			boolean control = opcode >= 8;
			refuseIf(first / 16 % 8 != 0, 1002);
			refuseIf(!List.of(0, 1, 2, 8, 9, 10).contains(opcode), 1002);
			refuseIf(second >= 128 != masked, 1002);
			refuseIf(control && (!last || second % 128 > 125), 1002);
			refuseIf(!control && (opcode == 0) != (message != null), 1002);
			long length = second % 128;
			if (length == 126) {
				length = in.getShort() & 0xFFFF;
				refuseIf(length <= 125, 1002);
			} else if (length == 127) {
				length = in.getLong();
				refuseIf(length <= 65_535, 1002);
			}
			refuseIf(length > limits.maxFrameBytes(), 1009);
			if (!control) {
				refuseIf(length + (message == null ? 0 : message.size()) > limits.maxMessageBytes(), 1009);
				pieces = opcode == 0 ? pieces + 1 : 1;
				refuseIf(pieces > limits.maxFragments(), 1009);
			}
			byte[] mask = new byte[4];
			if (masked) {
				in.get(mask);
			}
			byte[] payload = new byte[(int) Math.min(length, in.remaining() + 1L)]; // one more is missing just as well as all
			in.get(payload);
			for (int i = 0; i < payload.length; i++) {
				payload[i] ^= mask[i % 4];
			}
			if (opcode == 8) {
				close(payload, in.position());
				return;
			} else if (control) {
				events.add(new Event(opcode, payload));
			} else {
				if (opcode != 0) {
					message = new ByteArrayOutputStream();
					type = opcode;
				}
				message.writeBytes(payload);
				if (last) {
					if (type == 1) {
						text(message.toByteArray(), 0);
					}
					events.add(new Event(type, message.toByteArray()));
					message = null;
				}
			}
		}
	}

	private void close(byte[] body, int at) {
		refuseIf(body.length == 1, 1002);
		code = 1005;
		if (body.length > 1) {
			code = ByteBuffer.wrap(body).getShort() & 0xFFFF;
			refuseIf(!CODES.contains(code) && (code < 3000 || code > 4999), 1002);
			reason = text(body, 2);
		}
		end = End.CLOSE;
		whole = at;
	}

	private static String text(byte[] bytes, int from) {
		try {
			return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, from, bytes.length - from)).toString();
		} catch (CharacterCodingException e) {
			throw new Refused(1007);
		}
	}

	private static void refuseIf(boolean wrong, int code) {
		if (wrong) {
			throw new Refused(code);
		}
	}

	List<Event> messages() {
		return events.stream().filter(e -> e.opcode <= 2).toList();
	}

	static boolean same(List<Event> a, List<Event> b) {
		return a.size() == b.size() && startsWith(a, b);
	}

	/** Whether {@code all} begins with {@code begin}. */
	static boolean startsWith(List<Event> all, List<Event> begin) {
		if (begin.size() > all.size()) {
			return false;
		}
		for (int i = 0; i < begin.size(); i++) {
			if (all.get(i).opcode != begin.get(i).opcode || !Arrays.equals(all.get(i).payload, begin.get(i).payload)) {
				return false;
			}
		}
		return true;
	}
}
