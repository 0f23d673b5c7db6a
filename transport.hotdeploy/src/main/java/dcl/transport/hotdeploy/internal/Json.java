package dcl.transport.hotdeploy.internal;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;

/** JSON as maps, lists and strings; nothing else is read or written here. Written as ASCII. */
final class Json {

	private static final JsonFactory FACTORY = JsonFactory.builder()
			.enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
			.enable(JsonWriteFeature.ESCAPE_NON_ASCII)
			.streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(16).maxStringLength(1 << 20).build())
			.build();

	private Json() {
	}

	/** @throws IOException if it is not one object of strings, lists and objects */
	static Map<String, Object> read(byte[] bytes) throws IOException {
		try (JsonParser in = FACTORY.createParser(bytes)) {
			if (in.nextToken() != JsonToken.START_OBJECT) {
				throw new IOException("a JSON object is expected");
			}
			Map<String, Object> object = object(in);
			if (in.nextToken() != null) {
				throw new IOException("more than one JSON object");
			}
			return object;
		}
	}

	private static Map<String, Object> object(JsonParser in) throws IOException {
		Map<String, Object> object = new LinkedHashMap<>();
		while (in.nextToken() == JsonToken.FIELD_NAME) {
			String name = in.currentName();
			in.nextToken();
			object.put(name, value(in));
		}
		return object;
	}

	private static Object value(JsonParser in) throws IOException {
		switch (in.currentToken()) {
			case START_OBJECT :
				return object(in);
			case START_ARRAY :
				List<Object> list = new ArrayList<>();
				while (in.nextToken() != JsonToken.END_ARRAY) {
					list.add(value(in));
				}
				return list;
			case VALUE_STRING :
				return in.getText();
			default :
				throw new IOException("a string, list or object is expected in line " + in.currentLocation().getLineNr());
		}
	}

	/** Returns a string, "" if there is none. @throws IOException if it is something else */
	static String text(Map<String, Object> object, String name) throws IOException {
		Object value = object.getOrDefault(name, "");
		if (value instanceof String text) {
			return text;
		}
		throw new IOException("'" + name + "' has to be a string");
	}

	/** Returns a list of strings, empty if there is none. @throws IOException if it is something else */
	static List<String> texts(Map<String, Object> object, String name) throws IOException {
		List<String> texts = new ArrayList<>();
		for (Object value : list(object, name)) {
			if (!(value instanceof String text)) {
				throw new IOException("'" + name + "' has to be a list of strings");
			}
			texts.add(text);
		}
		return texts;
	}

	/** Returns a list of objects, empty if there is none. @throws IOException if it is something else */
	static List<Map<String, Object>> objects(Map<String, Object> object, String name) throws IOException {
		List<Map<String, Object>> objects = new ArrayList<>();
		for (Object value : list(object, name)) {
			objects.add(asObject(name, value));
		}
		return objects;
	}

	private static List<?> list(Map<String, Object> object, String name) throws IOException {
		if (object.getOrDefault(name, List.of()) instanceof List<?> list) {
			return list;
		}
		throw new IOException("'" + name + "' has to be a list");
	}

	@SuppressWarnings("unchecked") // maps are made here alone
	private static Map<String, Object> asObject(String name, Object value) throws IOException {
		if (value instanceof Map<?, ?> map) {
			return (Map<String, Object>) map;
		}
		throw new IOException("'" + name + "' has to be a list of objects");
	}

	static byte[] write(Map<String, ?> object) {
		StringWriter text = new StringWriter();
		try (JsonGenerator out = FACTORY.createGenerator(text).useDefaultPrettyPrinter()) {
			write(out, object);
		} catch (IOException e) {
			throw new UncheckedIOException("a string takes everything", e);
		}
		return text.append('\n').toString().getBytes(StandardCharsets.UTF_8);
	}

	private static void write(JsonGenerator out, Object value) throws IOException {
		if (value instanceof Map<?, ?> map) {
			out.writeStartObject();
			for (Map.Entry<?, ?> member : map.entrySet()) {
				out.writeFieldName(member.getKey().toString());
				write(out, member.getValue());
			}
			out.writeEndObject();
		} else if (value instanceof Collection<?> list) {
			out.writeStartArray();
			for (Object element : list) {
				write(out, element);
			}
			out.writeEndArray();
		} else {
			out.writeString(value.toString());
		}
	}
}
