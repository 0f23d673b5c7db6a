package dcl.transport.rfc4;

/**
 * Packs a {@link Movement} into a {@link MovementCompressed} and back. <b>Experimental</b>: clients disagree on the bits of {@code temporal_data}, and
 * nothing on the wire says whose they are. This is the layout of bevy-explorer and godot-explorer; what unity-explorer sends today comes out wrong.
 * Send {@code Movement} unless you know who listens. Immutable.
 * <p>
 * {@code temporal_data}, from the lowest bit: 15 timestamp in steps of 20 ms; 2 kind (idle, walk, jog, run); 1 each of sliding, stunned, grounded,
 * jump, long jump, falling, long fall; 6 rotation_y over 0 to 360 degrees; 2 tier of speed.
 * <p>
 * {@code movement_data}, from the lowest bit: 17 parcel; 10 each (8 in the two upper tiers) of x and z in the parcel over 0 to 16 m; 13 y over 0 to
 * 200 m; 4 each (6) of velocity x, y, z: a sign, then the amount over 0 to 4, 4, 12 or 50 m/s.
 * <p>
 * {@code head_sync_data}: 6 pitch, 6 yaw, over 0 to 360 degrees; 1 pitch enabled, 1 yaw enabled; 0 if neither. {@code point_at_data}: three times a
 * sign and 9 bits of the square root of the offset from the avatar, over 0 to 1000 m; bit 30: is pointing at; 0 if not.
 * <p>
 * Numbers are rounded to the nearest step, half to even, as unity-explorer does (bevy-explorer and godot-explorer cut off), and brought into their range
 * where they are outside of it. The kind is taken from {@code movement_blend_value} and sliding from {@code slide_blend_value}, both rounded; emoting,
 * instant, the glide state and the number of jumps beyond one are lost. Source: ADR-204 for {@code movement_data}; the clients named for the rest.
 */
public final class MovementCodec {

	/** After how many seconds the compressed timestamp begins again. */
	public static final double TIMESTAMP_RANGE_SECONDS = 655.36;

	private static final MovementCodec GENESIS_CITY = ofParcels(-150, -150, 163, 158);

	private static final int PADDING = 2;
	private static final int FARTHEST = 1 << 20;
	private static final int PARCEL_BITS = 17;
	private static final float PARCEL_METRES = 16;
	private static final int HEIGHT_BITS = 13;
	private static final float HEIGHT_METRES = 200;
	private static final float TIMESTAMP_STEP_SECONDS = 0.02f;
	private static final int TIMESTAMP_MASK = 0x7fff;
	private static final int ANGLE_BITS = 6;
	private static final float FULL_CIRCLE = 360;
	private static final int POINT_BITS = 9;
	private static final float POINT_METRES = 1000;

	private final int minX;
	private final int minZ;
	private final int width;
	private final int depth;

	private MovementCodec(int minX, int minZ, int width, int depth) {
		this.minX = minX;
		this.minZ = minZ;
		this.width = width;
		this.depth = depth;
	}

	/** Returns the codec of Genesis City, whose parcels are -150 to 163 by -150 to 158. */
	public static MovementCodec genesisCity() {
		return GENESIS_CITY;
	}

	/**
	 * Returns the codec of another realm, of the parcels from {@code minX,minZ} to {@code maxX,maxZ}, both included. Everybody in the realm has to use
	 * the same; two parcels more on every side are added, as ADR-204 has it.
	 *
	 * @throws IllegalArgumentException if there are none, more than 17 bits can number, or one farther out than {@code 1 << 20}
	 */
	public static MovementCodec ofParcels(int minX, int minZ, int maxX, int maxZ) {
		long width = (long) maxX - minX + 1 + 2 * PADDING;
		long depth = (long) maxZ - minZ + 1 + 2 * PADDING;
		boolean near = Math.min(minX, minZ) >= -FARTHEST && Math.max(maxX, maxZ) <= FARTHEST;
		if (!near || maxX < minX || maxZ < minZ || width * depth > 1 << PARCEL_BITS) {
			throw new IllegalArgumentException("parcels from low to high expected, within " + FARTHEST + " and at most " + (1 << PARCEL_BITS)
					+ " with two more on every side: " + minX + "," + minZ + " to " + maxX + "," + maxZ);
		}
		return new MovementCodec(minX - PADDING, minZ - PADDING, (int) width, (int) depth);
	}

	/** The ranges that a speed decides. */
	private enum Tier {
		NONE(10, 4, 4),
		SLOW(10, 4, 4),
		MEDIUM(8, 6, 12),
		FAST(8, 6, 50);

		final int positionBits;
		final int velocityBits;
		final float maxVelocity;

		Tier(int positionBits, int velocityBits, float maxVelocity) {
			this.positionBits = positionBits;
			this.velocityBits = velocityBits;
			this.maxVelocity = maxVelocity;
		}

