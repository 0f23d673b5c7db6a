package dcl.transport.livekit.internal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import dcl.transport.Delivery;
import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.livekit.internal.proto.ClientInfo;
import dcl.transport.livekit.internal.proto.ConnectionSettings;
import dcl.transport.livekit.internal.proto.DataChannelInfo;
import dcl.transport.livekit.internal.proto.JoinRequest;
import dcl.transport.livekit.internal.proto.JoinResponse;
import dcl.transport.livekit.internal.proto.LeaveRequest;
import dcl.transport.livekit.internal.proto.ParticipantInfo;
import dcl.transport.livekit.internal.proto.ParticipantUpdate;
import dcl.transport.livekit.internal.proto.Ping;
import dcl.transport.livekit.internal.proto.ReconnectResponse;
import dcl.transport.livekit.internal.proto.SessionDescription;
import dcl.transport.livekit.internal.proto.SignalRequest;
import dcl.transport.livekit.internal.proto.SignalResponse;
import dcl.transport.livekit.internal.proto.SyncState;
import dcl.transport.livekit.internal.proto.TrickleRequest;
import dcl.transport.livekit.internal.proto.WrappedJoinRequest;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;
import dcl.transport.spi.Route;
import dcl.transport.webrtc.IceServer;
import dcl.transport.webrtc.PeerConnection.State;
import dcl.transport.webrtc.WebRtc;
import dcl.transport.webrtc.WebRtcUnavailableException;
import dcl.transport.websocket.WebSocketEnding;
import dcl.transport.websocket.WebSocketRequest;
import dcl.transport.websocket.WebSockets;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import static java.util.stream.Collectors.joining;

/**
 * A data participant of one room: signalling over {@code /rtc/v1}, one peer connection for which this side offers, and the way back after a break.
 * <pre>
 * CONNECTING ──▶ JOIN ──▶ MEDIA ──▶ ROOM ──▶ OVER
 *      ▲───────────────────────────── a break: a resume keeps the wire, a full reconnect makes another
 * </pre>
 * Everything but {@link #send} and {@link #peers} runs on one thread, which all rooms of the provider share: nothing in it waits.
 */
final class LiveKitLink implements Link, Signalling.Owner, Wire.Owner, Participants.Changes, DataPath.Newcomers {

	private static final Logger LOG = LoggerFactory.getLogger(LiveKitLink.class);

	/** The version of the protocol this speaks: 17 is that of livekit-server 1.13. */
	private static final int PROTOCOL = 17;
	/** As the browser client waits; the last one repeats. */
	private static final long[] BACK_OFF_MILLIS = {0, 300, 1_200, 2_700, 4_800, 7_000};
	private static final int JITTER_FROM = 2;
	private static final long JITTER_MILLIS = 1_000;
	/** A room that breaks again within this time goes on with the waits, and the time, of the break before. */
	private static final long STEADY_NANOS = TimeUnit.SECONDS.toNanos(10);
	private static final long TICK_MILLIS = 1_000;
	/** Where the server names none. */
	private static final int PING_INTERVAL_SECONDS = 5;
	private static final int PING_TIMEOUT_SECONDS = 15;
	private static final int MAX_PING_SECONDS = 60;
	/**
	 * How long a packet has left this machine, over a connection that stood all the while, before an answer of the server confirms it. ICE finds
	 * out within 2.5 s that nothing comes any more.
	 */
	private static final long CONFIRM_AFTER_MILLIS = 3_000;
	private static final int MAX_MARKS = 64;
	/** How long the server's word for why it has closed the peer connection may take: the two come by different ways, in either order. */
	private static final long WORD_MILLIS = 500;
	/** Of all servers together. */
	static final int MAX_ICE_URLS = 32;
	private static final long FLUSH_MILLIS = 350;
	private static final long FLUSH_STEP_MILLIS = 10;
	private static final long FAREWELL_MILLIS = 250;
	private static final long EPOCH_MILLIS = System.currentTimeMillis();
	private static final long EPOCH_NANOS = System.nanoTime();

	// LeaveRequest.Action
	private static final int DISCONNECT = 0;
	private static final int RESUME = 1;
	private static final int RECONNECT = 2;
	// ReconnectReason
	private static final int SIGNAL_LOST = 1;
	private static final int PUBLISHER_FAILED = 2;

