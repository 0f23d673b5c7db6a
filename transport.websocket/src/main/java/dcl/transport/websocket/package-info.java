/**
 * WebSocket connections for thousands of rooms in one JVM: client and server role, {@code ws} and {@code wss}, on a handful of threads.
 * <pre>{@code
 * WebSockets sockets = WebSockets.create(WebSocketOptions.defaults());
 * WebSocketConnection room = sockets.connect(WebSocketRequest.to(URI.create("wss://example.org/rooms/plaza")), listener);
 * room.send(bytes, SendMode.LOSSY);
 * }</pre>
 * Nothing outside this package can see what it is made of. It is no bundle: bnd copies the package into each bundle that uses it.
 * <p>
 * No method blocks, unless it says so. {@code null} is neither accepted nor returned.
 * Sources: RFC 6455 (the protocol), RFC 8446 and RFC 5246 (TLS 1.3 and 1.2), RFC 2818 (the host name check).
 */
package dcl.transport.websocket;
