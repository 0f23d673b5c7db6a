package dcl.transport.rfc5;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * One message of a ws-room: the content of one binary WebSocket message. Source: ADR-105 and {@code ws_comms.proto} of the Decentraland protocol.
 * <p>
 * Aliases are unsigned 32-bit numbers held in an {@code int}; print them with {@link Integer#toUnsignedString(int)}. Texts come as the peer sent
 * them, with what is not UTF-8 replaced by U+FFFD, and may be empty: an address in here has not been checked.
 */
public sealed interface WsPacket {

	/** Server to client: you are in, under this alias, and these peers were there before you; never contains yourself. */
	record Welcome(int alias, Map<Integer, String> peers) implements WsPacket {

		/** Copies the peers, keeping their order. */
		public Welcome {
			// Not Map.copyOf: aliases chosen by a hostile server would make its linear probing quadratic.
			peers = Collections.unmodifiableMap(new LinkedHashMap<>(peers));
		}

		@Override
		public String toString() {
			return "Welcome[alias=" + Integer.toUnsignedString(alias) + ", " + peers.size() + " peers]";
		}
	}

	/** Server to client: somebody came in. */
	record PeerJoin(int alias, String address) implements WsPacket {
	}

	/** Server to client: somebody left. */
	record PeerLeave(int alias) implements WsPacket {
	}

	/** Server to client: sign this text to prove your address. {@code alreadyConnected}: the address has a session, which will end. */
	record Challenge(String challengeToSign, boolean alreadyConnected) implements WsPacket {
	}

	/** Client to server: the auth chain, as JSON, whose last link signs the challenge. */
	record SignedChallenge(String authChainJson) implements WsPacket {

		/** Returns the size only: signatures are not for logs. */
		@Override
		public String toString() {
			return "SignedChallenge[" + authChainJson.length() + " characters]";
		}
	}

	/** Client to server, the first message: the address that it is going to prove. */
	record Identification(String address) implements WsPacket {
	}

	/** Server to client: you are put out; the reason may be empty. */
	record Kicked(String reason) implements WsPacket {
	}

	/** A well-formed message without a member known here. ADR-105 wants it ignored after the login, so that the protocol can grow. */
	record Unknown() implements WsPacket {
	}

	/**
	 * One packet of a peer, both ways. A client may send any alias, since the server puts the sender's own in its place; nobody gets their own
	 * update back. Equal by content.
	 * <p>
	 * An update that was decoded is a view of the bytes it came from: it is good for as long as nobody writes to them.
	 */
	final class PeerUpdate implements WsPacket {

		private final byte[] array;
		private final int offset;
		private final int length;
		private final int fromAlias;
		private final boolean unreliable;

		PeerUpdate(int fromAlias, byte[] array, int offset, int length, boolean unreliable) {
			this.fromAlias = fromAlias;
			this.array = array;
			this.offset = offset;
			this.length = length;
			this.unreliable = unreliable;
		}

		/** Returns an update with this body, without a copy: the caller must not write to it any more. */
		public static PeerUpdate of(int fromAlias, byte[] body, boolean unreliable) {
			return new PeerUpdate(fromAlias, body, 0, body.length, unreliable);
		}

		/**
		 * Returns the number of bytes that {@link #write} lays out.
		 *
		 * @throws IllegalArgumentException for a length below 0 or so large that the message would not fit into an array
		 */
		public static int encodedSize(int fromAlias, int bodyLength, boolean unreliable) {
			if (bodyLength < 0 || bodyLength > Integer.MAX_VALUE - 64) {
				throw new IllegalArgumentException("a body of 0 to " + (Integer.MAX_VALUE - 64) + " bytes expected: " + bodyLength);
			}
			int inner = innerSize(fromAlias, bodyLength, unreliable);
			return 1 + Wire.varintSize(inner) + inner;
		}

		/**
		 * Writes everything of an update but its body, and leaves the room for that. So a packet reaches the wire with one copy of its bytes, and the
		 * frame header can go before it:
		 * <pre>
		 * byte[] frame = new byte[headroom + PeerUpdate.encodedSize(alias, packet.size(), unreliable)];
		 * packet.copyTo(frame, PeerUpdate.write(frame, headroom, alias, packet.size(), unreliable));
		 * </pre>
		 *
		 * @param target with room for {@link #encodedSize} bytes from {@code at}
		 * @return where in {@code target} the body belongs
		 * @throws IndexOutOfBoundsException if there is less room
		 * @throws IllegalArgumentException as {@link #encodedSize}
		 */
		public static int write(byte[] target, int at, int fromAlias, int bodyLength, boolean unreliable) {
			Objects.checkFromIndexSize(at, encodedSize(fromAlias, bodyLength, unreliable), target.length);
			int next = at;
			target[next++] = Wire.TAG_PEER_UPDATE;
			next = Wire.writeVarint(target, next, innerSize(fromAlias, bodyLength, unreliable));
			if (fromAlias != 0) {
				target[next++] = Wire.TAG_FROM_ALIAS;
				next = Wire.writeVarint(target, next, fromAlias);
			}
			if (bodyLength != 0) {
				target[next++] = Wire.TAG_BODY;
				next = Wire.writeVarint(target, next, bodyLength);
			}
			int body = next;
			if (unreliable) {
				target[body + bodyLength] = Wire.TAG_UNRELIABLE;
				target[body + bodyLength + 1] = 1;
			}
			return body;
		}

		private static int innerSize(int fromAlias, int bodyLength, boolean unreliable) {
			return (fromAlias == 0 ? 0 : 1 + Wire.varintSize(fromAlias)) + (bodyLength == 0 ? 0 : 1 + Wire.varintSize(bodyLength) + bodyLength)
					+ (unreliable ? 2 : 0);
		}

		/** Returns the sender. */
		public int fromAlias() {
			return fromAlias;
		}

		/** Returns whether the update may be dropped on its way. */
		public boolean unreliable() {
			return unreliable;
		}

		/** Returns the size of the body in bytes. */
		public int bodyLength() {
			return length;
		}

		/** Returns a new view of the body, which has an array and is not to be written to. */
		public ByteBuffer body() {
			return ByteBuffer.wrap(array, offset, length).slice();
		}

		/** Returns a copy of the body. */
		public byte[] bodyBytes() {
			return Arrays.copyOfRange(array, offset, offset + length);
		}

		/**
		 * Copies the body.
		 *
		 * @throws IndexOutOfBoundsException if {@code target} has no room for {@link #bodyLength()} bytes from {@code at}
		 */
		public void copyBody(byte[] target, int at) {
			System.arraycopy(array, offset, target, at, length);
		}

		/**
		 * Encodes this update as one of somebody else's, which is what a server relays.
		 *
		 * @param headroom bytes to leave free, as zeros, before the message; 0 or more
		 */
		public byte[] encodeFrom(int alias, int headroom) {
			byte[] target = new byte[Math.addExact(headroom, encodedSize(alias, length, unreliable))];
			copyBody(target, write(target, headroom, alias, length, unreliable));
			return target;
		}

		@Override
		public byte[] encode() {
			return encodeFrom(fromAlias, 0);
		}

		@Override
		public boolean equals(Object other) {
			return other instanceof PeerUpdate that && fromAlias == that.fromAlias && unreliable == that.unreliable
					&& Arrays.equals(array, offset, offset + length, that.array, that.offset, that.offset + that.length);
		}

		@Override
		public int hashCode() {
			return 31 * (31 * fromAlias + Boolean.hashCode(unreliable)) + body().hashCode();
		}

		/** Returns the size only: what is inside may be private. */
		@Override
		public String toString() {
			return "PeerUpdate[fromAlias=" + Integer.toUnsignedString(fromAlias) + ", " + length + " bytes" + (unreliable ? ", unreliable]" : "]");
		}
	}

	/** Decodes a whole array. As {@link #decode(byte[], int, int)}. */
	static WsPacket decode(byte[] bytes) throws MalformedWsPacketException {
		return decode(bytes, 0, bytes.length);
	}

	/**
	 * Decodes one message. Unknown fields are skipped; of several members the last wins, and one that is repeated is merged, as protobuf has it.
	 *
	 * @param bytes an update is a view of them, see {@link PeerUpdate}; of every other message they are free again
	 * @throws MalformedWsPacketException for what is cut short, has an illegal tag or is no protobuf at all
	 * @throws IndexOutOfBoundsException for a range outside of the array
	 */
	static WsPacket decode(byte[] bytes, int offset, int length) throws MalformedWsPacketException {
		Objects.checkFromIndexSize(offset, length, bytes.length);
		PeerUpdate update = Wire.plainUpdate(bytes, offset, offset + length);
		return update != null ? update : Wire.parse(bytes, offset, length);
	}

	/** Decodes the remaining bytes, whose position does not change. As {@link #decode(byte[], int, int)}, but what has no array is copied. */
	static WsPacket decode(ByteBuffer bytes) throws MalformedWsPacketException {
		if (bytes.hasArray()) {
			return decode(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
		}
		byte[] copy = new byte[bytes.remaining()];
		bytes.get(bytes.position(), copy);
		return decode(copy, 0, copy.length);
	}

	/** Returns the message as it goes into one binary WebSocket message. */
	default byte[] encode() {
		return Wire.generated(this).toByteArray();
	}
}