	/** How far it has come, in the words of a time-out. */
	private enum Phase {
		CONNECTING("the connection"),
		JOIN("the join response"),
		MEDIA("the peer connection"),
		ROOM("packets"),
		OVER("nothing");

		private final String waitingFor;

		Phase(String waitingFor) {
			this.waitingFor = waitingFor;
		}
	}

	/** Packets up to that number had left this machine at that time. */
	private record Mark(long stamp, long sequence) {
	}

	private final RoomUrl url;
	private final Route route;
	private final JoinOptions options;
	private final LinkContext context;
	private final Settings settings;
	private final WebSockets engine;
	private final WebRtc webRtc;
	private final ScheduledExecutorService thread;
	private final CompletableFuture<Link> opened = new CompletableFuture<>();
	private final CompletableFuture<Void> closed = new CompletableFuture<>();
	private final Participants participants = new Participants(this);
	private final DataPath data;
	private final Secrets secrets; // on the link's thread
	private volatile Set<PeerId> present = Set.of();

	// On the link's thread:
	private Phase phase = Phase.CONNECTING;
	private boolean handedOver;
	private boolean closing;
	private String sid = "";
	private Signalling signal;
	private Wire wire;
	private boolean attached;
	private boolean resuming;
	private boolean snapshotDue;
	private Future<?> stepTimer;
	private Future<?> ticker;
	private long pingIntervalNanos;
	private long pingTimeoutNanos;
	private long heardAt;
	private long pingedAt;
	private long rtt;
	private final ArrayDeque<Mark> marks = new ArrayDeque<>();
	private long farewell = Long.MAX_VALUE;
	private long flushUntil;
	// Of the break that is being mended, or the last one:
	private boolean broken;
	private boolean full;
	private int reason;
	private int attempts;
	private String why = "";
	private long giveUpAt;
	private long wellSince;
	private Future<?> giveUpTimer;
	private Future<?> retryTimer;
	private long breaks;
	/** The wire is of no use any more, and the server may be about to say why. */
	private boolean wireGone;

	LiveKitLink(RoomUrl url, Route route, JoinOptions options, LinkContext context, Settings settings, WebSockets engine, WebRtc webRtc,
			ScheduledExecutorService thread, Consumer<LiveKitLink> whenClosed) {
		this.url = url;
		this.route = route;
		this.options = options;
		this.context = context;
		this.settings = settings;
		this.engine = engine;
		this.webRtc = webRtc;
		this.thread = thread;
		closed.whenComplete((nothing, never) -> whenClosed.accept(this));
		secrets = new Secrets(url.token());
		data = new DataPath(context, participants, this, settings);
	}

	void start() {
		thread.execute(() -> connect(false));
		context.abandoned().thenRun(() -> thread.execute(() -> {
			if (!handedOver) {
				fail(new TransportException(Code.NOT_CONNECTED, "nobody waits for this link any more"));
			}
		}));
	}

	/** Completes with this link when packets can be sent. */
	CompletionStage<Link> opened() {
		return opened;
	}

	/** The provider stops. On the link's thread. */
	void abort() {
		end(new Disconnection(Reason.PROVIDER_GONE, "the provider stopped"), new TransportException(Code.PROVIDER_GONE, "the provider stopped"));
		closed.complete(null); // the engine, which follows, cuts the socket
	}

	// ---- for the registry

	@Override
	public Set<PeerId> peers() {
		return present;
	}

	@Override
	public int maxPacketBytes() {
		return settings.maxPacketBytes();
	}

	@Override
	public boolean confirms() {
		return true;
	}

	@Override
	public CompletionStage<Void> send(Packet packet, Delivery delivery) {
		return data.send(packet, delivery);
	}

	@Override
	public CompletionStage<Void> close() {
		thread.execute(this::beginClose);
		return closed;
	}

	private void beginClose() {
		if (phase == Phase.OVER || closing) {
			return;
		}
		closing = true;
		flushUntil = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(FLUSH_MILLIS);
		flush();
	}

	/** Lets go out what was taken, and arrive: what is on the wire when the server hears the goodbye would be lost. */
	private void flush() {
		if (phase == Phase.OVER) {
			return;
		}
		if (phase == Phase.ROOM && !data.isFlushed() && System.nanoTime() - flushUntil < 0) {
			thread.schedule(this::flush, FLUSH_STEP_MILLIS, TimeUnit.MILLISECONDS);
			return;
		}
		if (phase == Phase.ROOM && data.hasUnconfirmed()) {
			farewell = millis();
			if (ping(farewell)) {
				thread.schedule(this::goodbye, FAREWELL_MILLIS, TimeUnit.MILLISECONDS);
				return;
			}
		}
		goodbye();
	}

