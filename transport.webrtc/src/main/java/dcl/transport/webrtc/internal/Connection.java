package dcl.transport.webrtc.internal;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import dcl.transport.webrtc.DataChannel;
import dcl.transport.webrtc.DataChannelEvents;
import dcl.transport.webrtc.DataChannelOptions;
import dcl.transport.webrtc.PeerConnection;
import dcl.transport.webrtc.PeerConnectionEvents;
import dcl.transport.webrtc.WebRtcException;
import dev.onvoid.webrtc.RTCAnswerOptions;
import dev.onvoid.webrtc.RTCDataChannel;
import dev.onvoid.webrtc.RTCDataChannelInit;
import dev.onvoid.webrtc.RTCIceCandidate;
import dev.onvoid.webrtc.RTCIceConnectionState;
import dev.onvoid.webrtc.RTCOfferOptions;
import dev.onvoid.webrtc.RTCPeerConnection;
import dev.onvoid.webrtc.RTCPeerConnectionState;
import dev.onvoid.webrtc.RTCSdpType;
import dev.onvoid.webrtc.RTCSessionDescription;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One peer connection. What is native of it is touched by the thread of its {@link Rtc} alone, one offer or answer at a time, so that
 * nothing can be used after it
 * was freed.
 */
final class Connection implements PeerConnection {

	private static final Logger LOG = LoggerFactory.getLogger(Connection.class);

	/** Operations that may wait for their turn. */
	private static final int MAX_OPERATIONS = 256;
	private static final int MAX_HELD_CANDIDATES = 256;
	private static final int MAX_MESSAGE_BYTES = 262_144; // what libwebrtc sends at most
	private static final int UNSAID_MESSAGE_BYTES = 65_536; // RFC 8841, section 6.1
	private static final Pattern MAX_MESSAGE_SIZE = Pattern.compile("^a=max-message-size:(\\d{1,18})\\s*$", Pattern.MULTILINE);

	/** An offer or an answer, made or taken: one step after the other. */
	private static final class Operation {

		private final CompletableFuture<String> result = new CompletableFuture<>();
		private Runnable start;
		private DescriptionObserver observer; // of the step under way
	}

	private record Held(RTCIceCandidate candidate, CompletableFuture<Boolean> taken) {
	}

	private final Rtc owner;
	private final Serial serial;
	private final PeerObserver observer = new PeerObserver(this);
	private final AtomicBoolean closed = new AtomicBoolean();
	private final AtomicInteger queued = new AtomicInteger();
	private final Set<Channel> channels = ConcurrentHashMap.newKeySet();
	private volatile PeerConnectionEvents events;
	private volatile int maxMessageBytes = UNSAID_MESSAGE_BYTES;

	// used by the thread alone, all that follows
	private RTCPeerConnection peer;
	private final ArrayDeque<Operation> operations = new ArrayDeque<>();
	private Operation current;
	private boolean remoteSet;
	private final List<Held> held = new ArrayList<>();
	private final List<RTCIceCandidate> found = new ArrayList<>();

	Connection(Rtc owner, Settings settings, PeerConnectionEvents events) {
		this.owner = owner;
		this.events = Objects.requireNonNull(events);
		serial = new Serial(owner::execute, settings.maxWaitingMessages(), settings.maxWaitingBytes());
	}

	PeerObserver observer() {
		return observer;
	}

	void opened(RTCPeerConnection opened) {
		peer = opened;
	}

	// ---- offers and answers

	@Override
	public CompletionStage<String> createOffer(boolean iceRestart) {
		return operation(operation -> {
			RTCOfferOptions options = new RTCOfferOptions();
			options.iceRestart = iceRestart;
			peer.createOffer(options, step(operation, "no offer was made", made -> setLocal(operation, made)));
		});
	}

	@Override
	public CompletionStage<Void> setAnswer(String sdp) {
		return operation(operation -> setRemote(operation, new RTCSessionDescription(RTCSdpType.ANSWER, sdp), () -> end(operation, "")))
				.thenApply(nothing -> null);
	}

	@Override
	public CompletionStage<String> answer(String offerSdp) {
		return operation(operation -> setRemote(operation, new RTCSessionDescription(RTCSdpType.OFFER, offerSdp),
				() -> peer.createAnswer(new RTCAnswerOptions(), step(operation, "no answer was made", made -> setLocal(operation, made)))));
	}

	private void setLocal(Operation operation, RTCSessionDescription description) {
		peer.setLocalDescription(description, step(operation, "the local description was refused", set -> end(operation, description.sdp)));
	}

