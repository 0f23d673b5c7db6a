package dcl.transport.websocket;

/**
 * What a connection tells its owner.
 * <p>
 * The calls for one connection come one at a time and in order, on the executor of {@link WebSocketOptions}; never on a thread that called a
 * method of this package, and never on the one that moves the bytes unless {@link WebSocketOptions#callbacksOnLoop} says so. A slow listener slows
 * only its own connection: once {@link WebSocketLimits#inboundBytes()} wait for it, reading stops by itself.
 * <p>
 * A listener that throws an {@link Exception} is logged and keeps its connection; a {@link LinkageError} (its bundle is gone) ends that
 * connection with code 1011.
 */
public interface WebSocketListener {

	/**
	 * Opening the connection has come to its next step, and done the one before. Client role only.
	 *
	 * @param connection the connection that {@link WebSockets#connect} returns or has returned
	 * @param step       what begins now
	 */
	default void step(WebSocketConnection connection, WebSocketStep step) {
	}

	/**
	 * The handshake is done; from here on messages may be sent.
	 *
	 * @param connection the connection {@link WebSockets#connect} returned, or the one a server accepted
	 */
	default void opened(WebSocketConnection connection) {
	}

	/**
	 * A whole message arrived.
	 *
	 * @param connection where from
	 * @param payload    the receiver's to keep; at most {@link WebSocketLimits#maxMessageBytes()}; valid UTF-8 if {@code text}
	 * @param text       whether it came as text rather than as binary
	 */
	void message(WebSocketConnection connection, byte[] payload, boolean text);

	/**
	 * The peer answered a {@link WebSocketConnection#ping}: everything sent before that ping has reached it.
	 *
	 * @param connection where from
	 * @param payload    what the pong carries, 0 to 125 bytes; a peer may also send a pong nobody asked for
	 */
	default void pong(WebSocketConnection connection, byte[] payload) {
	}

	/**
	 * The queue has fallen to half its bound or less, after it had been above.
	 *
	 * @param connection where there is room again
	 */
	default void writable(WebSocketConnection connection) {
	}

	/**
	 * The connection ended, or never opened. Called exactly once, and last.
	 *
	 * @param connection the connection
	 * @param ending     how
	 */
	void closed(WebSocketConnection connection, WebSocketEnding ending);
}
