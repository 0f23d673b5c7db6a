package dcl.transport.wsroom.internal;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** The URL in the params of a {@code ws-room} connection string. */
final class RoomUrl {

	private static final Pattern SCHEME = Pattern.compile("[a-zA-Z][a-zA-Z0-9+.-]*://.*", Pattern.DOTALL);

	private RoomUrl() {
	}

	/**
	 * Returns the {@code ws} or {@code wss} URL that params stand for. Without a scheme it is {@code wss} (ADR-180); {@code https} and {@code http} are
	 * read as {@code wss} and {@code ws}, and the scheme may be in any case, both of which some clients write.
	 *
	 * @return empty unless it is an absolute URL with a host, and without user info or fragment
	 */
	static Optional<URI> of(String params) {
		String text = params;
		if (SCHEME.matcher(text).matches()) {
			int end = text.indexOf("://");
			String scheme = switch (text.substring(0, end).toLowerCase(Locale.ROOT)) {
				case "ws", "http" -> "ws";
				case "wss", "https" -> "wss";
				default -> "";
			};
			if (scheme.isEmpty()) {
				return Optional.empty();
			}
			text = scheme + text.substring(end);
		} else {
			text = "wss://" + (text.startsWith("//") ? text.substring(2) : text);
		}
		try {
			URI url = new URI(text);
			boolean usable = url.getHost() != null && url.getRawUserInfo() == null && url.getRawFragment() == null
					&& url.getPort() != 0 && url.getPort() <= 65_535;
			return usable ? Optional.of(url) : Optional.empty();
		} catch (URISyntaxException e) { // its text would quote the URL, secrets included
			return Optional.empty();
		}
	}
}
