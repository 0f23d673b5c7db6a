package dcl.transport.livekit.internal;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;

import dcl.transport.Delivery.Reliability;
import dcl.transport.webrtc.DataChannel;
import dcl.transport.webrtc.DataChannelEvents;
import dcl.transport.webrtc.DataChannelOptions;
import dcl.transport.webrtc.IceServer;
import dcl.transport.webrtc.PeerConnection;
import dcl.transport.webrtc.PeerConnection.State;
import dcl.transport.webrtc.PeerConnectionEvents;
import dcl.transport.webrtc.WebRtc;

import static java.util.stream.Collectors.joining;

/**
 * One peer connection with its two channels: what a resume keeps and a full reconnect replaces. Events of WebRTC become calls of the owner on the
 * link's thread, except for messages, which go straight to the data path.
 */
final class Wire implements PeerConnectionEvents {

	private static final String RELIABLE = "_reliable";
	private static final String LOSSY = "_lossy";
	/** More than any machine has addresses. */
	private static final int MAX_HELD = 256;
	/** Of the server's for one offer, those in its answer included: libwebrtc tries to reach every one. */
	static final int MAX_CANDIDATES = 1_000;
	private static final String CANDIDATE_LINE = "a=candidate:";
	/** Of the channels that this side makes. */
	static final List<String> LABELS = List.of(RELIABLE, LOSSY);

	/** Called on the link's thread, and not after {@link #close()}. */
	interface Owner {

		/** This is to be sent to the server. */
		void offer(Wire wire, int id, String sdp);

		/** This is to be sent to the server. */
		void candidate(Wire wire, Candidate candidate);

		/** Something about {@link #isReady()} or {@link #state()} has changed. */
		void changed(Wire wire);

		/** It cannot go on. */
		void broken(Wire wire, Throwable why);

		/** Reliable messages were lost here, since they were not taken fast enough. */
		void overrun(Wire wire);
	}

	private final Owner owner;
	private final DataPath data;
	private final Executor thread;
	private volatile PeerConnection connection; // comes on WebRTC's thread
	private volatile boolean closed;
	// On the link's thread:
	private DataChannel reliable;
	private DataChannel lossy;
	private int open;
	private State state = State.NEW;
	private int offers;
	private boolean offering;
	/** Candidates that belong to the offer being made, which the server has to see first. */
	private final List<Candidate> held = new ArrayList<>();
	private int taken;
	private boolean answered;
	private String offer = "";
	private String answer = "";

	Wire(Owner owner, DataPath data, Executor thread) {
		this.owner = owner;
		this.data = data;
		this.thread = thread;
	}

	/** Makes the connection and its channels, and the first offer. */
	void start(WebRtc webRtc, List<IceServer> servers, boolean relayOnly) {
		webRtc.open(servers, relayOnly, this).thenApply(this::keep).thenComposeAsync(this::channels, thread).whenComplete((lossyChannel, failure) -> tell(() -> {
			if (failure != null) {
				owner.broken(this, failure);
				return;
			}
			lossy = lossyChannel;
			offer(false);
		}));
	}

	/** Whoever closes it meanwhile either sees the connection, or is seen here: the link's thread may be gone by now. */
	private PeerConnection keep(PeerConnection made) {
		connection = made;
		if (closed) {
			made.close();
		}
		return made;
	}

	private CompletionStage<DataChannel> channels(PeerConnection made) {
		if (closed) {
			return new CompletableFuture<>();
		}
		DataChannelOptions ordered = DataChannelOptions.reliable().maxBufferedBytes(Settings.HELD_BYTES).bufferedLowBytes(Settings.HELD_BYTES / 2);
		DataChannelOptions loose = DataChannelOptions.lossy().maxBufferedBytes(Settings.HELD_BYTES);
		return made.createChannel(RELIABLE, ordered, new Channel(Reliability.RELIABLE, true)).thenComposeAsync(first -> {
			reliable = first;
			return made.createChannel(LOSSY, loose, new Channel(Reliability.LOSSY, true));
		}, thread);
	}

	/** Makes an offer, with a new way to the server if there was one already. */
	void offer(boolean restart) {
		if (connection == null) {
			return;
		}
		answered = false;
		taken = 0;
		offering = true;
		int id = ++offers;
		connection.createOffer(restart).whenComplete((sdp, failure) -> tell(() -> {
			if (id != offers) {
				return;
			}
			if (failure != null) {
				owner.broken(this, failure);
			} else {
				offer = sdp;
				offering = false;
				owner.offer(this, id, sdp);
				List<Candidate> found = List.copyOf(held);
				held.clear();
				found.forEach(candidate -> owner.candidate(this, candidate));
			}
		}));
	}

