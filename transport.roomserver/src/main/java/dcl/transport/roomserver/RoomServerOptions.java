package dcl.transport.roomserver;

import java.time.Duration;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * Where a server listens, and its limits. Immutable; each {@code with…} returns a changed copy and throws {@link IllegalArgumentException}
 * for what is out of range.
 */
public final class RoomServerOptions {

	/** Where an address may have one session only. May gain constants. */
	public enum OneSessionPer {
		/** In all rooms together, as on Decentraland's own servers. */
		SERVER,
		/** In each room. */
		ROOM
	}

	private static final Pattern HOST = Pattern.compile(
			"localhost|((25[0-5]|2[0-4]\\d|1?\\d?\\d)(\\.(?!$)|$)){4}|[0-9a-fA-F.]*:[0-9a-fA-F:.]*(%\\w+)?");
	private static final RoomServerOptions DEFAULTS = new RoomServerOptions();

	private String host = "127.0.0.1";
	private int port;
	private int capacity = 1_000;
	private int roomCapacity = 100;
	private int maxRooms = 1_000;
	private int maxPending = 500;
	private int maxPendingPerAddress = 250;
	private Duration stepTimeout = Duration.ofSeconds(3);
	private Duration pingInterval = Duration.ofSeconds(20);
	private Duration pongTimeout = Duration.ofSeconds(10);
	private int maxMessageBytes = 16_384;
	private int outgoingBytes = 1_048_576;
	private int unreliableBytes = 65_536;
	private Duration coalesce = Duration.ZERO;
	private int ignoredPerSecond = 100;
	private int verifiers = 1;
	private int rememberedLogins = 100_000;
	private OneSessionPer oneSessionPer = OneSessionPer.SERVER;

	private RoomServerOptions() {
	}

	private RoomServerOptions(RoomServerOptions from) {
		host = from.host;
		port = from.port;
		capacity = from.capacity;
		roomCapacity = from.roomCapacity;
		maxRooms = from.maxRooms;
		maxPending = from.maxPending;
		maxPendingPerAddress = from.maxPendingPerAddress;
		stepTimeout = from.stepTimeout;
		pingInterval = from.pingInterval;
		pongTimeout = from.pongTimeout;
		maxMessageBytes = from.maxMessageBytes;
		outgoingBytes = from.outgoingBytes;
		unreliableBytes = from.unreliableBytes;
		coalesce = from.coalesce;
		ignoredPerSecond = from.ignoredPerSecond;
		verifiers = from.verifiers;
		rememberedLogins = from.rememberedLogins;
		oneSessionPer = from.oneSessionPer;
	}

	/** Returns the defaults: a free port of the loopback interface. */
	public static RoomServerOptions defaults() {
		return DEFAULTS;
	}

	/**
	 * Returns the same on another interface.
	 *
	 * @param address an IP address, or {@code localhost}; {@code 127.0.0.1} by default. {@code 0.0.0.0} or {@code ::} is all interfaces:
	 *                everybody who reaches this machine can then come in
	 */
	public RoomServerOptions withHost(String address) {
		if (!HOST.matcher(address).matches()) {
			throw new IllegalArgumentException("host is an IP address or localhost, not '" + address + "'");
		}
		RoomServerOptions copy = new RoomServerOptions(this);
		copy.host = address;
		return copy;
	}

	/**
	 * Returns the same on another port.
	 *
	 * @param number 0 to 65 535; 0, the default, takes a free one
	 */
	public RoomServerOptions withPort(int number) {
		RoomServerOptions copy = new RoomServerOptions(this);
		copy.port = within("port", number, 0, 65_535);
		return copy;
	}

	/**
	 * Returns the same with another number of users in all rooms together.
	 *
	 * @param users 1 to 100 000; 1 000 by default. One more is kicked before the login
	 */
	public RoomServerOptions withCapacity(int users) {
		RoomServerOptions copy = new RoomServerOptions(this);
		copy.capacity = within("capacity", users, 1, 100_000);
		return copy;
	}

	/**
	 * Returns the same with another number of users in one room.
	 *
	 * @param users 1 to 10 000; 100 by default. One more is kicked before the login
	 */
	public RoomServerOptions withRoomCapacity(int users) {
		RoomServerOptions copy = new RoomServerOptions(this);
		copy.roomCapacity = within("roomCapacity", users, 1, 10_000);
		return copy;
	}

