package dcl.transport.itest.livekit;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;

/**
 * Access tokens, made by hand: a JWT (rfc7519) signed with HS256, with the grants of LiveKit's claim {@code video} that Decentraland's services give.
 * Immutable.
 */
final class Token {

	private static final ObjectMapper JSON = new ObjectMapper();
	/** As Decentraland's services do. */
	private static final Duration LIFETIME = Duration.ofMinutes(5);

	private final String identity;
	private final Map<String, Object> grants;
	private final Instant expires;
	private final String secret;

	private Token(String identity, Map<String, Object> grants, Instant expires, String secret) {
		this.identity = identity;
		this.grants = grants;
		this.expires = expires;
		this.secret = secret;
	}

	/** Returns what lets somebody into a room, to send and to receive. */
	static Token of(String room, String identity) {
		Map<String, Object> grants = new LinkedHashMap<>(Map.of("room", room, "roomJoin", true, "canPublish", true, "canSubscribe", true, "canPublishData", true,
				"canUpdateOwnMetadata", true));
		return new Token(identity, grants, Instant.now().plus(LIFETIME), LiveKitServer.SECRET);
	}

	/** Returns the text of a token for every method of the server's API. */
	static String admin(String room) {
		Map<String, Object> grants = Map.of("room", room, "roomAdmin", true, "roomCreate", true, "roomList", true);
		return new Token("test", grants, Instant.now().plus(LIFETIME), LiveKitServer.SECRET).text();
	}

	Token with(String grant, Object value) {
		Map<String, Object> more = new LinkedHashMap<>(grants);
		more.put(grant, value);
		return new Token(identity, more, expires, secret);
	}

	Token expiring(Instant when) {
		return new Token(identity, grants, when, secret);
	}

	Token signedWith(String otherSecret) {
		return new Token(identity, grants, expires, otherSecret);
	}

	/** Returns the connection string for our client. */
	String uri() {
		return uri(LiveKitServer.URL);
	}

	/** Returns the same, at another address of the server. */
	String uri(String url) {
		return "livekit:" + url + "?access_token=" + text();
	}

	String text() {
		try {
			Map<String, Object> claims = new LinkedHashMap<>();
			claims.put("iss", LiveKitServer.KEY);
			claims.put("sub", identity);
			claims.put("nbf", Instant.now().minusSeconds(10).getEpochSecond());
			claims.put("exp", expires.getEpochSecond());
			claims.put("video", grants);
			String signed = part(JSON.writeValueAsBytes(Map.of("alg", "HS256", "typ", "JWT"))) + "." + part(JSON.writeValueAsBytes(claims));
			Mac mac = Mac.getInstance("HmacSHA256");
			mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
			return signed + "." + part(mac.doFinal(signed.getBytes(StandardCharsets.US_ASCII)));
		} catch (GeneralSecurityException | JsonProcessingException e) {
			throw new AssertionError("every Java platform has HmacSHA256, and these claims are plain", e);
		}
	}

	private static String part(byte[] bytes) {
		return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
	}
}
