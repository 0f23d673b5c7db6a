package dcl.transport.wsroom.internal;

import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

import dcl.transport.AuthChain;
import dcl.transport.Delivery;
import dcl.transport.Delivery.Reliability;
import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Identity;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.SigningRequest;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportUri;
import dcl.transport.rfc5.MalformedWsPacketException;
import dcl.transport.rfc5.WsPacket;
import dcl.transport.rfc5.WsPacket.PeerUpdate;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;
import dcl.transport.websocket.SendMode;
import dcl.transport.websocket.SendResult;
import dcl.transport.websocket.WebSocketConnection;
import dcl.transport.websocket.WebSocketEnding;
import dcl.transport.websocket.WebSocketListener;
import dcl.transport.websocket.WebSocketRequest;
import dcl.transport.websocket.WebSocketStep;
import dcl.transport.websocket.WebSockets;

/**
 * The client of one room (ADR-105): identification, challenge, welcome, and then packets.
 * <p>
 * The engine calls the listener's methods one at a time, on the thread that moves the bytes of all rooms: nothing in them waits, or calls a host's code. The
 * registry calls the link's; timers and signatures come from anywhere. The phase changes under the lock, the roster is the listener's alone.
 */
final class RoomLink implements Link, WebSocketListener {

	private static final CompletionStage<Void> TAKEN = CompletableFuture.completedFuture(null);
	private static final int NORMAL_CLOSURE = 1000;

	/** How far it has come, in the words of a time-out. */
	private enum Phase {
		CONNECTING("the connection"),
		CHALLENGE("the challenge"),
		SIGNATURE("the signature"),
		WELCOME("the welcome"),
		ROOM("packets"),
		OVER("nothing");

		private final String waitingFor;

		Phase(String waitingFor) {
			this.waitingFor = waitingFor;
		}
	}

	private final TransportUri uri;
	private final Identity identity;
	private final LinkContext context;
	private final Settings settings;
	private final CompletableFuture<Link> welcomed = new CompletableFuture<>();
	private final CompletableFuture<Void> closed = new CompletableFuture<>();
	private final Roster roster = new Roster();
	private final Object lock = new Object();
	/** Written with the lock held. */
	private volatile Phase phase = Phase.CONNECTING;
	// Guarded by lock:
	private Future<?> timer;
	private CompletableFuture<Void> room;

	private volatile WebSocketConnection connection;
	private volatile Confirmations confirmations;
	private volatile Set<PeerId> present = Set.of();
	private volatile int alias;
	private volatile String target = "";

	RoomLink(TransportUri uri, Identity identity, LinkContext context, Settings settings) {
		this.uri = uri;
		this.identity = identity;
		this.context = context;
		this.settings = settings;
	}

	/** @param addresses what it will try, for people */
	void connect(WebSockets engine, WebSocketRequest request, String addresses) {
		target = addresses;
		connection = engine.connect(request, this);
		context.abandoned().thenRun(() -> {
			if (!welcomed.isDone()) {
				connection.abort();
			}
		});
	}

	/** Completes with this link at the welcome. */
	CompletionStage<Link> welcomed() {
		return welcomed;
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
		if (!delivery.isBroadcast()) {
			return failed(Code.UNSUPPORTED, "a ws-room carries packets to everybody; naming addressees is not possible");
		}
		if (!delivery.topic().isEmpty()) {
			return failed(Code.UNSUPPORTED, "a ws-room has no topics");
		}
		boolean lossy = delivery.reliability() == Reliability.LOSSY;
		byte[] message = new byte[PeerUpdate.encodedSize(0, packet.size(), lossy)];
		packet.copyTo(message, PeerUpdate.write(message, 0, 0, packet.size(), lossy)); // alias 0: the server puts ours in its place
		// What may be dropped has been dropped in the registry's queue; here the wire is asked for room instead.
		SendResult result = connection.send(message, SendMode.RELIABLE);
		if (result != SendResult.ACCEPTED) {
			return failed(result == SendResult.NOT_OPEN ? Code.NOT_CONNECTED : Code.CONGESTED, "the WebSocket did not take it: " + result);
		}
		if (!lossy) {
			confirmations.sent();
		}
		return connection.queuedBytes() <= Settings.HELD_BYTES ? TAKEN : whenRoom();
	}

