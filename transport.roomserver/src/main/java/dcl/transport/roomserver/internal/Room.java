package dcl.transport.roomserver.internal;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import dcl.transport.rfc5.WsPacket;
import dcl.transport.websocket.PreparedMessage;

/**
 * The members of one room. Everything is sent with the room locked, which is what keeps it in order for each member: welcome, then updates;
 * the join of a peer, its updates, its leave. Sending only queues, so nothing waits and nothing foreign runs in here.
 */
final class Room {

	private final String name;
	private final Map<Integer, Session> members = new LinkedHashMap<>();

	Room(String name) {
		this.name = name;
	}

	String name() {
		return name;
	}

	synchronized int size() {
		return members.size();
	}

	synchronized boolean has(int alias) {
		return members.containsKey(alias);
	}

	synchronized Collection<Session> members() {
		return List.copyOf(members.values());
	}

	/**
	 * Welcomes a session and presents it to the others.
	 *
	 * @param slow collects those who could not take it, whose connection is ending
	 */
	synchronized void add(Session newcomer, Collection<Session> slow) {
		Map<Integer, String> present = new LinkedHashMap<>();
		members.forEach((alias, member) -> present.put(alias, member.address()));
		members.put(newcomer.alias(), newcomer);
		if (!newcomer.send(prepared(new WsPacket.Welcome(newcomer.alias(), present)))) {
			slow.add(newcomer);
		}
		toOthers(newcomer.alias(), prepared(new WsPacket.PeerJoin(newcomer.alias(), newcomer.address())), slow);
	}

	/**
	 * Takes a session out and tells the others.
	 *
	 * @param slow collects those who could not take it, whose connection is ending
	 * @return whether it was a member
	 */
	synchronized boolean remove(Session leaver, Collection<Session> slow) {
		if (!members.remove(leaver.alias(), leaver)) {
			return false;
		}
		toOthers(leaver.alias(), prepared(new WsPacket.PeerLeave(leaver.alias())), slow);
		return true;
	}

	/**
	 * Passes an update of a member on to the others; one of somebody who is no member any more reaches nobody.
	 *
	 * @param slow collects those who could not take it, whose connection is ending
	 */
	synchronized void relay(Session sender, PreparedMessage update, boolean unreliable, Collection<Session> slow) {
		if (members.get(sender.alias()) != sender) {
			return;
		}
		for (Session member : members.values()) {
			if (member != sender && !member.relay(update, unreliable)) {
				slow.add(member);
			}
		}
	}

	private void toOthers(int alias, PreparedMessage message, Collection<Session> slow) {
		members.forEach((other, member) -> {
			if (other != alias && !member.send(message)) {
				slow.add(member);
			}
		});
	}

	private static PreparedMessage prepared(WsPacket packet) {
		return PreparedMessage.binary(packet.encode());
	}
}
