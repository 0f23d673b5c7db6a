package dcl.transport.roomserver;

import java.net.InetSocketAddress;
import java.net.URI;

import org.osgi.annotation.versioning.ProviderType;

/** A bound port with rooms behind it. A room is there while somebody is in it, and its name is whatever a client asks for. */
@ProviderType
public interface RoomServer extends AutoCloseable {

	/**
	 * Returns the address of the rooms: append a name of 1 to 255 characters, percent-encoded, without a slash.
	 *
	 * @return for instance {@code ws://127.0.0.1:41234/rooms/}; of a server on all interfaces, the one on the loopback interface
	 */
	URI url();

	/**
	 * Returns the address of the signed logins: append a room's name as for {@link #url()}. A {@code POST} there that an {@link
	 * dcl.transport.Identity} signed is answered with the connection string of that room, so {@code signed-login:} before it is a
	 * connection string too.
	 *
	 * @return for instance {@code http://127.0.0.1:41234/login/}
	 */
	URI loginUrl();

	/**
	 * Returns where it listens.
	 *
	 * @return the bound address, with the real port
	 */
	InetSocketAddress address();

	/**
	 * Returns who is there, and what has happened so far.
	 *
	 * @return a live view
	 */
	RoomServerStats stats();

	/**
	 * Ends all sessions (close code 1001), tells the listener of each that it {@linkplain RoomServerListener#left left}, and frees the port.
	 * Waits for neither clients nor a listener that takes longer than a second. Idempotent.
	 */
	@Override
	void close();
}
