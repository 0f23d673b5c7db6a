package dcl.transport.cli.internal;

import java.util.SplittableRandom;

import dcl.transport.rfc4.Movement;

/** Where a bot goes: around in a square, at a walk, turning at random; the same for the same seed and bot. Not thread-safe. */
final class Walk {

	private static final float HALF_METRES = 24;
	private static final float METRES_PER_SECOND = 1.5f;
	private static final float TURN_RADIANS = 0.6f;
	private static final long SPREAD = 0x9E37_79B9_7F4A_7C15L;

	private final SplittableRandom random;
	private final float stepSeconds;
	private float x;
	private float z;
	private float heading;
	private int steps;

	Walk(long seed, int bot, double stepSeconds) {
		this.random = new SplittableRandom(seed + SPREAD * (bot + 1));
		this.stepSeconds = (float) stepSeconds;
		x = HALF_METRES * (float) (2 * random.nextDouble() - 1);
		z = HALF_METRES * (float) (2 * random.nextDouble() - 1);
		heading = (float) (2 * Math.PI * random.nextDouble());
	}

	/** Goes one step and tells where it is now, by the time since the start. */
	Movement next() {
		heading += TURN_RADIANS * (float) (2 * random.nextDouble() - 1);
		float speedX = METRES_PER_SECOND * (float) StrictMath.sin(heading); // the same on every machine
		float speedZ = METRES_PER_SECOND * (float) StrictMath.cos(heading);
		if (Math.abs(x + speedX * stepSeconds) > HALF_METRES || Math.abs(z + speedZ * stepSeconds) > HALF_METRES) {
			heading += (float) Math.PI;
			speedX = -speedX;
			speedZ = -speedZ;
		}
		x = clamp(x + speedX * stepSeconds);
		z = clamp(z + speedZ * stepSeconds);
		return Movement.newBuilder().setTimestamp(steps++ * stepSeconds).setPositionX(x).setPositionZ(z).setVelocityX(speedX).setVelocityZ(speedZ)
				.setMovementBlendValue(1).setIsGrounded(true).build();
	}

	private static float clamp(float metres) {
		return Math.max(-HALF_METRES, Math.min(HALF_METRES, metres));
	}
}
