package dcl.transport.rfc5;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

@Timeout(value = 30, unit = TimeUnit.SECONDS)
class WsPacketTest {

	@ParameterizedTest(name = "{0}")
	@MethodSource("dcl.transport.rfc5.Vectors#packets")
	void a_vector_decodes_to_its_fields(String name, JsonNode vector) throws Exception {
		assertThat(WsPacket.decode(Vectors.bytes(vector))).isEqualTo(Vectors.message(vector.get("decoded")));
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("dcl.transport.rfc5.Vectors#packets")
	void the_fields_of_a_vector_survive_encoding(String name, JsonNode vector) throws Exception {
		WsPacket message = Vectors.message(vector.get("fields"));

		assertThat(message.encode()).hasSize(vector.get("length").asInt());
		assertThat(WsPacket.decode(message.encode())).isEqualTo(message);
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("dcl.transport.rfc5.Vectors#oddInput")
	void odd_input_is_read_as_the_reference_decoder_reads_it(String name, JsonNode vector) throws Exception {
		byte[] bytes = Vectors.bytes(vector);

		if (vector.get("tsProto").get("ok").asBoolean()) {
			assertThat(WsPacket.decode(bytes)).isEqualTo(Vectors.message(vector.get("tsProto").get("decoded")));
		} else {
			assertThatExceptionOfType(MalformedWsPacketException.class).isThrownBy(() -> WsPacket.decode(bytes))
					.withMessageContaining("WsPacket (rfc5) expected").withMessageContaining(bytes.length + " bytes");
		}
	}

	@Test
	void the_last_of_several_members_wins() throws Exception {
		assertThat(WsPacket.decode(hex("1a0408071801" + "3202082b"))).isEqualTo(new WsPacket.PeerLeave(43));
		assertThat(WsPacket.decode(hex("3202082b" + "1a0408071801"))).isEqualTo(WsPacket.PeerUpdate.of(7, new byte[0], true));
	}

	@Test
	void a_repeated_member_is_merged() throws Exception {
		assertThat(WsPacket.decode(hex("1a050807120101" + "1a021801"))).isEqualTo(WsPacket.PeerUpdate.of(7, new byte[]{1}, true));
	}

	@Test
	void an_update_with_a_field_of_tomorrow_is_still_an_update() throws Exception {
		assertThat(WsPacket.decode(hex("1a080807120101220199"))).isEqualTo(WsPacket.PeerUpdate.of(7, new byte[]{1}, false));
	}

	@Test
	void a_tag_of_zero_is_refused() {
		assertThatExceptionOfType(MalformedWsPacketException.class).isThrownBy(() -> WsPacket.decode(hex("3202082b0000")));
	}

	@Test
	void an_update_is_found_in_the_middle_of_a_buffer() throws Exception {
		byte[] update = WsPacket.PeerUpdate.of(7, "body".getBytes(UTF_8), true).encode();
		byte[] around = new byte[update.length + 10];
		Arrays.fill(around, (byte) 0x1a);
		System.arraycopy(update, 0, around, 6, update.length);
		ByteBuffer heap = ByteBuffer.wrap(around, 6, update.length);
		ByteBuffer direct = ByteBuffer.allocateDirect(update.length).put(update).flip();

		assertThat(WsPacket.decode(around, 6, update.length)).isEqualTo(WsPacket.decode(update));
		assertThat(WsPacket.decode(heap)).isEqualTo(WsPacket.decode(update));
		assertThat(WsPacket.decode(heap.slice())).isEqualTo(WsPacket.decode(update));
		assertThat(WsPacket.decode(direct)).isEqualTo(WsPacket.decode(update));
		assertThat(heap.remaining()).isEqualTo(update.length);
		assertThat(direct.remaining()).isEqualTo(update.length);
	}

	@Test
	void a_range_outside_of_the_array_is_refused() {
		assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> WsPacket.decode(new byte[10], 8, 3));
	}

	@Test
	void a_decoded_update_is_a_view_of_the_frame() throws Exception {
		byte[] frame = WsPacket.PeerUpdate.of(7, "body".getBytes(UTF_8), true).encode();
		WsPacket.PeerUpdate update = (WsPacket.PeerUpdate) WsPacket.decode(frame);
		byte[] copied = new byte[6];
		update.copyBody(copied, 1);

		assertThat(update.body().array()).isSameAs(frame);
		assertThat(UTF_8.decode(update.body()).toString()).isEqualTo("body");
		assertThat(update.bodyBytes()).isEqualTo("body".getBytes(UTF_8));
		assertThat(new String(copied, UTF_8)).isEqualTo("\0body\0");
		assertThat(update.bodyLength()).isEqualTo(4);
	}

	@ParameterizedTest
	@ValueSource(ints = {0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455, 268_435_456, Integer.MAX_VALUE, Integer.MIN_VALUE, -1})
	void an_update_is_encoded_as_the_generated_code_does_it(int alias) throws Exception {
		for (int size : new int[]{0, 1, 119, 120, 127, 128, 16_000, 16_383, 16_384, 70_000}) {
			for (boolean unreliable : new boolean[]{false, true}) {
				byte[] body = new byte[size];
				Arrays.fill(body, (byte) 0x5a);
				WsPacket.PeerUpdate update = WsPacket.PeerUpdate.of(alias, body, unreliable);

				assertThat(update.encode()).isEqualTo(Wire.generated(update).toByteArray());
				assertThat(update.encode()).hasSize(WsPacket.PeerUpdate.encodedSize(alias, size, unreliable));
				assertThat(WsPacket.decode(update.encode())).isEqualTo(update);
			}
		}
	}

	@Test
	void a_server_relays_an_update_under_the_alias_of_its_sender() throws Exception {
		WsPacket.PeerUpdate sent = (WsPacket.PeerUpdate) WsPacket.decode(WsPacket.PeerUpdate.of(0, "body".getBytes(UTF_8), true).encode());

		byte[] frame = sent.encodeFrom(300, 10);

		assertThat(Arrays.copyOf(frame, 10)).isEqualTo(new byte[10]);
		assertThat(WsPacket.decode(frame, 10, frame.length - 10)).isEqualTo(WsPacket.PeerUpdate.of(300, "body".getBytes(UTF_8), true));
	}

	@Test
	void an_update_is_written_around_its_body() throws Exception {
		byte[] frame = new byte[4 + WsPacket.PeerUpdate.encodedSize(7, 3, true)];
		int body = WsPacket.PeerUpdate.write(frame, 4, 7, 3, true);
		frame[body + 2] = 9;

		assertThat(WsPacket.decode(frame, 4, frame.length - 4)).isEqualTo(WsPacket.PeerUpdate.of(7, new byte[]{0, 0, 9}, true));
		assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> WsPacket.PeerUpdate.write(frame, 5, 7, 3, true));
		assertThatIllegalArgumentException().isThrownBy(() -> WsPacket.PeerUpdate.encodedSize(7, -1, true));
		assertThatIllegalArgumentException().isThrownBy(() -> WsPacket.PeerUpdate.encodedSize(7, Integer.MAX_VALUE, true));
	}

