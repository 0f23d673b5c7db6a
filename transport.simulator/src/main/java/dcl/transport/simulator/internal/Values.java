package dcl.transport.simulator.internal;

import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads values as people write them. {@code where} is the place that a refusal names; the value itself is not quoted. */
final class Values {

	/** How values are told apart within one parameter. */
	static final Pattern COMMA = Pattern.compile(",");

	private static final Pattern NUMBER = Pattern.compile("[+-]?\\d{1,18}(\\.\\d{1,18})?([eE][+-]?\\d{1,2})?");
	private static final Pattern TIME = Pattern.compile("(\\d{1,9}(?:\\.\\d{1,6})?)(us|ms|s|m|h|)");
	private static final Duration LONGEST = Duration.ofHours(24);
	private static final Instant EARLIEST = Instant.parse("1970-01-01T00:00:00Z");
	private static final Instant LATEST = Instant.parse("9999-01-01T00:00:00Z");

	private Values() {
	}

	static double number(String where, String text, double least, double most) {
		if (NUMBER.matcher(text).matches()) {
			double number = new BigDecimal(text).doubleValue();
			if (number >= least && number <= most) {
				return number;
			}
		}
		throw new Invalid(where, "a number from " + plain(least) + " to " + plain(most) + " expected");
	}

	private static String plain(double number) {
		return new BigDecimal(Double.toString(number)).stripTrailingZeros().toPlainString();
	}

	static long whole(String where, String text, long least, long most) {
		try {
			long number = Long.parseLong(text);
			if (number >= least && number <= most) {
				return number;
			}
		} catch (NumberFormatException e) {
			throw new Invalid(where, "a whole number from " + least + " to " + most + " expected");
		}
		throw new Invalid(where, "a whole number from " + least + " to " + most + " expected");
	}

	/** Reads {@code 500ms}, {@code 2.5s}, {@code 5m}, {@code 1h}, {@code 250us}, or a bare number of milliseconds. */
	static Duration time(String where, String text, Duration least) {
		Matcher form = TIME.matcher(text);
		if (form.matches()) {
			long unit = switch (form.group(2)) {
				case "us" -> 1_000L;
				case "s" -> 1_000_000_000L;
				case "m" -> 60_000_000_000L;
				case "h" -> 3_600_000_000_000L;
				default -> 1_000_000L;
			};
			BigDecimal nanos = new BigDecimal(form.group(1)).multiply(BigDecimal.valueOf(unit));
			if (nanos.compareTo(BigDecimal.valueOf(LONGEST.toNanos())) <= 0 && nanos.longValue() >= least.toNanos()) {
				return Duration.ofNanos(nanos.longValue());
			}
		}
		throw new Invalid(where, "a time such as 250us, 500ms, 2.5s, 5m or 1h expected, from " + (least.isZero() ? "0" : least.toNanos() / 1_000 + "us") + " to 24h");
	}

	static Instant epoch(String where, String text) {
		if (text.equals("now")) {
			return Instant.now();
		}
		try {
			Instant epoch = Instant.parse(text);
			if (!epoch.isBefore(EARLIEST) && epoch.isBefore(LATEST)) {
				return epoch;
			}
		} catch (DateTimeException e) {
			throw new Invalid(where, "a time of day such as 2026-01-01T00:00:00Z, or now, expected");
		}
		throw new Invalid(where, "a time of day from 1970 to 9998 expected");
	}
}
