package dcl.transport.shell.internal;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Settings and their ranges. */
final class Limits {

	private static final Logger LOG = LoggerFactory.getLogger(Limits.class);

	private Limits() {
	}

	/** Returns a setting that is from 1 to the most, or its default: a typing error must not take the commands away. */
	static int of(String name, int value, int most, int otherwise) {
		if (value >= 1 && value <= most) {
			return value;
		}
		LOG.error("Setting {} is from 1 to {}, not {}; using {}", name, most, value, otherwise);
		return otherwise;
	}
}