	@Test
	void updates_are_equal_by_content() {
		WsPacket.PeerUpdate one = WsPacket.PeerUpdate.of(7, new byte[]{1}, false);

		assertThat(one).isEqualTo(WsPacket.PeerUpdate.of(7, new byte[]{1}, false)).hasSameHashCodeAs(WsPacket.PeerUpdate.of(7, new byte[]{1}, false));
		assertThat(one).isNotEqualTo(WsPacket.PeerUpdate.of(8, new byte[]{1}, false)).isNotEqualTo(WsPacket.PeerUpdate.of(7, new byte[]{2}, false))
				.isNotEqualTo(WsPacket.PeerUpdate.of(7, new byte[]{1}, true));
	}

	@Test
	void what_may_be_private_is_not_printed() {
		assertThat(new WsPacket.SignedChallenge("0xsignature")).asString().doesNotContain("signature");
		assertThat(WsPacket.PeerUpdate.of(-1, "secret".getBytes(UTF_8), true)).hasToString("PeerUpdate[fromAlias=4294967295, 6 bytes, unreliable]");
		assertThat(new WsPacket.Welcome(-1, Map.of(1, "0x1"))).hasToString("Welcome[alias=4294967295, 1 peers]");
	}

	@Test
	@Timeout(value = 10, unit = TimeUnit.SECONDS)
	void a_welcome_of_aliases_chosen_to_collide_is_read_in_time() throws Exception {
		WsProto.WsWelcome.Builder welcome = WsProto.WsWelcome.newBuilder();
		for (int i = 0; i < 0x10000; i++) {
			welcome.putPeerIdentities(i << 16 | i, ByteString.copyFromUtf8("0x" + i));
		}
		byte[] frame = WsProto.WsPacket.newBuilder().setWelcomeMessage(welcome).build().toByteArray();

		assertThat(((WsPacket.Welcome) WsPacket.decode(frame)).peers()).hasSize(0x10000).containsEntry(0x70007, "0x7");
	}

	private static byte[] hex(String text) {
		return HexFormat.of().parseHex(text);
	}
}
