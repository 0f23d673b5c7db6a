package dcl.transport.simulator.internal;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Random;

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
	/** A tag of field 0 and of a type that does not exist. */
	private static final byte NO_TAG = 7;

	private Packets() {
	}

	static Packet position(int index, float x, float y, float z) {
		return Rfc4.encode(Rfc4Packet.newBuilder().setPosition(Position.newBuilder().setIndex(index).setPositionX(x).setPositionY(y).setPositionZ(z)
				.setRotationW(1)).build());
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
