package dcl.transport.cli.internal;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.OneofDescriptor;
import com.google.protobuf.Message;
import dcl.transport.rfc4.Rfc4Packet;

/**
 * The fields of a packet's member as JSON, and back: protobuf's own mapping, with the names of the schema. Fields at their default are left
 * out, bytes are base64, 64-bit numbers are texts, as are the floats that JSON has no number for ({@code "NaN"}, {@code "Infinity"},
 * {@code "-Infinity"}). On the way back numbers may be texts throughout, enums may be numbers, and {@code null} stands for the default.
 * Stateless.
 */
final class PacketJson {

	private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
	/** More than any number of these types needs; reading one takes longer than its length. */
	private static final int MAX_DIGITS = 400;
	private static final BigInteger UINT32_MAX = BigInteger.valueOf(0xffff_ffffL);

	private PacketJson() {
	}

	/** Returns the fields of the member that is set, none if no member is. */
	static ObjectNode fields(Rfc4Packet packet) {
		FieldDescriptor member = packet.getOneofFieldDescriptor(members());
		return member == null ? JSON.objectNode() : object((Message) packet.getField(member));
	}

	/**
	 * Returns a packet with one member.
	 *
	 * @param member its name in the schema, such as {@code player_emote}
	 * @param fields an object
	 * @throws IllegalArgumentException naming the place, what was expected there and what is there
	 */
	static Rfc4Packet packet(String member, JsonNode fields) {
		FieldDescriptor field = Rfc4Packet.getDescriptor().findFieldByName(member);
		if (field == null || field.getContainingOneof() != members()) {
			throw new IllegalArgumentException("an rfc4 member expected, one of " + names(members().getFields()) + ": " + member);
		}
		Rfc4Packet.Builder packet = Rfc4Packet.newBuilder();
		return packet.setField(field, message(packet.newBuilderForField(field), fields, member)).build();
	}

	private static OneofDescriptor members() {
		return Rfc4Packet.getDescriptor().getRealOneofs().get(0);
	}

	private static String names(List<FieldDescriptor> fields) {
		return fields.stream().map(FieldDescriptor::getName).collect(Collectors.joining(", "));
	}

	private static ObjectNode object(Message message) {
		ObjectNode object = JSON.objectNode();
		for (Map.Entry<FieldDescriptor, Object> field : message.getAllFields().entrySet()) {
			object.set(field.getKey().getName(), json(field.getKey(), field.getValue()));
		}
		return object;
	}

	private static JsonNode json(FieldDescriptor field, Object value) {
		switch (field.getJavaType()) {
			case INT :
				return isUnsigned(field) ? JSON.numberNode(Integer.toUnsignedLong((int) value)) : JSON.numberNode((int) value);
			case LONG :
				return JSON.textNode(value.toString());
			case FLOAT :
				return Float.isFinite((float) value) ? JSON.numberNode((float) value) : JSON.textNode(value.toString());
			case DOUBLE :
				return Double.isFinite((double) value) ? JSON.numberNode((double) value) : JSON.textNode(value.toString());
			case BOOLEAN :
				return JSON.booleanNode((boolean) value);
			case STRING :
				return JSON.textNode((String) value);
			case BYTE_STRING :
				return JSON.textNode(Base64.getEncoder().encodeToString(((ByteString) value).toByteArray()));
			case ENUM :
				EnumValueDescriptor constant = (EnumValueDescriptor) value;
				return constant.getIndex() < 0 ? JSON.numberNode(constant.getNumber()) : JSON.textNode(constant.getName());
			default :
				return object((Message) value);
		}
	}

	private static Message message(Message.Builder message, JsonNode json, String path) {
		if (!json.isObject()) {
			throw refused(path, "an object", json);
		}
		Descriptor type = message.getDescriptorForType();
		for (Map.Entry<String, JsonNode> entry : json.properties()) {
			FieldDescriptor field = type.findFieldByName(entry.getKey());
			String fieldPath = path + "." + entry.getKey();
			if (field == null) {
				throw new IllegalArgumentException(fieldPath + ": no such field; expected any of " + names(type.getFields()));
			}
			if (!entry.getValue().isNull()) {
				message.setField(field, value(message, field, entry.getValue(), fieldPath));
			}
		}
		return message.build();
	}

