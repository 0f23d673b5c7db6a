package dcl.transport.websocket;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

import javax.net.ssl.SSLContext;

/**
 * What to connect to, and how. Immutable; each method returns a changed copy.
 * <p>
 * Its {@code toString} shows scheme, host and port alone, since path, query and headers carry tokens.
 */
public final class WebSocketRequest {

	private static final Pattern HOST = Pattern.compile("[0-9A-Za-z._-]{1,255}|[0-9A-Fa-f:.]{2,45}");

	final URI uri;
	final List<InetAddress> addresses;
	final List<String> subprotocols;
	final Map<String, String> headers;
	final Optional<WebSocketLimits> limits;
	final Optional<SSLContext> sslContext;
	final Optional<Tunnel> tunnel;

	/** By way of which proxy, and what that is asked to connect to. */
	record Tunnel(InetSocketAddress proxy, String host) {
	}

	private WebSocketRequest(URI uri, List<InetAddress> addresses, List<String> subprotocols, Map<String, String> headers,
			Optional<WebSocketLimits> limits, Optional<SSLContext> sslContext, Optional<Tunnel> tunnel) {
		this.uri = uri;
		this.addresses = addresses;
		this.subprotocols = subprotocols;
		this.headers = headers;
		this.limits = limits;
		this.sslContext = sslContext;
		this.tunnel = tunnel;
	}

	/**
	 * Begins a request.
	 *
	 * @param uri {@code ws} or {@code wss} with a host; without a port it is 80 or 443; without a path it is {@code /}; no user info, no fragment
	 * @return the request
	 * @throws IllegalArgumentException if the URI is not of that form; the text does not repeat it
	 */
	public static WebSocketRequest to(URI uri) {
		return begin(uri, "ws", "wss");
	}

	/**
	 * Begins a plain HTTP request, for {@link WebSockets#post}.
	 *
	 * @param uri {@code http} or {@code https}, otherwise as in {@link #to}
	 * @return the request
	 * @throws IllegalArgumentException if the URI is not of that form; the text does not repeat it
	 */
	public static WebSocketRequest http(URI uri) {
		return begin(uri, "http", "https");
	}

	private static WebSocketRequest begin(URI uri, String plain, String secure) {
		String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
		if (!scheme.equals(plain) && !scheme.equals(secure)) {
			throw new IllegalArgumentException("expected a " + plain + " or " + secure + " URI, got the scheme '" + scheme + "'");
		}
		if (uri.getHost() == null || uri.getRawUserInfo() != null || uri.getRawFragment() != null || uri.getPort() == 0 || uri.getPort() > 65_535) {
			throw new IllegalArgumentException("expected a URI with a host, a port from 1 to 65535 if any, and without user info or fragment");
		}
		return new WebSocketRequest(uri, List.of(), List.of(), Map.of(), Optional.empty(), Optional.empty(), Optional.empty());
	}

	/**
	 * Uses these addresses, in this order, instead of asking the resolver. The host of the URI still names the server in TLS and HTTP.
	 *
	 * @param resolved at least one
	 * @return a copy
	 */
	public WebSocketRequest addresses(List<InetAddress> resolved) {
		if (resolved.isEmpty()) {
			throw new IllegalArgumentException("expected at least one address");
		}
		return new WebSocketRequest(uri, List.copyOf(resolved), subprotocols, headers, limits, sslContext, tunnel);
	}

	/**
	 * Offers sub-protocols. A server that picks none is accepted; one that picks another ends with {@link WebSocketEnding.Kind#PROTOCOL}.
	 *
	 * @param offered tokens, the preferred one first
	 * @return a copy
	 * @throws IllegalArgumentException if one is no token, or is there twice
	 */
	public WebSocketRequest subprotocols(List<String> offered) {
		if (!offered.stream().allMatch(Heads::isToken) || Set.copyOf(offered).size() != offered.size()) {
			throw new IllegalArgumentException("expected different sub-protocols, each a token (RFC 9110, 5.6.2)");
		}
		return new WebSocketRequest(uri, addresses, List.copyOf(offered), headers, limits, sslContext, tunnel);
	}

	/**
	 * Sends one more header with the upgrade, for instance {@code Authorization}. It is never shown.
	 *
	 * @param name  a token; not one the engine sets itself: Host, Connection, Upgrade, Content-Length, Transfer-Encoding, Sec-WebSocket-…
	 * @param value visible ASCII, spaces and tabs
	 * @return a copy
	 * @throws IllegalArgumentException if the name or the value is not allowed
	 */
	public WebSocketRequest header(String name, String value) {
		Heads.requireFree(name, value);
		Map<String, String> more = new LinkedHashMap<>(headers);
		more.put(name, value);
		return new WebSocketRequest(uri, addresses, subprotocols, more, limits, sslContext, tunnel);
	}

	/**
	 * Uses other limits than the engine's for this connection.
	 *
	 * @param own usually {@code options.limits().toBuilder()…build()}
	 * @return a copy
	 */
	public WebSocketRequest limits(WebSocketLimits own) {
		return new WebSocketRequest(uri, addresses, subprotocols, headers, Optional.of(own), sslContext, tunnel);
	}

	/**
	 * Uses another TLS context than the engine's. The host name is checked all the same.
	 *
	 * @param own an initialised context
	 * @return a copy
	 */
	public WebSocketRequest sslContext(SSLContext own) {
		return new WebSocketRequest(uri, addresses, subprotocols, headers, limits, Optional.of(Objects.requireNonNull(own)), tunnel);
	}

	/**
	 * Goes through an HTTP proxy, which is asked for a tunnel ({@code CONNECT}: RFC 6455, 4.1, and RFC 9110, 9.3.6), for {@code ws} as for {@code wss}. Any
	 * {@link #addresses} are not used; TLS and HTTP speak of the URI's host as before. A proxy that wants a login ends it with
	 * {@link WebSocketEnding.Kind#REFUSED}.
	 *
	 * @param proxy resolved
	 * @param host  what the proxy connects to: the URI's host, or an address of it, without brackets
	 * @return a copy
	 * @throws IllegalArgumentException if the proxy is not resolved, or the host is no name or address in ASCII
	 */
	public WebSocketRequest through(InetSocketAddress proxy, String host) {
		if (proxy.isUnresolved() || !HOST.matcher(host).matches()) {
			throw new IllegalArgumentException("expected a resolved address of a proxy, and the name or address of a host");
		}
		return new WebSocketRequest(uri, addresses, subprotocols, headers, limits, sslContext, Optional.of(new Tunnel(proxy, host)));
	}

	boolean secure() {
		return "wss".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme());
	}

	int port() {
		return uri.getPort() > 0 ? uri.getPort() : secure() ? 443 : 80;
	}

	/** Returns the host without the brackets of an IPv6 literal. */
	String host() {
		String host = uri.getHost();
		return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
	}

	@Override
	public String toString() {
		return uri.getScheme() + "://" + uri.getHost() + ":" + port();
	}
}
