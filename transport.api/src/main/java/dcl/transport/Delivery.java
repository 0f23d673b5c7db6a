package dcl.transport;

import java.util.Objects;
import java.util.Set;

/**
 * How one packet travels: reliably or not, to whom, under which topic. Immutable.
 */
public final class Delivery {

	/** Whether a packet may be lost. May gain constants. */
	public enum Reliability {
		/** Refused rather than lost, and in order with the other reliable packets. */
		RELIABLE,
		/** May be dropped in favour of a newer one. */
		LOSSY
	}

	private static final Delivery RELIABLE = new Delivery(Reliability.RELIABLE, Set.of(), "");
	private static final Delivery LOSSY = new Delivery(Reliability.LOSSY, Set.of(), "");

	private final Reliability reliability;
	private final Set<PeerId> peers;
	private final String topic;

	private Delivery(Reliability reliability, Set<PeerId> peers, String topic) {
		this.reliability = reliability;
		this.peers = peers;
		this.topic = topic;
	}

	/** Returns reliable delivery to everybody, without a topic. */
	public static Delivery reliable() {
		return RELIABLE;
	}

	/** Returns lossy delivery to everybody, without a topic. */
	public static Delivery lossy() {
		return LOSSY;
	}

	/**
	 * Returns the same for these peers only. A wire that cannot narrow refuses with {@code UNSUPPORTED} rather than broadcast.
	 *
	 * @throws IllegalArgumentException for an empty set: a private packet must never become a public one
	 */
	public Delivery to(Set<PeerId> only) {
		if (only.isEmpty()) {
			throw new IllegalArgumentException("delivery to nobody: name at least one peer, or leave to() out to reach everybody");
		}
		return new Delivery(reliability, Set.copyOf(only), topic);
	}

	/** Returns the same under a topic; "" for none. A wire without topics refuses any other with {@code UNSUPPORTED}. */
	public Delivery withTopic(String name) {
		return new Delivery(reliability, peers, Objects.requireNonNull(name));
	}

	/** Returns the topic, "" if there is none. */
	public String topic() {
		return topic;
	}

	/** Returns whether the packet may be lost. */
	public Reliability reliability() {
		return reliability;
	}

	/** Returns the addressees; empty means everybody. */
	public Set<PeerId> peers() {
		return peers;
	}

	/** Returns whether the packet goes to everybody. */
	public boolean isBroadcast() {
		return peers.isEmpty();
	}

	@Override
	public boolean equals(Object other) {
		return other instanceof Delivery that && reliability == that.reliability && peers.equals(that.peers) && topic.equals(that.topic);
	}

	@Override
	public int hashCode() {
		return Objects.hash(reliability, peers, topic);
	}

	@Override
	public String toString() {
		return reliability + (isBroadcast() ? "" : " to " + peers) + (topic.isEmpty() ? "" : " under a topic");
	}
}
