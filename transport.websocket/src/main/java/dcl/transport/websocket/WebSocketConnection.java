package dcl.transport.websocket;

import java.net.InetSocketAddress;

/**
 * One WebSocket, either role. It opens once and ends once.
 * <p>
 * All methods may be called from any thread, also from a callback, and none blocks.
 */
public interface WebSocketConnection {

	/**
	 * Queues one binary message. It is encoded (and masked, in the client role) on the calling thread, so the array may be used again at once.
	 * Messages leave in the order of the calls.
	 *
	 * @param payload 0 to {@link WebSocketLimits#maxMessageBytes()} bytes
	 * @param mode    what to do when the queue is full
	 * @return what became of it; only {@link SendResult#ACCEPTED} means it was queued
	 */
	SendResult send(byte[] payload, SendMode mode);

	/**
	 * Queues one text message, like {@link #send(byte[], SendMode)}.
	 *
	 * @param text a lone surrogate is sent as {@code ?}
	 * @param mode what to do when the queue is full
	 * @return what became of it
	 */
	SendResult send(String text, SendMode mode);

	/**
	 * Queues a message that was prepared once for many connections. In the server role the very same bytes are queued on each; in the
	 * client role they are copied, since each frame needs its own mask.
	 *
	 * @param message the message
	 * @param mode    what to do when the queue is full
	 * @return what became of it
	 */
	SendResult send(PreparedMessage message, SendMode mode);

	/**
	 * Queues a ping behind everything sent so far; {@link WebSocketListener#pong} tells of the answer. Used to learn what has arrived.
	 * Pings of the engine's own, for the half-open check, are not seen by the listener.
	 *
	 * @param payload 0 to 125 bytes (RFC 6455, 5.5)
	 * @return what became of it; never {@link SendResult#DROPPED}
	 * @throws IllegalArgumentException if the payload is longer than 125 bytes
	 */
	SendResult ping(byte[] payload);

	/**
	 * Returns how much is queued here and not yet handed to the operating system.
	 *
	 * @return bytes, frame headers included; 0 to {@link WebSocketLimits#queueBytes()}
	 */
	long queuedBytes();

	/**
	 * Returns how many lossy messages gave way so far, those refused with {@link SendResult#DROPPED} included.
	 *
	 * @return a count of messages
	 */
	long droppedMessages();

	/**
	 * Stops delivering messages, at once when called from {@link WebSocketListener#message}, and stops reading from the wire. Up to
	 * {@link WebSocketLimits#inboundBytes()} read before stay here and follow after {@link #resumeReading}. The half-open clock stands still meanwhile; a close
	 * by the peer, and a broken wire that no write notices, are seen only after resuming.
	 */
	void pauseReading();

	/** Ends a pause. Does nothing if there is none. */
	void resumeReading();

	/**
	 * Closes politely: sends what is queued, then a close frame, then waits for the peer's, in all at most
	 * {@link WebSocketLimits#closeTimeout()}. Later sends return {@link SendResult#NOT_OPEN}, and no further message is delivered. Before the
	 * connection is open, and in a plain HTTP exchange, this is {@link #abort}. Only the first call counts.
	 *
	 * @param code   1000 to 1003, 1007 to 1014, or 3000 to 4999 (RFC 6455, 7.4)
	 * @param reason cut to 123 bytes of UTF-8 at a character boundary
	 * @throws IllegalArgumentException if the code must not be sent
	 */
	void close(int code, String reason);

	/** Cuts the connection, in whatever phase it is; what is queued or not yet delivered is lost. */
	void abort();

	/**
	 * Returns the peer.
	 *
	 * @return the address of the peer; in the client role, before the connection is up, an unresolved address of what was asked for
	 */
	InetSocketAddress remoteAddress();

	/**
	 * Returns the agreed sub-protocol.
	 *
	 * @return one of those offered, or the empty string if none was agreed or the connection is not open yet
	 */
	String subprotocol();
}
