package dcl.transport.rfc4;

import java.util.Random;
import java.util.concurrent.TimeUnit;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

@Timeout(value = 30, unit = TimeUnit.SECONDS)
class MovementCodecTest {

	private final MovementCodec codec = MovementCodec.genesisCity();

	@ParameterizedTest(name = "{0}")
	@MethodSource("dcl.transport.rfc4.Vectors#movements")
	void a_movement_is_packed_as_the_vector_has_it(String name, JsonNode vector) {
		MovementCompressed packed = codec.compress(movement(vector));

		assertThat(packed.getTemporalData()).isEqualTo(vector.get("temporal").get("bevyGodot").asInt());
		assertThat(packed.getMovementData()).isEqualTo(Long.parseLong(vector.get("movementData").asText()));
		assertThat(packed.getHeadSyncData()).isEqualTo(vector.get("headSyncData").asInt());
		assertThat(packed.getPointAtData()).isEqualTo(vector.get("pointAtData").asInt());
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("dcl.transport.rfc4.Vectors#movements")
	void a_packed_movement_is_unpacked_as_the_vector_has_it(String name, JsonNode vector) {
		Movement expected = movement(vector);
		JsonNode position = vector.get("decodedWithSameTier").get("position");
		JsonNode velocity = vector.get("decodedWithSameTier").get("velocity");

		Movement unpacked = codec.decompress(MovementCompressed.newBuilder().setTemporalData(vector.get("temporal").get("bevyGodot").asInt())
				.setMovementData(Long.parseLong(vector.get("movementData").asText())).setHeadSyncData(vector.get("headSyncData").asInt())
				.setPointAtData(vector.get("pointAtData").asInt()).build());

		assertThat(unpacked.getPositionX()).isCloseTo((float) position.get(0).asDouble(), within(1e-3f));
		assertThat(unpacked.getPositionY()).isCloseTo((float) position.get(1).asDouble(), within(1e-3f));
		assertThat(unpacked.getPositionZ()).isCloseTo((float) position.get(2).asDouble(), within(1e-3f));
		assertThat(unpacked.getVelocityX()).isCloseTo((float) velocity.get(0).asDouble(), within(1e-5f));
		assertThat(unpacked.getVelocityY()).isCloseTo((float) velocity.get(1).asDouble(), within(1e-5f));
		assertThat(unpacked.getVelocityZ()).isCloseTo((float) velocity.get(2).asDouble(), within(1e-5f));
		double turns = (expected.getTimestamp() - unpacked.getTimestamp()) / MovementCodec.TIMESTAMP_RANGE_SECONDS;
		assertThat(turns - Math.rint(turns)).isCloseTo(0, within(0.011 / MovementCodec.TIMESTAMP_RANGE_SECONDS));
		assertThat(unpacked.getMovementBlendValue()).isEqualTo(expected.getMovementBlendValue());
		assertThat(unpacked.getSlideBlendValue()).isEqualTo(expected.getSlideBlendValue());
		assertThat(unpacked.getIsStunned()).isEqualTo(expected.getIsStunned());
		assertThat(unpacked.getIsGrounded()).isEqualTo(expected.getIsGrounded());
		assertThat(unpacked.getJumpCount()).isEqualTo(Math.min(1, expected.getJumpCount()));
		assertThat(unpacked.getIsJumping()).isEqualTo(expected.getJumpCount() > 0);
		assertThat(unpacked.getIsLongJump()).isEqualTo(expected.getIsLongJump());
		assertThat(unpacked.getIsFalling()).isEqualTo(expected.getIsFalling());
		assertThat(unpacked.getIsLongFall()).isEqualTo(expected.getIsLongFall());
		assertThat(unpacked.getRotationY()).isCloseTo(expected.getRotationY(), within(2.858f));
		assertThat(unpacked.getHeadIkYawEnabled()).isEqualTo(expected.getHeadIkYawEnabled());
		assertThat(unpacked.getHeadIkPitchEnabled()).isEqualTo(expected.getHeadIkPitchEnabled());
		assertThat(unpacked.getHeadYaw()).isCloseTo(expected.getHeadYaw(), within(2.858f));
		assertThat(unpacked.getHeadPitch()).isCloseTo(expected.getHeadPitch(), within(2.858f));
		assertThat(unpacked.getIsPointingAt()).isEqualTo(expected.getIsPointingAt());
		// A step of the square root is the wider the farther: half of one is under 1.5 m at 516 m.
		assertThat(unpacked.getPointAtX()).isCloseTo(expected.getPointAtX(), within(0.2f));
		assertThat(unpacked.getPointAtY()).isCloseTo(expected.getPointAtY(), within(0.2f));
		assertThat(unpacked.getPointAtZ()).isCloseTo(expected.getPointAtZ(), within(1.5f));
	}

	private static Movement movement(JsonNode vector) {
		Movement.Builder movement = Movement.newBuilder();
		movement.setTimestamp((float) vector.get("timestamp").asDouble());
		movement.setMovementBlendValue(vector.get("kind").asInt()).setSlideBlendValue(vector.get("sliding").asBoolean() ? 1 : 0);
		movement.setIsStunned(vector.get("stunned").asBoolean()).setIsGrounded(vector.get("grounded").asBoolean());
		movement.setJumpCount(vector.get("jumpCount").asInt()).setIsLongJump(vector.get("longJump").asBoolean());
		movement.setIsFalling(vector.get("falling").asBoolean()).setIsLongFall(vector.get("longFall").asBoolean());
		movement.setRotationY((float) vector.get("rotationY").asDouble());
		movement.setPositionX(number(vector.get("position"), 0)).setPositionY(number(vector.get("position"), 1))
				.setPositionZ(number(vector.get("position"), 2));
		movement.setVelocityX(number(vector.get("velocity"), 0)).setVelocityY(number(vector.get("velocity"), 1))
				.setVelocityZ(number(vector.get("velocity"), 2));
		if (vector.has("headYaw")) {
			movement.setHeadIkYawEnabled(vector.get("headYawEnabled").asBoolean()).setHeadIkPitchEnabled(vector.get("headPitchEnabled").asBoolean());
			movement.setHeadYaw((float) vector.get("headYaw").asDouble()).setHeadPitch((float) vector.get("headPitch").asDouble());
		}
		if (vector.has("pointAt")) {
			// The vector has the offset from the avatar, the message a place in the world.
			movement.setIsPointingAt(true).setPointAtX(movement.getPositionX() + number(vector.get("pointAt"), 0))
					.setPointAtY(movement.getPositionY() + number(vector.get("pointAt"), 1))
					.setPointAtZ(movement.getPositionZ() + number(vector.get("pointAt"), 2));
		}
		return movement.build();
	}

	private static float number(JsonNode array, int index) {
		return (float) array.get(index).asDouble();
	}

	@ParameterizedTest
	@CsvSource({"0, 0", "0.0009, 0", "0.01, 1", "4, 1", "4.01, 2", "11.99, 2", "12, 3", "900, 3", "NaN, 3"})
	void the_fastest_axis_decides_the_tier(float speed, int tier) {
		assertThat(codec.compress(Movement.newBuilder().setVelocityY(-speed).build()).getTemporalData() >>> 30).isEqualTo(tier);
		assertThat(codec.compress(Movement.newBuilder().setVelocityX(speed).build()).getTemporalData() >>> 30).isEqualTo(tier);
	}

	@ParameterizedTest
	@CsvSource({"-1e30, 0, 1e30, -2432, 0, 2576", "-1e30, 1e30, -1e30, -2432, 200, -2432", "NaN, NaN, NaN, 0, 0, 0", "Infinity, -Infinity, 8, 2656, 0, 8",
			"-2431.99, 200.01, 2575.99, -2432, 200, 2576"})
	void a_position_outside_of_the_realm_becomes_the_nearest_inside(float x, float y, float z, float nearX, float nearY, float nearZ) {
		Movement unpacked = codec.decompress(codec.compress(Movement.newBuilder().setPositionX(x).setPositionY(y).setPositionZ(z).build()));

		assertThat(unpacked.getPositionX()).isCloseTo(nearX, within(0.02f));
		assertThat(unpacked.getPositionY()).isCloseTo(nearY, within(0.02f));
		assertThat(unpacked.getPositionZ()).isCloseTo(nearZ, within(0.02f));
	}

	@ParameterizedTest
	@CsvSource({"-90, 270", "450, 90", "360, 360", "0, 0", "NaN, 0", "Infinity, 0"})
	void an_angle_is_taken_into_one_turn(float degrees, float within) {
		assertThat(codec.decompress(codec.compress(Movement.newBuilder().setRotationY(degrees).build())).getRotationY()).isCloseTo(within, within(3f));
	}

	@Test
	void every_combination_of_bits_is_a_movement_and_packs_again_to_nearly_the_same() {
		Random random = new Random(12);
		for (int i = 0; i < 100_000; i++) {
			MovementCompressed packed = MovementCompressed.newBuilder().setTemporalData(random.nextInt()).setMovementData(random.nextLong())
					.setHeadSyncData(random.nextInt()).setPointAtData(random.nextInt()).build();
			Movement movement = codec.decompress(packed);
			Movement again = codec.decompress(codec.compress(movement));

			assertThat(movement.getVelocityX()).isBetween(-50f, 50f);
			assertThat(movement.getPositionY()).isBetween(0f, 200f);
			assertThat(again.getTimestamp()).isEqualTo(movement.getTimestamp());
			assertThat(again.getMovementBlendValue()).isEqualTo(movement.getMovementBlendValue());
			assertThat(again.getPositionX()).isCloseTo(movement.getPositionX(), within(0.05f));
			assertThat(again.getPositionY()).isCloseTo(movement.getPositionY(), within(0.05f));
		}
	}

	@Test
	void another_realm_has_parcels_of_its_own() {
		MovementCodec small = MovementCodec.ofParcels(0, 0, 3, 3);
		Movement movement = Movement.newBuilder().setPositionX(-20).setPositionY(5).setPositionZ(70).build();
		Movement unpacked = small.decompress(small.compress(movement));

		assertThat(unpacked.getPositionX()).isCloseTo(-20, within(0.02f));
		assertThat(unpacked.getPositionZ()).isCloseTo(70, within(0.02f));
	}

	@ParameterizedTest
	@CsvSource({"1, 0, 0, 0", "0, 1, 0, 0", "0, 0, 131068, 0", "0, 0, 359, 359", "-2147483648, 0, 2147483647, 0", "2147483647, 0, -2147483648, 0",
			"-2147483648, 0, -2147483648, 0", "1048577, 0, 1048577, 0", "0, -1048577, 0, -1048577"})
	void a_realm_that_cannot_be_numbered_is_refused(int minX, int minZ, int maxX, int maxZ) {
		assertThatIllegalArgumentException().isThrownBy(() -> MovementCodec.ofParcels(minX, minZ, maxX, maxZ)).withMessageContaining("131072");
	}

	@Test
	void the_largest_realm_is_accepted() {
		assertThat(MovementCodec.ofParcels(-1 << 20, -1 << 20, (-1 << 20) + 257, (-1 << 20) + 495)).isNotNull();
		assertThat(MovementCodec.ofParcels(1 << 20, 1 << 20, 1 << 20, 1 << 20)).isNotNull();
	}

	@Test
	void a_timestamp_goes_on_where_the_packed_one_begins_again() {
		double last = 0;
		for (double time = 100; time < 5_000; time += 37.7) {
			last = MovementCodec.unwrap(last, time % MovementCodec.TIMESTAMP_RANGE_SECONDS);
			assertThat(last).isCloseTo(time, within(1e-6));
		}
	}

	@ParameterizedTest
	@ValueSource(doubles = {0.2, 0.5, 10, 160})
	void a_movement_that_was_overtaken_stays_in_the_past(double late) {
		double last = 2 * MovementCodec.TIMESTAMP_RANGE_SECONDS + 0.3;

		assertThat(MovementCodec.unwrap(last, (last - late) % MovementCodec.TIMESTAMP_RANGE_SECONDS)).isCloseTo(last - late, within(1e-6));
	}

	@Test
	void the_first_timestamp_is_taken_as_it_is() {
		assertThat(MovementCodec.unwrap(0, 655.34)).isEqualTo(655.34);
	}
}
