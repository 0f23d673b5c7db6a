package dcl.transport.simulator.internal;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The provider's settings, all within their ranges. Immutable. */
record Settings(int maxPeers, int maxEvents, boolean files, int maxScenarioBytes, long maxRecordingBytes, int maxRecordingEntries,
		int maxTimeline, long catchUpNanos, long behaviourTimeoutNanos) {

	private static final Logger LOG = LoggerFactory.getLogger(Settings.class);

	static Settings of(SimulatorProvider.Config config) {
		return new Settings(
				(int) within("maxPeers", config.maxPeers(), 1, 100_000, 10_000),
				(int) within("maxEvents", config.maxEvents(), 1_000, 10_000_000, 200_000),
				config.files(),
				(int) within("maxScenarioBytes", config.maxScenarioBytes(), 1_024, 1 << 24, 1 << 20),
				within("maxRecordingBytes", config.maxRecordingBytes(), 1_024, 1L << 32, 1L << 26),
				(int) within("maxRecordingEntries", config.maxRecordingEntries(), 1, 10_000_000, 500_000),
				(int) within("maxTimeline", config.maxTimeline(), 1, 100_000, 1_000),
				1_000_000 * within("catchUpMillis", config.catchUpMillis(), 1, 60_000, 250),
				1_000_000 * within("behaviourTimeoutMillis", config.behaviourTimeoutMillis(), 100, 600_000, 5_000));
	}

	private static long within(String name, long value, long least, long most, long otherwise) {
		if (value >= least && value <= most) {
			return value;
		}
		LOG.error("Setting {} is from {} to {}, not {}; using {}", name, least, most, value, otherwise);
		return otherwise;
	}
}
