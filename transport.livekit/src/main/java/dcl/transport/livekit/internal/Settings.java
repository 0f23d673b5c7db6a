package dcl.transport.livekit.internal;

import java.time.Duration;

import dcl.transport.websocket.WebSocketLimits;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The provider's settings, all within their ranges. Immutable. */
record Settings(int loops, Duration joinTimeout, Duration mediaTimeout, Duration recovery, int maxPacketBytes, int maxParticipants, int unconfirmedPackets,
		int replayBytes, boolean relayOnly, WebSocketLimits limits) {

	/** The largest message of a data channel, as LiveKit's own clients have it; the server reads with a buffer of 65,535 bytes. */
	static final int MAX_MESSAGE_BYTES = 64_000;
	/** A link holds at most this much of its own in a data channel. */
	static final int HELD_BYTES = 65_536;

	private static final Logger LOG = LoggerFactory.getLogger(Settings.class);
	/** A link has a second to close, of which the socket gets this. */
	private static final Duration CLOSE_TIMEOUT = Duration.ofMillis(250);

	static Settings of(LiveKitProvider.Config config) {
		int maxMessageBytes = (int) within("maxMessageBytes", config.maxMessageBytes(), 1_024, 1 << 24, 1 << 20);
		WebSocketLimits limits = WebSocketLimits.defaults().toBuilder()
				.maxFrameBytes(maxMessageBytes)
				.maxMessageBytes(maxMessageBytes)
				.queueBytes(1 << 20)
				.connectTimeout(millis("connectTimeoutMillis", config.connectTimeoutMillis(), 5_000))
				.handshakeTimeout(millis("upgradeTimeoutMillis", config.upgradeTimeoutMillis(), 5_000))
				.closeTimeout(CLOSE_TIMEOUT)
				.build();
		return new Settings(
				(int) within("loops", config.loops(), 1, 64, 1),
				millis("joinTimeoutMillis", config.joinTimeoutMillis(), 5_000),
				millis("mediaTimeoutMillis", config.mediaTimeoutMillis(), 15_000),
				Duration.ofMillis(within("recoveryMillis", config.recoveryMillis(), 0, 30_000, 30_000)),
				(int) within("maxPacketBytes", config.maxPacketBytes(), 1, MAX_MESSAGE_BYTES, 60_000),
				(int) within("maxParticipants", config.maxParticipants(), 1, 1_000_000, 10_000),
				(int) within("unconfirmedPackets", config.unconfirmedPackets(), 1, 1_000_000, 65_536),
				(int) within("replayBytes", config.replayBytes(), 0, 1 << 28, 4 << 20),
				config.relayOnly(),
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
