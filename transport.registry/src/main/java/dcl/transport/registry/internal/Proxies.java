package dcl.transport.registry.internal;

import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Optional;

import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportUri;

/** Asks a host's proxy selector, and takes nothing from it but an address. */
final class Proxies {

	private Proxies() {
	}

	/**
	 * Returns the target as a selector knows it: {@code http} or {@code https}, as the JDK's own WebSocket client asks too, and nothing behind the port,
	 * where secrets are.
	 *
	 * @throws IllegalArgumentException if the target has no host
	 */
	static URI question(URI target) {
		if (target.getHost() == null || target.getScheme() == null) {
			throw new IllegalArgumentException("expected a URI with a scheme and a host");
		}
		String scheme = switch (target.getScheme().toLowerCase(Locale.ROOT)) {
			case "ws" -> "http";
			case "wss" -> "https";
			default -> target.getScheme();
		};
		try {
			return new URI(scheme, null, target.getHost(), target.getPort(), "/", null, null);
		} catch (URISyntaxException e) {
			throw new IllegalArgumentException("expected a URI with a scheme and a host", e);
		}
	}

	/**
	 * Asks the selector, on the calling thread.
	 *
	 * @param who names the selector, for messages
	 * @return the proxy, perhaps not resolved; empty for none
	 * @throws TransportException {@code UNSUPPORTED} or {@code INTERNAL}
	 */
	static Optional<InetSocketAddress> ask(ProxySelector selector, URI question, String who, TransportUri uri) throws TransportException {
		Proxy first;
		InetSocketAddress address = null;
		try {
			first = selector.select(question).get(0); // of several, the preferred one
			if (first.type() == Proxy.Type.HTTP) {
				address = copy((InetSocketAddress) first.address());
			}
		} catch (Throwable failure) { // the host's code
			throw new TransportException(Code.INTERNAL, who + " failed: " + Failures.describe(failure, uri));
		}
		if (first.type() == Proxy.Type.SOCKS) {
			throw new TransportException(Code.UNSUPPORTED, who + " wants a SOCKS proxy for the host of " + uri + "; HTTP proxies are supported");
		}
		return Optional.ofNullable(address);
	}

	/** Returns an address of no foreign class. */
	private static InetSocketAddress copy(InetSocketAddress address) {
		return address.isUnresolved() ? InetSocketAddress.createUnresolved(address.getHostString(), address.getPort())
				: new InetSocketAddress(address.getAddress(), address.getPort());
	}
}