	private CompletionStage<Void> whenRoom() {
		CompletableFuture<Void> waiting;
		synchronized (lock) {
			if (room == null) {
				room = new CompletableFuture<>();
			}
			waiting = room;
		}
		if (connection.queuedBytes() <= Settings.HELD_BYTES || closed.isDone()) { // it fell before anybody could have told us
			makeRoom();
		}
		return waiting;
	}

	private void makeRoom() {
		CompletableFuture<Void> waiting;
		synchronized (lock) {
			waiting = room;
			room = null;
		}
		if (waiting != null) {
			waiting.complete(null);
		}
	}

	private static <T> CompletionStage<T> failed(Code code, String message) {
		return CompletableFuture.failedFuture(new TransportException(code, message));
	}

	@Override
	public CompletionStage<Void> close() {
		enter(Phase.OVER);
		connection.close(NORMAL_CLOSURE, "");
		return closed;
	}

	// ---- from the engine, one at a time

	@Override
	public void step(WebSocketConnection socket, WebSocketStep step) {
		switch (step) {
			case TCP -> context.step("tcp", target);
			case PROXY -> context.step("proxy", connectedTo(socket));
			case TLS -> context.step("tls", connectedTo(socket));
			case UPGRADE -> context.step("upgrade", connectedTo(socket));
			default -> { } // names are looked up by the context
		}
	}

	private static String connectedTo(WebSocketConnection socket) {
		InetSocketAddress remote = socket.remoteAddress();
		return remote.getAddress().getHostAddress() + " port " + remote.getPort();
	}

	@Override
	public void opened(WebSocketConnection socket) {
		connection = socket; // this may come before connect() has answered
		if (!enter(Phase.CHALLENGE)) {
			socket.abort();
			return;
		}
		context.step("challenge", "as " + identity.address());
		socket.send(new WsPacket.Identification(identity.address().value()).encode(), SendMode.RELIABLE);
	}

	@Override
	public void message(WebSocketConnection socket, byte[] payload, boolean text) {
		Phase now = phase;
		if (now == Phase.OVER) {
			return;
		}
		if (text) {
			odd("a binary message expected, a text message came");
			return;
		}
		WsPacket packet;
		try {
			packet = WsPacket.decode(payload);
		} catch (MalformedWsPacketException e) {
			odd(e.getMessage());
			return;
		}
		if (now == Phase.ROOM) {
			inRoom(packet);
		} else if (packet instanceof WsPacket.Kicked kicked) {
			// Before the proof a server knows nothing of us but what we claim, and kicks where it is full. Who is kicked after it is not wanted.
			fail(new TransportException(now == Phase.WELCOME ? Code.REFUSED : Code.BUSY, kicked.reason().isEmpty() ? "the service put us out before the welcome" : kicked.reason()));
		} else if (packet instanceof WsPacket.Welcome welcome && (now == Phase.CHALLENGE || now == Phase.WELCOME)) {
			if (now == Phase.CHALLENGE) { // a server may do without
				context.step("welcome", "without a challenge");
			}
			welcome(welcome);
		} else if (packet instanceof WsPacket.Challenge challenge && now == Phase.CHALLENGE) {
			sign(challenge.challengeToSign());
		} else {
			odd("waiting for " + now.waitingFor + ", but " + packet.getClass().getSimpleName() + " came");
		}
	}

	private void inRoom(WsPacket packet) {
		if (packet instanceof PeerUpdate update) {
			PeerId from = roster.sender(update.fromAlias());
			if (from == null) {
				context.invalid("an update of alias " + Integer.toUnsignedString(update.fromAlias()) + ", which is nobody's");
				return;
			}
			CompletionStage<Void> queued = context.received(from, Packet.wrap(update.body()), update.unreliable() ? Reliability.LOSSY : Reliability.RELIABLE, "");
			if (!(queued instanceof CompletableFuture<Void> known && known.isDone())) {
				connection.pauseReading();
				queued.whenComplete((nothing, never) -> connection.resumeReading());
			}
		} else if (packet instanceof WsPacket.PeerJoin join) {
			join(join.alias(), join.address(), true);
			if (roster.size() > settings.maxAliases()) {
				end(new Disconnection(Reason.PROTOCOL, "more than " + settings.maxAliases() + " aliases in one room"));
			}
		} else if (packet instanceof WsPacket.PeerLeave leave) {
			tell(roster.leave(leave.alias())); // mini-comms says twice that a kicked session left, and names aliases we never saw
		} else if (packet instanceof WsPacket.Kicked kicked) {
			end(new Disconnection(Reason.KICKED, kicked.reason()));
		} else {
			context.invalid("a message for a session expected, " + packet.getClass().getSimpleName() + " came");
		}
	}

