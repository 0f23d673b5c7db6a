package dcl.transport.signedlogin.internal;

import java.io.IOException;
import java.io.StringWriter;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;

/**
 * The metadata of a login: what it is for, and on whose behalf (ADR-180), with what servers of worlds and scenes ask for beside it. It is
 * signed, except for the case of its letters.
 *
 * @param origin the page or program that logs in; "" for the origin of the login's URL, as clients that are no page send it
 * @param realm  the realm the user is in, "" to leave it out
 * @param secret the password of a private world, "" to leave it out
 * @param extra  further members as the text of a JSON object, "" for none
 */
record Metadata(String origin, String realm, String secret, String extra) {

	/** What cannot be sent; the text quotes nothing. */
	static final class Unusable extends Exception {

		private static final long serialVersionUID = 1L;

		Unusable(String message) {
			super(message);
		}
	}

	/** The longest text of metadata, in characters; servers take heads of 16 KiB or less. */
	static final int MAX_CHARS = 4_096;

	/** Shorter texts of further members are numbers, parcels, words of everyday: no secrets, and they would be missed in a message. */
	private static final int MIN_SECRET_CHARS = 8;

	private static final String INTENT = "dcl:explorer:comms-handshake";
	private static final String SIGNER = "dcl:explorer";
	/** Members whose values are ours: what is signed is always a login. */
	private static final Set<String> OURS = Set.of("origin", "intent", "signer", "isGuest");

	/** Returns the same with what one transport's options say instead. */
	Metadata with(Map<String, String> options) {
		return new Metadata(options.getOrDefault("origin", origin), options.getOrDefault("realm", realm),
				options.getOrDefault("secret", secret),
				options.getOrDefault("metadata", extra));
	}

	/**
	 * Returns the JSON text: compact, in ASCII, and with members in the order the kernel sends them.
	 *
	 * @throws Unusable if further members are no JSON object, name what is ours or given already, or make the text longer than {@link
	 *                  #MAX_CHARS}
	 */
	String json(LoginUrl url, boolean guest) throws Unusable {
		StringWriter text = new StringWriter();
		try (JsonGenerator json = Json.FACTORY.createGenerator(text)) {
			json.writeStartObject();
			json.writeStringField("origin", origin.isEmpty() ? url.origin() : origin);
			json.writeStringField("intent", INTENT);
			json.writeStringField("signer", SIGNER);
			json.writeBooleanField("isGuest", guest);
			Set<String> given = new HashSet<>();
			if (!realm.isEmpty()) {
				json.writeStringField("realmName", realm);
				json.writeObjectFieldStart("realm");
				json.writeStringField("serverName", realm);
				json.writeEndObject();
				given.addAll(Set.of("realmName", "realm"));
			}
			if (!secret.isEmpty()) {
				json.writeStringField("secret", secret);
				given.add("secret");
			}
			if (!extra.isEmpty()) {
				copyMembers(json, given);
			}
			json.writeEndObject();
		} catch (IOException e) { // not chained: its message quotes the text
			throw notAnObject();
		}
		if (text.getBuffer().length() > MAX_CHARS) {
			throw new Unusable("the metadata of a login has at most " + MAX_CHARS + " characters");
		}
		return text.toString().replace("\u007F", "\\u007F"); // ASCII, but nothing for a header
	}

	private void copyMembers(JsonGenerator json, Set<String> given) throws IOException, Unusable {
		if (extra.length() > MAX_CHARS) {
			throw new Unusable("the metadata of a login has at most " + MAX_CHARS + " characters");
		}
		try (JsonParser parser = Json.FACTORY.createParser(extra)) {
			if (parser.nextToken() != JsonToken.START_OBJECT) {
				throw notAnObject();
			}
			while (parser.nextToken() == JsonToken.FIELD_NAME) {
				String name = parser.currentName();
				if (OURS.contains(name) || given.contains(name)) {
					throw new Unusable("further metadata does not name a member that is there already, such as "
							+ OURS.stream().sorted().toList());
				}
				json.copyCurrentStructure(parser);
			}
			if (parser.nextToken() != null) {
				throw notAnObject();
			}
		}
	}

	/**
	 * Returns what a server should not repeat: the password, and the texts of further members that are long enough for one, each as it is
	 * and as it is written in JSON.
	 *
	 * @throws Unusable if further members are no JSON
	 */
	List<String> secrets() throws Unusable {
		Set<String> secrets = new LinkedHashSet<>();
		try (JsonParser parser = Json.FACTORY.createParser(extra)) {
			addSecret(secrets, secret);
			for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
				if (token == JsonToken.VALUE_STRING && parser.getTextLength() >= MIN_SECRET_CHARS) {
					addSecret(secrets, parser.getText());
				}
			}
		} catch (IOException e) { // not chained: its message quotes the text
			throw notAnObject();
		}
		return List.copyOf(secrets);
	}

	private static void addSecret(Set<String> secrets, String text) throws IOException {
		if (!text.isEmpty()) {
			StringWriter quoted = new StringWriter();
			try (JsonGenerator json = Json.FACTORY.createGenerator(quoted)) {
				json.writeString(text);
			}
			secrets.add(text);
			secrets.add(quoted.toString().substring(1, quoted.getBuffer().length() - 1).replace("\u007F", "\\u007F"));
		}
	}

	private static Unusable notAnObject() {
		return new Unusable("further metadata is the text of a JSON object, at most " + Json.MAX_DEPTH + " deep, no name given twice");
	}

	/** Shows nothing of it: it may hold a password. */
	@Override
	public String toString() {
		return "Metadata[…]";
	}
}
