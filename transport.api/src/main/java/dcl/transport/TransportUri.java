package dcl.transport;

import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A connection string, {@code <type>:<params>}, split at the first colon. Immutable.
 * <p>
 * The type is lower case, as every known client demands; the params belong to the provider of that type and are opaque here. A connection string
 * may carry a bearer token anywhere in its params, so {@link #toString()} is the only form fit for logs.
 * Source: ADR-180.
 */
public final class TransportUri {

	/** The longest connection string accepted, in characters. */
	public static final int MAX_LENGTH = 8_192;

	private static final Pattern TYPE = Pattern.compile("[a-z][a-zA-Z0-9-]+");
	/** No longer than schemes and the labels of host names are: a token in their place is not shown. */
	private static final Pattern AUTHORITY = Pattern.compile("([a-zA-Z][a-zA-Z0-9+.-]{0,15})://(?:[^/?#@\\\\]*@)?"
			+ "([a-zA-Z0-9_-]{1,63}(?:\\.[a-zA-Z0-9_-]{1,63}){0,15}\\.?|\\[[0-9a-fA-F:.]{2,45}])(:[0-9]{1,5})?(?=[/?#]|$).*", Pattern.DOTALL);

	private final String text;
	private final int colon;

	private TransportUri(String text, int colon) {
		this.text = text;
		this.colon = colon;
	}

	/**
	 * Splits a connection string. The text of a failure never quotes the params.
	 *
	 * @throws IllegalArgumentException if there is no colon, if the type is not a lower-case letter followed by at least one letter, digit or '-'
	 *                                  with no upper case in it, or if the text is longer than {@link #MAX_LENGTH}
	 */
	public static TransportUri parse(String text) {
		if (text.length() > MAX_LENGTH) {
			throw new IllegalArgumentException("a connection string has at most " + MAX_LENGTH + " characters, this one has " + text.length());
		}
		int colon = text.indexOf(':');
		if (colon < 0) {
			throw new IllegalArgumentException("a connection string is <type>:<params>, such as 'offline:offline'; there is no colon in this one");
		}
		String type = text.substring(0, colon);
		if (!TYPE.matcher(type).matches() || type.chars().anyMatch(Character::isUpperCase)) {
			throw new IllegalArgumentException("the type before the first colon is a lower-case letter followed by lower-case letters, digits or '-', "
					+ "such as 'ws-room'; here it is " + (type.isEmpty() ? "empty" : describe(type)));
		}
		return new TransportUri(text, colon);
	}

	private static String describe(String type) {
		boolean plain = type.length() <= 32 && type.chars().allMatch(c -> c < 128 && (Character.isLetterOrDigit(c) || c == '-'));
		return plain ? "'" + type + "'" : "something else, " + type.length() + " characters long";
	}

	/** Returns what stands before the first colon. */
	public String type() {
		return text.substring(0, colon);
	}

	/** Returns everything after the first colon, unchanged, secrets included; may be empty. Not for logs. */
	public String params() {
		return text.substring(colon + 1);
	}

	/** Returns the full string, secrets included. Not for logs. */
	public String text() {
		return text;
	}

	@Override
	public boolean equals(Object other) {
		return other instanceof TransportUri uri && text.equals(uri.text);
	}

	@Override
	public int hashCode() {
		return Objects.hash(text);
	}

	/**
	 * Returns the form for logs: the type, then scheme, host and port if the params are a URL, then "…" for whatever was left out. User info, path,
	 * query and fragment are never shown, nor are params that are not a URL, or whose host is none, since they may be a token as a whole.
	 */
	@Override
	public String toString() {
		String params = params();
		if (params.isEmpty()) {
			return text;
		}
		Matcher url = AUTHORITY.matcher(params);
		if (!url.matches()) {
			return type() + ":…";
		}
		String shown = type() + ":" + url.group(1) + "://" + url.group(2) + (url.group(3) == null ? "" : url.group(3));
		return shown.length() == text.length() ? shown : shown + "/…";
	}
}
