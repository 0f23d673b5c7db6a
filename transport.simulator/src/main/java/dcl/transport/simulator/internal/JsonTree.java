package dcl.transport.simulator.internal;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;

/** Reads a small JSON document into maps, lists, strings, digits and booleans: the mapper would be a bundle more in every program that embeds the runtime. */
final class JsonTree {

	private static final int MAX_DIGITS = 32;

	/** A number as it is written. */
	record Digits(String text) {
	}

	/** What {@code null} stands for. */
	private static final Object NOTHING = new Object();

	private JsonTree() {
	}

	/**
	 * Reads the one value that is there, {@code null} if there is none.
	 *
	 * @throws IOException if it is not JSON, has a member twice, is nested deeper, or is followed by more
	 */
	static Object read(InputStream in, int maxNesting) throws IOException {
		JsonFactory factory = new JsonFactoryBuilder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
				.streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(maxNesting).maxNumberLength(MAX_DIGITS).build()).build();
		try (JsonParser json = factory.createParser(in)) {
			Object value = json.nextToken() == null ? null : value(json);
			if (json.nextToken() != null) {
				throw new IOException("there is more");
			}
			return value;
		}
	}

	private static Object value(JsonParser json) throws IOException {
		return switch (json.currentToken()) {
			case START_OBJECT -> {
				Map<String, Object> members = new LinkedHashMap<>();
				while (json.nextToken() != JsonToken.END_OBJECT) {
					String name = json.currentName();
					json.nextToken();
					members.put(name, value(json));
				}
				yield members;
			}
			case START_ARRAY -> {
				List<Object> values = new ArrayList<>();
				while (json.nextToken() != JsonToken.END_ARRAY) {
					values.add(value(json));
				}
				yield values;
			}
			case VALUE_STRING -> json.getText();
			case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> new Digits(json.getText());
			case VALUE_TRUE, VALUE_FALSE -> json.getBooleanValue();
			default -> NOTHING;
		};
	}
}
