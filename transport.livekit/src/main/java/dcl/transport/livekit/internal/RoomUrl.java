package dcl.transport.livekit.internal;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What the params of a {@code livekit} connection string hold: the URL of a server, and a token. The token leaves the URL here, and goes into a
 * header.
 *
 * @param server {@code ws} or {@code wss} with a host; port, path and query kept, without the token
 * @param token  what {@code access_token} was; visible ASCII
 */
record RoomUrl(URI server, String token) {

	private static final Pattern SCHEME = Pattern.compile("(?:ws|wss|http|https)://.*", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);
	private static final Pattern BEARER = Pattern.compile("[A-Za-z0-9._~+/-]+=*"); // rfc6750, 2.1
	private static final String TOKEN = "access_token";

	/**
	 * Reads params. {@code https} and {@code http} are read as {@code wss} and {@code ws}, and the scheme may be in any case.
	 *
	 * @return empty unless it is an absolute URL with a host and exactly one {@code access_token}, without user info or fragment; nothing says
	 *         what was wrong, since that would quote a secret
	 */
	static Optional<RoomUrl> of(String params) {
		if (!SCHEME.matcher(params).matches()) {
			return Optional.empty();
		}
		int colon = params.indexOf(':');
		String scheme = params.substring(0, colon).toLowerCase(Locale.ROOT);
		String rest = params.substring(colon);
		int mark = rest.indexOf('?');
		if (mark < 0) {
			return Optional.empty();
		}
		List<String> kept = new ArrayList<>();
		List<String> tokens = new ArrayList<>();
		for (String part : rest.substring(mark + 1).split("&")) {
			int equals = part.indexOf('=');
			if (equals >= 0 && part.substring(0, equals).equals(TOKEN)) {
				tokens.add(part.substring(equals + 1));
			} else if (!part.isEmpty()) {
				kept.add(part);
			}
		}
		if (tokens.size() != 1) {
			return Optional.empty();
		}
		try {
			String token = URLDecoder.decode(tokens.get(0).replace("+", "%2B"), StandardCharsets.UTF_8);
			URI url = new URI((scheme.equals("ws") || scheme.equals("http") ? "ws" : "wss") + rest.substring(0, mark)
					+ (kept.isEmpty() ? "" : "?" + String.join("&", kept)));
			boolean usable = url.getHost() != null && url.getRawUserInfo() == null && url.getRawFragment() == null && url.getPort() != 0
					&& url.getPort() <= 65_535 && isToken(token);
			return usable ? Optional.of(new RoomUrl(url, token)) : Optional.empty();
		} catch (URISyntaxException | IllegalArgumentException e) { // its text would quote the URL, secrets included
			return Optional.empty();
		}
	}

	/** Returns whether a text can be sent as a bearer token. */
	static boolean isToken(String text) {
		return BEARER.matcher(text).matches();
	}

	/** Returns where to connect for signalling over one peer connection: the path with {@code /rtc/v1}, and the request to join. */
	URI signalling(String joinRequest) {
		String text = server.toString();
		int mark = text.indexOf('?');
		String path = mark < 0 ? text : text.substring(0, mark);
		while (path.endsWith("/")) {
			path = path.substring(0, path.length() - 1);
		}
		return URI.create(path + "/rtc/v1?" + (mark < 0 ? "" : text.substring(mark + 1) + "&") + "join_request=" + joinRequest.replace("=", "%3D"));
	}

	int port() {
		return server.getPort() > 0 ? server.getPort() : server.getScheme().equals("wss") ? 443 : 80;
	}

	@Override
	public String toString() {
		return "RoomUrl[" + server.getScheme() + "://" + server.getHost() + "]";
	}
}