		static Tier of(Movement movement) {
			float fastest = Math.max(Math.abs(movement.getVelocityX()), Math.max(Math.abs(movement.getVelocityY()), Math.abs(movement.getVelocityZ())));
			if (fastest < 0.001f) {
				return NONE;
			}
			return fastest <= SLOW.maxVelocity ? SLOW : fastest < MEDIUM.maxVelocity ? MEDIUM : FAST;
		}
	}

	/** Packs a movement. What is not a number counts as 0, and a position outside of the realm as the nearest inside. */
	public MovementCompressed compress(Movement movement) {
		Tier tier = Tier.of(movement);
		MovementCompressed.Builder packed = MovementCompressed.newBuilder();
		packed.setTemporalData(temporal(movement, tier));
		packed.setMovementData(movement(movement, tier));
		if (movement.getHeadIkPitchEnabled() || movement.getHeadIkYawEnabled()) {
			packed.setHeadSyncData(angle(movement.getHeadPitch()) | angle(movement.getHeadYaw()) << ANGLE_BITS
					| bit(movement.getHeadIkPitchEnabled(), 2 * ANGLE_BITS) | bit(movement.getHeadIkYawEnabled(), 2 * ANGLE_BITS + 1));
		}
		if (movement.getIsPointingAt()) {
			packed.setPointAtData(offset(movement.getPointAtX() - movement.getPositionX())
					| offset(movement.getPointAtY() - movement.getPositionY()) << 10
					| offset(movement.getPointAtZ() - movement.getPositionZ()) << 20 | 1 << 30);
		}
		return packed.build();
	}

	/**
	 * Unpacks a movement. Every combination of bits gives one, so nothing is refused.
	 *
	 * @return its timestamp is of 0 to 655.34 seconds, see {@link #unwrap}; where it points at is taken from the unpacked position
	 */
	public Movement decompress(MovementCompressed packed) {
		int temporal = packed.getTemporalData();
		Tier tier = Tier.values()[temporal >>> 30];
		Bits bits = new Bits(packed.getMovementData());
		int parcel = bits.next(PARCEL_BITS);
		float x = (minX + parcel % width) * PARCEL_METRES + dequantize(bits.next(tier.positionBits), tier.positionBits, PARCEL_METRES);
		float z = (minZ + parcel / width) * PARCEL_METRES + dequantize(bits.next(tier.positionBits), tier.positionBits, PARCEL_METRES);
		float y = dequantize(bits.next(HEIGHT_BITS), HEIGHT_BITS, HEIGHT_METRES);
		Movement.Builder movement = Movement.newBuilder();
		movement.setTimestamp((temporal & TIMESTAMP_MASK) * TIMESTAMP_STEP_SECONDS);
		movement.setPositionX(x).setPositionY(y).setPositionZ(z);
		movement.setVelocityX(signed(bits.next(tier.velocityBits), tier)).setVelocityY(signed(bits.next(tier.velocityBits), tier))
				.setVelocityZ(signed(bits.next(tier.velocityBits), tier));
		movement.setMovementBlendValue(temporal >>> 15 & 3).setSlideBlendValue(temporal >>> 17 & 1);
		movement.setIsStunned(isSet(temporal, 18)).setIsGrounded(isSet(temporal, 19));
		movement.setIsJumping(isSet(temporal, 20)).setJumpCount(temporal >>> 20 & 1);
		movement.setIsLongJump(isSet(temporal, 21)).setIsFalling(isSet(temporal, 22)).setIsLongFall(isSet(temporal, 23));
		movement.setRotationY(degrees(temporal >>> 24));
		int head = packed.getHeadSyncData();
		movement.setHeadPitch(degrees(head)).setHeadYaw(degrees(head >>> ANGLE_BITS));
		movement.setHeadIkPitchEnabled(isSet(head, 2 * ANGLE_BITS)).setHeadIkYawEnabled(isSet(head, 2 * ANGLE_BITS + 1));
		int point = packed.getPointAtData();
		if (isSet(point, 30)) {
			movement.setIsPointingAt(true).setPointAtX(x + metres(point)).setPointAtY(y + metres(point >>> 10)).setPointAtZ(z + metres(point >>> 20));
		}
		return movement.build();
	}

	/**
	 * Returns the timestamp that goes on where the compressed one begins again every {@link #TIMESTAMP_RANGE_SECONDS}.
	 *
	 * @param last       what this method returned for the sender's movement before, 0 for the first; in seconds
	 * @param compressed the timestamp of a {@linkplain #decompress decompressed} movement, in seconds
	 * @return less than {@code last} for a movement that was overtaken; one that is more than a quarter of the range late may be taken for a new one
	 */
	public static double unwrap(double last, double compressed) {
		double unwrapped = Math.floor(last / TIMESTAMP_RANGE_SECONDS) * TIMESTAMP_RANGE_SECONDS + compressed;
		if (unwrapped < last - 0.75 * TIMESTAMP_RANGE_SECONDS) {
			return unwrapped + TIMESTAMP_RANGE_SECONDS;
		}
		if (unwrapped > last + 0.75 * TIMESTAMP_RANGE_SECONDS && unwrapped >= TIMESTAMP_RANGE_SECONDS) {
			return unwrapped - TIMESTAMP_RANGE_SECONDS;
		}
		return unwrapped;
	}

