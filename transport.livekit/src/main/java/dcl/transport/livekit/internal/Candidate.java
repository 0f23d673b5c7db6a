package dcl.transport.livekit.internal;

import java.io.IOException;
import java.io.StringWriter;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;

/** An ICE candidate as signalling carries it: the JSON of {@code RTCIceCandidateInit}. */
record Candidate(String candidate, String mid, int index) {

	private static final JsonFactory JSON = new JsonFactory();

	String write() {
		StringWriter text = new StringWriter();
		try (JsonGenerator json = JSON.createGenerator(text)) {
			json.writeStartObject();
			json.writeStringField("candidate", candidate);
			json.writeStringField("sdpMid", mid);
			json.writeNumberField("sdpMLineIndex", index);
			json.writeEndObject();
		} catch (IOException e) {
			throw new IllegalStateException("a string writer does not fail", e);
		}
		return text.toString();
	}

	/** @throws IOException if it is no such JSON */
	static Candidate read(String text) throws IOException {
		String candidate = null;
		String mid = "";
		int index = 0;
		try (JsonParser json = JSON.createParser(text)) {
			if (json.nextToken() != JsonToken.START_OBJECT) {
				throw new IOException("an object expected");
			}
			while (json.nextToken() == JsonToken.FIELD_NAME) {
				String name = json.currentName();
				JsonToken value = json.nextToken();
				if (name.equals("candidate") && value == JsonToken.VALUE_STRING) {
					candidate = json.getText();
				} else if (name.equals("sdpMid") && value == JsonToken.VALUE_STRING) {
					mid = json.getText();
				} else if (name.equals("sdpMLineIndex") && value == JsonToken.VALUE_NUMBER_INT) {
					index = json.getIntValue();
				} else {
					json.skipChildren();
				}
			}
		}
		if (candidate == null || index < 0) {
			throw new IOException("a candidate expected");
		}
		return new Candidate(candidate, mid, index);
	}
}
