package dcl.transport.websocket;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionStage;

/**
 * What a server answers to a request: a WebSocket, or a plain HTTP response after which the connection closes. Immutable.
 */
public final class HttpAnswer {

	/** The longest body of a plain answer: 1 MiB. */
	public static final int MAX_BODY_BYTES = 1 << 20;

	final int status;
	final Map<String, String> headers;
	final byte[] body;
	final String subprotocol;
	final WebSocketListener listener;
	final CompletionStage<HttpAnswer> later; // null unless this only says that there will be one

	private HttpAnswer(int status, Map<String, String> headers, byte[] body, String subprotocol, WebSocketListener listener) {
		this(status, headers, body, subprotocol, listener, null);
	}

	private HttpAnswer(int status, Map<String, String> headers, byte[] body, String subprotocol, WebSocketListener listener,
			CompletionStage<HttpAnswer> later) {
		this.status = status;
		this.headers = headers;
		this.body = body;
		this.subprotocol = subprotocol;
		this.listener = listener;
		this.later = later;
	}

	/**
	 * Accepts the WebSocket, without a sub-protocol.
	 *
	 * @param listener gets its events, beginning with {@link WebSocketListener#opened}
	 * @return the answer
	 */
	public static HttpAnswer accept(WebSocketListener listener) {
		return accept(listener, "");
	}

	/**
	 * Accepts the WebSocket.
	 *
	 * @param listener    gets its events, beginning with {@link WebSocketListener#opened}
	 * @param subprotocol one of {@link HttpRequest#subprotocols()}, or the empty string for none; another one is answered with status 500
	 * @return the answer
	 */
	public static HttpAnswer accept(WebSocketListener listener, String subprotocol) {
		return new HttpAnswer(101, Map.of(), new byte[0], Objects.requireNonNull(subprotocol), Objects.requireNonNull(listener));
	}

	/**
	 * Answers with a status and a body, for instance a refusal or a status page.
	 *
	 * @param status      200 to 599
	 * @param contentType for instance {@code application/json}
	 * @param body        at most {@link #MAX_BODY_BYTES}; not sent in answer to HEAD
	 * @return the answer
	 * @throws IllegalArgumentException if an argument is out of range
	 */
	public static HttpAnswer reply(int status, String contentType, byte[] body) {
		if (status < 200 || status > 599) {
			throw new IllegalArgumentException("expected an HTTP status from 200 to 599, got " + status);
		}
		if (body.length > MAX_BODY_BYTES) {
			throw new IllegalArgumentException("expected a body of at most " + MAX_BODY_BYTES + " bytes, got " + body.length);
		}
		return new HttpAnswer(status, Map.of(), body.clone(), "", null).header("Content-Type", contentType);
	}

	/**
	 * Answers with a status and a line of plain text.
	 *
	 * @param status 200 to 599
	 * @param text   sent as UTF-8
	 * @return the answer
	 */
	public static HttpAnswer reply(int status, String text) {
		return reply(status, "text/plain; charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
	}

	/**
	 * Answers when it is known, so that no thread of the executor waits; the time-out of the request goes on counting.
	 *
	 * @param answer completes with what the other factories make; one that fails, or is of this kind itself, becomes status 500
	 * @return the answer, which takes no headers of its own
	 */
	public static HttpAnswer later(CompletionStage<HttpAnswer> answer) {
		return new HttpAnswer(0, Map.of(), new byte[0], "", null, Objects.requireNonNull(answer));
	}

	/**
	 * Returns this answer with one more header, for instance {@code Retry-After}.
	 *
	 * @param name  a token (RFC 9110, 5.6.2); not one the engine sets itself: Connection, Content-Length, Transfer-Encoding, Upgrade, Sec-WebSocket-…
	 * @param value visible ASCII, spaces and tabs
	 * @return a copy
	 * @throws IllegalArgumentException if the name or the value is not allowed
	 */
	public HttpAnswer header(String name, String value) {
		Heads.requireFree(name, value);
		Map<String, String> more = new LinkedHashMap<>(headers);
		more.put(name, value);
		return new HttpAnswer(status, more, body, subprotocol, listener, later);
	}
}
