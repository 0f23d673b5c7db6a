package dcl.transport.identity.internal;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Optional;

/** The text with which a key gives its authority to another one until a moment (ADR-44). */
record EphemeralMessage(Address address, Instant expiration) {

	private static final String ADDRESS = "Ephemeral address: ";
	private static final String EXPIRATION = "Expiration: ";
	/** The form of JavaScript's {@code toISOString}. */
	private static final DateTimeFormatter ISO_MILLIS = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

	String text() {
		return "Decentraland Login\n" + ADDRESS + address.checksummed() + "\n" + EXPIRATION + ISO_MILLIS.format(expiration);
	}

	/** Returns what is signed for a payload: the library removes every carriage return first. */
	static String signedText(String payload) {
		return payload.replace("\r", "");
	}

	/** Reads the message, if it is one: the first line is free, lines after the third are allowed. */
	static Optional<EphemeralMessage> parse(String payload) {
		String[] lines = signedText(payload).split("\n", 4);
		if (lines.length < 3 || !lines[1].startsWith(ADDRESS) || !lines[2].startsWith(EXPIRATION)) {
			return Optional.empty();
		}
		return Address.parse(lines[1].substring(ADDRESS.length()))
				.flatMap(address -> date(lines[2].substring(EXPIRATION.length())).map(date -> new EphemeralMessage(address, date)));
	}

	/** A date without an offset would be read in the time zone of whoever verifies it, so it is none. */
	private static Optional<Instant> date(String text) {
		try {
			return Optional.of(DateTimeFormatter.ISO_OFFSET_DATE_TIME.parse(text, OffsetDateTime::from).toInstant());
		} catch (DateTimeException e) {
			return Optional.empty();
		}
	}
}
