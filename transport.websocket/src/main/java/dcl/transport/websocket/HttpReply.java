package dcl.transport.websocket;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** The whole answer to one HTTP request. Immutable; its {@code toString} shows the status alone. */
public final class HttpReply {

	private final int status;
	private final Head head;
	private final byte[] body;

	HttpReply(int status, Head head, byte[] body) {
		this.status = status;
		this.head = head;
		this.body = body;
	}

	/**
	 * Returns the status.
	 *
	 * @return 200 to 599
	 */
	public int status() {
		return status;
	}

	/**
	 * Returns what the status is called.
	 *
	 * @return the server's words, at most 200 characters and without control characters; possibly empty
	 */
	public String reason() {
		String[] parts = head.startLine.split(" ", 3);
		return parts.length < 3 ? "" : Text.line(parts[2]);
	}

	/**
	 * Returns one header.
	 *
	 * @param name in any case
	 * @return the first value, trimmed, or empty
	 */
	public Optional<String> header(String name) {
		return head.first(name);
	}

	/**
	 * Returns all values of a header.
	 *
	 * @param name in any case
	 * @return one for each header line, trimmed; unmodifiable
	 */
	public List<String> headers(String name) {
		return head.all(name);
	}

	/**
	 * Returns when the server wants to be asked again, from the header {@code Retry-After} (RFC 9110, 10.2.3).
	 *
	 * @return seconds, 0 to 86 400; empty if it names no time
	 */
	public OptionalInt retryAfterSeconds() {
		int seconds = RetryAfter.seconds(head);
		return seconds < 0 ? OptionalInt.empty() : OptionalInt.of(seconds);
	}

	/**
	 * Returns the body.
	 *
	 * @return a copy, without the framing of the transfer; empty if there was none
	 */
	public byte[] body() {
		return body.clone();
	}

	@Override
	public String toString() {
		return "HTTP status " + status;
	}
}
