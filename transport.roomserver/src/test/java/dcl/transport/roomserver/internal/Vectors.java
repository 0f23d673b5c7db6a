package dcl.transport.roomserver.internal;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HexFormat;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

/**
 * What the reference software sends: {@code wspacket.json}, encoded by {@code @dcl/protocol}, and {@code wsroom_transcript.json}, recorded
 * with mini-comms.
 */
final class Vectors {

	static final JsonNode TRANSCRIPT = load("wsroom_transcript.json");

	/** One message, and whether a decoder takes it. */
	record Message(String name, byte[] bytes, boolean decodes) {

		@Override
		public String toString() {
			return name;
		}
	}

	private Vectors() {
	}

	static Stream<Message> messages() {
		JsonNode file = load("wspacket.json");
		return Stream.concat(stream(file.get("packets")).map(node -> message(node, true)),
				stream(file.get("oddInput")).map(node -> message(node, node.at("/tsProto/ok").booleanValue())));
	}

	private static Message message(JsonNode node, boolean decodes) {
		return new Message(node.get("name").textValue(), HexFormat.of().parseHex(node.get("hex").textValue()), decodes);
	}

	static Stream<JsonNode> stream(JsonNode array) {
		return StreamSupport.stream(array.spliterator(), false);
	}

	static JsonNode load(String name) {
		try (InputStream in = Vectors.class.getResourceAsStream("/vectors/" + name)) {
			return new ObjectMapper().readTree(in);
		} catch (IOException e) {
			throw new UncheckedIOException(e);
		}
	}
}
