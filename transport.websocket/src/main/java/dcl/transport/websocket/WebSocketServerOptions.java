package dcl.transport.websocket;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.Optional;

import javax.net.ssl.SSLContext;

/** Where and how to listen. Immutable; each method returns a changed copy. */
public final class WebSocketServerOptions {

	final InetSocketAddress address;
	final int maxConnections;
	final Optional<WebSocketLimits> limits;
	final Optional<SSLContext> sslContext;

	private WebSocketServerOptions(InetSocketAddress address, int maxConnections, Optional<WebSocketLimits> limits, Optional<SSLContext> sslContext) {
		this.address = address;
		this.maxConnections = maxConnections;
		this.limits = limits;
		this.sslContext = sslContext;
	}

	/**
	 * Listens on an address, in clear text, with at most 10 000 connections and the limits of the engine.
	 *
	 * @param address port 0 lets the system choose
	 * @return the options
	 */
	public static WebSocketServerOptions on(InetSocketAddress address) {
		return new WebSocketServerOptions(Objects.requireNonNull(address), 10_000, Optional.empty(), Optional.empty());
	}

	/**
	 * Listens on the loopback address, like {@link #on}.
	 *
	 * @param port 0 lets the system choose
	 * @return the options
	 */
	public static WebSocketServerOptions onLoopback(int port) {
		return on(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
	}

	/**
	 * Bounds the TCP connections held at once; a further one is closed when it arrives.
	 *
	 * @param count 1 to 1 000 000; 10 000 by default
	 * @return a copy
	 */
	public WebSocketServerOptions maxConnections(int count) {
		WebSocketLimits.requireRange("maxConnections", count, 1, 1_000_000);
		return new WebSocketServerOptions(address, count, limits, sslContext);
	}

	/**
	 * Uses other limits than the engine's.
	 *
	 * @param own usually {@code options.limits().toBuilder()…build()}
	 * @return a copy
	 */
	public WebSocketServerOptions limits(WebSocketLimits own) {
		return new WebSocketServerOptions(address, maxConnections, Optional.of(own), sslContext);
	}

	/**
	 * Serves {@code wss} alone.
	 *
	 * @param own a context with a key
	 * @return a copy
	 */
	public WebSocketServerOptions tls(SSLContext own) {
		return new WebSocketServerOptions(address, maxConnections, limits, Optional.of(own));
	}
}
