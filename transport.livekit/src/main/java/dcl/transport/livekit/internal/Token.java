package dcl.transport.livekit.internal;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;

/**
 * What can be read in an access token without its key: a JWT (rfc7519), whose signature only the server can check. One that cannot be read is
 * left to the server to judge.
 *
 * @param expires   when it ceases to be good for joining, if it says so
 * @param notBefore when it begins to be, if it says so
 */
record Token(Optional<Instant> expires, Optional<Instant> notBefore) {

	/** What livekit-server allows for clocks that differ. */
	static final Duration LEEWAY = Duration.ofMinutes(1);

	private static final Token OPAQUE = new Token(Optional.empty(), Optional.empty());
	private static final long LATEST = 253_402_300_799L; // the year 9999

	static Token read(String text) {
		String[] parts = text.split("\\.", -1);
		if (parts.length != 3) {
			return OPAQUE;
		}
		try {
			String claims = new String(Base64.getUrlDecoder().decode(parts[1]), StandardCharsets.UTF_8);
			return claims(claims);
		} catch (IOException | IllegalArgumentException e) { // its text would quote the token
			return OPAQUE;
		}
	}

	private static Token claims(String json) throws IOException {
		Optional<Instant> expires = Optional.empty();
		Optional<Instant> notBefore = Optional.empty();
		try (JsonParser parser = new JsonFactory().createParser(json)) {
			if (parser.nextToken() != JsonToken.START_OBJECT) {
				return OPAQUE;
			}
			while (parser.nextToken() == JsonToken.FIELD_NAME) {
				String name = parser.currentName();
				JsonToken value = parser.nextToken();
				if (value.isNumeric() && name.equals("exp")) {
					expires = instant(parser.getDoubleValue());
				} else if (value.isNumeric() && name.equals("nbf")) {
					notBefore = instant(parser.getDoubleValue());
				} else {
					parser.skipChildren();
				}
			}
		}
		return new Token(expires, notBefore);
	}

	private static Optional<Instant> instant(double seconds) {
		return seconds >= 0 && seconds <= LATEST ? Optional.of(Instant.ofEpochSecond((long) seconds)) : Optional.empty();
	}

	/** Returns why no server would take it now, without a word of the token itself; empty if one may. */
	Optional<String> refusal(Instant now) {
		if (expires.isPresent() && now.isAfter(expires.get().plus(LEEWAY))) {
			return Optional.of("the access token expired " + Duration.between(expires.get(), now).toSeconds()
					+ " s ago, by the clock here (" + now.getEpochSecond() + ")");
		}
		if (notBefore.isPresent() && now.isBefore(notBefore.get().minus(LEEWAY))) {
			return Optional.of("the access token is not valid for another " + Duration.between(now, notBefore.get()).toSeconds()
					+ " s, by the clock here (" + now.getEpochSecond() + ")");
		}
		return Optional.empty();
	}
}
