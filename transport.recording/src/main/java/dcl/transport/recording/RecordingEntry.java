package dcl.transport.recording;

import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;

import dcl.transport.Delivery;
import dcl.transport.Delivery.Reliability;
import dcl.transport.Disconnection;
import dcl.transport.Packet;
import dcl.transport.PeerId;

/** One thing that happened, and when. Immutable. What an entry does not have is {@code null}; each factory says what there is. */
public final class RecordingEntry {

	/** What happened. */
	public enum Event {
		/** {@link #peers()} were there when the conversation began. */
		CONNECTED,
		/** {@link #peer()} came. */
		JOINED,
		/** {@link #peer()} left. */
		LEFT,
		/** {@link #packet()} came from {@link #peer()}. */
		RECEIVED,
		/** {@link #packet()} was sent, to {@link #peers()} or, if there are none, to everybody. */
		SENT,
		/** A packet of {@link #bytes()} was received or sent that is too large to be written. */
		OMITTED,
		/** The conversation ended, {@link #disconnection()}. */
		DISCONNECTED;

		private final String word = name().toLowerCase(Locale.ROOT);

		/** Returns how it is written. */
		public String word() {
			return word;
		}
	}

	private final Duration at;
	private final Event event;
	private final PeerId peer;
	private final Set<PeerId> peers;
	private final Packet packet;
	private final Reliability reliability;
	private final String topic;
	private final int bytes;
	private final Disconnection disconnection;

	private RecordingEntry(Duration at, Event event, PeerId peer, Set<PeerId> peers, Packet packet, Reliability reliability, String topic, int bytes,
			Disconnection disconnection) {
		if (at.isNegative() || at.compareTo(RecordingReader.LONGEST) > 0) {
			throw new IllegalArgumentException("an entry's time is from 0 to " + RecordingReader.LONGEST + " after the start");
		}
		this.at = at;
		this.event = event;
		this.peer = peer;
		this.peers = peers;
		this.packet = packet;
		this.reliability = reliability;
		this.topic = topic;
		this.bytes = bytes;
		this.disconnection = disconnection;
	}

	/** Returns that a conversation began. Times are since the header's {@code started}, and are written to the microsecond. */
	public static RecordingEntry connected(Duration at, Set<PeerId> peers) {
		return new RecordingEntry(at, Event.CONNECTED, null, Set.copyOf(peers), null, null, null, 0, null);
	}

	/** Returns that somebody came. */
	public static RecordingEntry joined(Duration at, PeerId peer) {
		return new RecordingEntry(at, Event.JOINED, Objects.requireNonNull(peer), Set.of(), null, null, null, 0, null);
	}

	/** Returns that somebody left. */
	public static RecordingEntry left(Duration at, PeerId peer) {
		return new RecordingEntry(at, Event.LEFT, Objects.requireNonNull(peer), Set.of(), null, null, null, 0, null);
	}

	/** Returns that a packet came. */
	public static RecordingEntry received(Duration at, PeerId from, Packet packet, Reliability reliability, String topic) {
		return new RecordingEntry(at, Event.RECEIVED, Objects.requireNonNull(from), Set.of(), Objects.requireNonNull(packet),
				Objects.requireNonNull(reliability), Objects.requireNonNull(topic), packet.size(), null);
	}

	/** Returns that a packet was sent. */
	public static RecordingEntry sent(Duration at, Packet packet, Delivery delivery) {
		return new RecordingEntry(at, Event.SENT, null, delivery.peers(), Objects.requireNonNull(packet), delivery.reliability(), delivery.topic(),
				packet.size(), null);
	}

	/** Returns that a packet was too large to be written. */
	public static RecordingEntry omitted(Duration at, int bytes) {
		return new RecordingEntry(at, Event.OMITTED, null, Set.of(), null, null, null, bytes, null);
	}

	/** Returns that the conversation ended. */
	public static RecordingEntry disconnected(Duration at, Disconnection why) {
		return new RecordingEntry(at, Event.DISCONNECTED, null, Set.of(), null, null, null, 0, Objects.requireNonNull(why));
	}

	/** Returns the time since the start. */
	public Duration at() {
		return at;
	}

	/** Returns what happened. */
	public Event event() {
		return event;
	}

	/** Returns who, {@code null} where it is about nobody alone. */
	public PeerId peer() {
		return peer;
	}

	/** Returns who was there, or was addressed; may be empty. */
	public Set<PeerId> peers() {
		return peers;
	}

	/** Returns the packet, {@code null} without one. */
	public Packet packet() {
		return packet;
	}

	/** Returns how the packet travelled, {@code null} without one. */
	public Reliability reliability() {
		return reliability;
	}

	/** Returns the packet's topic, "" for none, {@code null} without a packet. */
	public String topic() {
		return topic;
	}

	/** Returns the size of the packet, 0 without one. */
	public int bytes() {
		return bytes;
	}

	/** Returns why it ended, {@code null} where it did not. */
	public Disconnection disconnection() {
		return disconnection;
	}

	@Override
	public boolean equals(Object other) {
		return other instanceof RecordingEntry that && at.equals(that.at) && event == that.event && Objects.equals(peer, that.peer)
				&& peers.equals(that.peers) && Objects.equals(packet, that.packet) && reliability == that.reliability
				&& Objects.equals(topic, that.topic) && bytes == that.bytes && Objects.equals(disconnection, that.disconnection);
	}

	@Override
	public int hashCode() {
		return Objects.hash(at, event, peer, packet);
	}

	/** Returns what and when, without contents, which may be private. */
	@Override
	public String toString() {
		return event.word() + " at " + at;
	}
}
