package dcl.transport.livekit.internal;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import dcl.transport.Delivery;
import dcl.transport.Delivery.Reliability;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.livekit.internal.proto.DataChannelReceiveState;
import dcl.transport.livekit.internal.proto.DataPacket;
import dcl.transport.livekit.internal.proto.UserPacket;
import dcl.transport.spi.LinkContext;
import dcl.transport.webrtc.DataChannel;
import dcl.transport.webrtc.DataChannel.Sent;

/**
 * The way of packets, past the signalling: into the two channels of the wire there is now, and out of them. Thread-safe.
 * <p>
 * The lock orders what goes into the reliable channel by its numbers, so it is held while that is sent, which waits for nothing and calls nobody
 * back.
 */
final class DataPath {

	private static final CompletionStage<Void> TAKEN = CompletableFuture.completedFuture(null);
	private static final int RELIABLE_KIND = 0;
	private static final int LOSSY_KIND = 1;

	/** Told of somebody who speaks before the server told that it is there, ahead of what it says. */
	interface Newcomers {

		void heard(PeerId peer, String identity, String sid);
	}

	/** The packet that waits until there is room. */
	private record Waiting(Packet packet, Delivery delivery, CompletableFuture<Void> taken) {
	}

	private final LinkContext context;
	private final Participants participants;
	private final Newcomers newcomers;
	private final Heard heard;
	private volatile DataChannel lossy; // null while there is no wire
	private volatile boolean allowed = true;
	private final Object lock = new Object();
	// Guarded by lock:
	private final Outbox outbox;
	private DataChannel reliable; // null while there is no wire
	private Waiting waiting;
	private boolean held;
	private boolean over;

	DataPath(LinkContext context, Participants participants, Newcomers newcomers, Settings settings) {
		this.context = context;
		this.participants = participants;
		this.newcomers = newcomers;
		heard = new Heard(2 * settings.maxParticipants());
		outbox = new Outbox(settings.unconfirmedPackets(), settings.replayBytes());
	}

	// ---- out

	/**
	 * As in {@link dcl.transport.spi.Link#send}. A lossy packet for which there is no room, or no wire, fails with {@code CONGESTED}; a reliable one
	 * waits.
	 */
	CompletionStage<Void> send(Packet packet, Delivery delivery) {
		if (!allowed) {
			return failed(Code.REFUSED, "the service does not allow this participant to publish data");
		}
		if (delivery.reliability() == Reliability.LOSSY) {
			return sendLossy(packet, delivery);
		}
		synchronized (lock) {
			if (over) {
				return failed(Code.NOT_CONNECTED, "the link is closed");
			}
			if (waiting != null) {
				return failed(Code.CONGESTED, "another packet is waiting for room");
			}
			DataPacket message = message(packet, delivery, RELIABLE_KIND).setSequence((int) outbox.next()).build();
			if (message.getSerializedSize() > most(reliable)) {
				return tooLarge(most(reliable));
			}
			if (write(message)) {
				return TAKEN;
			}
			waiting = new Waiting(packet, delivery, new CompletableFuture<>());
			return waiting.taken();
		}
	}

	private CompletionStage<Void> sendLossy(Packet packet, Delivery delivery) {
		DataPacket message = message(packet, delivery, LOSSY_KIND).build();
		DataChannel channel = lossy;
		if (message.getSerializedSize() > most(channel)) {
			return tooLarge(most(channel));
		}
		if (channel == null || channel.send(ByteBuffer.wrap(message.toByteArray())) != Sent.QUEUED) {
			return failed(Code.CONGESTED, "dropped: " + (channel == null ? "the wire is being replaced" : "more than " + Settings.HELD_BYTES
					+ " bytes of lossy packets were waiting"));
		}
		return TAKEN;
	}

	/** An oversized message would close the channel. */
	private static int most(DataChannel channel) {
		return channel == null ? Settings.MAX_MESSAGE_BYTES : Math.min(Settings.MAX_MESSAGE_BYTES, channel.maxMessageBytes());
	}

	private static CompletionStage<Void> tooLarge(int most) {
		return failed(Code.TOO_LARGE, "a packet with its topic and addressees has at most " + most + " bytes on this data channel");
	}

	private static CompletionStage<Void> failed(Code code, String message) {
		return CompletableFuture.failedFuture(new TransportException(code, message));
	}

	private DataPacket.Builder message(Packet packet, Delivery delivery, int kind) {
		UserPacket.Builder user = UserPacket.newBuilder().setPayload(UnsafeByteOperations.unsafeWrap(packet.asByteBuffer()));
		if (!delivery.topic().isEmpty()) {
			user.setTopic(delivery.topic());
		}
		DataPacket.Builder message = DataPacket.newBuilder().setKind(kind).setUser(user);
		for (PeerId peer : delivery.peers()) {
			message.addDestinationIdentities(participants.identity(peer));
		}
		return message;
	}

