package dcl.transport.rfc4;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/** The reader of our own against the generated parser: what it reads, that reads the same. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class PlainMovementTest {

	private static final List<FieldDescriptor> FIELDS = Movement.getDescriptor().getFields();

	/** Returns whether the reader took it, having compared. The bytes stand in a longer array, as they do in use. */
	private static boolean takes(byte[] bytes) {
		Rfc4Packet read = PlainMovement.read(Arrays.copyOf(bytes, bytes.length + 8), bytes.length);
		if (read != null) {
			try {
				Rfc4Packet expected = Rfc4Packet.parseFrom(bytes);
				assertThat(read).isEqualTo(expected);
				assertThat(read.toByteArray()).isEqualTo(expected.toByteArray());
				assertThat(read.isInitialized()).isTrue();
			} catch (InvalidProtocolBufferException e) {
				throw new AssertionError("read what is no packet", e);
			}
		}
		return read != null;
	}

	private static Object value(FieldDescriptor field, Random random) {
		return switch (field.getJavaType()) {
			case FLOAT -> random.nextInt(4) == 0 ? Float.intBitsToFloat(random.nextInt()) : random.nextFloat() * 1_000;
			case BOOLEAN -> random.nextBoolean();
			case INT -> random.nextInt(100);
			case ENUM -> field.getEnumType().findValueByNumberCreatingIfUnknown(random.nextInt(5));
			default -> throw new AssertionError(field);
		};
	}

	private static Rfc4Packet movement(Random random, double share) {
		Movement.Builder movement = Movement.newBuilder();
		for (FieldDescriptor field : FIELDS) {
			if (random.nextDouble() < share) {
				movement.setField(field, value(field, random));
			}
		}
		Rfc4Packet.Builder packet = Rfc4Packet.newBuilder().setMovement(movement);
		return (random.nextInt(3) > 0 ? packet.setProtocolVersion(random.nextInt(128)) : packet).build();
	}

	@RepeatedTest(20)
	void every_movement_with_known_fields_is_read(RepetitionInfo repetition) {
		Random random = new Random(repetition.getCurrentRepetition());
		for (int i = 0; i < 2_000; i++) {
			assertThat(takes(movement(random, random.nextDouble()).toByteArray())).isTrue();
		}
		assertThat(takes(Rfc4Packet.newBuilder().setMovement(Movement.getDefaultInstance()).build().toByteArray())).isTrue();
	}

	@Test
	void each_field_by_itself_is_read_zero_said_on_purpose_included() throws IOException {
		for (FieldDescriptor field : FIELDS) {
			ByteArrayOutputStream inner = new ByteArrayOutputStream();
			CodedOutputStream out = CodedOutputStream.newInstance(inner);
			if (field.getJavaType() == FieldDescriptor.JavaType.FLOAT) {
				out.writeFloat(field.getNumber(), 0);
				out.writeFloat(field.getNumber(), 7); // of several the last wins
			} else {
				out.writeUInt32(field.getNumber(), 0);
				out.writeUInt32(field.getNumber(), 1);
			}
			out.flush();
			assertThat(takes(packet(inner.toByteArray(), 8 << 3 | 2))).as(field.getName()).isTrue();
		}
	}

	@RepeatedTest(20)
	void a_mutated_movement_is_left_alone_or_read_the_same(RepetitionInfo repetition) {
		Random random = new Random(1_000 + repetition.getCurrentRepetition());
		int taken = 0;
		for (int i = 0; i < 10_000; i++) {
			byte[] bytes = movement(random, random.nextDouble()).toByteArray();
			for (int k = random.nextInt(4); k >= 0; k--) {
				bytes[random.nextInt(Math.min(bytes.length, random.nextBoolean() ? 4 : bytes.length))] =
						(byte) (random.nextBoolean() ? random.nextInt(256) : random.nextInt(32) << 3 | random.nextInt(6));
			}
			if (random.nextInt(4) == 0) {
				bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length + 3));
			}
			taken += takes(bytes) ? 1 : 0;
		}
		assertThat(taken).isBetween(100, 9_900);
	}

	@RepeatedTest(20)
	void random_bytes_are_left_alone_or_read_the_same(RepetitionInfo repetition) {
		Random random = new Random(2_000 + repetition.getCurrentRepetition());
		for (int i = 0; i < 10_000; i++) {
			byte[] inner = new byte[random.nextInt(40)];
			random.nextBytes(inner);
			takes(inner);
			takes(packet(inner, 8 << 3 | 2));
		}
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("dcl.transport.rfc4.Vectors#packets")
	void a_vector_is_left_alone_or_read_the_same(String name, JsonNode vector) {
		takes(Vectors.bytes(vector));
	}

	@Test
	void what_is_out_of_the_ordinary_is_left_to_the_generated_parser() {
		byte[] field = {1 << 3 | 5, 0, 0, 0x20, 0x41};
		assertThat(takes(packet(field, 8 << 3 | 2))).isTrue();
		assertThat(takes(packet(field, 1 << 3 | 2))).as("another member").isFalse();
		assertThat(takes(concat(packet(field, 8 << 3 | 2), packet(field, 8 << 3 | 2)))).as("two members").isFalse();
		assertThat(takes(concat(packet(field, 8 << 3 | 2), new byte[]{11 << 3, (byte) 0x80, 1}))).as("a version of two bytes").isFalse();
		assertThat(takes(concat(new byte[]{11 << 3, 100}, packet(field, 8 << 3 | 2)))).as("the version first").isFalse();
		assertThat(takes(packet(new byte[]{10 << 3, (byte) 0x80, 0}, 8 << 3 | 2))).as("a flag of two bytes").isFalse();
		assertThat(takes(packet(new byte[]{(byte) 0x81, 0, 0, 0, 0, 0}, 8 << 3 | 2))).as("a tag longer than needed").isFalse();
		assertThat(takes(packet(new byte[]{(byte) 0xe8, 1, 1}, 8 << 3 | 2))).as("field 29").isFalse();
		assertThat(takes(packet(new byte[]{1 << 3, 1}, 8 << 3 | 2))).as("a float as a number").isFalse();
		assertThat(takes(new byte[0])).isFalse();
	}

	private static byte[] packet(byte[] inner, int tag) {
		return concat(new byte[]{(byte) tag, (byte) inner.length}, inner);
	}

	private static byte[] concat(byte[] first, byte[] second) {
		byte[] both = Arrays.copyOf(first, first.length + second.length);
		System.arraycopy(second, 0, both, first.length, second.length);
		return both;
	}
}
