package dcl.transport.websocket;

/** Decides on each request that reaches a server: a WebSocket, or a plain HTTP answer. */
@FunctionalInterface
public interface WebSocketAcceptor {

	/**
	 * Answers one request. Runs on the executor of {@link WebSocketOptions}, at the same time for different requests; what it takes counts
	 * against {@link WebSocketLimits#handshakeTimeout()}. If it throws, the client gets status 500.
	 *
	 * @param request a well-formed GET, HEAD or POST request without a body; a request to upgrade has been checked to be a correct one of version 13
	 * @return the answer
	 */
	HttpAnswer answer(HttpRequest request);
}
