package dcl.transport.roomserver;

import java.util.Map;

import org.osgi.annotation.versioning.ProviderType;

/** What a server holds now, and counters since it was opened, which only grow. Together they are not a snapshot. */
@ProviderType
public interface RoomServerStats {

	/** Returns how many sessions are logged in now. */
	int users();

	/** Returns how many connections are logging in now. */
	int pending();

	/** Returns the rooms there are now and how many are in each; a copy. */
	Map<String, Integer> rooms();

	/** Returns how many logins succeeded. */
	long logins();

	/** Returns how many connections ended without a login: refused, timed out, or given up by the client. */
	long failedLogins();

	/** Returns how many logins were turned away because a room or the server was full; also counted in {@link #failedLogins()}. */
	long turnedAway();

	/** Returns how many sessions ended because the same address logged in again. */
	long replaced();

	/** Returns how many sessions were ended because they did not take their reliable packets. */
	long tooSlow();

	/** Returns how many sessions were ended because they sent what is no WsPacket, text, or more than a limit allows. */
	long broken();

	/** Returns how many packets were tolerated and not passed on: kinds that are unknown, or that are not a client's to send. */
	long ignored();

	/** Returns how many packets clients sent to their rooms. */
	long received();

	/**
	 * Returns how many packets were passed on: one that was received counts once for each other member of the room who was not too slow for
	 * it.
	 */
	long relayed();

	/** Returns how many unreliable packets were dropped because a client was too slow for them. */
	long dropped();

	/** Returns how many calls of the {@link RoomServerListener} were lost because it was too slow. */
	long lostEvents();
}