	private void join(int joined, String address, boolean tell) {
		if (joined == alias) {
			return;
		}
		if (address.isEmpty() || address.length() > PeerId.MAX_LENGTH) {
			context.invalid("an address of 1 to " + PeerId.MAX_LENGTH + " characters expected for an alias, " + address.length() + " came");
			return;
		}
		Roster.Change change = roster.join(joined, PeerId.of(address));
		if (tell) {
			tell(change);
		}
	}

	private void tell(Roster.Change change) {
		if (change.left() != null) {
			context.peerLeft(change.left());
		}
		if (change.joined() != null) {
			context.peerJoined(change.joined());
		}
	}

	private void welcome(WsPacket.Welcome welcome) {
		alias = welcome.alias();
		if (welcome.peers().size() > settings.maxAliases()) {
			fail(new TransportException(Code.PROTOCOL, "at most " + settings.maxAliases() + " peers expected in the welcome, " + welcome.peers().size() + " came"));
			return;
		}
		for (Map.Entry<Integer, String> peer : welcome.peers().entrySet()) {
			join(peer.getKey(), peer.getValue(), false);
		}
		present = roster.peers();
		confirmations = new Confirmations(connection, context);
		if (enter(Phase.ROOM)) {
			welcomed.complete(this);
		}
	}

	private void sign(String challenge) {
		SigningRequest request;
		try {
			request = SigningRequest.roomChallenge(uri, challenge);
		} catch (IllegalArgumentException e) {
			fail(new TransportException(Code.PROTOCOL, e.getMessage()));
			return;
		}
		if (enter(Phase.SIGNATURE)) {
			context.step("sign", "");
			try {
				context.executor().execute(() -> identity.sign(request).whenComplete(this::signed)); // the host's code, which may take its time
			} catch (RejectedExecutionException e) { // the end, or far too many tasks
				fail(e);
			}
		}
	}

	private void signed(AuthChain chain, Throwable failure) {
		if (failure != null) {
			fail(failure);
		} else if (enter(Phase.WELCOME)) {
			context.step("welcome", "");
			connection.send(new WsPacket.SignedChallenge(chain.toJson()).encode(), SendMode.RELIABLE);
		}
	}

	/** Something that does not belong here: the end of a handshake, but not of a session. */
	private void odd(String what) {
		if (phase == Phase.ROOM) {
			context.invalid(what);
		} else {
			fail(new TransportException(Code.PROTOCOL, what));
		}
	}

	@Override
	public void pong(WebSocketConnection socket, byte[] payload) {
		Confirmations counting = confirmations;
		if (counting != null) {
			counting.pong(payload);
		}
	}

	@Override
	public void writable(WebSocketConnection socket) {
		makeRoom();
	}

	@Override
	public void closed(WebSocketConnection socket, WebSocketEnding ending) {
		Phase before = phase;
		enter(Phase.OVER);
		if (before == Phase.ROOM) {
			context.closed(Endings.afterWelcome(ending));
		} else {
			welcomed.completeExceptionally(Endings.beforeWelcome(ending, before.waitingFor));
		}
		if (confirmations != null) {
			confirmations.stop();
		}
		closed.complete(null);
		makeRoom();
	}

	// ---- phases

	/** Goes on to a phase, unless it is over, and gives the server its time for the next step. */
	private boolean enter(Phase next) {
		synchronized (lock) {
			if (phase == Phase.OVER) {
				return false;
			}
			phase = next;
			if (timer != null) {
				timer.cancel(false);
				timer = null;
			}
			if (next == Phase.CHALLENGE || next == Phase.WELCOME) {
				timer = context.executor().schedule(() -> late(next), settings.stepTimeout().toMillis(), TimeUnit.MILLISECONDS);
			}
			return true;
		}
	}

	private void late(Phase step) {
		if (phase != step) {
			return;
		}
		fail(new TransportException(Code.TIMEOUT, "the server did not send " + step.waitingFor + " within " + settings.stepTimeout().toMillis() + " ms"));
	}

	/** The handshake failed. */
	private void fail(Throwable failure) {
		enter(Phase.OVER);
		welcomed.completeExceptionally(failure);
		connection.abort();
	}

	/** The session is over, for a reason of the protocol. */
	private void end(Disconnection why) {
		if (enter(Phase.OVER)) {
			context.closed(why);
			connection.close(NORMAL_CLOSURE, "");
		}
	}
}
