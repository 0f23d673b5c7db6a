package dcl.transport.simulator.internal;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Pattern;

import dcl.transport.simulator.SimulatorBehaviour;
import dcl.transport.simulator.SimulatorFault;

/**
 * Makes a plan of a connection string. What it says counts more than what a scenario file says.
 */
final class Plans {

	static final Set<String> BUILT_IN = Set.of("walk", "crowd", "chat", "churn");
	static final Pattern NAME = Pattern.compile("[A-Za-z][A-Za-z0-9._-]{0,63}");

	private static final int DEFAULT_PEERS = 100;
	private static final long WALK_NANOS = 60_000_000;
	private static final long CROWD_NANOS = 100_000_000;
	private static final double LEAST_RATE = 0.01;
	private static final double MOST_RATE = 1_000;
	private static final double LEAST_PACE = 0.001;
	private static final double MOST_PACE = 1_000_000;
	private static final double NANOS_PER_SECOND = 1e9;
	private static final Duration HALF_OPEN = Duration.ofSeconds(14);
	private static final Duration LEAST_HALF_OPEN = Duration.ofMillis(1);
	private static final Instant EPOCH = Instant.parse("2026-01-01T00:00:00Z");
	private static final Set<String> OWN = Set.of("scenario", "peers", "seed", "rate", "pace", "epoch", "clock", "halfOpen", "connection", "latency",
			"jitter", "loss", "reorder", "duplicate", "burst", "silence", "garbage", "kick", "close", "refuse");

	private final Query query;
	private final Settings settings;
	private final Map<String, String> values = new LinkedHashMap<>();
	private final Map<String, String> rest = new LinkedHashMap<>();
	private final Set<String> fromFile = new TreeSet<>();
	private final List<Plan.Timed> timeline = new ArrayList<>();

	private Plans(Query query, Settings settings) {
		this.query = query;
		this.settings = settings;
	}

	/**
	 * Makes a plan.
	 *
	 * @param replay a recording that was read, {@code null} if there is none
	 * @param custom finds a behaviour by its name, or throws
	 */
	static Plan of(Query query, Settings settings, SimulatorBehaviour replay, Function<String, SimulatorBehaviour> custom) {
		return new Plans(query, settings).make(replay, custom);
	}

	private Plan make(SimulatorBehaviour replay, Function<String, SimulatorBehaviour> custom) {
		String scenario = query.parameters().getOrDefault("scenario", "");
		if (scenario.startsWith(Query.FILE)) {
			load(scenario.substring(Query.FILE.length()));
		}
		query.parameters().forEach((name, value) -> {
			if (!name.equals("scenario") || !value.startsWith(Query.FILE)) {
				(OWN.contains(name) ? values : rest).put(name, value);
				fromFile.remove(name);
			}
		});
		String name = replay != null ? "replay" : query.target().isEmpty() ? values.getOrDefault("scenario", "walk") : query.target();
		if (!query.target().isEmpty() && values.containsKey("scenario")) {
			throw new Invalid(where("scenario"), "left out expected where the behaviour is named before the question mark, or a file is played");
		}
		if (replay == null && values.containsKey("connection")) {
			throw new Invalid(where("connection"), "a recording to be played expected, simulator:file:<path>");
		}
		SimulatorBehaviour behaviour = replay != null ? replay : builtIn(name);
		if (behaviour == null) {
			if (!NAME.matcher(name).matches()) {
				throw new Invalid(query.target().isEmpty() ? where("scenario") : "what stands before the question mark",
						"one of " + new TreeSet<>(BUILT_IN) + ", the name of a behaviour, or file:<path> expected");
			}
			behaviour = custom.apply(name);
		}
		faults();
		long interval = name.equals("walk") ? WALK_NANOS : CROWD_NANOS;
		return new Plan(behaviour, name,
				(int) whole("peers", 0, settings.maxPeers(), Math.min(DEFAULT_PEERS, settings.maxPeers())),
				values.containsKey("rate") ? (long) (NANOS_PER_SECOND / number("rate", LEAST_RATE, MOST_RATE, 1)) : interval,
				whole("seed", Long.MIN_VALUE, Long.MAX_VALUE, 0),
				number("pace", LEAST_PACE, MOST_PACE, 1),
				has("epoch") ? Values.epoch(where("epoch"), values.get("epoch")) : EPOCH,
				time("halfOpen", LEAST_HALF_OPEN, HALF_OPEN).toNanos(),
				values.getOrDefault("clock", ""),
				Collections.unmodifiableMap(rest),
				timeline.stream().sorted(Comparator.comparingLong(Plan.Timed::atNanos)).toList());
	}

