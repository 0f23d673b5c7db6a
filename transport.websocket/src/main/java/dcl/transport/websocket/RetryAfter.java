package dcl.transport.websocket;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** When a server wants us back (RFC 9110, 10.2.3): in so many seconds, or at a date. */
final class RetryAfter {

	/** A day: the longest time that is passed on, in seconds. */
	private static final long MOST = 86_400;

	private static final DateTimeFormatter HTTP_DATE = DateTimeFormatter.RFC_1123_DATE_TIME.withLocale(Locale.ENGLISH).withZone(ZoneOffset.UTC);

	private RetryAfter() {
	}

	/**
	 * Returns 0 to 86 400 seconds, or -1 if the answer names no time. A date is counted from the answer's own Date, since the clocks may differ, and from our clock
	 * if it has none.
	 */
	static int seconds(Head answer) {
		String text = answer.first("Retry-After").orElse("");
		if (text.matches("[0-9]{1,18}")) {
			return (int) Math.min(Long.parseLong(text), MOST);
		}
		Instant when = date(text);
		if (when == null) {
			return -1;
		}
		Instant sent = date(answer.first("Date").orElse(""));
		return (int) Math.max(0, Math.min(Duration.between(sent == null ? Instant.now() : sent, when).toSeconds(), MOST));
	}

	private static Instant date(String text) {
		try {
			return OffsetDateTime.parse(text, HTTP_DATE).toInstant();
		} catch (DateTimeException notADate) {
			return null;
		}
	}
}
