package dcl.transport.registry.internal;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The registry's settings, all within their ranges. Immutable; times in milliseconds. */
record Settings(long connectTimeoutMillis, int threads, long outgoingBytes, int outgoingPackets, int incomingPackets, int maxPacketBytes, int maxPeers,
		long maxPauseMillis, long stuckMillis, int maxRedirects, List<Network> allowedNetworks, long unbindGraceMillis, int maxWaiters, int maxLinkTasks) {

	private static final int MAX_NETWORKS = 256;
	private static final Logger LOG = LoggerFactory.getLogger(Settings.class);

	static final Settings DEFAULTS = new Settings(30_000, 2, 1_048_576, 1_000, 1_000, 64_000, 10_000, 5_000, 2_000, 1, List.of(), 1_000,
			10_000, 1_000);

	/** Reads a configuration. A value out of its range is reported and its default used: one typing error must not take every room down. */
	static Settings of(Config config) {
		return new Settings(
				within("connectTimeoutMillis", config.connectTimeoutMillis(), 100, 600_000, DEFAULTS.connectTimeoutMillis),
				(int) within("threads", config.threads(), 1, 64, DEFAULTS.threads),
				within("outgoingBytes", config.outgoingBytes(), 1_024, 1L << 30, DEFAULTS.outgoingBytes),
				(int) within("outgoingPackets", config.outgoingPackets(), 1, 1_000_000, DEFAULTS.outgoingPackets),
				(int) within("incomingPackets", config.incomingPackets(), 4, 1_000_000, DEFAULTS.incomingPackets),
				(int) within("maxPacketBytes", config.maxPacketBytes(), 1, 16_777_216, DEFAULTS.maxPacketBytes),
				(int) within("maxPeers", config.maxPeers(), 1, 1_000_000, DEFAULTS.maxPeers),
				within("maxPauseMillis", config.maxPauseMillis(), 10, 600_000, DEFAULTS.maxPauseMillis),
				within("stuckMillis", config.stuckMillis(), 20, 600_000, DEFAULTS.stuckMillis),
				(int) within("maxRedirects", config.maxRedirects(), 0, 3, DEFAULTS.maxRedirects),
				networks(config.allowedNetworks()),
				within("unbindGraceMillis", config.unbindGraceMillis(), 0, 10_000, DEFAULTS.unbindGraceMillis),
				(int) within("maxWaiters", config.maxWaiters(), 1, 1_000_000, DEFAULTS.maxWaiters),
				(int) within("maxLinkTasks", config.maxLinkTasks(), 1, 1_000_000, DEFAULTS.maxLinkTasks));
	}

	/** Returns whether a connection string out of a remote document may lead there. */
	boolean mayBeReached(InetAddress address) {
		return AddressPolicy.isPublic(address) || allowedNetworks.stream().anyMatch(network -> network.contains(address));
	}

	private static List<Network> networks(String[] texts) {
		List<Network> networks = new ArrayList<>();
		for (int i = 0; i < texts.length && networks.size() < MAX_NETWORKS; i++) {
			try {
				networks.add(Network.parse(texts[i]));
			} catch (IllegalArgumentException e) {
				LOG.error("Setting allowedNetworks, entry {}: {}; leaving it out", i + 1, e.getMessage());
			}
		}
		return List.copyOf(networks);
	}

	private static long within(String name, long value, long least, long most, long otherwise) {
		if (value >= least && value <= most) {
			return value;
		}
		LOG.error("Setting {} is from {} to {}, not {}; using {}", name, least, most, value, otherwise);
		return otherwise;
	}
}
