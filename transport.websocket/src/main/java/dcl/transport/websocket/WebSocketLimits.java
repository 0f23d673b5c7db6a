package dcl.transport.websocket;

import java.time.Duration;

/**
 * The bounds of one connection. Immutable.
 */
public final class WebSocketLimits {

	private static final WebSocketLimits DEFAULTS = new Builder().build();

	private final int maxFrameBytes;
	private final int maxMessageBytes;
	private final int maxFragments;
	private final int maxHeadBytes;
	private final int controlFramesPerSecond;
	private final int queueBytes;
	private final int inboundBytes;
	private final Duration connectTimeout;
	private final Duration handshakeTimeout;
	private final Duration pingInterval;
	private final Duration pongTimeout;
	private final Duration closeTimeout;
	private final Duration writeStallTimeout;

	private WebSocketLimits(Builder from) {
		maxFrameBytes = from.maxFrameBytes;
		maxMessageBytes = from.maxMessageBytes;
		maxFragments = from.maxFragments;
		maxHeadBytes = from.maxHeadBytes;
		controlFramesPerSecond = from.controlFramesPerSecond;
		queueBytes = from.queueBytes;
		inboundBytes = from.inboundBytes;
		connectTimeout = from.connectTimeout;
		handshakeTimeout = from.handshakeTimeout;
		pingInterval = from.pingInterval;
		pongTimeout = from.pongTimeout;
		closeTimeout = from.closeTimeout;
		writeStallTimeout = from.writeStallTimeout;
	}

	/**
	 * Returns the limits every setting of which is its default.
	 *
	 * @return the limits
	 */
	public static WebSocketLimits defaults() {
		return DEFAULTS;
	}

	/**
	 * Begins changed limits.
	 *
	 * @return a builder that holds these values
	 */
	public Builder toBuilder() {
		return new Builder(this);
	}

	/**
	 * Returns the largest frame accepted; a larger one is refused on its header (close code 1009).
	 *
	 * @return bytes of payload
	 */
	public int maxFrameBytes() {
		return maxFrameBytes;
	}

	/**
	 * Returns the largest message accepted, all its fragments together (1009), and the largest one sent.
	 *
	 * @return bytes
	 */
	public int maxMessageBytes() {
		return maxMessageBytes;
	}

	/**
	 * Returns in how many frames a message may come (1009).
	 *
	 * @return a count
	 */
	public int maxFragments() {
		return maxFragments;
	}

	/**
	 * Returns the longest HTTP head accepted.
	 *
	 * @return bytes
	 */
	public int maxHeadBytes() {
		return maxHeadBytes;
	}

	/**
	 * Returns how many pings, and pongs that answer none of ours, a peer may send within a second (1008).
	 *
	 * @return a count
	 */
	public int controlFramesPerSecond() {
		return controlFramesPerSecond;
	}

	/**
	 * Returns how much may wait to be written.
	 *
	 * @return bytes, frame headers included
	 */
	public int queueBytes() {
		return queueBytes;
	}

	/**
	 * Returns how much may wait for the listener before reading stops by itself. One read, of at most 64 KiB, and one message may come on top.
	 *
	 * @return bytes
	 */
	public int inboundBytes() {
		return inboundBytes;
	}

	/**
	 * Returns the time for the name lookup and the TCP connections to all addresses together.
	 *
	 * @return at least 1 ms
	 */
	public Duration connectTimeout() {
		return connectTimeout;
	}

	/**
	 * Returns the time for TLS and for the HTTP upgrade, each; in the server role, for both together and the acceptor.
	 *
	 * @return at least 1 ms
	 */
	public Duration handshakeTimeout() {
		return handshakeTimeout;
	}

	/**
	 * Returns after which silence of the peer it is pinged.
	 *
	 * @return at least 1 ms
	 */
	public Duration pingInterval() {
		return pingInterval;
	}

	/**
	 * Returns how long a pinged peer may stay silent. With {@link #pingInterval()} it is the time in which a half-open connection is found.
	 *
	 * @return at least 1 ms
	 */
	public Duration pongTimeout() {
		return pongTimeout;
	}

	/**
	 * Returns how long a polite close may take: sending what is queued and waiting for the peer.
	 *
	 * @return at least 1 ms
	 */
	public Duration closeTimeout() {
		return closeTimeout;
	}

	/**
	 * Returns how long a peer may take nothing while something waits to be written.
	 *
	 * @return at least 1 ms
	 */
	public Duration writeStallTimeout() {
		return writeStallTimeout;
	}

	static void requireRange(String name, long value, long least, long most) {
		if (value < least || value > most) {
			throw new IllegalArgumentException("expected " + name + " from " + least + " to " + most + ", got " + value);
		}
	}

	/** Collects limits. Sizes are 1 to 2^30 and times 1 ms to 1 day, unless said otherwise; anything else is an {@link IllegalArgumentException}. */
	public static final class Builder {

		private int maxFrameBytes = 1 << 20;
		private int maxMessageBytes = 1 << 20;
		private int maxFragments = 1024;
		private int maxHeadBytes = 16 << 10;
		private int controlFramesPerSecond = 100;
		private int queueBytes = 1 << 20;
		private int inboundBytes = 256 << 10;
		private Duration connectTimeout = Duration.ofSeconds(10);
		private Duration handshakeTimeout = Duration.ofSeconds(10);
		private Duration pingInterval = Duration.ofSeconds(8);
		private Duration pongTimeout = Duration.ofSeconds(6);
		private Duration closeTimeout = Duration.ofSeconds(2);
		private Duration writeStallTimeout = Duration.ofSeconds(10);

