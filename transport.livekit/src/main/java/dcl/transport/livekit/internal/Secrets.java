package dcl.transport.livekit.internal;

import java.util.ArrayDeque;
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

	/** So many that a server sent are remembered, the newest among them. Servers send one every few minutes. */
	static final int MAX_LATER = 8;

	private static final int MAX_TEXT = 2_048;

	private final String original;
	private final ArrayDeque<String> later = new ArrayDeque<>();

	Secrets(String original) {
		this.original = original;
	}

	/** Returns the newest token. */
	String token() {
		return later.isEmpty() ? original : later.getLast();
	}

	/** Returns whether it was taken: visible ASCII that can be sent, of at most {@link #MAX_TOKEN} characters. */
	boolean renew(String newer) {
		if (newer.length() > MAX_TOKEN || !RoomUrl.isToken(newer)) {
			return false;
		}
		if (later.size() == MAX_LATER) {
			later.remove();
		}
		later.add(newer);
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
		Set<String> windows = new HashSet<>();
		for (int i = 0; i + MIN_PART <= shown.length(); i++) {
			windows.add(shown.substring(i, i + MIN_PART).toLowerCase(Locale.ROOT));
		}
		Set<String> parts = new HashSet<>();
		addParts(parts, windows, original);
		later.forEach(token -> addParts(parts, windows, token));
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

	/** Adds those of the windows that are in a token. */
	private static void addParts(Set<String> parts, Set<String> windows, String token) {
		String lower = token.toLowerCase(Locale.ROOT); // ASCII: as many characters
		for (int i = 0; i + MIN_PART <= lower.length(); i++) {
			String part = lower.substring(i, i + MIN_PART);
			if (windows.contains(part)) {
				parts.add(part);
			}
		}
	}
}