	private static SimulatorBehaviour builtIn(String name) {
		return switch (name) {
			case "walk" -> new Walk();
			case "crowd" -> new Crowd(Crowd.Habit.NONE);
			case "chat" -> new Crowd(Crowd.Habit.TALK);
			case "churn" -> new Crowd(Crowd.Habit.COME_AND_GO);
			default -> null;
		};
	}

	private void load(String path) {
		if (!settings.files()) {
			throw new Invalid(query.where("scenario"), "no file expected: they are switched off by the setting 'files'");
		}
		ScenarioFile file;
		try (InputStream in = LocalFile.open(query.where("scenario"), path, settings.maxScenarioBytes())) {
			file = ScenarioFile.read(in, settings.maxTimeline());
		} catch (IOException e) {
			throw new UncheckedIOException("a file could not be closed", e);
		}
		values.putAll(file.simulator());
		fromFile.addAll(file.simulator().keySet());
		rest.putAll(file.parameters());
		timeline.addAll(file.timeline());
	}

	/** The faults of the connection string: conditions that hold from the start, and {@code kick=5s} and the like. */
	private void faults() {
		if (has("latency")) {
			timeline.add(new Plan.Timed(0, SimulatorFault.latency(time("latency", Duration.ZERO, null))));
		}
		if (has("jitter")) {
			timeline.add(new Plan.Timed(0, SimulatorFault.jitter(time("jitter", Duration.ZERO, null))));
		}
		if (has("loss")) {
			timeline.add(new Plan.Timed(0, SimulatorFault.loss(number("loss", 0, 1, 0))));
		}
		if (has("reorder")) {
			timeline.add(new Plan.Timed(0, SimulatorFault.reorder(number("reorder", 0, 1, 0))));
		}
		if (has("duplicate")) {
			timeline.add(new Plan.Timed(0, SimulatorFault.duplicate(number("duplicate", 0, 1, 0))));
		}
		if (has("refuse")) {
			timeline.add(new Plan.Timed(0, SimulatorFault.refuse(words("refuse", values.get("refuse")))));
		}
		timed("burst", 500, (text, otherwise) -> SimulatorFault.burst(text == null ? otherwise : packets("burst", text)));
		timed("garbage", 10, (text, otherwise) -> SimulatorFault.garbage(text == null ? otherwise : packets("garbage", text)));
		timed("silence", 0, (text, none) -> text == null ? SimulatorFault.silence()
				: SimulatorFault.silence().lasting(Values.time(where("silence"), text, Duration.ZERO)));
		timed("kick", 0, (text, none) -> SimulatorFault.kick(text == null ? "kicked by the simulator" : words("kick", text)));
		timed("close", 0, (text, none) -> SimulatorFault.close(text == null ? "closed by the simulator" : words("close", text)));
	}

	/** What to make of the part after the comma, {@code null} for none. */
	private interface Detail {

		SimulatorFault of(String text, int otherwise);
	}

	private void timed(String name, int otherwise, Detail detail) {
		if (has(name)) {
			String[] parts = Values.COMMA.split(values.get(name), 2);
			Duration at = Values.time(where(name), parts[0], Duration.ZERO);
			timeline.add(new Plan.Timed(at.toNanos(), detail.of(parts.length == 1 ? null : parts[1], otherwise)));
		}
	}

	private int packets(String name, String text) {
		return (int) Values.whole(where(name), text, 1, SimulatorFault.MAX_PACKETS);
	}

	private String words(String name, String text) {
		if (text.length() > SimulatorFault.MAX_WORDS) {
			throw new Invalid(where(name), "at most " + SimulatorFault.MAX_WORDS + " characters expected");
		}
		return text;
	}

	private boolean has(String name) {
		return !values.getOrDefault(name, "").isEmpty();
	}

	private long whole(String name, long least, long most, long otherwise) {
		return has(name) ? Values.whole(where(name), values.get(name), least, most) : otherwise;
	}

	private double number(String name, double least, double most, double otherwise) {
		return has(name) ? Values.number(where(name), values.get(name), least, most) : otherwise;
	}

	private Duration time(String name, Duration least, Duration otherwise) {
		return has(name) ? Values.time(where(name), values.get(name), least) : otherwise;
	}

	private String where(String name) {
		return fromFile.contains(name) ? "the scenario file, " + name : query.where(name);
	}
}
