package dcl.transport.identity.internal;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

/** What {@code @dcl/crypto} 3.7.0 answered: {@code authchain.json}, and {@code authchain-more.json} made by the script beside it. */
final class Vectors {

	static final JsonNode MAIN = load("authchain.json");
	static final JsonNode MORE = load("authchain-more.json");

	/** One chain, and how the reference library judges it. */
	record Case(String name, String json, String authority, Instant now, boolean ok) {

		@Override
		public String toString() {
			return name;
		}
	}

	/** One text, signed. */
	record Signed(SigningKey key, String message, String hash, String signature) {

		@Override
		public String toString() {
			return message.length() > 32 ? message.length() + " characters" : message;
		}
	}

	private Vectors() {
	}

	static Stream<Case> cases() {
		return Stream.concat(stream(MAIN.get("cases")), stream(MORE.get("cases")))
				.map(node -> new Case(node.get("name").textValue(), node.get("chain").toString(), node.get("authority").textValue(),
						Instant.ofEpochMilli(node.get("now").longValue()), node.get("expected").get("ok").booleanValue()));
	}

	static Stream<Signed> signatures() {
		JsonNode identity = MAIN.get("identity");
		JsonNode challenge = MAIN.get("challenge");
		Stream<Signed> single = Stream.of(
				new Signed(key("owner"), identity.get("ephemeralMessage").textValue(), identity.get("ephemeralMessageHash").textValue(),
						identity.get("ephemeralSignature").textValue()),
				new Signed(key("ephemeral"), challenge.get("challengeToSign").textValue(), challenge.get("hash").textValue(),
						challenge.get("signature").textValue()));
		Stream<Signed> byOwner = stream(MAIN.get("hashing")).map(node -> new Signed(key("owner"), node.get("message").textValue(),
				node.get("personalHash").textValue(), node.get("signatureByOwner").textValue()));
		Stream<Signed> more = stream(MORE.get("signatures")).map(node -> new Signed(SigningKey.of(hex(node.get("privateKey").textValue())),
				node.get("message").textValue(), node.get("personalHash").textValue(), node.get("signature").textValue()));
		return Stream.of(single, byOwner, more).flatMap(s -> s);
	}

	static Stream<JsonNode> stream(JsonNode array) {
		return StreamSupport.stream(array.spliterator(), false);
	}

	static SigningKey key(String name) {
		return SigningKey.of(privateKey(name));
	}

	static byte[] privateKey(String name) {
		return hex(MAIN.get("keys").get(name).get("privateKey").textValue());
	}

	static byte[] hex(String text) {
		return HexFormat.of().parseHex(text, 2, text.length());
	}

	private static JsonNode load(String name) {
		try (InputStream in = Vectors.class.getResourceAsStream("/vectors/" + name)) {
			return new ObjectMapper().readTree(in);
		} catch (IOException e) {
			throw new UncheckedIOException(e);
		}
	}
}
