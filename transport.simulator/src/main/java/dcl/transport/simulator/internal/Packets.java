package dcl.transport.simulator.internal;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Random;

import com.google.protobuf.CodedOutputStream;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.rfc4.AnnounceProfileVersion;
import dcl.transport.rfc4.Chat;
import dcl.transport.rfc4.ChatTime;
import dcl.transport.rfc4.Movement;
import dcl.transport.rfc4.PlayerEmote;
import dcl.transport.rfc4.Position;
import dcl.transport.rfc4.ProfileResponse;
import dcl.transport.rfc4.Rfc4;
import dcl.transport.rfc4.Rfc4Packet;

/** What made-up peers say (ADR-104). */
final class Packets {

	/** Who the first web explorer's simulator named as the server of its bots' profiles. */
	private static final String CONTENT_SERVER = "https://peer.decentraland.org";
	private static final int MAX_GARBAGE = 64;
	private static final int LENGTH_DELIMITED = 2;
	private static final int FIXED32 = 5;
	/** With its tag. */
	private static final int FLOAT_BYTES = 5;
	/** A tag of field 0 and of a type that does not exist. */
	private static final byte NO_TAG = 7;

	private Packets() {
	}

	/**
	 * Where a bot is, with the identity as its rotation. Laid out by hand, since nearly every packet of the largest simulations is one of these and protobuf
	 * takes three times as long; a test holds the two against each other.
	 */
	static Packet position(int index, float x, float y, float z) {
		int indexBytes = index == 0 ? 0 : 1 + CodedOutputStream.computeUInt32SizeNoTag(index);
		int inner = indexBytes + floatBytes(x) + floatBytes(y) + floatBytes(z) + FLOAT_BYTES;
		byte[] bytes = new byte[2 + inner + 2];
		int at = 0;
		bytes[at++] = Rfc4Packet.POSITION_FIELD_NUMBER << 3 | LENGTH_DELIMITED;
		bytes[at++] = (byte) inner; // below 128, so one byte
		if (indexBytes > 0) {
			bytes[at++] = Position.INDEX_FIELD_NUMBER << 3;
			int rest = index;
			for (; (rest & ~0x7f) != 0; rest >>>= 7) {
				bytes[at++] = (byte) (rest | 0x80);
			}
			bytes[at++] = (byte) rest;
		}
		at = put(bytes, at, Position.POSITION_X_FIELD_NUMBER, x);
		at = put(bytes, at, Position.POSITION_Y_FIELD_NUMBER, y);
		at = put(bytes, at, Position.POSITION_Z_FIELD_NUMBER, z);
		at = put(bytes, at, Position.ROTATION_W_FIELD_NUMBER, 1);
		bytes[at++] = Rfc4Packet.PROTOCOL_VERSION_FIELD_NUMBER << 3;
		bytes[at] = Rfc4.PROTOCOL_VERSION;
		return Packet.wrap(ByteBuffer.wrap(bytes));
	}

	/** Zero is the default and left out; minus zero is not. */
	private static int floatBytes(float value) {
		return Float.floatToRawIntBits(value) == 0 ? 0 : FLOAT_BYTES;
	}

	private static int put(byte[] bytes, int at, int field, float value) {
		int bits = Float.floatToRawIntBits(value);
		if (bits == 0) {
			return at;
		}
		bytes[at] = (byte) (field << 3 | FIXED32);
		bytes[at + 1] = (byte) bits;
		bytes[at + 2] = (byte) (bits >> 8);
		bytes[at + 3] = (byte) (bits >> 16);
		bytes[at + 4] = (byte) (bits >> 24);
		return at + FLOAT_BYTES;
	}

	/** Somebody who stands. */
	static Packet movement(long nanos, float x, float y, float z) {
		return Rfc4.encode(Rfc4Packet.newBuilder().setMovement(Movement.newBuilder().setTimestamp(nanos / 1_000_000 / 1_000f).setPositionX(x)
				.setPositionY(y).setPositionZ(z).setIsGrounded(true)).build());
	}

	static Packet movement(long nanos, float x, float z, float velocityX, float velocityZ, float rotation, float blend) {
		return Rfc4.encode(Rfc4Packet.newBuilder().setMovement(Movement.newBuilder().setTimestamp(nanos / 1_000_000 / 1_000f).setPositionX(x)
				.setPositionZ(z).setVelocityX(velocityX).setVelocityZ(velocityZ).setRotationY(rotation).setMovementBlendValue(blend).setIsGrounded(true)).build());
	}

	static Packet profileVersion(int version) {
		return Rfc4.encode(Rfc4Packet.newBuilder().setProfileVersion(AnnounceProfileVersion.newBuilder().setProfileVersion(version)).build());
	}

	static Packet chat(String message, Instant said) {
		return Rfc4.encode(Rfc4Packet.newBuilder().setChat(Chat.newBuilder().setMessage(message).setTimestamp(ChatTime.OLE_DATE.timestamp(said))).build());
	}

	static Packet emote(int id, String urn, long nanos) {
		return Rfc4.encode(Rfc4Packet.newBuilder().setPlayerEmote(PlayerEmote.newBuilder().setIncrementalId(id).setUrn(urn)
				.setTimestamp(nanos / 1_000_000 / 1_000f)).build());
	}

	static Packet profile(PeerId bot, int version) {
		String address = bot.value();
		String shape = "urn:decentraland:off-chain:base-avatars:Base" + (address.hashCode() % 2 == 0 ? "Male" : "Female");
		String profile = "{\"userId\":\"" + address + "\",\"ethAddress\":\"" + address + "\",\"name\":\"Bot#" + address.substring(address.length() - 4)
				+ "\",\"description\":\"\",\"hasClaimedName\":false,\"tutorialStep\":256,\"version\":" + version
				+ ",\"avatar\":{\"bodyShape\":\"" + shape + "\",\"eyes\":{\"color\":{\"r\":0.2,\"g\":0.4,\"b\":0.6}},"
				+ "\"hair\":{\"color\":{\"r\":0.3,\"g\":0.2,\"b\":0.1}},\"skin\":{\"color\":{\"r\":0.8,\"g\":0.6,\"b\":0.5}},"
				+ "\"wearables\":[],\"emotes\":[],\"snapshots\":{\"face256\":\"\",\"body\":\"\"}}}";
		return Rfc4.encode(Rfc4Packet.newBuilder().setProfileResponse(ProfileResponse.newBuilder().setSerializedProfile(profile).setBaseUrl(CONTENT_SERVER)).build());
	}

	/** Bytes that are no rfc4 packet. */
	static Packet garbage(Random random) {
		byte[] bytes = new byte[1 + random.nextInt(MAX_GARBAGE)];
		random.nextBytes(bytes);
		bytes[0] = NO_TAG;
		return Packet.wrap(ByteBuffer.wrap(bytes));
	}
}
