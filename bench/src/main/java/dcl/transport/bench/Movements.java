package dcl.transport.bench;

import java.io.ByteArrayOutputStream;

import dcl.transport.Packet;
import dcl.transport.rfc4.Movement;
import dcl.transport.rfc4.Rfc4;
import dcl.transport.rfc4.Rfc4Packet;
import dcl.transport.rfc5.WsPacket.PeerUpdate;

/** The one message that everything here sends, the same as in {@code peers/peer.mjs}: an avatar that walks in circles, looks around and points. */
final class Movements {

	private Movements() {
	}

	/** Encodes the movement of a step: 87 bytes, or some less where a field happens to be zero. Every step differs. */
	static Packet at(int step) {
		double angle = step / 100.0;
		return Rfc4.encode(Rfc4Packet.newBuilder().setMovement(Movement.newBuilder()
				.setTimestamp(step / 10f)
				.setPositionX((float) (100 + 10 * Math.cos(angle)))
				.setPositionY(0.5f)
				.setPositionZ((float) (100 + 10 * Math.sin(angle)))
				.setVelocityX((float) -Math.sin(angle))
				.setVelocityZ((float) Math.cos(angle))
				.setMovementBlendValue(1)
				.setIsGrounded(true)
				.setRotationY(step % 360)
				.setHeadIkYawEnabled(true)
				.setHeadIkPitchEnabled(true)
				.setHeadYaw(step % 90)
				.setHeadPitch(step % 45)
				.setPointAtX(90)
				.setPointAtY(1.5f)
				.setPointAtZ(110)
				.setIsPointingAt(true)).build());
	}

	/** Returns the unmasked frames (rfc6455, 5.2) in which a server passes on {@code count} movements of alias 1, lossy. */
	static byte[] frames(int from, int count) {
		ByteArrayOutputStream frames = new ByteArrayOutputStream();
		for (int step = from; step < from + count; step++) {
			byte[] message = PeerUpdate.of(1, at(step).toByteArray(), true).encode();
			frames.write(0x82);
			frames.write(message.length); // below 126, so it is the length
			frames.writeBytes(message);
		}
		return frames.toByteArray();
	}
}
