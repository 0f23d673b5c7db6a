package dcl.transport.websocket;

import java.util.concurrent.CompletionStage;

/** One HTTP request that is under way; see {@link WebSockets#post}. */
public interface HttpExchange {

	/**
	 * Returns what the server answers.
	 *
	 * @return completes with the whole answer, whatever its status, as callbacks of the engine do (see {@link WebSocketOptions}); fails with
	 *         an {@link HttpExchangeException} if there is none
	 */
	CompletionStage<HttpReply> reply();

	/** Gives up; {@link #reply} fails with kind {@link WebSocketEnding.Kind#CLOSED_BY_US}, unless it is there already. */
	void abort();
}
