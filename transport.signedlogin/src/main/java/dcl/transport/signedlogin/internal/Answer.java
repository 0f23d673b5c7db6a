package dcl.transport.signedlogin.internal;

import java.io.IOException;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Pattern;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportUri;
import dcl.transport.websocket.HttpReply;

/**
 * What a login server says, in all the shapes that are in use: {@code fixedAdapter} (ADR-180, worlds-content-server) or {@code adapter}
 * (comms-gatekeeper), or its reason as {@code message}, as {@code error}, or as neither.
 */
final class Answer {

	private static final Set<String> MEMBERS = Set.of("fixedAdapter", "adapter", "message", "error");
	/** What a URL is written in: anything else in a connection string could read as something else to somebody else. */
	private static final Pattern PRINTABLE = Pattern.compile("[!-\\[\\]-~]+");
	/** Longer than an address: a signature, a token, a key. */
	private static final Pattern LONG_WORD = Pattern.compile("[^\\s\"']{64,}");
	private static final int MAX_WORDS = 200;

	private Answer() {
	}

	/**
	 * Returns where the server sends us.
	 *
	 * @param secrets what the server was sent and may not be repeated from its words, in whatever letter case; none is empty
	 * @throws TransportException if it says no, or nothing that can be understood
	 */
	static TransportUri next(HttpReply reply, List<String> secrets) throws TransportException {
		int status = reply.status();
		if (status >= 300 && status < 400) {
			throw new TransportException(Code.PROTOCOL, "the login server answered with a redirect, status " + status
					+ "; a signed request is not sent on");
		}
		Optional<Map<String, String>> members = members(reply.body());
		Map<String, String> said = members.orElse(Map.of());
		String words = words(said, secrets);
		if (status >= 400) {
			throw refusal(reply, words, secrets);
		}
		String adapter = said.getOrDefault("fixedAdapter", said.get("adapter"));
		if (adapter == null) {
			if (!words.isEmpty()) { // as in the example of ADR-180, which says no with status 200
				throw new TransportException(Code.REFUSED, "the login server said no: " + words);
			}
			throw new TransportException(Code.PROTOCOL, members.isEmpty()
					? "a JSON object expected from the login server; it sent " + reply.body().length + " bytes of something else"
					: "the member 'fixedAdapter' expected from the login server, a text; there is none");
		}
		if (!PRINTABLE.matcher(adapter).matches()) {
			throw new TransportException(Code.PROTOCOL,
					"a connection string expected from the login server; there are characters in it that are in none");
		}
		try {
			return TransportUri.parse(adapter);
		} catch (IllegalArgumentException e) {
			throw new TransportException(Code.PROTOCOL, "the login server's answer cannot be used: " + e.getMessage());
		}
	}

	private static TransportException refusal(HttpReply reply, String words, List<String> secrets) {
		int status = reply.status();
		String reason = plain(reply.reason(), secrets);
		String said = "the login server answered with status " + status + (reason.isEmpty() ? "" : " " + reason)
				+ (words.isEmpty() ? "" : ": " + words);
		if (status == 429 || status == 503) {
			OptionalInt wait = reply.retryAfterSeconds();
			return wait.isPresent() ? new TransportException(Code.BUSY, said, Duration.ofSeconds(wait.getAsInt())) : new TransportException(Code.BUSY, said);
		}
		return new TransportException(status >= 500 ? Code.UNREACHABLE : status == 408 ? Code.TIMEOUT : Code.REFUSED, said);
	}

	/** Returns the known members that are texts; empty if it is no JSON object. */
	private static Optional<Map<String, String>> members(byte[] body) {
		Map<String, String> members = new HashMap<>();
		try (JsonParser parser = Json.FACTORY.createParser(body)) {
			if (parser.nextToken() != JsonToken.START_OBJECT) {
				return Optional.empty();
			}
			while (parser.nextToken() == JsonToken.FIELD_NAME) {
				String name = parser.currentName();
				if (parser.nextToken() == JsonToken.VALUE_STRING && MEMBERS.contains(name)) {
					members.put(name, parser.getText());
				} else {
					parser.skipChildren();
				}
			}
			return parser.nextToken() == null ? Optional.of(members) : Optional.empty();
		} catch (IOException e) {
			return Optional.empty();
		}
	}

	/** Returns the server's own words, "" if there are none. */
	private static String words(Map<String, String> said, List<String> secrets) {
		String words = said.getOrDefault("message", "");
		return plain(words.isBlank() ? said.getOrDefault("error", "") : words, secrets);
	}

	/** Returns what a server wrote, bounded, printable, and without what was secret in the request. */
	private static String plain(String text, List<String> secrets) {
		String plain = text;
		// the longest first: what is left of it without a part of it would be shown
		for (String secret : secrets.stream().sorted(Comparator.comparingInt(String::length).reversed()).toList()) {
			// what is signed is in lower case (ADR-44), and a server may repeat that
			plain = Pattern.compile(secret, Pattern.LITERAL | Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE).matcher(plain).replaceAll("…");
		}
		return printable(LONG_WORD.matcher(plain).replaceAll("…"));
	}

	private static String printable(String text) {
		StringBuilder plain = new StringBuilder(Math.min(text.length(), MAX_WORDS));
		text.codePoints().limit(MAX_WORDS).forEach(c -> plain.appendCodePoint(isOdd(c) ? ' ' : c));
		return plain.toString().strip() + (text.codePointCount(0, text.length()) > MAX_WORDS ? "…" : "");
	}

	private static boolean isOdd(int c) {
		int type = Character.getType(c);
		return type == Character.CONTROL || type == Character.FORMAT || type == Character.SURROGATE || type == Character.LINE_SEPARATOR
				|| type == Character.PARAGRAPH_SEPARATOR || type == Character.UNASSIGNED;
	}
}
