package dcl.transport.spi;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * The way to a host: straight to addresses, or through an HTTP proxy that is asked for a tunnel ({@code CONNECT}, RFC 9110, 9.3.6). Immutable. See
 * {@link LinkContext#route}.
 */
public final class Route {

	private final List<InetAddress> addresses;
	private final Optional<InetSocketAddress> proxy;
	private final String host;

	private Route(List<InetAddress> addresses, Optional<InetSocketAddress> proxy, String host) {
		this.addresses = addresses;
		this.proxy = proxy;
		this.host = host;
	}

	/**
	 * Returns a way without a proxy.
	 *
	 * @param addresses at least one, the preferred one first; copied
	 * @throws IllegalArgumentException if there is none
	 */
	public static Route direct(List<InetAddress> addresses) {
		if (addresses.isEmpty()) {
			throw new IllegalArgumentException("expected at least one address");
		}
		return new Route(List.copyOf(addresses), Optional.empty(), "");
	}

	/**
	 * Returns a way through a proxy.
	 *
	 * @param proxy a resolved address, and a port
	 * @param host  what the proxy is asked to connect to, see {@link #host()}
	 * @throws IllegalArgumentException if the address is not resolved or the host is empty
	 */
	public static Route through(InetSocketAddress proxy, String host) {
		if (proxy.isUnresolved() || host.isEmpty()) {
			throw new IllegalArgumentException("expected a resolved address of a proxy, and a host");
		}
		return new Route(List.of(), Optional.of(proxy), Objects.requireNonNull(host));
	}

	/** Returns where to connect; never resolve again. Empty if there is a proxy. */
	public List<InetAddress> addresses() {
		return addresses;
	}

	/** Returns the proxy, resolved; empty for a direct way. */
	public Optional<InetSocketAddress> proxy() {
		return proxy;
	}

	/**
	 * Returns what the proxy is asked to connect to, without brackets around IPv6: the name of the host, or the text of an address where the host's name may
	 * not be looked up by anybody else. TLS and HTTP speak of the host as before. "" for a direct way.
	 */
	public String host() {
		return host;
	}

	/** For logs. */
	@Override
	public String toString() {
		return proxy.map(by -> "by way of the proxy " + by.getAddress().getHostAddress() + " port " + by.getPort()).orElseGet(() -> "direct to " + addresses);
	}
}
