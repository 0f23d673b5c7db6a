package dcl.transport.livekit.internal;

import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/**
 * The tokens of a room, and a text without them. A server, or whoever stands in between, may repeat what it was sent, and the registry, which takes
 * out what the connection string holds, does not know of a token that came later.
 */
final class Secrets {

	/** The shortest part of a token that is taken for a secret, as in the registry. */
	static final int MIN_PART = 8;
	/** Of a token that a server sends. Many servers take 8 KiB of headers at most. */
	static final int MAX_TOKEN = 65_536;

	private static final int MAX_TEXT = 2_048;

	private final String original;
	private String current;

	Secrets(String original) {
		this.original = original;
		current = original;
	}

	/** Returns the newest token. */
	String token() {
		return current;
	}

	/** Returns whether it was taken: visible ASCII that can be sent, of at most {@link #MAX_TOKEN} characters. */
	boolean renew(String newer) {
		if (newer.length() > MAX_TOKEN || !RoomUrl.isToken(newer)) {
			return false;
		}
		current = newer;
		return true;
	}

	/**
	 * Returns a text from the wire without what is in a token, too: whatever of eight characters or more, in any letter case, since a text may hold a
	 * token that was cut.
	 *
	 * @param text null is read as ""; of a longer one than 2,048 characters the beginning
	 */
	String without(String text) {
		if (text == null || text.length() < MIN_PART) {
			return text == null ? "" : text;
		}
		String shown = text.length() > MAX_TEXT ? text.substring(0, MAX_TEXT) : text;
		Set<String> parts = new HashSet<>();
		addParts(parts, original);
		if (!current.equals(original)) {
			addParts(parts, current);
		}
		StringBuilder clean = new StringBuilder(shown.length());
		int secretUntil = 0;
		for (int i = 0; i < shown.length(); i++) {
			if (i + MIN_PART <= shown.length() && parts.contains(shown.substring(i, i + MIN_PART).toLowerCase(Locale.ROOT))) {
				if (i >= secretUntil) {
					clean.append('…');
				}
				secretUntil = i + MIN_PART;
			} else if (i >= secretUntil) {
				clean.append(shown.charAt(i));
			}
		}
		return clean.toString();
	}

	private static void addParts(Set<String> parts, String token) {
		String lower = token.toLowerCase(Locale.ROOT); // ASCII: as many characters
		for (int i = 0; i + MIN_PART <= lower.length(); i++) {
			parts.add(lower.substring(i, i + MIN_PART));
		}
	}
}