	/** The server answered; what is for an earlier offer is ignored. */
	void answer(int id, String sdp) {
		if (connection == null || answered || id != 0 && id != offers || offer.isEmpty()) {
			return;
		}
		int answering = offers;
		String bounded = bounded(sdp);
		connection.setAnswer(bounded).whenComplete((nothing, failure) -> tell(() -> {
			if (answering != offers) {
				return;
			}
			if (failure != null) {
				owner.broken(this, failure);
			} else {
				answer = bounded;
				answered = true;
				owner.changed(this);
			}
		}));
	}

	/** Takes out candidates beyond the bound. */
	private String bounded(String sdp) {
		long named = sdp.lines().filter(line -> line.startsWith(CANDIDATE_LINE)).count();
		if (named + taken <= MAX_CANDIDATES) {
			taken += (int) named;
			return sdp;
		}
		return sdp.lines().filter(line -> !line.startsWith(CANDIDATE_LINE) || taken++ < MAX_CANDIDATES).collect(joining("\r\n", "", "\r\n"));
	}

	/** Returns whether it was taken: there is a connection, and {@value #MAX_CANDIDATES} were not taken yet. One that cannot be parsed is skipped. */
	boolean add(Candidate candidate) {
		if (connection == null || taken >= MAX_CANDIDATES) {
			return false;
		}
		taken++;
		connection.addCandidate(candidate.mid(), candidate.index(), candidate.candidate());
		return true;
	}

	/** Whether the last offer was answered, the connection stands, and both channels are open. */
	boolean isReady() {
		return !closed && answered && state == State.CONNECTED && open == 2;
	}

	State state() {
		return state;
	}

	DataChannel reliable() {
		return reliable;
	}

	DataChannel lossy() {
		return lossy;
	}

	/** The last offer that was made, "" before the first. */
	String lastOffer() {
		return offer;
	}

	/** The last answer that was set, "" before the first. */
	String lastAnswer() {
		return answer;
	}

	/** Gives it up; nothing is said after that. */
	void close() {
		closed = true;
		if (connection != null) {
			connection.close();
		}
	}

	// ---- from WebRTC

	private void tell(Runnable event) {
		thread.execute(() -> {
			if (!closed) {
				event.run();
			}
		});
	}

	@Override
	public void candidate(String mid, int index, String candidate) {
		tell(() -> {
			Candidate found = new Candidate(candidate, mid, index);
			if (!offering) {
				owner.candidate(this, found);
			} else if (held.size() < MAX_HELD) {
				held.add(found);
			}
		});
	}

	@Override
	public void connectionState(State now) {
		tell(() -> {
			state = now;
			owner.changed(this);
		});
	}

	@Override
	public DataChannelEvents channel(DataChannel channel) {
		return switch (channel.label()) {
			case RELIABLE -> new Channel(Reliability.RELIABLE, false);
			case LOSSY -> new Channel(Reliability.LOSSY, false);
			default -> new Ignored(); // data tracks, and channels of other clients
		};
	}

	/** A channel of the server's that is of no use here. */
	private static final class Ignored implements DataChannelEvents {
	}

	/** One of the two channels, or what a server may open beside it. */
	private final class Channel implements DataChannelEvents {

		private final Reliability reliability;
		private final boolean ours;

		Channel(Reliability reliability, boolean ours) {
			this.reliability = reliability;
			this.ours = ours;
		}

		@Override
		public void open() {
			if (ours) {
				tell(() -> {
					open++;
					owner.changed(Wire.this);
				});
			}
		}

		@Override
		public void message(ByteBuffer message) {
			data.message(message, reliability);
		}

		@Override
		public void bufferedLow() {
			if (ours && reliability == Reliability.RELIABLE) {
				data.room();
			}
		}

		@Override
		public void overrun(long messages) {
			if (reliability == Reliability.RELIABLE) {
				tell(() -> owner.overrun(Wire.this));
			} else {
				data.overrun(messages);
			}
		}

		@Override
		public void closed() {
			if (ours) {
				tell(() -> {
					open = -1;
					owner.broken(Wire.this, new IllegalStateException("the channel for " + reliability + " packets was closed"));
				});
			}
		}
	}
}