	private static int temporal(Movement movement, Tier tier) {
		int timestamp = (int) ((long) Math.rint(movement.getTimestamp() / TIMESTAMP_STEP_SECONDS) & TIMESTAMP_MASK);
		int kind = (int) Math.rint(clamp(movement.getMovementBlendValue(), 0, 3));
		boolean jumps = movement.getJumpCount() > 0 || movement.getIsJumping();
		return timestamp | kind << 15 | bit(movement.getSlideBlendValue() >= 0.5f, 17) | bit(movement.getIsStunned(), 18)
				| bit(movement.getIsGrounded(), 19) | bit(jumps, 20) | bit(movement.getIsLongJump(), 21) | bit(movement.getIsFalling(), 22)
				| bit(movement.getIsLongFall(), 23) | angle(movement.getRotationY()) << 24 | tier.ordinal() << 30;
	}

	private long movement(Movement movement, Tier tier) {
		int parcelX = parcel(movement.getPositionX(), minX, width);
		int parcelZ = parcel(movement.getPositionZ(), minZ, depth);
		Bits bits = new Bits();
		bits.add(parcelX - minX + (parcelZ - minZ) * width, PARCEL_BITS);
		bits.add(quantize(movement.getPositionX() - parcelX * PARCEL_METRES, tier.positionBits, PARCEL_METRES), tier.positionBits);
		bits.add(quantize(movement.getPositionZ() - parcelZ * PARCEL_METRES, tier.positionBits, PARCEL_METRES), tier.positionBits);
		bits.add(quantize(movement.getPositionY(), HEIGHT_BITS, HEIGHT_METRES), HEIGHT_BITS);
		bits.add(signed(movement.getVelocityX(), tier), tier.velocityBits);
		bits.add(signed(movement.getVelocityY(), tier), tier.velocityBits);
		bits.add(signed(movement.getVelocityZ(), tier), tier.velocityBits);
		return bits.all;
	}

	private static int parcel(float metres, int first, int count) {
		return (int) clamp((float) Math.floor(metres / PARCEL_METRES), first, first + count - 1);
	}

	private static int signed(float velocity, Tier tier) {
		return bit(velocity < 0, 0) | quantize(Math.abs(velocity), tier.velocityBits - 1, tier.maxVelocity) << 1;
	}

	private static float signed(int code, Tier tier) {
		float amount = dequantize(code >>> 1, tier.velocityBits - 1, tier.maxVelocity);
		return isSet(code, 0) ? -amount : amount;
	}

	/** An angle as six bits; 0 and 360 are told apart as long as they come as such. */
	private static int angle(float degrees) {
		float within = degrees < 0 || degrees > FULL_CIRCLE ? degrees - (float) Math.floor(degrees / FULL_CIRCLE) * FULL_CIRCLE : degrees;
		return quantize(within, ANGLE_BITS, FULL_CIRCLE);
	}

	private static float degrees(int bits) {
		return dequantize(bits & (1 << ANGLE_BITS) - 1, ANGLE_BITS, FULL_CIRCLE);
	}

	private static int offset(float metres) {
		float root = (float) Math.sqrt(Math.abs(metres) / POINT_METRES);
		return bit(metres < 0, 0) | quantize(root, POINT_BITS, 1) << 1;
	}

	private static float metres(int bits) {
		float root = dequantize(bits >>> 1 & (1 << POINT_BITS) - 1, POINT_BITS, 1);
		return isSet(bits, 0) ? -root * root * POINT_METRES : root * root * POINT_METRES;
	}

	/** The number of the step nearest to a value between 0 and {@code max}. */
	static int quantize(float value, int bits, float max) {
		return (int) Math.rint(clamp(value / max, 0, 1) * ((1 << bits) - 1));
	}

	static float dequantize(int step, int bits, float max) {
		return (float) step / ((1 << bits) - 1) * max;
	}

	private static float clamp(float value, float min, float max) {
		return Float.isNaN(value) ? Math.max(min, Math.min(max, 0)) : Math.max(min, Math.min(max, value));
	}

	private static int bit(boolean set, int at) {
		return set ? 1 << at : 0;
	}

	private static boolean isSet(int bits, int at) {
		return (bits >>> at & 1) != 0;
	}

	/** Numbers of some bits each, the first in the lowest. */
	private static final class Bits {
		private long all;
		private int used;

		Bits() {
		}

		Bits(long all) {
			this.all = all;
		}

		void add(int value, int bits) {
			all |= (long) value << used;
			used += bits;
		}

		int next(int bits) {
			int value = (int) (all >>> used) & (1 << bits) - 1;
			used += bits;
			return value;
		}
	}
}
