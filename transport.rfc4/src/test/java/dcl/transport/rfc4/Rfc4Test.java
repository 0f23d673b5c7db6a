package dcl.transport.rfc4;

import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import com.sun.management.ThreadMXBean;
import dcl.transport.Delivery;
import dcl.transport.Packet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.fail;
import static org.assertj.core.api.Assertions.within;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class Rfc4Test {

	private static final Set<Kind> LOSSY = EnumSet.of(Kind.POSITION, Kind.VOICE, Kind.SCENE, Kind.MOVEMENT, Kind.MOVEMENT_COMPRESSED);

	@ParameterizedTest(name = "{0}")
	@MethodSource("dcl.transport.rfc4.Vectors#packets")
	void a_vector_decodes_to_its_fields(String name, JsonNode vector) {
		assertThat(Rfc4.decode(Packet.copyOf(Vectors.bytes(vector)))).isEqualTo(Vectors.packet(vector.get("decoded")));
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("dcl.transport.rfc4.Vectors#packets")
	void the_fields_of_a_vector_survive_encoding(String name, JsonNode vector) {
		Rfc4Packet fields = Vectors.packet(vector.get("fields"));
		Rfc4Packet expected = fields.hasProtocolVersion() ? fields : fields.toBuilder().setProtocolVersion(100).build();

		assertThat(Rfc4.decode(Rfc4.encode(fields))).isEqualTo(expected);
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("dcl.transport.rfc4.Vectors#packets")
	void the_kind_of_a_vector_is_its_member(String name, JsonNode vector) {
		Rfc4Packet.MessageCase member = Vectors.packet(vector.get("fields")).getMessageCase();

		assertThat(Rfc4.kind(Packet.copyOf(Vectors.bytes(vector)))).isEqualTo(kind(member));
	}

	@Test
	void there_is_a_kind_for_every_member_and_a_vector_for_every_kind() throws Exception {
		List<String> members = Rfc4Packet.getDescriptor().getRealOneofs().get(0).getFields().stream().map(FieldDescriptor::getName).toList();
		Set<Kind> seen = EnumSet.noneOf(Kind.class);
		for (Arguments vector : Vectors.packets().toList()) {
			seen.add(Rfc4.kind(Packet.copyOf(Vectors.bytes((JsonNode) vector.get()[1]))));
		}

		assertThat(members).hasSize(14).containsExactlyInAnyOrderElementsOf(
				EnumSet.complementOf(EnumSet.of(Kind.UNKNOWN)).stream().map(Kind::member).toList());
		assertThat(seen).containsExactlyInAnyOrder(Kind.values());
		assertThat(Kind.UNKNOWN.member()).isEqualTo("unknown");
	}

	@ParameterizedTest
	@EnumSource(Kind.class)
	void movement_voice_and_scene_may_be_lost_and_nothing_else(Kind kind) {
		assertThat(Rfc4.advisedDelivery(kind)).isEqualTo(LOSSY.contains(kind) ? Delivery.lossy() : Delivery.reliable());
	}

	@Test
	void everything_sent_has_version_100_unless_it_has_one() {
		assertThat(Rfc4.decode(Rfc4.encode(Rfc4Packet.getDefaultInstance())).getProtocolVersion()).isEqualTo(100);
		assertThat(Rfc4.decode(Rfc4.encode(Rfc4Packet.newBuilder().setProtocolVersion(7).build())).getProtocolVersion()).isEqualTo(7);
		assertThat(Rfc4.decode(Rfc4.encode(Rfc4Packet.newBuilder().setProtocolVersion(0).build())).getProtocolVersion()).isZero();
	}

	@Test
	void any_version_is_accepted() {
		assertThat(Rfc4.decode(hex("1202080c")).getProfileVersion().getProfileVersion()).isEqualTo(12);
		assertThat(Rfc4.decode(hex("1202080c58ffffffff0f")).getProfileVersion().getProfileVersion()).isEqualTo(12);
	}

	@Test
	void the_last_of_several_members_wins() {
		Packet versionThenEmote = hex("1202080c" + "5205120361626312" + "00" + "52020a00");
		Packet emoteThenVersion = hex("52020a00" + "5864" + "1202080c");

		assertThat(Rfc4.kind(versionThenEmote)).isEqualTo(Kind.SCENE_EMOTE);
		assertThat(Rfc4.decode(versionThenEmote).getMessageCase()).isEqualTo(Rfc4Packet.MessageCase.SCENE_EMOTE);
		assertThat(Rfc4.kind(emoteThenVersion)).isEqualTo(Kind.PROFILE_VERSION);
		assertThat(Rfc4.decode(emoteThenVersion).getMessageCase()).isEqualTo(Rfc4Packet.MessageCase.PROFILE_VERSION);
	}

	@Test
	void a_member_of_the_wrong_wire_type_is_none() {
		assertThat(Rfc4.kind(hex("2801"))).isEqualTo(Kind.UNKNOWN);
		assertThat(Rfc4.decode(hex("2801")).getMessageCase()).isEqualTo(Rfc4Packet.MessageCase.MESSAGE_NOT_SET);
	}

	@Test
	void a_member_of_tomorrow_is_unknown() {
		Packet packet = hex("820102080158" + "64");

		assertThat(Rfc4.kind(packet)).isEqualTo(Kind.UNKNOWN);
		assertThat(Rfc4.decode(packet).getMessageCase()).isEqualTo(Rfc4Packet.MessageCase.MESSAGE_NOT_SET);
	}

	@Test
	void unknown_fields_survive_a_round_trip() throws Exception {
		UnknownFieldSet bevys = UnknownFieldSet.newBuilder()
				.addField(10_000, UnknownFieldSet.Field.newBuilder().addLengthDelimited(ByteString.copyFromUtf8("inside")).build()).build();
		UnknownFieldSet outside = UnknownFieldSet.newBuilder().addField(111, UnknownFieldSet.Field.newBuilder().addVarint(7).build()).build();
		Rfc4Packet sent = Rfc4Packet.newBuilder().setMovement(Movement.newBuilder().setTimestamp(1).setUnknownFields(bevys)).setUnknownFields(outside).build();

		Rfc4Packet again = Rfc4.decode(Rfc4.encode(Rfc4.decode(Rfc4.encode(sent))));

		assertThat(again.getMovement().getUnknownFields()).isEqualTo(bevys);
		assertThat(again.getUnknownFields()).isEqualTo(outside);
		assertThat(again.getMovement().getTimestamp()).isEqualTo(1);
	}

	/** 2a02c328: the address of a LookAtPosition, not UTF-8. 0a05: a text that is cut short, where a float should be. */
	@ParameterizedTest
	@ValueSource(strings = {"2a02c328", "0a0501", "ff", "0d0000"})
	void what_only_bevy_understands_is_kept_unread(String inside) {
		String length = String.format(Locale.ROOT, "%02x", inside.length() / 2);
		Packet packet = hex("1202080c" + "fa060568656c6c6f" + "6a" + length + inside + "5864");
		ByteString unread = ByteString.fromHex(inside);

		Rfc4Packet decoded = Rfc4.decode(packet);
		Rfc4Packet again = Rfc4.decode(Rfc4.encode(decoded));

		assertThat(Rfc4.kind(packet)).isEqualTo(Kind.LOOK_AT_POSITION);
		assertThat(decoded.getMessageCase()).isEqualTo(Rfc4Packet.MessageCase.MESSAGE_NOT_SET);
		assertThat(decoded.getProtocolVersion()).isEqualTo(100);
		assertThat(decoded.getUnknownFields().getField(13).getLengthDelimitedList()).containsExactly(unread);
		assertThat(decoded.getUnknownFields().getField(111).getLengthDelimitedList()).containsExactly(ByteString.copyFromUtf8("hello"));
		assertThat(again).isEqualTo(decoded);
	}

	@Test
	void a_defect_elsewhere_is_not_excused_by_what_only_bevy_understands() {
		assertThatIllegalArgumentException().isThrownBy(() -> Rfc4.decode(hex("2a020aff" + "6a01ff")));
		assertThatIllegalArgumentException().isThrownBy(() -> Rfc4.decode(hex("6a01ff" + "1202080c")));
	}

	@ParameterizedTest
	@ValueSource(strings = {"00", "0f", "1a7f01", "1a80", "010203040506", "2a040a02c328", "0c", "0b", "0b14", "2affffffff0f"})
	void what_is_no_packet_is_refused_with_what_was_expected(String text) {
		assertThatIllegalArgumentException().isThrownBy(() -> Rfc4.decode(hex(text))).withMessageContaining("an rfc4 packet (ADR-104) expected")
				.withMessageContaining(text.length() / 2 + " bytes").withCauseInstanceOf(InvalidProtocolBufferException.class);
	}

	@ParameterizedTest
	@ValueSource(strings = {"", "00", "0f", "1a7f01", "1a80", "010203040506", "0c", "0b", "0b14", "2affffffff0f", "1202080c00", "1202080cff"})
	void what_cannot_be_walked_to_its_end_is_of_unknown_kind(String text) {
		assertThat(Rfc4.kind(hex(text))).isEqualTo(Kind.UNKNOWN);
	}

	@Test
	void groups_are_walked_as_deep_as_they_are_parsed() {
		Packet deepest = hex("0b".repeat(100) + "0c".repeat(100) + "1202080c");
		Packet tooDeep = hex("0b".repeat(101) + "0c".repeat(101) + "1202080c");

		assertThat(Rfc4.kind(deepest)).isEqualTo(Kind.PROFILE_VERSION);
		assertThat(Rfc4.decode(deepest).getMessageCase()).isEqualTo(Rfc4Packet.MessageCase.PROFILE_VERSION);
		assertThat(Rfc4.kind(tooDeep)).isEqualTo(Kind.UNKNOWN);
		assertThatIllegalArgumentException().isThrownBy(() -> Rfc4.decode(tooDeep));
	}

	@Test
	void random_bytes_are_decoded_or_refused_and_the_kind_is_that_of_what_is_decoded() throws Exception {
		List<byte[]> seeds = new ArrayList<>();
		for (Arguments vector : Vectors.packets().toList()) {
			seeds.add(Vectors.bytes((JsonNode) vector.get()[1]));
		}
		Random random = new Random(4);
		int decoded = 0;
		int refused = 0;
		for (int i = 0; i < 80_000; i++) {
			byte[] bytes = i % 4 == 0 ? noise(random) : mutant(seeds, random);
			Packet packet = Packet.copyOf(bytes);
			Kind kind = Rfc4.kind(packet);
			Rfc4Packet message;
			try {
				message = Rfc4.decode(packet);
			} catch (IllegalArgumentException expected) {
				refused++;
				continue;
			}
			decoded++;
			boolean unread = kind == Kind.LOOK_AT_POSITION && message.getMessageCase() == Rfc4Packet.MessageCase.MESSAGE_NOT_SET;
			if (!unread && kind != kind(message.getMessageCase())) {
				fail("%s is decoded as %s but of kind %s", HexFormat.of().formatHex(bytes), message.getMessageCase(), kind);
			}
			Rfc4Packet complete = message.hasProtocolVersion() ? message : message.toBuilder().setProtocolVersion(100).build();
			// By bytes, since a float that is not a number may differ from itself.
			if (!Rfc4.decode(Rfc4.encode(message)).toByteString().equals(complete.toByteString())) {
				fail("%s does not survive a round trip", HexFormat.of().formatHex(bytes));
			}
		}
		assertThat(decoded).isGreaterThan(10_000);
		assertThat(refused).isGreaterThan(10_000);
	}

	@Test
	void a_packet_of_any_size_is_read() {
		for (int size : new int[]{4_000, 4_090, 4_096, 4_100, 64_000}) {
			Rfc4Packet scene = Rfc4Packet.newBuilder().setProtocolVersion(100).setScene(Scene.newBuilder().setData(ByteString.copyFrom(new byte[size])))
					.build();
			assertThat(Rfc4.decode(Rfc4.encode(scene))).isEqualTo(scene);
			assertThat(Rfc4.kind(Rfc4.encode(scene))).isEqualTo(Kind.SCENE);
		}
	}

	@Test
	void a_decoded_packet_does_not_change_with_the_next() {
		Rfc4Packet first = Rfc4.decode(Rfc4.encode(Rfc4Packet.newBuilder().setScene(Scene.newBuilder().setData(ByteString.copyFromUtf8("first"))).build()));
		Rfc4.decode(Rfc4.encode(Rfc4Packet.newBuilder().setScene(Scene.newBuilder().setData(ByteString.copyFromUtf8("other"))).build()));

		assertThat(first.getScene().getData().toStringUtf8()).isEqualTo("first");
	}

	@Test
	void a_packet_in_the_middle_of_a_buffer_is_read() {
		byte[] around = HexFormat.of().parseHex("ffff1202080cffff");
		Packet packet = Packet.wrap(ByteBuffer.wrap(around, 2, 4));

		assertThat(Rfc4.kind(packet)).isEqualTo(Kind.PROFILE_VERSION);
		assertThat(Rfc4.decode(packet).getProfileVersion().getProfileVersion()).isEqualTo(12);
	}

	@Test
	void decoding_costs_no_more_than_protobuf_alone_and_the_kind_costs_nothing() throws Exception {
		byte[] bytes = new byte[0];
		for (Arguments vector : Vectors.packets().toList()) {
			bytes = vector.get()[0].equals("movement") ? Vectors.bytes((JsonNode) vector.get()[1]) : bytes;
		}
		byte[] movement = bytes;
		Packet packet = Packet.copyOf(movement);

		double alone = allocatedEach(() -> Rfc4Packet.parseFrom(movement));
		double ours = allocatedEach(() -> Rfc4.decode(packet));
		double kind = allocatedEach(() -> Rfc4.kind(packet));

		assertThat(movement).hasSize(95);
		assertThat(alone).isGreaterThan(100);
		assertThat(ours - alone).isLessThanOrEqualTo(24);
		assertThat(kind).isLessThan(1);
	}

	@Test
	void a_chat_said_now_is_stamped_with_an_ole_date() {
		Chat chat = Rfc4.chat("hello").getChat();

		assertThat(chat.getMessage()).isEqualTo("hello");
		assertThat(ChatTime.OLE_DATE.instant(chat.getTimestamp())).isBetween(Instant.now().minusSeconds(60), Instant.now().plusMillis(1));
	}

	@ParameterizedTest
	@ValueSource(strings = {"\u24111234567890", "\u24061234 0x1111", "\u2410wave 1700000000123", "\u2411"})
	void a_chat_between_clients_is_told_apart(String message) {
		assertThat(Rfc4.isControl(Chat.newBuilder().setMessage(message).build())).isTrue();
	}

	@ParameterizedTest
	@ValueSource(strings = {"", "hello", " \u2411", "hello \u2410", "\ud83d\udc4b"})
	void a_chat_between_people_is_no_control_message(String message) {
		assertThat(Rfc4.isControl(Chat.newBuilder().setMessage(message).build())).isFalse();
	}

	@Test
	void a_moment_is_written_in_each_convention() {
		Instant moment = Instant.ofEpochMilli(1_700_000_000_123L);

		assertThat(ChatTime.UNIX_MILLIS.timestamp(moment)).isEqualTo(1_700_000_000_123.0);
		assertThat(ChatTime.UNIX_SECONDS.timestamp(moment)).isEqualTo(1_700_000_000.123);
		assertThat(ChatTime.OLE_DATE.timestamp(moment)).isCloseTo(1_700_000_000.123 / 86_400 + 25_569, within(1e-9));
		assertThat(ChatTime.OLE_DATE.timestamp(Instant.parse("1899-12-30T00:00:00Z"))).isZero();
	}

	@ParameterizedTest
	@EnumSource(ChatTime.class)
	void a_moment_is_read_in_its_convention_and_guessed_without(ChatTime convention) {
		Instant moment = Instant.ofEpochMilli(1_700_000_000_123L);
		double timestamp = convention.timestamp(moment);

		assertThat(convention.instant(timestamp)).isEqualTo(moment);
		assertThat(ChatTime.guess(timestamp)).contains(moment);
	}

	@ParameterizedTest
	@ValueSource(doubles = {0, 12.5, -1, 1e30, Double.NaN, Double.POSITIVE_INFINITY, 1e10})
	void a_timestamp_without_a_convention_has_no_moment(double timestamp) {
		assertThat(ChatTime.guess(timestamp)).isEmpty();
	}

	@ParameterizedTest
	@ValueSource(doubles = {1e30, Double.NaN, Double.NEGATIVE_INFINITY})
	void a_timestamp_that_is_no_moment_is_refused(double timestamp) {
		assertThatIllegalArgumentException().isThrownBy(() -> ChatTime.OLE_DATE.instant(timestamp)).withMessageContaining("expected as OLE_DATE");
	}

	private interface Work {
		Object run() throws Exception;
	}

	/** Returns the bytes allocated by one run, once the compiler is done with it. */
	private static double allocatedEach(Work work) throws Exception {
		ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
		Object[] kept = new Object[20_000];
		double each = 0;
		for (int round = 0; round < 4; round++) {
			long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
			for (int i = 0; i < kept.length; i++) {
				kept[i] = work.run();
			}
			each = (threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - before) / (double) kept.length;
		}
		return each;
	}

	private static Kind kind(Rfc4Packet.MessageCase member) {
		return member == Rfc4Packet.MessageCase.MESSAGE_NOT_SET ? Kind.UNKNOWN : Kind.valueOf(member.name());
	}

	/** Returns fields of any number and wire type, or bytes that are not even those. */
	private static byte[] noise(Random random) throws Exception {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		CodedOutputStream out = CodedOutputStream.newInstance(bytes);
		for (int n = random.nextInt(5); n > 0; n--) {
			int type = random.nextInt(8);
			out.writeTag(1 + random.nextInt(20), type);
			byte[] value = new byte[random.nextInt(12)];
			random.nextBytes(value);
			if (type == 0) {
				out.writeUInt64NoTag(random.nextLong());
			} else if (type == 2) {
				out.writeByteArrayNoTag(random.nextBoolean() ? value : new byte[0]);
			} else {
				out.writeRawBytes(value);
			}
		}
		out.flush();
		return bytes.toByteArray();
	}

	private static byte[] mutant(List<byte[]> seeds, Random random) {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		bytes.writeBytes(seeds.get(random.nextInt(seeds.size())));
		if (random.nextInt(3) == 0) {
			bytes.writeBytes(seeds.get(random.nextInt(seeds.size())));
		}
		byte[] mutant = bytes.toByteArray();
		for (int n = random.nextInt(4); n > 0 && mutant.length > 0; n--) {
			mutant[random.nextInt(mutant.length)] = (byte) random.nextInt(256);
		}
		return random.nextInt(4) == 0 ? Arrays.copyOf(mutant, random.nextInt(mutant.length + 1)) : mutant;
	}

	private static Packet hex(String text) {
		return Packet.copyOf(HexFormat.of().parseHex(text));
	}
}
