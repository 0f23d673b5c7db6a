package dcl.transport.rfc4;

import java.io.IOException;
import java.io.InputStream;
import java.util.HexFormat;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import org.junit.jupiter.params.provider.Arguments;

/** Packets made by the TypeScript library of the clients in the field, and movements worked out from the formulas of ADR-204. */
final class Vectors {

	private Vectors() {
	}

	static Stream<Arguments> packets() throws IOException {
		return cases("rfc4.json", "packets");
	}

	static Stream<Arguments> movements() throws IOException {
		return cases("movement_compressed.json", "cases");
	}

	private static Stream<Arguments> cases(String file, String section) throws IOException {
		try (InputStream in = Vectors.class.getResourceAsStream("/vectors/" + file)) {
			return StreamSupport.stream(new ObjectMapper().readTree(in).get(section).spliterator(), false)
					.map(one -> Arguments.of(one.get("name").asText(), one));
		}
	}

	static byte[] bytes(JsonNode one) {
		return HexFormat.of().parseHex(one.get("hex").asText());
	}

	/** Returns the packet that the fields of a vector describe; a version of 0 is what the TypeScript library shows for none. */
	static Rfc4Packet packet(JsonNode fields) {
		Rfc4Packet.Builder packet = Rfc4Packet.newBuilder();
		if (fields.get("protocolVersion").asInt() != 0) {
			packet.setProtocolVersion(fields.get("protocolVersion").asInt());
		}
		if (fields.has("message")) {
			String name = fields.get("message").get("$case").asText();
			FieldDescriptor member = field(packet, name);
			Message.Builder message = packet.newBuilderForField(member);
			for (Map.Entry<String, JsonNode> entry : fields.get("message").get(name).properties()) {
				FieldDescriptor field = field(message, entry.getKey());
				message.setField(field, value(field, entry.getValue()));
			}
			packet.setField(member, message.build());
		}
		return packet.build();
	}

	private static FieldDescriptor field(Message.Builder message, String jsonName) {
		return message.getDescriptorForType().getFields().stream().filter(field -> field.getJsonName().equals(jsonName)).findFirst()
				.orElseThrow(() -> new AssertionError("no field of " + message.getDescriptorForType().getName() + " is called " + jsonName));
	}

	private static Object value(FieldDescriptor field, JsonNode value) {
		switch (field.getJavaType()) {
			case INT :
				return (int) value.asLong();
			case LONG :
				return value.asLong();
			case FLOAT :
				return (float) value.asDouble();
			case DOUBLE :
				return value.asDouble();
			case BOOLEAN :
				return value.asBoolean();
			case STRING :
				return value.asText();
			case BYTE_STRING :
				return ByteString.fromHex(value.get("$hex").asText());
			case ENUM :
				return field.getEnumType().findValueByNumber(value.asInt());
			default :
				throw new AssertionError("no vector has a " + field.getJavaType());
		}
	}
}