	/**
	 * Returns the same with another number of rooms.
	 *
	 * @param rooms 1 to 10 000; 1 000 by default. Whoever would open one more is kicked before the login
	 */
	public RoomServerOptions withMaxRooms(int rooms) {
		RoomServerOptions copy = new RoomServerOptions(this);
		copy.maxRooms = within("maxRooms", rooms, 1, 10_000);
		return copy;
	}

	/**
	 * Returns the same with another number of connections that have not logged in yet.
	 *
	 * @param connections 1 to 100 000; 500 by default. One more is refused with HTTP status 503
	 */
	public RoomServerOptions withMaxPending(int connections) {
		RoomServerOptions copy = new RoomServerOptions(this);
		copy.maxPending = within("maxPending", connections, 1, 100_000);
		return copy;
	}

	/**
	 * Returns the same with another number of connections of one remote address that have not logged in yet.
	 *
	 * @param connections 1 to 100 000; 250 by default. One more is refused with HTTP status 503
	 */
	public RoomServerOptions withMaxPendingPerAddress(int connections) {
		RoomServerOptions copy = new RoomServerOptions(this);
		copy.maxPendingPerAddress = within("maxPendingPerAddress", connections, 1, 100_000);
		return copy;
	}

	/**
	 * Returns the same with another time for each step of the login: the upgrade, the identification, the signed challenge.
	 *
	 * @param time 50 ms to 60 s; 3 s by default. Decentraland's own servers wait 1 s
	 */
	public RoomServerOptions withStepTimeout(Duration time) {
		RoomServerOptions copy = new RoomServerOptions(this);
		copy.stepTimeout = within("stepTimeout", time, 50, 60_000);
		return copy;
	}

	/**
	 * Returns the same with another silence after which a client is pinged.
	 *
	 * @param time 100 ms to 1 h; 20 s by default
	 */
	public RoomServerOptions withPingInterval(Duration time) {
		RoomServerOptions copy = new RoomServerOptions(this);
		copy.pingInterval = within("pingInterval", time, 100, 3_600_000);
		return copy;
	}

	/**
	 * Returns the same with another time in which a pinged client must say something, or else it is gone.
	 *
	 * @param time 100 ms to 1 h; 10 s by default
	 */
	public RoomServerOptions withPongTimeout(Duration time) {
		RoomServerOptions copy = new RoomServerOptions(this);
		copy.pongTimeout = within("pongTimeout", time, 100, 3_600_000);
		return copy;
	}

	/**
	 * Returns the same with another size of the largest message that a client may send.
	 *
	 * @param bytes 1 024 to 1 048 576, of the whole WsPacket; 16 384 by default, as on Decentraland's production servers
	 */
	public RoomServerOptions withMaxMessageBytes(int bytes) {
		RoomServerOptions copy = new RoomServerOptions(this);
		copy.maxMessageBytes = within("maxMessageBytes", bytes, 1_024, 1_048_576);
		return copy;
	}

	/**
	 * Returns the same with another size of the queue to each client. A client whose queue has no room for a reliable packet is disconnected.
	 *
	 * @param bytes 65 536 to 2^30; 1 048 576 by default. The welcome of a full room (64 bytes for each user) and one unreliable packet always
	 *              fit
	 */
	public RoomServerOptions withOutgoingBytes(int bytes) {
		RoomServerOptions copy = new RoomServerOptions(this);
		copy.outgoingBytes = within("outgoingBytes", bytes, 65_536, 1 << 30);
		return copy;
	}

	/**
	 * Returns the same with another fill of the queue to a client above which unreliable packets are dropped: the rest is kept for reliable
	 * ones, and positions do not grow old in the queue.
	 *
	 * @param bytes 0 to 2^29; 65 536 by default; 0 drops them whenever anything waits, as mini-comms does
	 */
	public RoomServerOptions withUnreliableBytes(int bytes) {
		RoomServerOptions copy = new RoomServerOptions(this);
		copy.unreliableBytes = within("unreliableBytes", bytes, 0, 1 << 29);
		return copy;
	}

	/**
	 * Returns the same with another time that packets may wait, so that a client gets several with one write: less work in rooms of many, for as
	 * much delay.
	 *
	 * @param time 0 to 50 ms, in whole milliseconds; 0, the default, writes at once
	 */
	public RoomServerOptions withCoalesce(Duration time) {
		RoomServerOptions copy = new RoomServerOptions(this);
		copy.coalesce = within("coalesce", time, 0, 50);
		return copy;
	}

