package dcl.transport.roomserver;

import dcl.transport.PeerId;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Hears who comes and goes: one call at a time, in order, on a thread of the server. Calls pair: nobody joins a room twice without leaving
 * it.
 * <p>
 * A slow listener does not hold up the rooms. If 10 000 calls wait for it, further ones are lost and counted in
 * {@link RoomServerStats#lostEvents()}. What it throws is logged.
 */
@ConsumerType
public interface RoomServerListener {

	/**
	 * Somebody logged in.
	 *
	 * @param room the decoded name of the room
	 * @param peer the proven address
	 */
	default void joined(String room, PeerId peer) {
	}

	/**
	 * Somebody left, lost the connection, was replaced by a newer login, was too slow or broke the protocol.
	 *
	 * @param room the decoded name of the room
	 * @param peer the proven address
	 */
	default void left(String room, PeerId peer) {
	}
}
