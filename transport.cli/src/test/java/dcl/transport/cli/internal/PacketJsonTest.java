package dcl.transport.cli.internal;

import java.io.IOException;
import java.io.InputStream;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import dcl.transport.Packet;
import dcl.transport.rfc4.Chat;
import dcl.transport.rfc4.Movement;
import dcl.transport.rfc4.MovementCompressed;
import dcl.transport.rfc4.PlayerEmote;
import dcl.transport.rfc4.Position;
import dcl.transport.rfc4.Rfc4;
import dcl.transport.rfc4.Rfc4Packet;
import dcl.transport.rfc4.Scene;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

@Timeout(value = 20, unit = TimeUnit.SECONDS)
class PacketJsonTest {

	private static final ObjectMapper MAPPER = new ObjectMapper();

	static Stream<Arguments> vectors() throws IOException {
		try (InputStream in = PacketJsonTest.class.getResourceAsStream("/vectors/rfc4.json")) {
			return StreamSupport.stream(MAPPER.readTree(in).get("packets").spliterator(), false)
					.filter(vector -> vector.get("fields").has("message")).map(vector -> Arguments.of(vector.get("name").asText(), vector));
		}
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("vectors")
	void a_vector_survives_the_way_to_json_and_back(String name, JsonNode vector) throws Exception {
		Rfc4Packet packet = Rfc4.decode(Packet.copyOf(HexFormat.of().parseHex(vector.get("hex").asText())));
		String member = Rfc4.kind(Rfc4.encode(packet)).member();

		Rfc4Packet again = PacketJson.packet(member, MAPPER.readTree(MAPPER.writeValueAsString(PacketJson.fields(packet))));

		assertThat(again).isEqualTo(packet.toBuilder().clearProtocolVersion().build());
	}

	@Test
	void the_names_are_those_of_the_schema_and_defaults_are_left_out() throws Exception {
		assertThat(json(Rfc4Packet.newBuilder().setPosition(Position.newBuilder().setIndex(-1).setPositionX(8.5f)).setProtocolVersion(100)))
				.isEqualTo("{'index':4294967295,'position_x':8.5}");
		assertThat(json(Rfc4Packet.newBuilder().setChat(Chat.newBuilder().setMessage("hi").setTimestamp(1700000000123.0))))
				.isEqualTo("{'message':'hi','timestamp':1.700000000123E12}");
		assertThat(json(Rfc4Packet.newBuilder().setScene(Scene.newBuilder().setData(ByteString.fromHex("016869fb")))))
				.isEqualTo("{'data':'AWhp+w=='}");
		MovementCompressed.Builder compressed = MovementCompressed.newBuilder().setTemporalData(-1).setMovementData(Long.MIN_VALUE);
		assertThat(json(Rfc4Packet.newBuilder().setMovementCompressed(compressed)))
				.isEqualTo("{'temporal_data':-1,'movement_data':'-9223372036854775808'}");
		Movement.Builder gliding = Movement.newBuilder().setIsGrounded(true).setGlideState(Movement.GlideState.GLIDING);
		assertThat(json(Rfc4Packet.newBuilder().setMovement(gliding)))
				.isEqualTo("{'is_grounded':true,'glide_state':'GLIDING'}");
		assertThat(json(Rfc4Packet.newBuilder().setMovement(Movement.newBuilder().setGlideStateValue(9)))).isEqualTo("{'glide_state':9}");
		assertThat(json(Rfc4Packet.newBuilder().setPlayerEmote(PlayerEmote.newBuilder().setIsStopping(false))))
				.isEqualTo("{'is_stopping':false}");
		assertThat(json(Rfc4Packet.newBuilder().setMovement(Movement.newBuilder().setTimestamp(Float.NaN).setPositionX(Float.NEGATIVE_INFINITY))))
				.isEqualTo("{'timestamp':'NaN','position_x':'-Infinity'}");
		assertThat(json(Rfc4Packet.newBuilder().setProtocolVersion(100))).isEqualTo("{}");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`', value = {
			"position | {'index':4294967295} | {'index':4294967295}",
			"position | {'index':'7','position_x':'8.5'} | {'index':7,'position_x':8.5}",
			"position | {'index':1.0,'position_x':1} | {'index':1,'position_x':1.0}",
			"position | {'index':0,'position_x':null} | {}",
			"movement_compressed | {'movement_data':-5} | {'movement_data':'-5'}",
			"movement_compressed | {'movement_data':'9223372036854775807'} | {'movement_data':'9223372036854775807'}",
			"movement | {'glide_state':2} | {'glide_state':'GLIDING'}",
			"movement | {'glide_state':9} | {'glide_state':9}",
			"movement | {'timestamp':'NaN','position_x':'Infinity'} | {'timestamp':'NaN','position_x':'Infinity'}",
			"movement | {} | {}"})
	void what_can_be_understood_is(String member, String given, String understood) throws Exception {
		assertThat(json(PacketJson.packet(member, read(given)).toBuilder())).isEqualTo(understood);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`', value = {
			"chat | {'mesage':'hi'} | chat.mesage: no such field; expected any of message, timestamp, forwarded_from",
			"chat | {'forwardedFrom':'hi'} | chat.forwardedFrom: no such field",
			"chat | [] | chat: an object expected: []",
			"chat | 'hi' | chat: an object expected",
			"chat | {'message':7} | chat.message: a text expected: 7",
			"chat | {'timestamp':'soon'} | chat.timestamp: a number expected",
			"chat | {'timestamp':'1e999'} | chat.timestamp: a number up to 1.7976931348623157E308 expected",
			"chat | {'timestamp':true} | chat.timestamp: a number expected: true",
			"position | {'index':-1} | position.index: an integer from 0 to 4294967295 expected: -1",
			"position | {'index':4294967296} | position.index: an integer from 0 to 4294967295 expected",
			"position | {'index':1.5} | position.index: an integer",
			"position | {'index':'1e999999999'} | position.index: an integer",
			"position | {'index':'1e-999999999'} | position.index: an integer",
			"position | {'position_x':1e39} | position.position_x: a number up to 3.4028234663852886E38 expected",
			"movement_compressed | {'temporal_data':2147483648} | movement_compressed.temporal_data: an integer from -2147483648 to 2147483647",
			"movement_compressed | {'movement_data':9223372036854775808} | movement_compressed.movement_data: an integer",
			"movement | {'is_grounded':1} | movement.is_grounded: true or false expected: 1",
			"movement | {'glide_state':'FLYING'} | movement.glide_state: one of PROP_CLOSED, OPENING_PROP, GLIDING, CLOSING_PROP, or",
			"scene | {'data':'***'} | scene.data: bytes in base64 expected",
			"scene | {'data':[1]} | scene.data: bytes in base64 expected: [1]",
			"hello | {} | an rfc4 member expected, one of position, profile_version,",
			"protocol_version | {} | an rfc4 member expected, one of"})
	void what_cannot_be_understood_is_refused_with_its_place(String member, String given, String message) throws Exception {
		JsonNode json = read(given);

		assertThatIllegalArgumentException().isThrownBy(() -> PacketJson.packet(member, json)).withMessageContaining(message);
	}

	@Test
	void a_long_value_is_cut_in_the_message() throws Exception {
		JsonNode json = read("{'index':'" + "9".repeat(1_000_000) + "'}");

		assertThatIllegalArgumentException().isThrownBy(() -> PacketJson.packet("position", json)).withMessageMatching(".{1,200}");
	}

	@Test
	void no_field_of_any_member_is_repeated() {
		assertThat(Rfc4Packet.getDescriptor().getFile().getMessageTypes()).flatMap(type -> type.getFields())
				.noneMatch(FieldDescriptor::isRepeated);
	}

	private static JsonNode read(String json) throws IOException {
		return MAPPER.readTree(json.replace('\'', '"'));
	}

	private static String json(Rfc4Packet.Builder packet) throws IOException {
		return MAPPER.writeValueAsString(PacketJson.fields(packet.build())).replace('"', '\'');
	}
}
