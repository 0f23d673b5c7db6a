package dcl.transport.testkit;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Encoded rfc4 packets (ADR-104) with a chat each, of any size, written by hand so that the kit needs no protobuf. */
final class Chats {

	private static final int CHAT = 5 << 3 | 2; // Packet.chat
	private static final int MESSAGE = 1 << 3 | 2; // Chat.message
	private static final byte[] VERSION = {11 << 3, 100}; // Packet.protocol_version
	static final int MIN_BYTES = 32;

	private Chats() {
	}

	/** Returns a packet that says a text. */
	static byte[] say(String text) {
		return packet(text.getBytes(StandardCharsets.UTF_8), new byte[0]);
	}

	/** Returns a packet of a size that begins to say a text, and is made up of dots. */
	static byte[] say(String text, int bytes) {
		for (byte[] rest : new byte[][] {{}, VERSION}) { // a length that takes a byte more leaves a gap
			for (int length = bytes; length >= text.length() && length > bytes - 20; length--) {
				byte[] packet = packet((text + ".".repeat(length - text.length())).getBytes(StandardCharsets.UTF_8), rest);
				if (packet.length == bytes) {
					return packet;
				}
			}
		}
		throw new IllegalArgumentException("no chat of " + bytes + " bytes says '" + text + "'");
	}

	private static byte[] packet(byte[] message, byte[] rest) {
		ByteArrayOutputStream chat = new ByteArrayOutputStream();
		field(chat, MESSAGE, message);
		ByteArrayOutputStream packet = new ByteArrayOutputStream();
		field(packet, CHAT, chat.toByteArray());
		packet.writeBytes(rest);
		return packet.toByteArray();
	}

	private static void field(ByteArrayOutputStream out, int tag, byte[] bytes) {
		out.write(tag);
		int rest = bytes.length;
		for (; rest > 0x7f; rest >>>= 7) {
			out.write(rest & 0x7f | 0x80);
		}
		out.write(rest);
		out.writeBytes(bytes);
	}
}