	private void goodbye() {
		if (phase == Phase.OVER) {
			return;
		}
		Signalling socket = signal;
		over();
		if (socket != null && socket.send(SignalRequest.newBuilder().setLeave(goodbyeMessage()).build())) {
			socket.close();
		} else {
			if (socket != null) {
				socket.giveUp();
			}
			closed.complete(null);
		}
		opened.completeExceptionally(new TransportException(Code.NOT_CONNECTED, "closed before it was connected"));
	}

	private static LeaveRequest goodbyeMessage() {
		return LeaveRequest.newBuilder().setReason(Endings.CLIENT_INITIATED).setAction(DISCONNECT).build();
	}

	@Override
	public void gone() {
		closed.complete(null);
	}

	// ---- joining

	private void connect(boolean resume) {
		if (phase == Phase.OVER) {
			return;
		}
		retryTimer = null;
		resuming = resume;
		enter(Phase.CONNECTING, null);
		WebSocketRequest request = WebSocketRequest.to(url.signalling(joinRequest())).header("Authorization", "Bearer " + secrets.token());
		WebSocketRequest trusting = context.sslContext().map(request::sslContext).orElse(request);
		Signalling socket = new Signalling(this, target());
		try {
			socket.connect(engine, route.proxy().map(proxy -> trusting.through(proxy, route.host()))
					.orElseGet(() -> trusting.addresses(route.addresses())));
		} catch (IllegalStateException e) { // the engine is closed
			failed(new TransportException(Code.PROVIDER_GONE, "the livekit provider was stopped"), false);
			return;
		} catch (UncheckedIOException e) { // there are no more file descriptors
			failed(new TransportException(Code.INTERNAL, "no socket could be opened: " + e.getMessage()), false);
			return;
		}
		signal = socket;
	}

	/** Returns what will be tried, for people. */
	private String target() {
		return route.proxy().map(proxy -> "proxy " + proxy.getAddress().getHostAddress() + " port " + proxy.getPort())
				.orElseGet(() -> route.addresses().stream().map(InetAddress::getHostAddress).collect(joining(", ")) + " port " + url.port());
	}

	private String joinRequest() {
		JoinRequest.Builder request = JoinRequest.newBuilder()
				.setClientInfo(ClientInfo.newBuilder().setProtocol(PROTOCOL))
				.setConnectionSettings(ConnectionSettings.newBuilder().setAutoSubscribe(false));
		if (resuming) {
			request.setReconnect(true).setReconnectReason(reason).setParticipantSid(sid);
		} else {
			request.setMetadata(options.metadata()).putAllAttributes(options.attributes());
		}
		WrappedJoinRequest wrapped = WrappedJoinRequest.newBuilder().setJoinRequest(request.build().toByteString()).build();
		return Base64.getUrlEncoder().encodeToString(wrapped.toByteArray());
	}

	@Override
	public void step(String name, String detail) {
		context.step(name, detail);
	}

	@Override
	public void opened(Signalling from) {
		if (from == signal && phase == Phase.CONNECTING) {
			enter(Phase.JOIN, settings.joinTimeout());
			context.step("join", "");
		}
	}

	@Override
	public void message(Signalling from, SignalResponse message) {
		if (from != signal || phase == Phase.OVER) {
			return;
		}
		heardAt = System.nanoTime();
		if (phase == Phase.JOIN) {
			first(message);
		} else {
			later(message);
		}
	}

	private void first(SignalResponse message) {
		if (message.hasLeave()) {
			leave(message.getLeave());
		} else if (message.hasJoin()) {
			if (resuming) { // it does not know us, and took us in anew
				dropWire();
			}
			joined(message.getJoin());
		} else if (resuming) {
			resumed(message.hasReconnect() ? message.getReconnect() : null);
			if (!message.hasReconnect()) {
				later(message);
			}
		} else {
			failed(new TransportException(Code.PROTOCOL, "a join response expected, " + message.getMessageCase() + " came"), true);
		}
	}

