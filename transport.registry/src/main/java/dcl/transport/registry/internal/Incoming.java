package dcl.transport.registry.internal;

import dcl.transport.Delivery.Reliability;
import dcl.transport.Disconnection;
import dcl.transport.Message;
import dcl.transport.Packet;
import dcl.transport.PeerId;

/** What a link reported, in the order it did. */
abstract sealed class Incoming extends LossyQueue.Entry {

	Incoming(int bytes, boolean lossy) {
		super(bytes, lossy);
	}

	/** A packet: handed to listeners as it is queued. */
	static final class Received extends Incoming implements Message {

		private final PeerId from;
		private final Packet packet;
		private final String topic;

		Received(PeerId from, Packet packet, Reliability reliability, String topic) {
			super(packet.size(), reliability == Reliability.LOSSY);
			this.from = from;
			this.packet = packet;
			this.topic = topic;
		}

		@Override
		public PeerId from() {
			return from;
		}

		@Override
		public Packet packet() {
			return packet;
		}

		@Override
		public Reliability reliability() {
			return lossy ? Reliability.LOSSY : Reliability.RELIABLE;
		}

		@Override
		public String topic() {
			return topic;
		}

		@Override
		public String toString() {
			return packet + " from " + from;
		}
	}

	/** Somebody came or left. */
	static final class Roster extends Incoming {

		final PeerId peer;
		final boolean joined;

		Roster(PeerId peer, boolean joined) {
			super(-1, false);
			this.peer = peer;
			this.joined = joined;
		}
	}

	/** The wire is gone. */
	static final class Closed extends Incoming {

		final Disconnection why;

		Closed(Disconnection why) {
			super(-1, false);
			this.why = why;
		}
	}
}
