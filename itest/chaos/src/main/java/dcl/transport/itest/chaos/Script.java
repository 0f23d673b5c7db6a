package dcl.transport.itest.chaos;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A timeline of faults, and the seed of everything random in a run. Immutable; {@code toString} gives the text {@link #parse} reads, so
 * that a run that failed can be repeated.
 * <pre>
 * seed 42
 * at 0 ms of every connection: latency 20 jitter 10 both
 * at 200 ms of connection 2: rst
 * at byte 1000 down of connection 3: corrupt
 * at frame 3 byte 7 down of connection 4: fin      (WebSocket frames, counted after the HTTP head)
 * at record 2 byte 5 up of connection 5: rst       (TLS records)
 * </pre>
 * Connections, frames and records are counted from 1. A step without {@code byte}, or with byte 0, is taken when the first byte comes,
 * before it is passed on; with {@code byte n}, once n bytes were passed on, or the whole of a frame or record that is shorter.
 */
public final class Script {

	/** What the place of a step is counted in. */
	enum Unit { MILLIS, BYTES, FRAME, RECORD }

	/**
	 * @param number     milliseconds since the connection came, or the frame or record
	 * @param bytes      into the stream, the frame or the record
	 * @param side       of the stream; {@link Side#BOTH} for a time
	 * @param connection 0 for every one
	 */
	record Step(Unit unit, long number, long bytes, Side side, int connection, Fault fault) {

		@Override
		public String toString() {
			String place = switch (unit) {
				case MILLIS -> number + " ms";
				case BYTES -> "byte " + bytes + " " + side;
				default -> (unit == Unit.FRAME ? "frame " : "record ") + number + (bytes > 0 ? " byte " + bytes : "") + " " + side;
			};
			return "at " + place + " of " + (connection == 0 ? "every connection" : "connection " + connection) + ": " + fault;
		}
	}

	private static final int MAX_STEPS = 10_000;
	private static final Pattern STEP = Pattern.compile("at (?:(\\d{1,9}) ?ms|byte (\\d{1,12}) (up|down)"
			+ "|(frame|record) (\\d{1,9})(?: byte (\\d{1,9}))? (up|down))"
			+ " of (?:connection (\\d{1,6})|every connection): *(.+)");
	private static final List<String> RANDOM = List.of("rst", "fin", "stop", "stop up", "stop down", "stop-write down", "drop up",
			"latency 40 jitter 30",
			"bandwidth 20000", "hold 150 down", "rst up", "rst down", "fin down");

	private final long seed;
	private final List<Step> steps;

	private Script(long seed, List<Step> steps) {
		this.seed = seed;
		this.steps = List.copyOf(steps);
	}

	/**
	 * Reads a script.
	 *
	 * @param text a step a line, {@code seed N} on a line of its own, comments after {@code #}; at most 10 000 steps
	 * @return the script; without a seed it is 0
	 * @throws IllegalArgumentException naming the line and what was expected
	 */
	public static Script parse(String text) {
		long seed = 0;
		List<Step> steps = new ArrayList<>();
		for (String each : text.lines().toList()) {
			String line = each.replaceFirst("#.*", "").strip();
			try {
				if (line.startsWith("seed ")) {
					seed = Long.parseLong(line.substring(5).strip());
				} else if (!line.isEmpty()) {
					steps.add(step(line));
				}
			} catch (IllegalArgumentException e) {
				throw new IllegalArgumentException("'" + line + "': " + e.getMessage(), e);
			}
		}
		if (steps.size() > MAX_STEPS) {
			throw new IllegalArgumentException("expected at most " + MAX_STEPS + " steps, got " + steps.size());
		}
		return new Script(seed, steps);
	}

	private static Step step(String line) {
		Matcher in = STEP.matcher(line);
		if (!in.matches()) {
			throw new IllegalArgumentException("expected 'at' N 'ms', 'byte' N 'up' or 'down', or 'frame' or 'record' N ['byte' N]"
					+ " 'up' or 'down', then 'of connection' N or 'of every connection', a colon and a fault");
		}
		int connection = in.group(8) == null ? 0 : Math.max(1, Integer.parseInt(in.group(8)));
		if (in.group(1) != null) {
			Fault fault = Fault.parse(in.group(9), null);
			long millis = Long.parseLong(in.group(1));
			if (fault.kind().isAtAccept() && millis > 0) {
				throw new IllegalArgumentException("expected '" + fault.kind().text() + "' at 0 ms, since the server is called right after");
			}
			return new Step(Unit.MILLIS, millis, 0, Side.BOTH, connection, fault);
		}
		Side side = Side.valueOf((in.group(3) == null ? in.group(7) : in.group(3)).toUpperCase(java.util.Locale.ROOT));
		Fault fault = Fault.parse(in.group(9), side);
		if (fault.kind().isAtAccept()) {
			throw new IllegalArgumentException("expected '" + fault.kind().text() + "' at 0 ms, since it stands in for the server");
		}
		if (in.group(2) != null) {
			return new Step(Unit.BYTES, 0, Long.parseLong(in.group(2)), side, connection, fault);
		}
		long bytes = in.group(6) == null ? 0 : Long.parseLong(in.group(6));
		return new Step(in.group(4).equals("frame") ? Unit.FRAME : Unit.RECORD, Math.max(1, Long.parseLong(in.group(5))), bytes, side, connection,
				fault);
	}

	/**
	 * Makes a schedule of network faults, one for each connection.
	 *
	 * @param seed        the same seed makes the same script
	 * @param connections how many connections get a fault, from the first on
	 * @param millis      when at the latest, after the connection came
	 * @return the script, with that seed
	 */
	public static Script random(long seed, int connections, int millis) {
		Random random = new Random(seed);
		List<Step> steps = new ArrayList<>();
		for (int connection = 1; connection <= connections; connection++) {
			String fault = RANDOM.get(random.nextInt(RANDOM.size()));
			steps.add(new Step(Unit.MILLIS, random.nextInt(millis + 1), 0, Side.BOTH, connection, Fault.parse(fault, null)));
		}
		return new Script(seed, steps);
	}

	/** Returns this script with another seed. */
	public Script withSeed(long other) {
		return new Script(other, steps);
	}

	/** Returns what jitter and corruption are drawn from. */
	public long seed() {
		return seed;
	}

	/** The steps of one connection; of equal places in the order of the text. */
	List<Step> steps(int connection) {
		return steps.stream().filter(step -> step.connection == 0 || step.connection == connection).toList();
	}

	@Override
	public String toString() {
		return steps.stream().map(Step::toString).collect(Collectors.joining("\n", "seed " + seed + "\n", "\n"));
	}
}
