package dcl.transport.cli.internal;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Collection;
import java.util.StringJoiner;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dcl.transport.TransportException;

/** What happened, as it goes into one line of JSON, or of text. */
final class Event {

	private static final DateTimeFormatter MILLIS = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

	private final ObjectNode members = Json.object();

	private Event(String name) {
		members.put("event", name);
		members.put("at", MILLIS.format(Instant.now()));
	}

	static Event of(String name) {
		return new Event(name);
	}

	static Event failed(TransportException failure) {
		return failed(failure.code(), failure.getMessage());
	}

	static Event failed(TransportException.Code code, String message) {
		return of("failed").with("code", code.name()).with("message", message).with("retryable", code.isRetryable());
	}

	/** @param value null for JSON's null */
	Event with(String name, String value) {
		members.put(name, value);
		return this;
	}

	Event with(String name, long value) {
		members.put(name, value);
		return this;
	}

	Event with(String name, boolean value) {
		members.put(name, value);
		return this;
	}

	Event with(String name, JsonNode value) {
		members.set(name, value);
		return this;
	}

	Event with(String name, Collection<String> values) {
		ArrayNode array = members.putArray(name);
		values.forEach(array::add);
		return this;
	}

	String name() {
		return members.get("event").textValue();
	}

	ObjectNode members() {
		return members;
	}

	private String text(String member) {
		return Texts.printable(members.path(member).asText());
	}

	/** Returns the line for people. */
	String text() {
		switch (name()) {
			case "connecting" :
				return "connecting to " + text("uri");
			case "connected" :
				return (members.path("self").isTextual() ? "connected as " + text("self") : "connected without an identity") + "; " + here();
			case "joined" :
			case "left" :
				return text("peer") + " " + name();
			case "sent" :
				return "sent " + packet();
			case "received" :
				return text("peer") + ": " + packet();
			case "disconnected" :
				return "disconnected: " + text("reason") + (text("detail").isEmpty() ? "" : " (" + text("detail") + ")");
			case "reconnecting" :
				return "after " + text("after") + ", connecting again in " + text("inMillis") + " ms (attempt " + text("attempt") + ")";
			case "failed" :
				return "failed: " + text("code") + ": " + text("message");
			default :
				throw new IllegalStateException("no text for " + name());
		}
	}

	private String here() {
		StringJoiner peers = new StringJoiner(", ", members.path("peers").size() + " here: ", "").setEmptyValue("nobody else is here");
		members.path("peers").forEach(peer -> peers.add(Texts.printable(peer.textValue())));
		return peers.toString();
	}

	/** A chat is its words; of the rest, which comes ten times a second, a glimpse. */
	private String packet() {
		JsonNode chat = members.path("packet").path("message");
		if (text("kind").equals("chat") && chat.isTextual()) {
			return Texts.printable(chat.textValue());
		}
		return text("kind") + ", " + text("bytes") + " bytes" + (members.path("reliable").booleanValue() ? "" : ", lossy");
	}
}
