package dcl.transport.roomserver.internal;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

import dcl.transport.PeerId;
import dcl.transport.rfc5.WsPacket;
import dcl.transport.roomserver.RoomServerOptions;
import dcl.transport.roomserver.RoomServerOptions.OneSessionPer;
import dcl.transport.websocket.PreparedMessage;

/**
 * Who is in which room. Entering and leaving is one at a time for the whole server; what is said in a room locks that room only. Locks are
 * taken in the order rooms, room.
 */
final class Rooms {

	/** Before the welcome: try again later. */
	static final String ROOM_FULL = "This room is full. Try again later.";
	static final String SERVER_FULL = "This server is full. Try again later.";
	static final String TOO_MANY_ROOMS = "This server has too many rooms. Try again later.";
	static final String STOPPING = "This server is stopping.";
	/** After the welcome: do not come back by yourself. */
	static final String REPLACED = "Replaced by a newer login of the same address.";

	private final RoomServerOptions options;
	private final Counters counters;
	private final Events events;
	private final Map<String, Room> rooms = new HashMap<>(); // guarded by this, as the rest
	private final Map<String, Session> sessions = new HashMap<>(); // by what may have one session only
	private int users;
	private int lastAlias;
	private boolean closed;

	Rooms(RoomServerOptions options, Counters counters, Events events) {
		this.options = options;
		this.counters = counters;
		this.events = events;
	}

	/** Returns whether a login of this address, there, would end a session. */
	synchronized boolean isConnected(String room, String address) {
		return sessions.containsKey(key(room, address));
	}

	/** Returns why a login of this address, there, would be turned away now, if it would. */
	synchronized Optional<String> obstacle(String room, String address) {
		if (closed) {
			return Optional.of(STOPPING);
		}
		Session old = sessions.get(key(room, address));
		Room wanted = rooms.get(room);
		if (wanted != null && wanted.size() - (old != null && old.room() == wanted ? 1 : 0) >= options.roomCapacity()) {
			return Optional.of(ROOM_FULL);
		}
		if (users - (old == null ? 0 : 1) >= options.capacity()) {
			return Optional.of(SERVER_FULL);
		}
		if (wanted == null && rooms.size() - (old != null && old.room().size() == 1 ? 1 : 0) >= options.maxRooms()) {
			return Optional.of(TOO_MANY_ROOMS);
		}
		return Optional.empty();
	}

	/**
	 * Lets a session in: the older session of its address is kicked and leaves, then it is welcomed, then the others hear of it. Does nothing
	 * if the session has ended meanwhile.
	 *
	 * @return why it is turned away, if it is
	 */
	synchronized Optional<String> enter(Session newcomer) {
		String name = newcomer.roomName();
		Optional<String> obstacle = obstacle(name, newcomer.address());
		if (obstacle.isPresent()) {
			return obstacle;
		}
		Room room = rooms.get(name);
		Room entered = room == null ? new Room(name) : room;
		if (!newcomer.becomeMember(entered, unusedAlias(entered))) {
			return Optional.empty();
		}
		Session old = sessions.put(key(name, newcomer.address()), newcomer);
		if (old != null) {
			counters.replaced.increment();
			old.replaced();
			remove(List.of(old));
		}
		rooms.put(name, entered);
		users++;
		counters.logins.increment();
		List<Session> slow = new ArrayList<>();
		entered.add(newcomer, slow);
		PeerId peer = PeerId.of(newcomer.address());
		events.tell(listener -> listener.joined(name, peer));
		remove(slow);
		return Optional.empty();
	}

	/** Takes a session out of its room, and tells the others; does nothing for one that is no member. */
	synchronized void leave(Session session) {
		remove(List.of(session));
	}

	private synchronized void remove(Collection<Session> leaving) {
		Deque<Session> rest = new ArrayDeque<>(leaving); // telling the others may show that one of them is too slow, and so on
		for (Session session = rest.poll(); session != null; session = rest.poll()) {
			Room room = session.room();
			if (!room.remove(session, rest)) {
				continue;
			}
			users--;
			sessions.remove(key(room.name(), session.address()), session); // not that of a newer login
			if (room.size() == 0) {
				rooms.remove(room.name());
			}
			PeerId peer = PeerId.of(session.address());
			events.tell(listener -> listener.left(room.name(), peer));
		}
	}

	/** Passes an update of a member on to the others of its room. */
	void relay(Session sender, WsPacket.PeerUpdate update) {
		List<Session> slow = new ArrayList<>(0);
		sender.room().relay(sender, PreparedMessage.binary(update.encodeFrom(sender.alias(), 0)), update.unreliable(), slow);
		if (!slow.isEmpty()) {
			remove(slow);
		}
	}

	/** Empties the rooms, without a word to their members: the connections end next. */
	synchronized void close() {
		closed = true;
		rooms.values().forEach(room -> room.members().forEach(session -> {
			session.serverCloses();
			PeerId peer = PeerId.of(session.address());
			events.tell(listener -> listener.left(room.name(), peer));
		}));
		rooms.clear();
		sessions.clear();
		users = 0;
	}

	synchronized int users() {
		return users;
	}

	/** Returns how many are in each room, in the order of the names. */
	synchronized Map<String, Integer> sizes() {
		Map<String, Integer> sizes = new TreeMap<>();
		rooms.forEach((name, room) -> sizes.put(name, room.size()));
		return sizes;
	}

	private int unusedAlias(Room room) {
		do {
			lastAlias++;
		} while (lastAlias == 0 || room.has(lastAlias)); // after 2^32 logins
		return lastAlias;
	}

	/** A room's name has no slash, so that no two are the same. */
	private String key(String room, String address) {
		return options.oneSessionPer() == OneSessionPer.ROOM ? room + "/" + address : address;
	}
}
