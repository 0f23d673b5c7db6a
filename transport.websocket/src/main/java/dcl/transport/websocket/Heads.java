package dcl.transport.websocket;

import java.util.Locale;
import java.util.Set;

/** What may stand in an HTTP head (RFC 9110, 5). */
final class Heads {

	private static final Set<String> OURS = Set.of("host", "connection", "upgrade", "content-length", "transfer-encoding");

	private Heads() {
	}

	static boolean isToken(String text) {
		return !text.isEmpty() && text.chars().allMatch(c -> c > ' ' && c < 0x7F && "\"(),/:;<=>?@[\\]{}".indexOf(c) < 0);
	}

	static boolean isValue(String text) {
		return text.chars().allMatch(c -> c >= ' ' && c < 0x7F || c == '\t');
	}

	/** Refuses a header that a caller must not set; the text never repeats the value. */
	static void requireFree(String name, String value) {
		String lower = name.toLowerCase(Locale.ROOT);
		if (!isToken(name) || OURS.contains(lower) || lower.startsWith("sec-websocket-")) {
			throw new IllegalArgumentException("expected the name of a header the engine does not set itself");
		}
		if (!isValue(value)) {
			throw new IllegalArgumentException("expected visible ASCII in the header " + name);
		}
	}
}
