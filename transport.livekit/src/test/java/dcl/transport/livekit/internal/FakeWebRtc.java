package dcl.transport.livekit.internal;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import com.google.protobuf.InvalidProtocolBufferException;
import dcl.transport.livekit.internal.proto.DataPacket;
import dcl.transport.webrtc.DataChannel;
import dcl.transport.webrtc.DataChannelEvents;
import dcl.transport.webrtc.DataChannelOptions;
import dcl.transport.webrtc.IceServer;
import dcl.transport.webrtc.PeerConnection;
import dcl.transport.webrtc.PeerConnectionEvents;
import dcl.transport.webrtc.WebRtc;
import dcl.transport.webrtc.WebRtcException;

/** WebRTC without a network: a connection stands once it was answered, and what is sent is written down. Calls back on one thread of its own. */
final class FakeWebRtc implements WebRtc, AutoCloseable {

	final ExecutorService thread = Executors.newSingleThreadExecutor(task -> new Thread(task, "fake-webrtc"));
	final BlockingQueue<Connection> connections = new LinkedBlockingQueue<>();
	/** Connections are made once this is complete. */
	volatile CompletableFuture<Void> mayOpen = CompletableFuture.completedFuture(null);
	/** What load() fails with, if it does. */
	volatile Exception unavailable;
	/** Whether an answer makes a connection stand. */
	volatile boolean connects = true;
	/** Whether answers are understood. */
	volatile boolean understands = true;

	Connection next() throws InterruptedException {
		Connection connection = connections.poll(30, TimeUnit.SECONDS);
		if (connection == null) {
			throw new AssertionError("no peer connection within 30 s");
		}
		return connection;
	}

	/** Returns when everything was said that is to be said by now. */
	void settle() throws Exception {
		thread.submit(() -> { }).get(30, TimeUnit.SECONDS);
	}

	private <T> CompletionStage<T> later(T value, Exception failure) {
		CompletableFuture<T> stage = new CompletableFuture<>();
		thread.execute(() -> {
			if (failure == null) {
				stage.complete(value);
			} else {
				stage.completeExceptionally(failure);
			}
		});
		return stage;
	}

	@Override
	public CompletionStage<Void> load() {
		return later(null, unavailable);
	}

	@Override
	public CompletionStage<PeerConnection> open(List<IceServer> servers, boolean relayOnly, PeerConnectionEvents events) {
		Connection made = new Connection(servers, events);
		connections.add(made);
		return mayOpen.thenCompose(nothing -> later(made, unavailable));
	}

	@Override
	public void close() throws InterruptedException {
		thread.shutdown();
		thread.awaitTermination(10, TimeUnit.SECONDS);
	}

	final class Connection implements PeerConnection {

		final List<IceServer> servers;
		final PeerConnectionEvents events;
		final List<Channel> channels = new CopyOnWriteArrayList<>();
		final List<String> candidates = new CopyOnWriteArrayList<>();
		final List<String> answers = new CopyOnWriteArrayList<>();
		volatile boolean closed;
		private int offers;
		private boolean opened;

		Connection(List<IceServer> servers, PeerConnectionEvents events) {
			this.servers = servers;
			this.events = events;
		}

		void state(State state) {
			thread.execute(() -> {
				if (!closed) {
					events.connectionState(state);
				}
			});
		}

		Channel channel(String label) {
			return channels.stream().filter(channel -> channel.label.equals(label)).findFirst().orElseThrow();
		}

		@Override
		public CompletionStage<String> createOffer(boolean iceRestart) {
			thread.execute(() -> events.candidate("0", 0, "candidate:ours \"quoted\"")); // even before the offer
			return later("offer " + ++offers + (iceRestart ? " restart" : ""), null);
		}

		@Override
		public CompletionStage<Void> setAnswer(String sdp) {
			if (!understands) {
				return later(null, new WebRtcException("an answer expected"));
			}
			answers.add(sdp);
			CompletionStage<Void> set = later(null, null);
			if (connects) {
				state(State.CONNECTED);
				if (!opened) {
					opened = true;
					channels.forEach(Channel::open);
				}
			}
			return set;
		}

		@Override
		public CompletionStage<String> answer(String offerSdp) {
			throw new AssertionError("this side offers");
		}

		@Override
		public CompletionStage<Boolean> addCandidate(String sdpMid, int sdpMLineIndex, String candidate) {
			candidates.add(sdpMid + " " + sdpMLineIndex + " " + candidate);
			return later(true, null);
		}

		@Override
		public CompletionStage<DataChannel> createChannel(String label, DataChannelOptions options, DataChannelEvents channelEvents) {
			Channel channel = new Channel(label, options, channelEvents);
			channels.add(channel);
			return later(channel, null);
		}

		@Override
		public void close() {
			closed = true;
		}
	}

	final class Channel implements DataChannel {

		final String label;
		final DataChannelOptions options;
		final DataChannelEvents events;
		final BlockingQueue<byte[]> sent = new LinkedBlockingQueue<>();
		volatile Sent answer = Sent.QUEUED;
		volatile long buffered;

		Channel(String label, DataChannelOptions options, DataChannelEvents events) {
			this.label = label;
			this.options = options;
			this.events = events;
		}

		void open() {
			thread.execute(events::open);
		}

		void deliver(byte[] message) {
			thread.execute(() -> events.message(ByteBuffer.wrap(message).asReadOnlyBuffer()));
		}

		/** There is room again. */
		void room() {
			answer = Sent.QUEUED;
			thread.execute(events::bufferedLow);
		}

		/** The server closes it. */
		void closesThere() {
			thread.execute(events::closed);
		}

		DataPacket next() throws InterruptedException, InvalidProtocolBufferException {
			byte[] message = sent.poll(30, TimeUnit.SECONDS);
			if (message == null) {
				throw new AssertionError("nothing was sent within 30 s");
			}
			return DataPacket.parseFrom(message);
		}

		@Override
		public String label() {
			return label;
		}

		@Override
		public boolean isReliable() {
			return options.maxRetransmits().isEmpty();
		}

		@Override
		public int maxMessageBytes() {
			return 65_535;
		}

		@Override
		public long bufferedAmount() {
			return buffered;
		}

		@Override
		public Sent send(ByteBuffer message) {
			if (answer == Sent.QUEUED) {
				byte[] bytes = new byte[message.remaining()];
				message.get(message.position(), bytes);
				sent.add(bytes);
			}
			return answer;
		}

		@Override
		public void close() {
			throw new AssertionError("channels end with their connection");
		}
	}
}
