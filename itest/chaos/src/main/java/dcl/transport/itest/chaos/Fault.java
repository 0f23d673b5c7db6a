package dcl.transport.itest.chaos;

import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One thing that is done to a connection; its text is the only way to make one, and {@code toString} gives it back. The list is in the
 * README.
 *
 * @param kind   what
 * @param side   where; {@link Side#DOWN} means "what the client gets"
 * @param amount milliseconds, bytes a second, a status or a count, as the kind has it; otherwise 0
 * @param extra  the jitter of a latency in milliseconds, otherwise 0
 * @param data   a header for an answer, the payload in hex of an injected frame, otherwise empty
 */
record Fault(Kind kind, Side side, long amount, long extra, String data) {

	/** Which words a fault is written with. */
	private enum Form { PLAIN, NUMBER, OPCODE, LATENCY, ANSWER, INJECT }

	/** Where it happens if its text does not say so. */
	private enum Where { BOTH, NAMED, NOWHERE }

	enum Kind {
		LATENCY(Form.LATENCY, Where.BOTH),
		BANDWIDTH(Form.NUMBER, Where.BOTH),
		STOP_READ(Form.PLAIN, Where.BOTH),
		STOP_WRITE(Form.PLAIN, Where.BOTH),
		STOP(Form.PLAIN, Where.BOTH),
		RESUME(Form.PLAIN, Where.BOTH),
		DROP(Form.PLAIN, Where.BOTH),
		FIN(Form.PLAIN, Where.BOTH),
		RST(Form.PLAIN, Where.BOTH),
		CORRUPT(Form.PLAIN, Where.NAMED),
		DUPLICATE(Form.PLAIN, Where.NAMED),
		HOLD(Form.NUMBER, Where.NAMED),
		INJECT(Form.INJECT, Where.NAMED),
		OPCODE(Form.OPCODE, Where.NAMED),
		SPLIT(Form.NUMBER, Where.NAMED),
		MERGE(Form.NUMBER, Where.NAMED),
		DELAY_PONG(Form.NUMBER, Where.NAMED),
		SILENCE(Form.PLAIN, Where.NOWHERE),
		ANSWER(Form.ANSWER, Where.NOWHERE),
		ENDLESS_HEADERS(Form.PLAIN, Where.NOWHERE),
		WRONG_ACCEPT(Form.PLAIN, Where.NOWHERE),
		REFUSE(Form.PLAIN, Where.NOWHERE),
		LISTEN(Form.PLAIN, Where.NOWHERE);

		private final Form form;
		private final Where where;

		Kind(Form form, Where where) {
			this.form = form;
			this.where = where;
		}

		String text() {
			return name().toLowerCase(Locale.ROOT).replace('_', '-');
		}

		/** Whether it stands in for the server, so that it has to be there before the server is called. */
		boolean isAtAccept() {
			return this == SILENCE || this == ANSWER || this == ENDLESS_HEADERS || this == WRONG_ACCEPT;
		}

		/** Whether it changes bytes that come next, rather than the connection. */
		boolean isOfStream() {
			return where == Where.NAMED;
		}
	}

	private static final Map<String, Kind> KINDS = Stream.of(Kind.values()).collect(Collectors.toMap(Kind::text, kind -> kind));
	private static final Pattern NUMBER = Pattern.compile("([1-9]\\d{0,8})");
	private static final Pattern OPCODE = Pattern.compile("(\\d|1[0-5])");
	private static final Pattern LATENCY = Pattern.compile("(\\d{1,9})(?: jitter (\\d{1,9}))?");
	private static final Pattern ANSWER = Pattern.compile("([1-5]\\d\\d)(?: ([!-9;-~]+: [ -~]+))?");
	private static final Pattern INJECT = Pattern.compile("(\\d|1[0-5])(?: ((?:[0-9a-f]{2}){1,125}))?");

	/**
	 * Reads a fault.
	 *
	 * @param text  for instance {@code latency 50 jitter 10 up}
	 * @param given where it happens if the text does not say so, for a fault that changes bytes; null if that has to be said
	 * @throws IllegalArgumentException naming what was expected
	 */
	static Fault parse(String text, Side given) {
		String[] words = text.strip().split(" +", 2);
		Kind kind = KINDS.get(words[0]);
		if (kind == null) {
			throw new IllegalArgumentException("expected a fault, one of " + KINDS.keySet().stream().sorted().toList() + ", got '" + words[0] + "'");
		}
		String rest = words.length == 1 ? "" : words[1].strip();
		Side side = kind.where == Where.NAMED ? given : Side.BOTH;
		if (kind.where != Where.NOWHERE) {
			for (Side named : Side.values()) {
				if (rest.equals(named.toString()) || rest.endsWith(" " + named)) {
					side = named;
					rest = rest.substring(0, rest.length() - named.toString().length()).strip();
				}
			}
			if (side == null) {
				throw new IllegalArgumentException("expected '" + text + "' to end with up, down or both");
			}
		}
		return switch (kind.form) {
			case PLAIN -> {
				if (!rest.isEmpty()) {
					throw new IllegalArgumentException("expected nothing more than a direction after '" + kind.text() + "', got '" + rest + "'");
				}
				yield new Fault(kind, side, 0, 0, "");
			}
			case NUMBER -> new Fault(kind, side, number(match(kind, NUMBER, rest, "a number from 1 to 999999999"), 1), 0, "");
			case OPCODE -> new Fault(kind, side, number(match(kind, OPCODE, rest, "an opcode from 0 to 15"), 1), 0, "");
			case LATENCY -> {
				Matcher both = match(kind, LATENCY, rest, "milliseconds, then perhaps 'jitter' and milliseconds");
				yield new Fault(kind, side, number(both, 1), number(both, 2), "");
			}
			case ANSWER -> {
				Matcher answer = match(kind, ANSWER, rest, "an HTTP status, then perhaps one header");
				yield new Fault(kind, side, number(answer, 1), 0, answer.group(2) == null ? "" : answer.group(2));
			}
			case INJECT -> {
				Matcher frame = match(kind, INJECT, rest, "an opcode from 0 to 15, then perhaps 1 to 125 bytes in hex");
				yield new Fault(kind, side, number(frame, 1), 0, frame.group(2) == null ? "" : frame.group(2));
			}
		};
	}

	private static Matcher match(Kind kind, Pattern form, String rest, String expected) {
		Matcher matcher = form.matcher(rest);
		if (!matcher.matches()) {
			throw new IllegalArgumentException("expected " + expected + " after '" + kind.text() + "', got '" + rest + "'");
		}
		return matcher;
	}

	private static long number(Matcher matcher, int group) {
		return matcher.group(group) == null ? 0 : Long.parseLong(matcher.group(group));
	}

	byte[] payload() {
		return HexFormat.of().parseHex(data);
	}

	@Override
	public String toString() {
		StringBuilder text = new StringBuilder(kind.text());
		if (kind.form != Form.PLAIN) {
			text.append(' ').append(amount);
		}
		if (extra > 0) {
			text.append(" jitter ").append(extra);
		}
		if (!data.isEmpty()) {
			text.append(' ').append(data);
		}
		return (kind.where == Where.NOWHERE ? text : text.append(' ').append(side)).toString();
	}
}