	private void joined(JoinResponse join) {
		resuming = false;
		sid = join.getParticipant().getSid();
		if (sid.isEmpty()) {
			failed(new TransportException(Code.PROTOCOL, "a join response with a participant expected, one without came"), true);
			return;
		}
		own(join.getParticipant());
		if (join.getOtherParticipantsCount() > settings.maxParticipants()) {
			tooMany(join.getOtherParticipantsCount());
			return;
		}
		participants.joined(join.getParticipant().getIdentity(), join.getOtherParticipantsList());
		pingIntervalNanos = seconds(join.getPingInterval(), PING_INTERVAL_SECONDS);
		pingTimeoutNanos = seconds(join.getPingTimeout(), PING_TIMEOUT_SECONDS);
		pingedAt = System.nanoTime();
		enter(Phase.MEDIA, settings.mediaTimeout());
		context.step("media", join.getServerVersion().isEmpty() ? "" : "livekit-server " + secrets.without(join.getServerVersion()));
		startTicking();
		wire = new Wire(this, data, thread);
		attached = false;
		wire.start(webRtc, iceServers(join.getIceServersList()), settings.relayOnly());
	}

	private static long seconds(int named, int otherwise) {
		return TimeUnit.SECONDS.toNanos(named <= 0 ? otherwise : Math.min(named, MAX_PING_SECONDS));
	}

	private static List<IceServer> iceServers(List<dcl.transport.livekit.internal.proto.IceServer> named) {
		List<IceServer> servers = new ArrayList<>();
		int left = MAX_ICE_URLS;
		for (var server : named) {
			List<String> urls = server.getUrlsList().subList(0, Math.min(left, server.getUrlsCount()));
			if (!urls.isEmpty()) {
				servers.add(new IceServer(urls, server.getUsername(), server.getCredential()));
				left -= urls.size();
			}
		}
		return servers;
	}

	private void resumed(ReconnectResponse response) {
		enter(Phase.MEDIA, settings.mediaTimeout());
		pingedAt = System.nanoTime();
		snapshotDue = true;
		if (response != null) {
			data.confirm(Integer.toUnsignedLong(response.getLastMessageSeq()));
		}
		data.resume();
		SyncState.Builder state = SyncState.newBuilder()
				.setOffer(SessionDescription.newBuilder().setType("offer").setSdp(wire.lastOffer()))
				.setAnswer(SessionDescription.newBuilder().setType("answer").setSdp(wire.lastAnswer()))
				.addAllDatachannelReceiveStates(data.heard());
		for (String label : Wire.LABELS) {
			state.addDataChannels(DataChannelInfo.newBuilder().setLabel(label));
		}
		send(SignalRequest.newBuilder().setSyncState(state));
		wire.offer(true);
	}

	// ---- signalling in the room

	private void later(SignalResponse message) {
		switch (message.getMessageCase()) {
			case ANSWER -> {
				if (wire != null) {
					wire.answer(message.getAnswer().getId(), message.getAnswer().getSdp());
				}
			}
			case TRICKLE -> trickle(message.getTrickle());
			case UPDATE -> update(message.getUpdate());
			case LEAVE -> leave(message.getLeave());
			case REFRESH_TOKEN -> refresh(message.getRefreshToken());
			case PONG_RESP -> pong(message.getPongResp().getLastPingTimestamp());
			default -> { } // of no interest to a participant without tracks, or unknown
		}
	}

	private void trickle(TrickleRequest trickle) {
		if (wire == null || trickle.getTarget() != 0) {
			return;
		}
		try {
			wire.add(Candidate.read(trickle.getCandidateInit()));
		} catch (IOException e) {
			context.invalid("the JSON of an ICE candidate expected, " + trickle.getCandidateInit().length() + " characters came that are none");
		}
	}

	private void update(ParticipantUpdate update) {
		boolean ourselves = false;
		for (ParticipantInfo info : update.getParticipantsList()) {
			if (info.getSid().equals(sid)) {
				ourselves = true;
				own(info);
			}
		}
		if (snapshotDue && ourselves) { // the first one after a resume that names us, names everybody
			snapshotDue = false;
			participants.replace(update.getParticipantsList());
		} else {
			participants.update(update.getParticipantsList());
		}
		if (participants.size() > settings.maxParticipants()) {
			tooMany(participants.size());
		}
	}

