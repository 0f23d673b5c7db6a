package dcl.transport.cli.internal;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import picocli.CommandLine.TypeConversionException;

/** Times as people write them: {@code 500ms}, {@code 30s}, {@code 5m}, {@code 2h}. */
final class Durations {

	private static final Pattern FORM = Pattern.compile("(\\d{1,9})(ms|s|m|h)");

	private Durations() {
	}

	static Duration parse(String text) {
		Matcher form = FORM.matcher(text);
		if (!form.matches() || Long.parseLong(form.group(1)) == 0) {
			throw new TypeConversionException("expected a time above zero such as 500ms, 30s, 5m or 2h");
		}
		long number = Long.parseLong(form.group(1));
		switch (form.group(2)) {
			case "ms" :
				return Duration.ofMillis(number);
			case "s" :
				return Duration.ofSeconds(number);
			case "m" :
				return Duration.ofMinutes(number);
			default :
				return Duration.ofHours(number);
		}
	}
}