		private Builder() {
		}

		private Builder(WebSocketLimits from) {
			maxFrameBytes = from.maxFrameBytes;
			maxMessageBytes = from.maxMessageBytes;
			maxFragments = from.maxFragments;
			maxHeadBytes = from.maxHeadBytes;
			controlFramesPerSecond = from.controlFramesPerSecond;
			queueBytes = from.queueBytes;
			inboundBytes = from.inboundBytes;
			connectTimeout = from.connectTimeout;
			handshakeTimeout = from.handshakeTimeout;
			pingInterval = from.pingInterval;
			pongTimeout = from.pongTimeout;
			closeTimeout = from.closeTimeout;
			writeStallTimeout = from.writeStallTimeout;
		}

		/**
		 * Sets {@link WebSocketLimits#maxFrameBytes()}.
		 *
		 * @param bytes 1 MiB by default; at least 125
		 * @return this
		 */
		public Builder maxFrameBytes(int bytes) {
			requireRange("maxFrameBytes", bytes, 125, 1 << 30);
			maxFrameBytes = bytes;
			return this;
		}

		/**
		 * Sets {@link WebSocketLimits#maxMessageBytes()}.
		 *
		 * @param bytes 1 MiB by default
		 * @return this
		 */
		public Builder maxMessageBytes(int bytes) {
			requireRange("maxMessageBytes", bytes, 1, 1 << 30);
			maxMessageBytes = bytes;
			return this;
		}

		/**
		 * Sets {@link WebSocketLimits#maxFragments()}.
		 *
		 * @param count 1 024 by default
		 * @return this
		 */
		public Builder maxFragments(int count) {
			requireRange("maxFragments", count, 1, 1 << 30);
			maxFragments = count;
			return this;
		}

		/**
		 * Sets {@link WebSocketLimits#maxHeadBytes()}.
		 *
		 * @param bytes 16 KiB by default; 256 to 1 MiB
		 * @return this
		 */
		public Builder maxHeadBytes(int bytes) {
			requireRange("maxHeadBytes", bytes, 256, 1 << 20);
			maxHeadBytes = bytes;
			return this;
		}

		/**
		 * Sets {@link WebSocketLimits#controlFramesPerSecond()}.
		 *
		 * @param count 100 by default
		 * @return this
		 */
		public Builder controlFramesPerSecond(int count) {
			requireRange("controlFramesPerSecond", count, 1, 1 << 30);
			controlFramesPerSecond = count;
			return this;
		}

		/**
		 * Sets {@link WebSocketLimits#queueBytes()}.
		 *
		 * @param bytes 1 MiB by default; at least 256
		 * @return this
		 */
		public Builder queueBytes(int bytes) {
			requireRange("queueBytes", bytes, 256, 1 << 30);
			queueBytes = bytes;
			return this;
		}

		/**
		 * Sets {@link WebSocketLimits#inboundBytes()}.
		 *
		 * @param bytes 256 KiB by default
		 * @return this
		 */
		public Builder inboundBytes(int bytes) {
			requireRange("inboundBytes", bytes, 1, 1 << 30);
			inboundBytes = bytes;
			return this;
		}

		/**
		 * Sets {@link WebSocketLimits#connectTimeout()}.
		 *
		 * @param time 10 s by default
		 * @return this
		 */
		public Builder connectTimeout(Duration time) {
			connectTimeout = required("connectTimeout", time);
			return this;
		}

		/**
		 * Sets {@link WebSocketLimits#handshakeTimeout()}.
		 *
		 * @param time 10 s by default
		 * @return this
		 */
		public Builder handshakeTimeout(Duration time) {
			handshakeTimeout = required("handshakeTimeout", time);
			return this;
		}

		/**
		 * Sets {@link WebSocketLimits#pingInterval()}.
		 *
		 * @param time 8 s by default
		 * @return this
		 */
		public Builder pingInterval(Duration time) {
			pingInterval = required("pingInterval", time);
			return this;
		}

		/**
		 * Sets {@link WebSocketLimits#pongTimeout()}.
		 *
		 * @param time 6 s by default
		 * @return this
		 */
		public Builder pongTimeout(Duration time) {
			pongTimeout = required("pongTimeout", time);
			return this;
		}

		/**
		 * Sets {@link WebSocketLimits#closeTimeout()}.
		 *
		 * @param time 2 s by default
		 * @return this
		 */
		public Builder closeTimeout(Duration time) {
			closeTimeout = required("closeTimeout", time);
			return this;
		}

		/**
		 * Sets {@link WebSocketLimits#writeStallTimeout()}.
		 *
		 * @param time 10 s by default
		 * @return this
		 */
		public Builder writeStallTimeout(Duration time) {
			writeStallTimeout = required("writeStallTimeout", time);
			return this;
		}

		/**
		 * Makes the limits.
		 *
		 * @return the limits
		 */
		public WebSocketLimits build() {
			return new WebSocketLimits(this);
		}

		private static Duration required(String name, Duration time) {
			requireRange(name + " in ms", time.toMillis(), 1, Duration.ofDays(1).toMillis());
			return time;
		}
	}
}
