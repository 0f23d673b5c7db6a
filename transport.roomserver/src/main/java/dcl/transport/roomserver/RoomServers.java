package dcl.transport.roomserver;

import java.io.IOException;

import org.osgi.annotation.versioning.ProviderType;

/** Opens room servers; a service. When a bundle stops, the servers it opened are closed. */
@ProviderType
public interface RoomServers {

	/**
	 * Opens a server that nobody listens to; see {@link #open(RoomServerOptions, RoomServerListener)}.
	 *
	 * @param options where and within which limits
	 * @return the server, ready for clients
	 * @throws IOException if the address cannot be bound
	 */
	default RoomServer open(RoomServerOptions options) throws IOException {
		return open(options, new RoomServerListener() {
		});
	}

	/**
	 * Opens a server. It takes clients when this returns.
	 *
	 * @param options  where and within which limits
	 * @param listener hears who comes and goes
	 * @return the server, to be closed
	 * @throws IOException           if the address cannot be bound
	 * @throws IllegalStateException if the calling bundle, or this one, is stopping
	 */
	RoomServer open(RoomServerOptions options, RoomServerListener listener) throws IOException;
}