	/** Returns whether the wire took it, which has the next number. The lock is held. */
	private boolean write(DataPacket message) {
		if (held || reliable == null || outbox.isFull()) {
			return false;
		}
		byte[] bytes = message.toByteArray();
		if (reliable.send(ByteBuffer.wrap(bytes)) != Sent.QUEUED) {
			return false;
		}
		outbox.sent(bytes);
		return true;
	}

	/** There may be room again. */
	void room() {
		Waiting taken;
		synchronized (lock) {
			if (waiting == null || !write(message(waiting.packet(), waiting.delivery(), RELIABLE_KIND).setSequence((int) outbox.next()).build())) {
				return;
			}
			taken = waiting;
			waiting = null;
		}
		taken.taken().complete(null);
	}

	/** Whether the service takes data from us. */
	void allow(boolean mayPublish) {
		allowed = mayPublish;
	}

	// ---- the wire below

	/** There is a wire, whose channels are open. */
	void attach(DataChannel reliableChannel, DataChannel lossyChannel) {
		lossy = lossyChannel;
		synchronized (lock) {
			reliable = reliableChannel;
			held = false;
		}
		room();
	}

	/** There is no wire, and the session of the server is given up; returns how many packets nobody will ever know of. */
	int detach() {
		lossy = null; // what was heard is remembered: a server replays to those who come anew
		synchronized (lock) {
			reliable = null;
			return outbox.reset();
		}
	}

	/**
	 * It is not known whether the server still knows us: reliable packets wait, so that no more than necessary are in doubt if it does not.
	 */
	void hold() {
		synchronized (lock) {
			held = true;
		}
	}

	/** The session of the server goes on: sends again what it may have missed, which it drops if it did not, and then what waits. */
	void resume() {
		synchronized (lock) {
			held = false;
			for (byte[] message : outbox.replay()) {
				if (reliable == null || reliable.send(ByteBuffer.wrap(message)) != Sent.QUEUED) {
					break; // the channel still has what it was given before, so nothing is lost by that
				}
			}
		}
		room();
	}

	/** The end: what waits has not left. */
	void end() {
		lossy = null;
		Waiting left;
		synchronized (lock) {
			over = true;
			reliable = null;
			left = waiting;
			waiting = null;
		}
		if (left != null) {
			left.taken().completeExceptionally(new TransportException(Code.NOT_CONNECTED, "the link ended before it was sent"));
		}
	}

	// ---- the account

	/** Returns whether there are packets of which it is not known that they were read. */
	boolean hasUnconfirmed() {
		synchronized (lock) {
			return !outbox.isEmpty();
		}
	}

	/** Returns the number of the last packet that has left this machine, or 0. */
	long left() {
		synchronized (lock) {
			return reliable == null || outbox.isEmpty() ? 0 : outbox.left(reliable.bufferedAmount());
		}
	}

	/** Returns whether anything waits in the reliable channel. */
	boolean isFlushed() {
		synchronized (lock) {
			return reliable == null || reliable.bufferedAmount() == 0;
		}
	}

	/** Everything up to that number was read. */
	void confirm(long sequence) {
		int confirmed;
		synchronized (lock) {
			confirmed = outbox.confirm(sequence);
		}
		if (confirmed > 0) {
			context.confirmed(confirmed);
			room();
		}
	}

	List<DataChannelReceiveState> heard() {
		return heard.states();
	}

	// ---- in

	/** So many lossy messages were dropped before they came here. */
	void overrun(long messages) {
		context.invalid(messages + " lossy messages came faster than they could be taken");
	}

	/** A message came on a channel of that kind. */
	void message(ByteBuffer bytes, Reliability reliability) {
		DataPacket packet;
		try {
			packet = DataPacket.parseFrom(bytes);
		} catch (InvalidProtocolBufferException e) {
			context.invalid("a DataPacket expected, " + bytes.remaining() + " bytes came that are none");
			return;
		}
		if (packet.hasEncryptedPacket()) {
			context.invalid("an unencrypted packet expected, an encrypted one came");
			return;
		}
		if (!packet.hasUser()) { // speakers, chat, streams, calls: for clients of another kind
			return;
		}
		String identity = packet.getParticipantIdentity();
		if (identity.length() > PeerId.MAX_LENGTH) {
			context.invalid("an identity of at most " + PeerId.MAX_LENGTH + " characters expected, one of " + identity.length() + " came");
			return;
		}
		if (reliability == Reliability.RELIABLE && !heard.isNew(packet.getParticipantSid(), packet.getSequence())) {
			return; // a replay of what we have
		}
		PeerId from = participants.peer(identity);
		if (from == null) { // the server's API, or a packet that overtook the news of who sent it
			from = identity.isEmpty() ? PeerId.SERVICE : PeerId.of(identity);
			if (participants.isNews(identity, packet.getParticipantSid())) {
				newcomers.heard(from, identity, packet.getParticipantSid());
			}
		}
		UserPacket user = packet.getUser();
		context.received(from, Packet.wrap(ByteBuffer.wrap(user.getPayload().toByteArray())), reliability, user.getTopic());
	}
}
