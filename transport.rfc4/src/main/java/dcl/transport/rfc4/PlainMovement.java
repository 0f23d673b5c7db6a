package dcl.transport.rfc4;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Reads the packet that nearly all packets are: one movement in known fields, and perhaps the protocol version behind it. The generated parser takes half as
 * long again, since it keeps its place in an object and builds one message inside of another.
 */
final class PlainMovement {

	private static final VarHandle FLOAT = MethodHandles.byteArrayViewVarHandle(float[].class, ByteOrder.LITTLE_ENDIAN);

	private static final byte TAG_MOVEMENT = Rfc4Packet.MOVEMENT_FIELD_NUMBER << 3 | 2;
	private static final byte TAG_PROTOCOL_VERSION = Rfc4Packet.PROTOCOL_VERSION_FIELD_NUMBER << 3;
	/** The wire types of a number and of a float. */
	private static final int NUMBER = 0;
	private static final int FLOAT32 = 5;

	private PlainMovement() {
	}

	/**
	 * Reads a packet of which the first {@code size} bytes are one movement and nothing else.
	 *
	 * @return {@code null} for everything out of the ordinary, good or bad: that is for the generated parser
	 */
	static Rfc4Packet read(byte[] bytes, int size) {
		if (size < 2 || bytes[0] != TAG_MOVEMENT || bytes[1] < 0 || bytes[1] > size - 2) {
			return null;
		}
		int end = 2 + bytes[1];
		int version = 0;
		if (end < size) { // one of up to 127 in two bytes
			if (size - end != 2 || bytes[end] != TAG_PROTOCOL_VERSION || bytes[end + 1] < 0) {
				return null;
			}
			version = bytes[end + 1];
		}
		Movement.Builder movement = Movement.newBuilder();
		if (!fields(movement, bytes, 2, end)) {
			return null;
		}
		Rfc4Packet.Builder packet = Rfc4Packet.newBuilder().setMovement(movement.buildPartial());
		return (end < size ? packet.setProtocolVersion(version) : packet).buildPartial();
	}

	private static boolean fields(Movement.Builder to, byte[] bytes, int from, int end) {
		int at = from;
		while (at < end) {
			int tag = bytes[at++];
			if (tag < 0) { // a second byte of 1: fields 16 to 31
				if (at == end || bytes[at++] != 1) {
					return false;
				}
				tag &= 0xff;
			}
			switch (tag & 7) {
				case FLOAT32 -> {
					if (end - at < Float.BYTES || !set(to, tag >>> 3, (float) FLOAT.get(bytes, at))) {
						return false;
					}
					at += Float.BYTES;
				}
				case NUMBER -> {
					if (at == end || !set(to, tag >>> 3, bytes[at++])) {
						return false;
					}
				}
				default -> {
					return false;
				}
			}
		}
		return true;
	}

	private static boolean set(Movement.Builder to, int field, float value) {
		switch (field) {
			case Movement.TIMESTAMP_FIELD_NUMBER -> to.setTimestamp(value);
			case Movement.POSITION_X_FIELD_NUMBER -> to.setPositionX(value);
			case Movement.POSITION_Y_FIELD_NUMBER -> to.setPositionY(value);
			case Movement.POSITION_Z_FIELD_NUMBER -> to.setPositionZ(value);
			case Movement.VELOCITY_X_FIELD_NUMBER -> to.setVelocityX(value);
			case Movement.VELOCITY_Y_FIELD_NUMBER -> to.setVelocityY(value);
			case Movement.VELOCITY_Z_FIELD_NUMBER -> to.setVelocityZ(value);
			case Movement.MOVEMENT_BLEND_VALUE_FIELD_NUMBER -> to.setMovementBlendValue(value);
			case Movement.SLIDE_BLEND_VALUE_FIELD_NUMBER -> to.setSlideBlendValue(value);
			case Movement.ROTATION_Y_FIELD_NUMBER -> to.setRotationY(value);
			case Movement.HEAD_YAW_FIELD_NUMBER -> to.setHeadYaw(value);
			case Movement.HEAD_PITCH_FIELD_NUMBER -> to.setHeadPitch(value);
			case Movement.POINT_AT_X_FIELD_NUMBER -> to.setPointAtX(value);
			case Movement.POINT_AT_Y_FIELD_NUMBER -> to.setPointAtY(value);
			case Movement.POINT_AT_Z_FIELD_NUMBER -> to.setPointAtZ(value);
			default -> {
				return false;
			}
		}
		return true;
	}

	private static boolean set(Movement.Builder to, int field, byte value) {
		if (value < 0) {
			return false; // the first of several bytes
		}
		boolean flag = value != 0;
		switch (field) {
			case Movement.IS_GROUNDED_FIELD_NUMBER -> to.setIsGrounded(flag);
			case Movement.IS_JUMPING_FIELD_NUMBER -> to.setIsJumping(flag);
			case Movement.IS_LONG_JUMP_FIELD_NUMBER -> to.setIsLongJump(flag);
			case Movement.IS_LONG_FALL_FIELD_NUMBER -> to.setIsLongFall(flag);
			case Movement.IS_FALLING_FIELD_NUMBER -> to.setIsFalling(flag);
			case Movement.IS_STUNNED_FIELD_NUMBER -> to.setIsStunned(flag);
			case Movement.IS_INSTANT_FIELD_NUMBER -> to.setIsInstant(flag);
			case Movement.IS_EMOTING_FIELD_NUMBER -> to.setIsEmoting(flag);
			case Movement.HEAD_IK_YAW_ENABLED_FIELD_NUMBER -> to.setHeadIkYawEnabled(flag);
			case Movement.HEAD_IK_PITCH_ENABLED_FIELD_NUMBER -> to.setHeadIkPitchEnabled(flag);
			case Movement.IS_POINTING_AT_FIELD_NUMBER -> to.setIsPointingAt(flag);
			case Movement.GLIDE_STATE_FIELD_NUMBER -> to.setGlideStateValue(value);
			case Movement.JUMP_COUNT_FIELD_NUMBER -> to.setJumpCount(value);
			default -> {
				return false;
			}
		}
		return true;
	}
}