	private void own(ParticipantInfo info) {
		if (info.hasPermission()) {
			data.allow(info.getPermission().getCanPublishData());
		}
	}

	private void tooMany(int count) {
		String text = "at most " + settings.maxParticipants() + " participants expected, " + count + " came";
		send(SignalRequest.newBuilder().setLeave(goodbyeMessage()));
		end(new Disconnection(Reason.PROTOCOL, text), new TransportException(Code.PROTOCOL, text));
	}

	private void refresh(String newer) {
		if (!secrets.renew(newer)) {
			context.invalid("a token expected, of at most " + Secrets.MAX_TOKEN + " characters, " + newer.length() + " characters came that are none");
		}
	}

	private void leave(LeaveRequest leave) {
		int ends = leave.getReason();
		boolean mismatch = ends == Endings.STATE_MISMATCH && handedOver;
		boolean older = leave.getAction() == DISCONNECT && leave.getCanReconnect();
		if (leave.getAction() == RECONNECT || mismatch || older) {
			again(true, "the server asked us to join anew");
		} else if (leave.getAction() == RESUME) {
			again(false, "the server asked us to resume");
		} else {
			end(Endings.disconnection(ends), Endings.refusal(ends));
		}
	}

	private void again(boolean anew, String text) {
		failed(new TransportException(Code.UNREACHABLE, text), anew);
	}

	private boolean send(SignalRequest.Builder message) {
		return signal != null && signal.send(message.build());
	}

	@Override
	public void garbage(Signalling from, String what) {
		if (from != signal || phase == Phase.OVER) {
			return;
		}
		if (phase == Phase.JOIN) {
			failed(new TransportException(Code.PROTOCOL, what + ", waiting for " + phase.waitingFor), true);
		} else {
			context.invalid(what);
		}
	}

	@Override
	public void lost(Signalling from, WebSocketEnding ending) {
		if (from != signal || phase == Phase.OVER) {
			return;
		}
		signal = null;
		if (ending.kind() == WebSocketEnding.Kind.ENGINE_CLOSED) {
			abort();
			return;
		}
		TransportException failure = Endings.failure(ending, secrets.without(ending.detail()), phase.waitingFor);
		boolean refused = ending.kind() == WebSocketEnding.Kind.REFUSED;
		if (handedOver && refused && (ending.httpStatus() == 401 || ending.httpStatus() == 403)) {
			end(new Disconnection(Reason.LOST, failure.getMessage() + " (after " + why + ")"), failure);
			return;
		}
		failed(failure, refused && ending.httpStatus() < 500 && ending.httpStatus() != 429);
	}

	// ---- life, and what is confirmed

	private void startTicking() {
		if (ticker == null) {
			ticker = thread.scheduleWithFixedDelay(this::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
		}
	}

	private void tick() {
		if (signal == null || phase != Phase.MEDIA && phase != Phase.ROOM) {
			return;
		}
		long now = System.nanoTime();
		if (now - heardAt > pingTimeoutNanos) {
			long silence = TimeUnit.NANOSECONDS.toSeconds(now - heardAt);
			failed(new TransportException(Code.TIMEOUT, "nothing was heard of the server for " + silence + " s"), false);
			return;
		}
		participants.forgetUntold(now);
		long stamp = millis();
		if (now - pingedAt >= pingIntervalNanos) {
			pingedAt = now;
			send(SignalRequest.newBuilder().setPing(stamp));
			mark(stamp);
			ping(stamp);
		} else if (mark(stamp)) {
			ping(stamp);
		}
	}

	/** Returns whether anything is to be confirmed. */
	private boolean mark(long stamp) {
		if (phase != Phase.ROOM || wire.state() != State.CONNECTED) {
			return false;
		}
		long left = data.left();
		if (left == 0) {
			return false;
		}
		if (marks.size() == MAX_MARKS) {
			marks.poll();
		}
		marks.add(new Mark(stamp, left));
		return true;
	}

	private boolean ping(long stamp) {
		return send(SignalRequest.newBuilder().setPingReq(Ping.newBuilder().setTimestamp(stamp).setRtt(rtt)));
	}

	/** Milliseconds that no correction of the clock turns back. */
	private static long millis() {
		return EPOCH_MILLIS + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - EPOCH_NANOS);
	}

