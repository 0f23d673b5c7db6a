package dcl.transport.websocket;

import java.util.Objects;

/** A request got no answer. The message is the ending's, which holds nothing that was sent. */
public final class HttpExchangeException extends Exception {

	private static final long serialVersionUID = 1L;

	private final transient WebSocketEnding ending;

	HttpExchangeException(WebSocketEnding ending) {
		super(ending.detail());
		this.ending = Objects.requireNonNull(ending);
	}

	/**
	 * Returns why.
	 *
	 * @return an ending of any kind but {@link WebSocketEnding.Kind#CLOSED_BY_PEER} and {@link WebSocketEnding.Kind#REFUSED}
	 */
	public WebSocketEnding ending() {
		return ending;
	}
}
