package dcl.transport.signedlogin.internal;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;

/** When a server wants us back (RFC 9110, 10.2.3): in so many seconds, or at a date. */
final class RetryAfter {

	/** The longest time that is passed on. */
	static final Duration MOST = Duration.ofDays(1);

	private static final DateTimeFormatter HTTP_DATE = DateTimeFormatter.RFC_1123_DATE_TIME.withLocale(Locale.ENGLISH);

	private RetryAfter() {
	}

	/**
	 * Reads the header.
	 *
	 * @param value the header's value
	 * @param date  the answer's own Date header, "" if it has none: a date is counted from it, since the clocks may differ
	 * @param now   our clock, for an answer without a Date
	 * @return 0 to {@link #MOST}; empty if it is neither
	 */
	static Optional<Duration> of(String value, String date, Instant now) {
		if (value.matches("[0-9]{1,18}")) {
			return Optional.of(within(Duration.ofSeconds(Math.min(Long.parseLong(value), MOST.toSeconds()))));
		}
		return date(value).map(when -> within(Duration.between(date(date).orElse(now), when)));
	}

	private static Optional<Instant> date(String text) {
		try {
			return Optional.of(OffsetDateTime.parse(text, HTTP_DATE.withZone(ZoneOffset.UTC)).toInstant());
		} catch (DateTimeException notADate) {
			return Optional.empty();
		}
	}

	private static Duration within(Duration wait) {
		return wait.isNegative() ? Duration.ZERO : wait.compareTo(MOST) > 0 ? MOST : wait;
	}
}
