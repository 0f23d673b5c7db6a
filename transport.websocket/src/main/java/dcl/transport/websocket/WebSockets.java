package dcl.transport.websocket;

import java.io.IOException;

/**
 * The engine: one or a few threads that move the bytes of thousands of connections.
 * <p>
 * Its threads are daemons, started on first use; {@link #close} leaves no thread, socket or selector behind. All methods may be called from any thread.
 */
public final class WebSockets implements AutoCloseable {

	private WebSockets() {
	}

	/**
	 * Makes an engine. No thread is started yet.
	 *
	 * @param options the settings
	 * @return an engine, to be closed
	 */
	public static WebSockets create(WebSocketOptions options) {
		throw new UnsupportedOperationException("follows");
	}

	/**
	 * Opens a connection in the client role. Returns at once; {@link WebSocketListener#opened} or {@link WebSocketListener#closed} follows.
	 * Names are looked up on a thread of its own, against the connect time. No proxy is used, no redirect followed, no extension offered.
	 *
	 * @param request  what to connect to
	 * @param listener gets the events
	 * @return the connection, not open yet; {@link WebSocketConnection#abort} gives up the attempt
	 * @throws IllegalStateException if the engine is closed
	 */
	public WebSocketConnection connect(WebSocketRequest request, WebSocketListener listener) {
		throw new UnsupportedOperationException("follows");
	}

	/**
	 * Listens for connections in the server role.
	 *
	 * @param options  where and how
	 * @param acceptor decides on each request
	 * @return the bound server
	 * @throws IOException           if the address cannot be bound
	 * @throws IllegalStateException if the engine is closed
	 */
	public WebSocketServer listen(WebSocketServerOptions options, WebSocketAcceptor acceptor) throws IOException {
		throw new UnsupportedOperationException("follows");
	}

	/**
	 * Ends every connection and server with kind {@link WebSocketEnding.Kind#ENGINE_CLOSED}, without waiting for peers, and waits at most 5 s
	 * for its threads, unless called from one of them. What a host's own executor still holds is left to it. Further calls do nothing.
	 */
	@Override
	public void close() {
		throw new UnsupportedOperationException("follows");
	}
}
