package dcl.transport.websocket;

/** What happens to a message when the outgoing queue of its connection is full. */
public enum SendMode {
	/**
	 * The oldest lossy messages still queued give way; if that is not enough the message is refused with {@link SendResult#FULL}, and nothing
	 * gives way.
	 * Once accepted it is never dropped while the connection lives.
	 */
	RELIABLE,
	/** The oldest lossy messages still queued give way; if that is not enough the message itself is dropped. */
	LOSSY
}