	private void pong(long stamp) {
		rtt = Math.max(0, millis() - stamp);
		long sequence = 0;
		for (Mark mark = marks.peek(); mark != null && mark.stamp() <= stamp - CONFIRM_AFTER_MILLIS; mark = marks.peek()) {
			sequence = marks.poll().sequence();
		}
		if (sequence > 0) {
			data.confirm(sequence);
		}
		if (stamp >= farewell) {
			goodbye();
		}
	}

	// ---- the wire

	@Override
	public void offer(Wire from, int id, String sdp) {
		if (from == wire) {
			send(SignalRequest.newBuilder().setOffer(SessionDescription.newBuilder().setType("offer").setSdp(sdp).setId(id)));
		}
	}

	@Override
	public void candidate(Wire from, Candidate candidate) {
		if (from == wire) {
			send(SignalRequest.newBuilder().setTrickle(TrickleRequest.newBuilder().setCandidateInit(candidate.write())));
		}
	}

	@Override
	public void changed(Wire from) {
		if (from != wire || phase == Phase.OVER) {
			return;
		}
		State state = from.state();
		if (state != State.CONNECTED) {
			marks.clear();
		}
		if (state == State.FAILED || state == State.CLOSED) {
			if (phase == Phase.ROOM) {
				mediaFailed(new TransportException(Code.UNREACHABLE, "the peer connection failed"), state == State.CLOSED);
			} else if (phase == Phase.MEDIA && !resuming) { // a resume has not found its new way yet
				failed(new TransportException(Code.UNREACHABLE, "no peer connection to the server could be made"), true);
			}
		} else if (phase == Phase.MEDIA && from.isReady()) {
			ready();
		}
	}

	private void ready() {
		enter(Phase.ROOM, null);
		if (!attached) {
			attached = true;
			data.attach(wire.reliable(), wire.lossy());
		}
		if (giveUpTimer != null) {
			giveUpTimer.cancel(false);
			giveUpTimer = null;
			LOG.debug("back in the room after {} ({})", why, resuming ? "resumed" : "joined anew");
		}
		broken = false;
		full = false;
		resuming = false;
		reason = 0;
		wellSince = System.nanoTime();
		if (!handedOver) {
			present = participants.active();
			handedOver = true;
			opened.complete(this);
		}
	}

	@Override
	public void broken(Wire from, Throwable cause) {
		if (from != wire || phase == Phase.OVER) {
			return;
		}
		Throwable bare = cause.getCause() != null ? cause.getCause() : cause;
		Code code = bare instanceof WebRtcUnavailableException ? Code.UNSUPPORTED : from.lastOffer().isEmpty() ? Code.BUSY : Code.PROTOCOL;
		mediaFailed(new TransportException(code, "WebRTC: " + secrets.without(bare.getMessage())), true);
	}

	/** A server that puts somebody out closes the peer connection, too: whoever came back at once would put out those who came in the place. */
	private void mediaFailed(TransportException failure, boolean anew) {
		if (phase != Phase.ROOM && phase != Phase.MEDIA) { // nothing can be said
			reason = PUBLISHER_FAILED;
			failed(failure, anew);
			return;
		}
		if (wireGone) {
			return; // it is being waited for
		}
		Wire gone = wire;
		wireGone = anew;
		long before = breaks;
		thread.schedule(() -> { // unless it was mended since, or is being mended for another reason
			if (wire == gone && breaks == before && (wireGone || gone.state() == State.FAILED)) {
				reason = PUBLISHER_FAILED;
				failed(failure, anew);
			}
		}, WORD_MILLIS, TimeUnit.MILLISECONDS);
	}

	@Override
	public void overrun(Wire from) {
		if (from == wire) {
			String text = "reliable packets came faster than they could be taken";
			end(new Disconnection(Reason.OVERRUN, text), new TransportException(Code.PROTOCOL, text));
		}
	}

	// ---- who is there

	@Override
	public void joined(PeerId peer) {
		if (phase != Phase.JOIN || handedOver) { // whom the first join response names, the link brings along
			context.peerJoined(peer);
		}
	}

	@Override
	public void left(PeerId peer) {
		context.peerLeft(peer);
	}