	private void setRemote(Operation operation, RTCSessionDescription description, Runnable next) {
		peer.setRemoteDescription(description, step(operation, "the remote description was refused", set -> {
			remoteSet = true;
			maxMessageBytes = maxMessageBytes(description.sdp);
			next.run();
		}));
	}

	/**
	 * Returns the bytes of the largest message that a description allows to be sent to its maker; 0 there stands for no limit (RFC 8841).
	 */
	static int maxMessageBytes(String sdp) {
		Matcher said = MAX_MESSAGE_SIZE.matcher(sdp);
		if (!said.find()) {
			return UNSAID_MESSAGE_BYTES;
		}
		long most = Long.parseLong(said.group(1));
		return most == 0 ? MAX_MESSAGE_BYTES : (int) Math.min(most, MAX_MESSAGE_BYTES);
	}

	int maxMessageBytes() {
		return maxMessageBytes;
	}

	private CompletionStage<String> operation(Consumer<Operation> work) {
		Operation operation = new Operation();
		operation.start = () -> work.accept(operation);
		if (queued.incrementAndGet() > MAX_OPERATIONS) {
			queued.decrementAndGet();
			operation.result.completeExceptionally(new WebRtcException(MAX_OPERATIONS + " offers and answers are waiting already"));
		} else if (closed.get() || !serial.execute(() -> enqueue(operation))) {
			operation.result.completeExceptionally(gone());
		}
		return operation.result.minimalCompletionStage();
	}

	private void enqueue(Operation operation) {
		operations.add(operation);
		if (closed.get()) {
			failOperations();
		} else if (current == null) {
			startNext();
		}
	}

	private void startNext() {
		current = operations.poll();
		if (current != null) {
			Operation started = current;
			attempt(started, started.start);
		}
	}

	/** Libwebrtc throws for what it cannot parse. */
	private void attempt(Operation operation, Runnable work) {
		try {
			work.run();
		} catch (RuntimeException | Error thrown) {
			fail(operation, Rtc.refusal(thrown));
		}
	}

	private DescriptionObserver step(Operation operation, String otherwise, Consumer<RTCSessionDescription> next) {
		operation.observer = new DescriptionObserver(new DescriptionObserver.Step() {
			@Override
			public void done(RTCSessionDescription made) {
				serial.execute(() -> {
					if (operation == current && !closed.get()) {
						attempt(operation, () -> next.accept(made));
					}
				});
			}

			@Override
			public void failed(String why) {
				serial.execute(() -> fail(operation, otherwise + ": " + why));
			}
		});
		return operation.observer;
	}

	private void fail(Operation operation, String why) {
		if (operation == current) {
			finish();
			operation.result.completeExceptionally(new WebRtcException(why));
			settle();
		}
	}

	private void end(Operation operation, String value) {
		if (operation == current) {
			finish();
			operation.result.complete(value);
			settle();
		}
	}

	private void finish() {
		current.observer = null;
		current = null;
		queued.decrementAndGet();
	}

	/**
	 * What waited for a description to be set: candidates found, which follow the description, candidates of the other side, the next
	 * operation.
	 */
	private void settle() {
		if (closed.get()) {
			return;
		}
		List<RTCIceCandidate> told = List.copyOf(found);
		found.clear();
		told.forEach(this::tell);
		if (remoteSet) {
			List<Held> waited = List.copyOf(held);
			held.clear();
			waited.forEach(this::add);
		}
		if (current == null && !closed.get()) {
			startNext();
		}
	}

	private void failOperations() {
		if (current != null) {
			operations.addFirst(current);
			if (current.observer != null) {
				current.observer.detach();
			}
			current = null;
		}
		for (Operation operation = operations.poll(); operation != null; operation = operations.poll()) {
			queued.decrementAndGet();
			operation.result.completeExceptionally(gone());
		}
		held.forEach(waiting -> waiting.taken.complete(false));
		held.clear();
	}

	private static WebRtcException gone() {
		return new WebRtcException("the peer connection is closed");
	}

	// ---- candidates

	@Override
	public CompletionStage<Boolean> addCandidate(String sdpMid, int sdpMLineIndex, String candidate) {
		CompletableFuture<Boolean> taken = new CompletableFuture<>();
		Held adding = new Held(new RTCIceCandidate(sdpMid, sdpMLineIndex, candidate), taken);
		if (candidate.isEmpty()) {
			taken.complete(true);
		} else if (closed.get() || !serial.execute(() -> add(adding))) {
			taken.complete(false);
		}
		return taken.minimalCompletionStage();
	}

