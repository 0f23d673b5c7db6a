package dcl.transport.registry.internal;

import java.util.List;

/** Settings for tests: the defaults, but for what a test names. */
final class TestSettings {

	long connectTimeoutMillis = 5_000;
	int threads = 2;
	long outgoingBytes = Settings.DEFAULTS.outgoingBytes();
	int outgoingPackets = Settings.DEFAULTS.outgoingPackets();
	int incomingPackets = Settings.DEFAULTS.incomingPackets();
	int maxPacketBytes = Settings.DEFAULTS.maxPacketBytes();
	int maxPeers = Settings.DEFAULTS.maxPeers();
	long maxPauseMillis = 5_000;
	long stuckMillis = 2_000;
	int maxRedirects = 1;
	String allowedNetwork = "";
	long unbindGraceMillis = 1_000;
	int maxWaiters = 10_000;
	int maxLinkTasks = 1_000;

	Settings make() {
		return new Settings(connectTimeoutMillis, threads, outgoingBytes, outgoingPackets, incomingPackets, maxPacketBytes, maxPeers, maxPauseMillis, stuckMillis,
				maxRedirects, allowedNetwork.isEmpty() ? List.of() : List.of(Network.parse(allowedNetwork)), unbindGraceMillis, maxWaiters, maxLinkTasks);
	}
}
