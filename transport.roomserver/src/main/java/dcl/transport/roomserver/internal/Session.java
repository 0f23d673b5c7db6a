package dcl.transport.roomserver.internal;

import java.net.InetAddress;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;

import dcl.transport.PeerId;
import dcl.transport.identity.AuthChainException;
import dcl.transport.identity.AuthChains;
import dcl.transport.rfc5.MalformedWsPacketException;
import dcl.transport.rfc5.WsPacket;
import dcl.transport.websocket.PreparedMessage;
import dcl.transport.websocket.SendMode;
import dcl.transport.websocket.SendResult;
import dcl.transport.websocket.WebSocketConnection;
import dcl.transport.websocket.WebSocketEnding;
import dcl.transport.websocket.WebSocketListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client, from the upgrade to the end of its connection (ADR-105):
 * <pre>
 * NEW ──▶ IDENTIFYING ──identification──▶ CHALLENGED ──signed challenge──▶ VERIFYING ──▶ MEMBER
 *  └────────────┴───────────────────────────────┴──────────────────────────────┴───────────┴──▶ ENDED
 * </pre>
 * Whoever moves the phase on does what belongs to that step, so that a time-out, a verdict, a kick and the end of the connection, each on a
 * thread of its own, cannot both win.
 */
final class Session implements WebSocketListener {

	private enum Phase {
		NEW, IDENTIFYING, CHALLENGED, VERIFYING, MEMBER, ENDED
	}

	/** Close codes of RFC 6455, 7.4.1, and of the IANA registry. Clients of ws-rooms do not look at them; people do. */
	private static final int NORMAL = 1000;
	private static final int NOT_BINARY = 1003;
	private static final int NOT_A_PACKET = 1007;
	private static final int REFUSED = 1008;
	private static final int TOO_BIG = 1009;
	private static final int FAILED = 1011;
	private static final int TRY_AGAIN_LATER = 1013;

	private static final Logger LOG = LoggerFactory.getLogger(Session.class);
	private static final Pattern ADDRESS = Pattern.compile("0x[0-9a-fA-F]{40}");
	private static final Runnable NOTHING = () -> {
	};

