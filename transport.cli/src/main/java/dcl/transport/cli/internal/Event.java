package dcl.transport.cli.internal;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Collection;
import java.util.StringJoiner;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dcl.transport.PeerId;
import dcl.transport.text.Printable;

/** What happened, as it goes into one line of JSON, or of text. */
final class Event {

	private static final DateTimeFormatter MILLIS = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);
	private static final int HEAD = 6;
	private static final int TAIL = 4;

	private final ObjectNode members = Json.object();
	/** Whose event it is, where there are several of us; addresses are cut short then. */
	private String who;

	private Event(String name) {
		members.put("event", name);
		members.put("at", MILLIS.format(Instant.now()));
	}

	static Event of(String name) {
		return new Event(name);
	}

	/** Returns an event of one of several of us. */
	static Event of(String name, String self) {
		Event event = new Event(name);
		event.who = self;
		return event.with("self", self);
	}

	/** Says when it happened, if that was not now. */
	Event at(Instant when) {
		return with("at", MILLIS.format(when));
	}

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

	/** Returns the line for people. */
	String text() {
		String room = text("room");
		return (who == null || who.isEmpty() ? "" : peer(who) + "  ") + (room.isEmpty() ? "" : room + ": ") + words();
	}

	private String words() {
		switch (name()) {
			case "listening" :
				return "rooms are at " + text("url") + (text("login").isEmpty() ? "" : ", signed logins at " + text("login"));
			case "connecting" :
				return "connecting to " + text("uri");
			case "connected" :
				return "connected" + (who != null ? "" : text("self").isEmpty() ? " without an identity" : " as " + text("self")) + "; " + here();
			case "joined" :
			case "left" :
				return peer(text("peer")) + " " + name();
			case "sent" :
				return (who == null ? "you: " : "says: ") + packet();
			case "received" :
				return (who == null ? "" : "hears ") + peer(text("peer")) + ": " + packet();
			case "disconnected" :
				return "disconnected: " + text("reason") + (text("detail").isEmpty() ? "" : " (" + text("detail") + ")");
			case "reconnecting" :
				return "connecting again in " + text("inMillis") + " ms (attempt " + text("attempt") + ", after " + text("after") + ")";
			case "failed" :
				return "failed: " + text("code") + ": " + text("message");
			case "watching" :
				return "watching " + text("folder") + "; signatures: " + text("signatures");
			case "accepted" :
			case "deployed" :
			case "refused" :
			case "rolledBack" :
			case "undeployed" :
				return verdict();
			default :
				throw new IllegalStateException("no text for " + name());
		}
	}

	private String text(String member) {
		return Printable.of(members.path(member).asText());
	}

	private String here() {
		StringJoiner peers = new StringJoiner(", ", "here: ", "").setEmptyValue("nobody else is here");
		members.path("peers").forEach(peer -> peers.add(peer(Printable.of(peer.textValue()))));
		return peers.toString();
	}

	private String peer(String id) {
		return who != null && new PeerId(id).isAddress() ? id.substring(0, HEAD) + "…" + id.substring(id.length() - TAIL) : id;
	}

	private String verdict() {
		StringBuilder text = new StringBuilder(name().equals("rolledBack") ? "rolled back" : name()).append(' ').append(text("file"));
		if (!text("bundle").isEmpty()) {
			text.append(": ").append(text("bundle")).append(' ').append(text("version"));
		}
		if (!text("why").isEmpty()) {
			text.append(": ").append(text("why"));
		}
		members.path("warnings").forEach(warning -> text.append("\n  warning: ").append(Printable.of(warning.textValue())));
		members.path("signers").forEach(signer -> text.append("\n  signed by ").append(Printable.of(signer.path("subject").textValue())).append(", ")
				.append(signer.path("key").textValue()).append(signer.path("trustedAs").textValue().isEmpty() ? ", not trusted here"
						: ", trusted as " + signer.path("trustedAs").textValue()));
		return text.toString();
	}

	/** A chat is its words; of the rest, which comes ten times a second, a glimpse. */
	private String packet() {
		JsonNode chat = members.path("packet").path("message");
		if (text("kind").equals("chat") && chat.isTextual()) {
			return Printable.of(chat.textValue());
		}
		return text("kind") + ", " + text("bytes") + " bytes" + (members.path("reliable").booleanValue() ? "" : ", lossy");
	}
}