	private void add(Held adding) {
		if (closed.get()) {
			adding.taken.complete(false);
		} else if (remoteSet && current == null) {
			boolean taken = true;
			try {
				peer.addIceCandidate(adding.candidate);
			} catch (RuntimeException | Error thrown) {
				Rtc.refusal(thrown); // throws what is none; its text is not shown, which would quote the other side
				LOG.debug("A candidate of {} characters is skipped", adding.candidate.sdp.length());
				taken = false;
			}
			adding.taken.complete(taken);
		} else if (held.size() < MAX_HELD_CANDIDATES) {
			held.add(adding);
		} else {
			adding.taken.complete(false);
		}
	}

	// ---- reports of libwebrtc, on its thread

	void gathered(RTCIceCandidate candidate) {
		serial.execute(() -> {
			if (current != null) {
				found.add(candidate);
			} else {
				tell(candidate);
			}
		});
	}

	private void tell(RTCIceCandidate candidate) {
		tell(to -> to.candidate(candidate.sdpMid == null ? "" : candidate.sdpMid, candidate.sdpMLineIndex, candidate.sdp));
	}

	void gatheredAll() {
		serial.execute(() -> tell(PeerConnectionEvents::gathered));
	}

	void connectionState(RTCPeerConnectionState state) {
		State to = State.valueOf(state.name());
		serial.execute(() -> tell(listener -> listener.connectionState(to)));
	}

	void iceState(RTCIceConnectionState state) {
		State to = State.valueOf(state.name());
		serial.execute(() -> tell(listener -> listener.iceState(to)));
	}

	void remoteChannel(RTCDataChannel opened) {
		boolean taken = serial.execute(() -> {
			Channel channel = new Channel(this, opened);
			PeerConnectionEvents to = events;
			if (to == null) {
				channel.free();
				return;
			}
			channels.add(channel);
			DataChannelEvents listener = null;
			try {
				listener = to.channel(channel);
			} finally {
				if (listener == null) { // thrown, or null: nobody will close it
					channel.close();
				}
			}
			if (listener != null) {
				channel.begin(listener);
			}
		});
		if (!taken) {
			LOG.trace("A channel came after the end");
		}
	}

	private void tell(Consumer<PeerConnectionEvents> event) {
		PeerConnectionEvents to = events;
		if (to != null) {
			Rtc.guarded(() -> event.accept(to));
		}
	}

	// ---- channels

	@Override
	public CompletionStage<DataChannel> createChannel(String label, DataChannelOptions options, DataChannelEvents listener) {
		Objects.requireNonNull(listener);
		CompletableFuture<DataChannel> result = new CompletableFuture<>();
		RTCDataChannelInit init = new RTCDataChannelInit();
		init.ordered = options.isOrdered();
		init.maxRetransmits = options.maxRetransmits().orElse(-1);
		init.negotiated = options.negotiatedId().isPresent();
		init.id = options.negotiatedId().orElse(-1);
		init.protocol = "";
		boolean taken = !closed.get() && serial.execute(() -> {
			if (closed.get()) {
				result.completeExceptionally(gone());
				return;
			}
			Channel channel;
			try {
				channel = new Channel(this, peer.createDataChannel(label, init), options);
			} catch (RuntimeException | Error thrown) {
				result.completeExceptionally(new WebRtcException("no data channel: " + Rtc.refusal(thrown)));
				return;
			}
			channels.add(channel);
			channel.begin(listener);
			result.complete(channel);
		});
		if (!taken) {
			result.completeExceptionally(gone());
		}
		return result.minimalCompletionStage();
	}

	Serial serial() {
		return serial;
	}

	Rtc owner() {
		return owner;
	}

	boolean isClosed() {
		return closed.get();
	}

	void freed(Channel channel) {
		channels.remove(channel);
	}

	// ---- the end

	@Override
	public void close() {
		if (!closed.compareAndSet(false, true)) {
			return;
		}
		observer.detach();
		events = null;
		channels.forEach(Channel::detach);
		owner.execute(this::free);
	}

	private void free() {
		failOperations();
		channels.forEach(Channel::silence); // also those that came since
		PeerReference reference = null;
		if (peer != null) {
			reference = PeerReference.of(peer);
			peer.close();
			peer = null;
		}
		channels.forEach(Channel::free);
		channels.clear();
		if (reference != null) {
			reference.release();
		}
		owner.freed(this);
	}
}
