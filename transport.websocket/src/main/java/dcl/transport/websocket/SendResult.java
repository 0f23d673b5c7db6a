package dcl.transport.websocket;

/** What became of a message handed to a {@link WebSocketConnection}. */
public enum SendResult {
	/** It is queued. That is no promise that the peer receives it, and a lossy one may still give way to a newer one. */
	ACCEPTED,
	/** The queue is full of reliable messages, and so was this one: nothing was queued. Wait for {@link WebSocketListener#writable}. */
	FULL,
	/** The queue is full of reliable messages and the message was lossy: it was dropped. */
	DROPPED,
	/** The message alone is larger than {@link WebSocketLimits#queueBytes()} or {@link WebSocketLimits#maxMessageBytes()}: it can never be sent. */
	TOO_BIG,
	/** The connection is not open: not yet, closing, or ended. Nothing was queued. */
	NOT_OPEN
}