	/** On WebRTC's thread. */
	@Override
	public void heard(PeerId peer, String identity, String participantSid) {
		context.peerJoined(peer); // ahead of the packet; once more, when the link's thread knows, is once too often for nobody
		thread.execute(() -> {
			if (phase != Phase.OVER) {
				participants.heard(peer, identity, participantSid);
				if (!participants.isActive(peer)) { // a replay, or it left between the packet and now: nothing else would take it back
					context.peerLeft(peer);
				}
				if (participants.size() > settings.maxParticipants()) {
					tooMany(participants.size());
				}
			}
		});
	}

	@Override
	public void invalid(String what) {
		context.invalid(what);
	}

	// ---- breaks

	/**
	 * The handshake, the room, or an attempt to come back to it, has failed.
	 *
	 * @param anew whether a resume makes no sense any more
	 */
	private void failed(TransportException failure, boolean anew) {
		if (phase == Phase.OVER) {
			return;
		}
		if (!handedOver) {
			fail(failure);
			return;
		}
		if (closing) {
			goodbye();
			return;
		}
		breaks++;
		long now = System.nanoTime();
		boolean instead = broken && anew && resuming && !full; // a resume was the wrong question: ask the other one at once
		if (!broken) {
			broken = true;
			boolean steady = wellSince != 0 && now - wellSince > STEADY_NANOS;
			if (steady || attempts == 0) {
				attempts = 0;
				giveUpAt = now + settings.recovery().toNanos();
			}
			giveUpTimer = thread.schedule(this::giveUp, Math.max(0, giveUpAt - now), TimeUnit.NANOSECONDS);
		}
		why = failure.getMessage();
		LOG.debug("out of the room, attempt {}: {}", attempts, why);
		full |= anew || !attached || wireGone;
		if (reason == 0) {
			reason = SIGNAL_LOST;
		}
		enter(Phase.CONNECTING, null);
		data.hold();
		if (signal != null) {
			signal.giveUp();
			signal = null;
		}
		if (full) {
			dropWire();
		}
		if (settings.recovery().isZero()) {
			giveUp();
			return;
		}
		if (retryTimer == null) {
			int turn = Math.min(attempts, BACK_OFF_MILLIS.length - 1);
			long wait = instead ? 0 : BACK_OFF_MILLIS[turn] + (turn >= JITTER_FROM ? ThreadLocalRandom.current().nextLong(JITTER_MILLIS) : 0);
			attempts++;
			retryTimer = thread.schedule(() -> connect(!full), wait, TimeUnit.MILLISECONDS);
		}
	}

	private void dropWire() {
		if (wire != null) {
			wire.close();
			wire = null;
		}
		attached = false;
		wireGone = false;
		marks.clear();
		context.unknown(data.detach());
	}

	private void giveUp() {
		end(new Disconnection(Reason.LOST, "not back in the room within " + settings.recovery().toMillis() + " ms: " + why), null);
	}

	// ---- phases

	private void enter(Phase next, Duration limit) {
		phase = next;
		if (stepTimer != null) {
			stepTimer.cancel(false);
			stepTimer = null;
		}
		if (limit != null) {
			stepTimer = thread.schedule(() -> late(next, limit), limit.toMillis(), TimeUnit.MILLISECONDS);
		}
	}

	private void late(Phase step, Duration limit) {
		if (phase == step) {
			String text = "the server did not bring " + step.waitingFor + " within " + limit.toMillis() + " ms";
			failed(new TransportException(Code.TIMEOUT, text), step == Phase.MEDIA);
		}
	}

	/** Joining failed. */
	private void fail(TransportException failure) {
		end(new Disconnection(Reason.FAILED, failure.getMessage()), failure);
	}

	/**
	 * The end, of the room or of the attempt to enter it.
	 *
	 * @param failure for an attempt
	 */
	private void end(Disconnection ending, TransportException failure) {
		if (phase == Phase.OVER) {
			return;
		}
		Signalling socket = signal;
		boolean was = handedOver;
		over();
		if (socket != null) {
			socket.close();
		} else {
			closed.complete(null);
		}
		if (was) {
			context.closed(ending);
		} else {
			opened.completeExceptionally(failure);
		}
	}

	/** Lets go of everything but the socket. */
	private void over() {
		enter(Phase.OVER, null);
		cancel(ticker);
		cancel(giveUpTimer);
		cancel(retryTimer);
		signal = null;
		if (wire != null) {
			wire.close();
		}
		data.end();
	}

	private static void cancel(Future<?> timer) {
		if (timer != null) {
			timer.cancel(false);
		}
	}
}
