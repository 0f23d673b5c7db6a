package dcl.transport;

import java.time.Instant;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * What is to be signed and for whom, so that a host can show it or refuse it. Immutable.
 * <p>
 * There are two factories and no other way to make one: no server can choose a text that reads as something else. A room's challenge has no colon, so it
 * can never be a signed-fetch payload, and a signed-fetch payload is built here from its parts.
 */
public final class SigningRequest {

	/** What the signature is for. May gain constants. */
	public enum Purpose {
		/** A room's challenge (ADR-105). */
		ROOM_CHALLENGE,
		/** A signed HTTP request (ADR-44). */
		SIGNED_FETCH
	}

	/** As shipping servers make them, and short: "dcl-" and printable ASCII without blanks or colons. */
	private static final Pattern CHALLENGE = Pattern.compile("dcl-[!-9;-~]{1,252}");
	private static final Pattern METHOD = Pattern.compile("[A-Za-z]{1,16}");

	private final Purpose purpose;
	private final TransportUri uri;
	private final String payload;

	private SigningRequest(Purpose purpose, TransportUri uri, String payload) {
		this.purpose = purpose;
		this.uri = Objects.requireNonNull(uri);
		this.payload = payload;
	}

	/**
	 * Returns the request to sign a room's challenge.
	 *
	 * @param uri       the connection string now being opened
	 * @param challenge what the server sent
	 * @throws IllegalArgumentException unless the challenge is "dcl-" followed by 1 to 252 printable ASCII characters, no blank and no colon among them
	 */
	public static SigningRequest roomChallenge(TransportUri uri, String challenge) {
		if (!CHALLENGE.matcher(challenge).matches()) {
			throw new IllegalArgumentException("a challenge is 'dcl-' and 1 to 252 printable ASCII characters without blank or colon; "
					+ "this one, " + challenge.length() + " characters long, is not, and will not be signed");
		}
		return new SigningRequest(Purpose.ROOM_CHALLENGE, uri, challenge);
	}

	/**
	 * Returns the request to sign an HTTP request: {@code lowercase(method:path:timestamp:metadata)}, as ADR-44 says.
	 *
	 * @param uri       the connection string now being opened
	 * @param method    the HTTP method, letters only
	 * @param path      the path of the URL as it goes over the wire, beginning with '/', without query
	 * @param timestamp the time of the request; milliseconds count
	 * @param metadata  the JSON text of the metadata header
	 * @throws IllegalArgumentException if the method or the path is none
	 */
	public static SigningRequest signedFetch(TransportUri uri, String method, String path, Instant timestamp, String metadata) {
		Objects.requireNonNull(metadata);
		if (!METHOD.matcher(method).matches()) {
			throw new IllegalArgumentException("an HTTP method is 1 to 16 letters");
		}
		if (!path.startsWith("/") || path.indexOf('?') >= 0 || path.indexOf('#') >= 0) {
			throw new IllegalArgumentException("the path of a signed request begins with '/' and has neither query nor fragment");
		}
		String text = method + ":" + path + ":" + timestamp.toEpochMilli() + ":" + metadata;
		return new SigningRequest(Purpose.SIGNED_FETCH, uri, text.toLowerCase(Locale.ROOT));
	}

	/** Returns what the signature is for. */
	public Purpose purpose() {
		return purpose;
	}

	/** Returns the connection string now being opened; after a redirect, the new one. */
	public TransportUri uri() {
		return uri;
	}

	/** Returns the exact text the last link of the chain signs. */
	public String payload() {
		return payload;
	}

	/** Returns purpose and connection string, without the payload. */
	@Override
	public String toString() {
		return purpose + " for " + uri;
	}
}
