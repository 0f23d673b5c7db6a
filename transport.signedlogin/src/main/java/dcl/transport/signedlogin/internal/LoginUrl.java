package dcl.transport.signedlogin.internal;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Optional;

/** The URL in the params of a {@code signed-login} connection string: where to log in. */
record LoginUrl(URI uri) {

	/**
	 * Returns the URL that params are.
	 *
	 * @return empty unless it is an absolute {@code https} or {@code http} URL with a host, and without user info or fragment
	 */
	static Optional<LoginUrl> of(String params) {
		try {
			URI url = new URI(params).normalize();
			String scheme = url.getScheme() == null ? "" : url.getScheme().toLowerCase(Locale.ROOT);
			boolean usable = (scheme.equals("https") || scheme.equals("http")) && url.getHost() != null && url.getRawUserInfo() == null
					&& url.getRawFragment() == null && url.getPort() != 0 && url.getPort() <= 65_535;
			return usable ? Optional.of(new LoginUrl(new URI(url.toASCIIString()))) : Optional.empty();
		} catch (URISyntaxException e) { // its text would quote the URL, secrets included
			return Optional.empty();
		}
	}

	boolean isPlain() {
		return uri.getScheme().equalsIgnoreCase("http");
	}

	/** Returns the host without the brackets of an IPv6 address. */
	String host() {
		String host = uri.getHost();
		return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
	}

	/** Returns scheme, host and port, as browsers write an origin. */
	String origin() {
		boolean usual = uri.getPort() < 0 || uri.getPort() == (isPlain() ? 80 : 443);
		return (uri.getScheme() + "://" + uri.getHost() + (usual ? "" : ":" + uri.getPort())).toLowerCase(Locale.ROOT);
	}

	/** Returns the path as it is signed and sent. */
	String path() {
		return uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
	}
}
