package dcl.transport.websocket;

import java.util.OptionalInt;

/**
 * How a connection ended, or why it never opened.
 * <p>
 * No text in it holds a URL, a query or a header that was sent, since those carry tokens. What comes from the peer ({@link #reason()} and the
 * status line in {@link #detail()}) is the peer's words, with control characters removed.
 *
 * @param kind       what happened; more constants may come, so have a {@code default} branch
 * @param code       the close code: the peer's for {@link Kind#CLOSED_BY_PEER} (1005 if it sent none), ours if we sent one, otherwise 1006
 * @param reason     the peer's reason for {@link Kind#CLOSED_BY_PEER}, ours for {@link Kind#CLOSED_BY_US}, otherwise empty
 * @param httpStatus the status for {@link Kind#REFUSED}, for instance 403; otherwise 0
 * @param retryAfter seconds from the {@code Retry-After} header of a refusal, at most 86 400, negative if there was none (see {@link #retryAfterSeconds()})
 * @param detail     one line for people: what was expected and what came
 */
public record WebSocketEnding(Kind kind, int code, String reason, int httpStatus, int retryAfter, String detail) {

	/** The ways to end. */
	public enum Kind {
		/** The peer sent a close frame: {@link WebSocketEnding#code()} and {@link WebSocketEnding#reason()} are its own. */
		CLOSED_BY_PEER,
		/** We asked for it, with {@link WebSocketConnection#close}, {@link WebSocketConnection#abort} or by throwing a {@link LinkageError}. */
		CLOSED_BY_US,
		/** The server answered the upgrade with another HTTP status than 101. */
		REFUSED,
		/** No address could be reached: refused, no route, or the list was empty. */
		UNREACHABLE,
		/** The host name has no address. */
		DNS,
		/** TLS failed: untrusted or expired certificate, wrong host name, no TLS on the port, a broken record. Never downgraded. */
		TLS,
		/** A step took too long; {@link WebSocketEnding#detail()} names it: connect, TLS handshake, upgrade. */
		TIMEOUT,
		/** The peer broke the protocol; {@link WebSocketEnding#detail()} says what was expected. */
		PROTOCOL,
		/** The peer sent more than a limit allows: frame, message, number of fragments, head. */
		TOO_BIG,
		/** The wire broke: reset, or end of stream without a close frame. */
		LOST,
		/** Nothing came for the ping interval, and no answer to our ping. */
		HALF_OPEN,
		/** The peer took nothing of what was queued for the write-stall time. */
		WRITE_STALL,
		/** The {@link WebSockets} or the {@link WebSocketServer} it belonged to was closed. */
		ENGINE_CLOSED,
		/** A defect of this engine; the log has the stack trace. */
		INTERNAL
	}

	/**
	 * Returns when the server wants us back.
	 *
	 * @return seconds, 0 to 86 400, from the {@code Retry-After} header of a refusal (RFC 9110, 10.2.3), or empty
	 */
	public OptionalInt retryAfterSeconds() {
		return retryAfter < 0 ? OptionalInt.empty() : OptionalInt.of(retryAfter);
	}

	@Override
	public String toString() {
		return kind + " " + code + ": " + detail;
	}
}
