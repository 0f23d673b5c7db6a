package dcl.transport.websocket;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;

/**
 * The head of a request to a server. Its {@code toString} shows no query and no header, since those carry tokens.
 */
public interface HttpRequest {

	/**
	 * Returns the method.
	 *
	 * @return {@code GET}, {@code HEAD} or {@code POST}; of a request to upgrade always {@code GET}
	 */
	String method();

	/**
	 * Returns the path.
	 *
	 * @return the request target up to the query, as sent (not decoded), beginning with a slash
	 */
	String path();

	/**
	 * Returns the query.
	 *
	 * @return what follows the question mark, as sent, or the empty string
	 */
	String query();

	/**
	 * Returns one header.
	 *
	 * @param name in any case
	 * @return the first value, trimmed, or empty
	 */
	Optional<String> header(String name);

	/**
	 * Returns all values of a header that may be repeated.
	 *
	 * @param name in any case
	 * @return the values in the order they came, one for each header line, trimmed; unmodifiable
	 */
	List<String> headers(String name);

	/**
	 * Tells whether this asks for a WebSocket; if not, {@link HttpAnswer#accept} is answered with status 426.
	 *
	 * @return whether a correct upgrade to WebSocket version 13 is asked for
	 */
	boolean isUpgrade();

	/**
	 * Returns the sub-protocols the client offers.
	 *
	 * @return in the client's order, possibly empty; unmodifiable
	 */
	List<String> subprotocols();

	/**
	 * Returns the client.
	 *
	 * @return the address of the TCP connection; a proxy in between is not looked through
	 */
	InetSocketAddress remoteAddress();
}