	private final Environment environment;
	private final String roomName;
	private final InetAddress remote;
	private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.NEW);
	private volatile WebSocketConnection connection;
	private volatile String address;
	private volatile Room room;
	private volatile int alias;
	private volatile Runnable cancelTimer = NOTHING;
	private volatile boolean welcomed;
	private final AtomicBoolean pending = new AtomicBoolean();
	private String challenge; // of the callbacks, as the rest
	private long ignoredSecond;
	private int ignoredInSecond;

	Session(Environment environment, String roomName, InetAddress remote) {
		this.environment = environment;
		this.roomName = roomName;
		this.remote = remote;
	}

	String roomName() {
		return roomName;
	}

	/** Returns the address in lower case: identified, and proven once it is a member. */
	String address() {
		return address;
	}

	/** Returns the room it entered. */
	Room room() {
		return room;
	}

	int alias() {
		return alias;
	}

	// ---- the login

	@Override
	public void opened(WebSocketConnection opened) {
		connection = opened;
		if (!environment.pending().add(remote)) {
			end(TRY_AGAIN_LATER, "too many connections are logging in");
			return;
		}
		pending.set(true);
		if (phase.compareAndSet(Phase.NEW, Phase.IDENTIFYING)) {
			limit(Phase.IDENTIFYING, "the identification");
		}
	}

	@Override
	public void message(WebSocketConnection from, byte[] payload, boolean text) {
		if (text) {
			broken(NOT_BINARY, "binary messages expected");
			return;
		}
		if (payload.length > environment.options().maxMessageBytes()) {
			broken(TOO_BIG, "at most " + environment.options().maxMessageBytes() + " bytes expected, not " + payload.length);
			return;
		}
		WsPacket packet;
		try {
			packet = WsPacket.decode(payload);
		} catch (MalformedWsPacketException e) {
			broken(NOT_A_PACKET, "a WsPacket (rfc5) expected");
			return;
		}
		switch (phase.get()) {
			case IDENTIFYING -> identify(packet);
			case CHALLENGED -> answer(packet);
			case MEMBER -> hear(packet);
			default -> LOG.debug("{}: a message too late", remote);
		}
	}

	private void identify(WsPacket packet) {
		if (!(packet instanceof WsPacket.Identification identification)) {
			end(REFUSED, "an identification expected, not " + kind(packet));
			return;
		}
		if (!ADDRESS.matcher(identification.address()).matches()) {
			end(REFUSED, "an address expected: 0x and 40 hexadecimal digits");
			return;
		}
		address = identification.address().toLowerCase(Locale.ROOT);
		Optional<String> obstacle = environment.rooms().obstacle(roomName, address);
		if (obstacle.isPresent()) {
			turnAway(obstacle.get());
			return;
		}
		challenge = environment.challenges().get();
		boolean alreadyConnected = environment.rooms().isConnected(roomName, address);
		if (phase.compareAndSet(Phase.IDENTIFYING, Phase.CHALLENGED)) {
			limit(Phase.CHALLENGED, "the signed challenge");
			connection.send(new WsPacket.Challenge(challenge, alreadyConnected).encode(), SendMode.RELIABLE);
		}
	}

	private void answer(WsPacket packet) {
		if (!(packet instanceof WsPacket.SignedChallenge signed)) {
			end(REFUSED, "a signed challenge expected, not " + kind(packet));
			return;
		}
		if (!phase.compareAndSet(Phase.CHALLENGED, Phase.VERIFYING)) {
			return;
		}
		cancelTimer.run();
		connection.pauseReading(); // what follows is for the member, and comes after the verdict
		try {
			environment.verifiers().execute(() -> verify(signed.authChainJson()));
		} catch (RejectedExecutionException e) {
			end(TRY_AGAIN_LATER, "too many logins at once");
		}
	}

	/** On a thread for signatures. */
	private void verify(String authChainJson) {
		if (phase.get() != Phase.VERIFYING) {
			return;
		}
		try {
			PeerId owner = AuthChains.verify(authChainJson, challenge, environment.clock().instant());
			if (!owner.value().equals(address)) {
				end(REFUSED, "login refused: the auth chain is not of the address that was identified");
				return;
			}
			environment.rooms().enter(this).ifPresent(this::turnAway);
			connection.resumeReading();
		} catch (AuthChainException e) {
			end(REFUSED, "login refused: " + e.getMessage());
		} catch (RuntimeException | Error e) {
			LOG.error("{}: verifying a login failed", remote, e);
			end(FAILED, "the server failed");
		}
	}

	/**
	 * Becomes a member, if it has not ended meanwhile; called with the rooms locked.
	 *
	 * @return whether it did
	 */
	boolean becomeMember(Room entered, int itsAlias) {
		room = entered;
		alias = itsAlias;
		welcomed = phase.compareAndSet(Phase.VERIFYING, Phase.MEMBER);
		if (welcomed) {
			noLongerPending();
		}
		return welcomed;
	}

	private void noLongerPending() {
		if (pending.compareAndSet(true, false)) {
			environment.pending().remove(remote);
		}
	}

	private void limit(Phase step, String what) {
		cancelTimer.run();
		Duration time = environment.options().stepTimeout();
		cancelTimer = environment.timers().after(time, () -> {
			if (phase.compareAndSet(step, Phase.ENDED)) {
				closing(REFUSED, "login timed out: " + what + " did not come within " + time.toMillis() + " ms");
			}
		});
	}

	private void turnAway(String reason) {
		environment.counters().turnedAway.increment();
		kick(reason);
	}

	// ---- in the room

	private void hear(WsPacket packet) {
		if (packet instanceof WsPacket.PeerUpdate update) {
			environment.counters().received.increment();
			environment.rooms().relay(this, update);
			return;
		}
		environment.counters().ignored.increment();
		long now = environment.clock().millis();
		if (Math.abs(now - ignoredSecond) >= 1_000) {
			ignoredSecond = now;
			ignoredInSecond = 0;
		}
		if (++ignoredInSecond > environment.options().ignoredPerSecond()) {
			broken(REFUSED, "at most " + environment.options().ignoredPerSecond() + " packets a second expected that are not for the room");
		}
	}

	/**
	 * Queues a reliable message. Called with the room locked.
	 *
	 * @return false if there is no room for it: then the connection is ending, and the caller has to take the session out of its room
	 */
	boolean send(PreparedMessage message) {
		SendResult result = connection.send(message, SendMode.RELIABLE);
		if (result != SendResult.FULL && result != SendResult.TOO_BIG) {
			return true; // of a connection that has ended the end is told by itself
		}
		if (phase.getAndSet(Phase.ENDED) != Phase.ENDED) {
			environment.counters().tooSlow.increment();
			closing(REFUSED, "more than " + environment.options().outgoingBytes() + " bytes were waiting for this client");
		}
		return false;
	}

	/**
	 * Queues an update of somebody else, like {@link #send}; an unreliable one is dropped if too much is waiting. Called with the room locked.
	 */
	boolean relay(PreparedMessage update, boolean unreliable) {
		if (!unreliable) {
			environment.counters().relayed.increment();
			return send(update);
		}
		if (connection.queuedBytes() <= environment.options().unreliableBytes()
				&& connection.send(update, SendMode.LOSSY) == SendResult.ACCEPTED) {
			environment.counters().relayed.increment();
		} else {
			environment.counters().dropped.increment();
		}
		return true;
	}

	// ---- the end

	/** A newer login of the same address; called with the rooms locked, by whom takes it out of its room. */
	void replaced() {
		kick(Rooms.REPLACED);
	}

	/** The server closes; called with the rooms locked, by whom takes it out of its room. */
	void serverCloses() {
		phase.set(Phase.ENDED);
	}

	private void kick(String reason) {
		if (phase.getAndSet(Phase.ENDED) != Phase.ENDED) {
			connection.send(new WsPacket.Kicked(reason).encode(), SendMode.RELIABLE);
			closing(NORMAL, reason);
		}
	}

	private void broken(int code, String reason) {
		if (phase.get() == Phase.MEMBER) {
			environment.counters().broken.increment();
		}
		end(code, reason);
	}

	private void end(int code, String reason) {
		Phase before = phase.getAndSet(Phase.ENDED);
		if (before == Phase.MEMBER) {
			environment.rooms().leave(this);
		}
		if (before != Phase.ENDED) {
			closing(code, reason);
		}
	}

	private void closing(int code, String reason) {
		LOG.debug("{}: {}", remote, reason);
		cancelTimer.run();
		connection.close(code, reason);
	}

	@Override
	public void closed(WebSocketConnection ended, WebSocketEnding ending) {
		LOG.debug("{}: {}", remote, ending);
		cancelTimer.run();
		if (phase.getAndSet(Phase.ENDED) == Phase.MEMBER) {
			environment.rooms().leave(this);
		}
		noLongerPending();
		if (!welcomed) {
			environment.counters().failedLogins.increment();
		}
	}

	private static String kind(WsPacket packet) {
		return packet.getClass().getSimpleName();
	}
}
