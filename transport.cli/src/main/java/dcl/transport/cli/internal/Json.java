package dcl.transport.cli.internal;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** JSON, one object a line. */
final class Json {

	private Json() {
	}

	static ObjectNode object() {
		return JsonNodeFactory.instance.objectNode();
	}

	static ArrayNode array() {
		return JsonNodeFactory.instance.arrayNode();
	}

	static String line(ObjectNode object) {
		try {
			return Lines.MAPPER.writeValueAsString(object);
		} catch (JsonProcessingException e) {
			throw new IllegalStateException("a tree is always JSON", e);
		}
	}

	/** @throws IllegalArgumentException if it is not one JSON object */
	static ObjectNode parse(String line) {
		try {
			if (Lines.MAPPER.readTree(line) instanceof ObjectNode object) {
				return object;
			}
		} catch (JsonProcessingException e) {
			throw new IllegalArgumentException("one JSON object expected; from column " + e.getLocation().getColumnNr() + " on it is none", e);
		}
		throw new IllegalArgumentException("one JSON object expected, such as {\"send\":\"chat\",\"message\":\"hi\"}");
	}

	/** Loaded when the first line is read or written: text for people needs nothing of it. */
	private static final class Lines {

		/** Writes ASCII alone, so that neither a terminal nor its encoding can make anything else of it. */
		private static final ObjectMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
				.enable(JsonWriteFeature.ESCAPE_NON_ASCII)
				.enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
				.streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(32).build())
				.build()).enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();
	}
}
