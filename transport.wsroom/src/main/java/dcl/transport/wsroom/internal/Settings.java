package dcl.transport.wsroom.internal;

import java.time.Duration;

import dcl.transport.websocket.WebSocketLimits;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The provider's settings, all within their ranges. Immutable. */
record Settings(int loops, Duration stepTimeout, int maxPacketBytes, int maxAliases, WebSocketLimits limits) {

	/** A link holds at most this much of its own; the engine tells when it has fallen to half its bound, which is this. */
	static final int HELD_BYTES = 65_536;

	private static final Logger LOG = LoggerFactory.getLogger(Settings.class);
	/** A link has a second to close. */
	private static final Duration CLOSE_TIMEOUT = Duration.ofMillis(900);

	static Settings of(WsRoomProvider.Config config) {
		int maxMessageBytes = (int) within("maxMessageBytes", config.maxMessageBytes(), 1_024, 1 << 24, 1 << 20);
		WebSocketLimits limits = WebSocketLimits.defaults().toBuilder()
				.maxFrameBytes(maxMessageBytes)
				.maxMessageBytes(maxMessageBytes)
				.queueBytes(2 * HELD_BYTES)
				.connectTimeout(millis("connectTimeoutMillis", config.connectTimeoutMillis(), 10_000))
				.handshakeTimeout(millis("upgradeTimeoutMillis", config.upgradeTimeoutMillis(), 10_000))
				.pingInterval(millis("pingIntervalMillis", config.pingIntervalMillis(), 8_000))
				.pongTimeout(millis("pongTimeoutMillis", config.pongTimeoutMillis(), 6_000))
				.writeStallTimeout(millis("writeStallTimeoutMillis", config.writeStallTimeoutMillis(), 10_000))
				.closeTimeout(CLOSE_TIMEOUT)
				.build();
		return new Settings(
				(int) within("loops", config.loops(), 1, 64, 1),
				millis("handshakeTimeoutMillis", config.handshakeTimeoutMillis(), 5_000),
				(int) within("maxPacketBytes", config.maxPacketBytes(), 1, HELD_BYTES, 16_000),
				(int) within("maxAliases", config.maxAliases(), 1, 1_000_000, 20_000),
				limits);
	}

	private static Duration millis(String name, long value, long otherwise) {
		return Duration.ofMillis(within(name, value, 10, 600_000, otherwise));
	}

	private static long within(String name, long value, long least, long most, long otherwise) {
		if (value >= least && value <= most) {
			return value;
		}
		LOG.error("Setting {} is from {} to {}, not {}; using {}", name, least, most, value, otherwise);
		return otherwise;
	}
}
