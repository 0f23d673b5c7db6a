package dcl.transport.websocket;

import java.net.InetSocketAddress;

/** A bound port that accepts WebSockets. */
public interface WebSocketServer extends AutoCloseable {

	/**
	 * Returns where it listens.
	 *
	 * @return the bound address, with the real port if 0 was asked for
	 */
	InetSocketAddress address();

	/**
	 * Returns how many TCP connections it holds, those still in the handshake included.
	 *
	 * @return a count
	 */
	int connections();

	/**
	 * Stops listening and ends what it accepted with code 1001 and kind {@link WebSocketEnding.Kind#ENGINE_CLOSED}. Waits at most 1 s until the
	 * port is free, and not for the peers.
	 */
	@Override
	void close();
}