	private static Object value(Message.Builder message, FieldDescriptor field, JsonNode json, String path) {
		switch (field.getJavaType()) {
			case INT :
				return isUnsigned(field)
						? integer(json, path, BigInteger.ZERO, UINT32_MAX).intValue()
						: integer(json, path, BigInteger.valueOf(Integer.MIN_VALUE), BigInteger.valueOf(Integer.MAX_VALUE)).intValue();
			case LONG :
				return integer(json, path, BigInteger.valueOf(Long.MIN_VALUE), BigInteger.valueOf(Long.MAX_VALUE)).longValue();
			case FLOAT :
				return floating(json, path, Float.MAX_VALUE).floatValue();
			case DOUBLE :
				return floating(json, path, Double.MAX_VALUE);
			case BOOLEAN :
				if (!json.isBoolean()) {
					throw refused(path, "true or false", json);
				}
				return json.booleanValue();
			case STRING :
				if (!json.isTextual()) {
					throw refused(path, "a text", json);
				}
				return json.textValue();
			case BYTE_STRING :
				return bytes(json, path);
			case ENUM :
				return constant(field.getEnumType(), json, path);
			default :
				return message(message.newBuilderForField(field), json, path);
		}
	}

	private static boolean isUnsigned(FieldDescriptor field) {
		return field.getType() == FieldDescriptor.Type.UINT32 || field.getType() == FieldDescriptor.Type.FIXED32;
	}

	private static BigInteger integer(JsonNode json, String path, BigInteger min, BigInteger max) {
		String expected = "an integer from " + min + " to " + max;
		BigDecimal number = number(json, path, expected);
		// Compared before it is expanded: 1e999999999 has as many digits as it says.
		if (number.compareTo(new BigDecimal(min)) < 0 || number.compareTo(new BigDecimal(max)) > 0 || number.stripTrailingZeros().scale() > 0) {
			throw refused(path, expected, json);
		}
		return number.toBigIntegerExact();
	}

	private static Double floating(JsonNode json, String path, double max) {
		String text = json.isTextual() ? json.textValue() : "";
		if (text.equals("NaN") || text.equals("Infinity") || text.equals("-Infinity")) {
			return Double.valueOf(text);
		}
		double number = number(json, path, "a number").doubleValue();
		if (Math.abs(number) > max) {
			throw refused(path, "a number up to " + max, json);
		}
		return number;
	}

	private static BigDecimal number(JsonNode json, String path, String expected) {
		if ((json.isNumber() || json.isTextual()) && json.asText().length() <= MAX_DIGITS) {
			try {
				return new BigDecimal(json.asText());
			} catch (NumberFormatException e) {
				throw refused(path, expected, json);
			}
		}
		throw refused(path, expected, json);
	}

	private static ByteString bytes(JsonNode json, String path) {
		try {
			return ByteString.copyFrom(Base64.getDecoder().decode(json.isTextual() ? json.textValue() : "="));
		} catch (IllegalArgumentException e) {
			throw refused(path, "bytes in base64", json);
		}
	}

	private static EnumValueDescriptor constant(EnumDescriptor type, JsonNode json, String path) {
		EnumValueDescriptor constant = json.isTextual() ? type.findValueByName(json.textValue()) : null;
		if (constant != null) {
			return constant;
		}
		if (json.isInt()) {
			return type.findValueByNumberCreatingIfUnknown(json.intValue());
		}
		String names = type.getValues().stream().map(EnumValueDescriptor::getName).collect(Collectors.joining(", "));
		throw refused(path, "one of " + names + ", or a number", json);
	}

	private static IllegalArgumentException refused(String path, String expected, JsonNode json) {
		String there = json.toString();
		return new IllegalArgumentException(path + ": " + expected + " expected: "
				+ (there.length() > 100 ? there.substring(0, 100) + "…" : there));
	}
}
