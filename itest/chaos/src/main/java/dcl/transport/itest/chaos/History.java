package dcl.transport.itest.chaos;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What the peers of one run did and saw, in one order, for {@link HistoryChecker}. Thread-safe.
 * <p>
 * A <em>session</em> is one connection of a peer, numbered from 1 by the test; a reconnect begins the next. A message is known by who sent
 * it, in which session, and its number there: {@link Stamp} carries that in its payload. Note an event before anybody else can see what it
 * brings about: that a message was accepted before it is sent, that a callback came as its first line.
 */
public final class History {

	/** What became of a message its session accepted. */
	public enum Outcome {
		/** It went to the wire, and more is not known. */
		WRITTEN,
		/** The service has read it. */
		CONFIRMED,
		/** It gave way by a rule, and was not sent. */
		DROPPED,
		/** It was refused after all, and was not sent. */
		FAILED,
		/** It was on the wire when the wire broke. */
		UNKNOWN
	}

	/** What happened. */
	public enum Type { CONNECTED, JOINED, LEFT, ACCEPTED, OUTCOME, RECEIVED, ENTER, EXIT, DISCONNECTED }

	/** A message: who sent it, in which session, and its number there, from 1 on and without gaps. */
	public record Stamp(String sender, int session, long sequence, boolean reliable) {

		/** Returns this as a payload of at least {@code size} bytes. */
		public byte[] encode(int size) {
			byte[] name = sender.getBytes(StandardCharsets.UTF_8);
			ByteBuffer bytes = ByteBuffer.allocate(Math.max(size, 15 + name.length));
			return bytes.put((byte) (reliable ? 1 : 0)).putInt(session).putLong(sequence).putShort((short) name.length).put(name).array();
		}

		/** Returns what {@link #encode} put in; fails on anything else with an {@link IllegalArgumentException}. */
		public static Stamp decode(byte[] payload) {
			try {
				ByteBuffer bytes = ByteBuffer.wrap(payload);
				boolean reliable = bytes.get() == 1;
				int session = bytes.getInt();
				long sequence = bytes.getLong();
				byte[] name = new byte[bytes.getShort()];
				bytes.get(name);
				return new Stamp(new String(name, StandardCharsets.UTF_8), session, sequence, reliable);
			} catch (RuntimeException e) {
				throw new IllegalArgumentException("expected a stamp, got " + payload.length + " other bytes", e);
			}
		}

		@Override
		public String toString() {
			return (reliable ? "" : "~") + sender + "/" + session + "#" + sequence;
		}
	}

	/**
	 * One event of a session.
	 *
	 * @param peer    whose
	 * @param session its number
	 * @param stamp   the message of ACCEPTED, OUTCOME and RECEIVED; otherwise null
	 * @param peers   those there at CONNECTED, the one of JOINED and LEFT; otherwise empty
	 * @param what    the outcome, the callback, or how it ended
	 * @param broken  of DISCONNECTED: whether the wire broke, so that messages may be lost
	 */
	public record Event(Type type, String peer, int session, Stamp stamp, Set<String> peers, String what, boolean broken) {

		@Override
		public String toString() {
			return peer + "/" + session + " " + type + (stamp == null ? "" : " " + stamp) + (peers.isEmpty() ? "" : " " + peers)
					+ (what.isEmpty() ? "" : " " + what) + (broken ? " (broken)" : "");
		}
	}

	/** Events at most; a run that makes more is not checked, but refused. */
	public static final int MAX_EVENTS = 2_000_000;

	private final List<Event> events = new ArrayList<>(); // guarded by this

	private synchronized void add(Event event) {
		if (events.size() == MAX_EVENTS) {
			throw new IllegalStateException("expected at most " + MAX_EVENTS + " events");
		}
		events.add(event);
	}

	private void add(Type type, String peer, int session, Stamp stamp, Set<String> peers, String what) {
		add(new Event(type, peer, session, stamp, peers, what, false));
	}

	/** A session began and was told who is there. */
	public void connected(String peer, int session, Set<String> others) {
		add(Type.CONNECTED, peer, session, null, new TreeSet<>(others), "");
	}

	public void joined(String peer, int session, String other) {
		add(Type.JOINED, peer, session, null, Set.of(other), "");
	}

	public void left(String peer, int session, String other) {
		add(Type.LEFT, peer, session, null, Set.of(other), "");
	}

	/** A session took on a message; before it is sent. */
	public void accepted(Stamp message) {
		add(Type.ACCEPTED, message.sender, message.session, message, Set.of(), "");
	}

	/** A session said what became of a message. */
	public void outcome(Stamp message, Outcome outcome) {
		add(Type.OUTCOME, message.sender, message.session, message, Set.of(), outcome.name());
	}

	public void received(String peer, int session, Stamp message) {
		add(Type.RECEIVED, peer, session, message, Set.of(), "");
	}

	/** A callback of a session began. */
	public void enter(String peer, int session, String callback) {
		add(Type.ENTER, peer, session, null, Set.of(), callback);
	}

	/** And returned. */
	public void exit(String peer, int session, String callback) {
		add(Type.EXIT, peer, session, null, Set.of(), callback);
	}

	/**
	 * A session ended.
	 *
	 * @param broken whether its wire broke; false if it closed in good order
	 */
	public void disconnected(String peer, int session, String reason, boolean broken) {
		add(new Event(Type.DISCONNECTED, peer, session, null, Set.of(), reason, broken));
	}

	/** Returns what happened so far, in order. */
	public synchronized List<Event> events() {
		return List.copyOf(events);
	}
}
