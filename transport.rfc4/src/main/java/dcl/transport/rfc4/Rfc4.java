package dcl.transport.rfc4;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Instant;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import dcl.transport.Delivery;
import dcl.transport.Packet;

/** Encodes, decodes and sorts the packets of ADR-104. Stateless. */
public final class Rfc4 {

	/** The {@code protocol_version} of today's clients. unity-explorer drops packets with any other; nobody else looks at it. */
	public static final int PROTOCOL_VERSION = 100;

	private static final int SCRATCH_BYTES = 4096;
	/** A packet shows its bytes only as a copy or a read-only buffer, which protobuf would copy anew each time. */
	private static final ThreadLocal<byte[]> SCRATCH = ThreadLocal.withInitial(() -> new byte[SCRATCH_BYTES]);

	private static final char PING = '\u2411';
	private static final char PONG = '\u2406';
	private static final char EMOTE = '\u2410';

	private Rfc4() {
	}

	/**
	 * Encodes a packet, with {@link #PROTOCOL_VERSION} if it has no version of its own. To pass on what somebody else sent, as it is, do not
	 * decode it: send the packet that came.
	 */
	public static Packet encode(Rfc4Packet message) {
		int size = message.getSerializedSize();
		boolean complete = message.hasProtocolVersion();
		if (!complete) {
			size += CodedOutputStream.computeUInt32Size(Rfc4Packet.PROTOCOL_VERSION_FIELD_NUMBER, PROTOCOL_VERSION);
		}
		byte[] bytes = new byte[size];
		try {
			CodedOutputStream out = CodedOutputStream.newInstance(bytes);
			message.writeTo(out);
			if (!complete) {
				out.writeUInt32(Rfc4Packet.PROTOCOL_VERSION_FIELD_NUMBER, PROTOCOL_VERSION);
			}
			out.checkNoSpaceLeft();
		} catch (IOException e) {
			throw new UncheckedIOException("an array of " + size + " bytes does not fit a message of that size", e);
		}
		return Packet.wrap(ByteBuffer.wrap(bytes));
	}

	/**
	 * Decodes a packet of any protocol version. Of several members the last wins; fields that are not known here are kept, and encoded again.
	 * <p>
	 * Under the number of {@code look_at_position} bevy-explorer sends a message of its own. It may happen to read as a {@code LookAtPosition}, with
	 * nonsense in it. Where it does not, that is no reason to refuse the packet: no member is set then, and the bytes are in
	 * {@code getUnknownFields()}, under the same number.
	 *
	 * @throws IllegalArgumentException if the bytes are not an rfc4 packet: cut short, no protobuf, or a text in it is not UTF-8
	 */
	public static Rfc4Packet decode(Packet packet) {
		byte[] bytes = bytes(packet);
		Rfc4Packet plain = PlainMovement.read(bytes, packet.size());
		if (plain != null) {
			return plain;
		}
		try {
			return Rfc4Packet.parser().parseFrom(bytes, 0, packet.size());
		} catch (InvalidProtocolBufferException e) {
			if (TopLevel.lastMember(bytes, packet.size()) == Kind.LOOK_AT_POSITION) {
				return withoutLookAtPosition(packet);
			}
			throw malformed(packet, e);
		}
	}

	private static Rfc4Packet withoutLookAtPosition(Packet packet) {
		int number = Rfc4Packet.LOOK_AT_POSITION_FIELD_NUMBER;
		try {
			UnknownFieldSet all = UnknownFieldSet.parseFrom(packet.toByteArray());
			UnknownFieldSet others = all.toBuilder().clearField(number).build();
			UnknownFieldSet unread = UnknownFieldSet.newBuilder().addField(number, all.getField(number)).build();
			Rfc4Packet.Builder decoded = Rfc4Packet.parseFrom(others.toByteString()).toBuilder().clearMessage();
			return decoded.mergeUnknownFields(unread).build();
		} catch (InvalidProtocolBufferException e) {
			throw malformed(packet, e);
		}
	}

	private static IllegalArgumentException malformed(Packet packet, InvalidProtocolBufferException e) {
		return new IllegalArgumentException("an rfc4 packet (ADR-104) expected; what came is none, in " + packet.size() + " bytes: " + e.getMessage(), e);
	}

	/**
	 * Tells what a packet is about without decoding it, by walking over its top level: for metrics and for rules what to drop. Of several members the
	 * last wins. Never throws, and allocates nothing for packets of up to 4 KiB.
	 *
	 * @return {@link Kind#UNKNOWN} if no known member is set or the top level cannot be walked to its end; what is inside of a member is not looked
	 *         at, so {@link #decode} may still refuse a packet of a known kind
	 */
	public static Kind kind(Packet packet) {
		return TopLevel.lastMember(bytes(packet), packet.size());
	}

	/** Returns the bytes of the packet, from the start of an array that may be longer and is good until the next call on this thread. */
	private static byte[] bytes(Packet packet) {
		if (packet.size() > SCRATCH_BYTES) {
			return packet.toByteArray();
		}
		byte[] scratch = SCRATCH.get();
		packet.copyTo(scratch, 0);
		return scratch;
	}

	/**
	 * Returns how packets of a kind are meant to travel, to everybody: lossy for position, voice and scene, as ADR-104 advises, and for both kinds of
	 * movement by analogy; reliable for the rest. Scene messages that must arrive have to be sent reliably by the host's own choice, as today's clients do.
	 */
	public static Delivery advisedDelivery(Kind kind) {
		switch (kind) {
			case POSITION :
			case VOICE :
			case SCENE :
			case MOVEMENT :
			case MOVEMENT_COMPRESSED :
				return Delivery.lossy();
			default :
				return Delivery.reliable();
		}
	}

	/** Returns a chat message said now, as an {@linkplain ChatTime#OLE_DATE OLE date}. */
	public static Rfc4Packet chat(String message) {
		return Rfc4Packet.newBuilder().setChat(Chat.newBuilder().setMessage(message).setTimestamp(ChatTime.OLE_DATE.timestamp(Instant.now()))).build();
	}

	/**
	 * Tells whether a chat is not for people but between clients: it begins with U+2411 (ping), U+2406 (pong) or U+2410 (emote). ADR-204 wants these
	 * ignored; never show them.
	 */
	public static boolean isControl(Chat chat) {
		String message = chat.getMessage();
		if (message.isEmpty()) {
			return false;
		}
		char first = message.charAt(0);
		return first == PING || first == PONG || first == EMOTE;
	}
}
