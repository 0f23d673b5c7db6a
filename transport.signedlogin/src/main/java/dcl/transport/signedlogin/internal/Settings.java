package dcl.transport.signedlogin.internal;

import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import static java.util.stream.Collectors.toUnmodifiableSet;

/** The provider's settings, all within their ranges. Immutable. */
record Settings(Duration timeout, int maxAnswerBytes, Set<String> plainHosts, Metadata metadata) {

	private static final Logger LOG = LoggerFactory.getLogger(Settings.class);

	static Settings of(SignedLoginProvider.Config config) {
		return new Settings(
				Duration.ofMillis(within("timeoutMillis", config.timeoutMillis(), 100, 600_000, 10_000)),
				(int) within("maxAnswerBytes", config.maxAnswerBytes(), 1_024, 1 << 20, 65_536),
				Arrays.stream(config.plainHosts()).map(host -> host.strip().toLowerCase(Locale.ROOT)).filter(host -> !host.isEmpty())
						.collect(toUnmodifiableSet()),
				metadata(config));
	}

	private static Metadata metadata(SignedLoginProvider.Config config) {
		Metadata wanted = new Metadata(config.origin(), config.realm(), "", config.metadata());
		try {
			wanted.json(LoginUrl.of("https://login.invalid/").orElseThrow(), true);
			return wanted;
		} catch (Metadata.Unusable e) {
			LOG.error("The settings origin, realm and metadata cannot be used: {}; using none", e.getMessage());
			return new Metadata("", "", "", "");
		}
	}

	private static long within(String name, long value, long least, long most, long otherwise) {
		if (value >= least && value <= most) {
			return value;
		}
		LOG.error("Setting {} is from {} to {}, not {}; using {}", name, least, most, value, otherwise);
		return otherwise;
	}
}
