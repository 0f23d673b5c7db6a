package dcl.transport.webrtc.internal;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

import dcl.transport.webrtc.DataChannel;
import dcl.transport.webrtc.DataChannelEvents;
import dcl.transport.webrtc.DataChannelOptions;
import dcl.transport.webrtc.PeerConnection;
import dcl.transport.webrtc.PeerConnectionEvents;

/** One end of a test: a connection and what it heard. Candidates go to the other end at once. */
class Side implements PeerConnectionEvents {

	/** A channel of this end and what came through it. */
	static class Ear implements DataChannelEvents {

		final List<byte[]> messages = new Messages();
		final AtomicInteger opened = new AtomicInteger();
		final AtomicInteger closed = new AtomicInteger();
		final AtomicInteger low = new AtomicInteger();
		final AtomicInteger lost = new AtomicInteger();
		final List<String> order = new CopyOnWriteArrayList<>();
		volatile DataChannel channel;

		@Override
		public void open() {
			order.add("open");
			opened.incrementAndGet();
		}

		@Override
		public void message(ByteBuffer message) {
			byte[] copy = new byte[message.remaining()];
			message.get(copy);
			messages.add(copy);
		}

		@Override
		public void bufferedLow() {
			low.incrementAndGet();
		}

		@Override
		public void overrun(long messages) {
			order.add("overrun");
			lost.addAndGet((int) messages);
		}

		@Override
		public void closed() {
			order.add("closed");
			closed.incrementAndGet();
		}
	}

	/** Many are added, by one thread, and read when it is over. */
	private static final class Messages extends ArrayList<byte[]> {

		private static final long serialVersionUID = 1L;

		@Override
		public synchronized boolean add(byte[] message) {
			return super.add(message);
		}

		@Override
		public synchronized int size() {
			return super.size();
		}

		@Override
		public synchronized byte[] get(int index) {
			return super.get(index);
		}
	}

	final List<PeerConnection.State> states = new CopyOnWriteArrayList<>();
	final Map<String, Ear> remote = new ConcurrentHashMap<>();
	final AtomicInteger candidates = new AtomicInteger();
	volatile PeerConnection connection;
	volatile Side other;

	static Side open(Rtc rtc) throws Exception {
		return open(rtc, new Side());
	}

	static Side open(Rtc rtc, Side side) throws Exception {
		side.connection = Await.result(rtc.open(List.of(), false, side));
		return side;
	}

	@Override
	public void candidate(String sdpMid, int sdpMLineIndex, String candidate) {
		candidates.incrementAndGet();
		Side to = other;
		if (to != null) {
			to.connection.addCandidate(sdpMid, sdpMLineIndex, candidate);
		}
	}

	@Override
	public void connectionState(PeerConnection.State state) {
		states.add(state);
	}

	@Override
	public DataChannelEvents channel(DataChannel channel) {
		Ear ear = ear(channel);
		ear.channel = channel;
		remote.put(channel.label(), ear);
		return ear;
	}

	Ear ear(DataChannel channel) {
		return new Ear();
	}

	Ear channel(String label, DataChannelOptions options) throws Exception {
		return channel(label, options, new Ear());
	}

	Ear channel(String label, DataChannelOptions options, Ear ear) throws Exception {
		ear.channel = Await.result(connection.createChannel(label, options, ear));
		return ear;
	}

	/** Offers, has the other end answer, and sets that. */
	void meet(Side answering) throws Exception {
		other = answering;
		answering.other = this;
		negotiate(false);
	}

	void negotiate(boolean iceRestart) throws Exception {
		String offer = Await.result(connection.createOffer(iceRestart));
		Await.result(connection.setAnswer(Await.result(other.connection.answer(offer))));
	}
}