	/**
	 * Returns the same with another number of packets a client may send within a second that are tolerated but not passed on: of kinds that
	 * are unknown, or that are not a client's to send.
	 *
	 * @param packets 1 to 1 000 000; 100 by default. More ends the session
	 */
	public RoomServerOptions withIgnoredPerSecond(int packets) {
		RoomServerOptions copy = new RoomServerOptions(this);
		copy.ignoredPerSecond = within("ignoredPerSecond", packets, 1, 1_000_000);
		return copy;
	}

	/**
	 * Returns the same with another number of threads that verify signatures, and go when there is nothing to verify. A login takes one about
	 * a millisecond; leave a processor to the rooms.
	 *
	 * @param threads 1 to 64; 1 by default
	 */
	public RoomServerOptions withVerifiers(int threads) {
		RoomServerOptions copy = new RoomServerOptions(this);
		copy.verifiers = within("verifiers", threads, 1, 64);
		return copy;
	}

	/**
	 * Returns the same with another number of signed logins that are remembered for two minutes, so that none is taken twice.
	 *
	 * @param requests 1 to 1 000 000; 100 000 by default, about 20 MB. One more within two minutes is refused with HTTP status 503
	 */
	public RoomServerOptions withRememberedLogins(int requests) {
		RoomServerOptions copy = new RoomServerOptions(this);
		copy.rememberedLogins = within("rememberedLogins", requests, 1, 1_000_000);
		return copy;
	}

	/**
	 * Returns the same with another rule for logging in twice: the newer login stays, the older session is kicked.
	 *
	 * @param scope {@link OneSessionPer#SERVER} by default
	 */
	public RoomServerOptions withOneSessionPer(OneSessionPer scope) {
		RoomServerOptions copy = new RoomServerOptions(this);
		copy.oneSessionPer = Objects.requireNonNull(scope);
		return copy;
	}

	/** Returns the interface to listen on. */
	public String host() {
		return host;
	}

	/** Returns the port, 0 for a free one. */
	public int port() {
		return port;
	}

	/** Returns how many users may be in all rooms together. */
	public int capacity() {
		return capacity;
	}

	/** Returns how many users may be in one room. */
	public int roomCapacity() {
		return roomCapacity;
	}

	/** Returns how many rooms there may be. */
	public int maxRooms() {
		return maxRooms;
	}

	/** Returns how many connections may be logging in. */
	public int maxPending() {
		return maxPending;
	}

	/** Returns how many connections of one remote address may be logging in. */
	public int maxPendingPerAddress() {
		return maxPendingPerAddress;
	}

	/** Returns how long each step of the login may take. */
	public Duration stepTimeout() {
		return stepTimeout;
	}

	/** Returns after which silence a client is pinged. */
	public Duration pingInterval() {
		return pingInterval;
	}

	/** Returns how long a pinged client may stay silent. */
	public Duration pongTimeout() {
		return pongTimeout;
	}

	/** Returns the size of the largest message that a client may send. */
	public int maxMessageBytes() {
		return maxMessageBytes;
	}

	/** Returns the size of the queue to each client. */
	public int outgoingBytes() {
		return outgoingBytes;
	}

	/** Returns the fill of a client's queue above which unreliable packets are dropped. */
	public int unreliableBytes() {
		return unreliableBytes;
	}

	/** Returns how long packets may wait to be written together. */
	public Duration coalesce() {
		return coalesce;
	}

	/** Returns how many packets a second are tolerated that are not passed on. */
	public int ignoredPerSecond() {
		return ignoredPerSecond;
	}

	/** Returns how many threads verify signatures. */
	public int verifiers() {
		return verifiers;
	}

	/** Returns how many signed logins are remembered. */
	public int rememberedLogins() {
		return rememberedLogins;
	}

	/** Returns where an address may have one session only. */
	public OneSessionPer oneSessionPer() {
		return oneSessionPer;
	}

	private static int within(String name, int value, int least, int most) {
		if (value < least || value > most) {
			throw new IllegalArgumentException(name + " is from " + least + " to " + most + ", not " + value);
		}
		return value;
	}

	private static Duration within(String name, Duration value, long leastMillis, long mostMillis) {
		if (value.compareTo(Duration.ofMillis(leastMillis)) < 0 || value.compareTo(Duration.ofMillis(mostMillis)) > 0) {
			throw new IllegalArgumentException(name + " is from " + leastMillis + " to " + mostMillis + " ms, not " + value);
		}
		return value;
	}
}
