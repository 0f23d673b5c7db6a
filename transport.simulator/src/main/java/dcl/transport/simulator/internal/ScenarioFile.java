package dcl.transport.simulator.internal;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import dcl.transport.simulator.SimulatorFault;
import dcl.transport.simulator.SimulatorFault.Kind;

/**
 * A scenario as JSON; the schema is in {@code schemas/scenario.json}.
 *
 * @param simulator  the simulator's own parameters, as a connection string would have them
 * @param parameters the behaviour's
 */
record ScenarioFile(Map<String, String> simulator, Map<String, String> parameters, List<Plan.Timed> timeline) {

	private static final String WHERE = "the scenario file";
	private static final int MAX_NESTING = 8;
	private static final int MAX_TEXT = 4_096;
	private static final Set<String> SIMULATOR = Set.of("scenario", "peers", "seed", "rate", "pace", "epoch", "clock", "halfOpen");
	private static final Set<String> NETWORK = Set.of("latency", "jitter", "loss", "reorder", "duplicate");

	static ScenarioFile read(InputStream in, int maxTimeline) {
		Object root;
		try {
			root = JsonTree.read(in, MAX_NESTING);
		} catch (IOException e) { // its text would quote the file
			throw new Invalid(WHERE, "JSON expected, at most " + MAX_NESTING + " levels deep and without members given twice");
		}
		Map<String, String> simulator = new LinkedHashMap<>();
		Map<String, String> parameters = new LinkedHashMap<>();
		List<Plan.Timed> timeline = new ArrayList<>();
		for (Map.Entry<String, Object> member : object(WHERE, root).entrySet()) {
			String name = member.getKey();
			String where = WHERE + ", " + printable(name);
			Object value = member.getValue();
			if (SIMULATOR.contains(name)) {
				simulator.put(name, text(where, value));
			} else if (name.equals("network")) {
				for (Map.Entry<String, Object> condition : object(where, value).entrySet()) {
					String place = where + "." + printable(condition.getKey());
					if (!NETWORK.contains(condition.getKey())) {
						throw unknown(place, NETWORK);
					}
					simulator.put(condition.getKey(), text(place, condition.getValue()));
				}
			} else if (name.equals("parameters")) {
				object(where, value).forEach((key, one) -> parameters.put(key, text(where + "." + printable(key), one)));
			} else if (name.equals("timeline")) {
				timeline(where, value, maxTimeline, timeline);
			} else if (name.equals("description")) {
				text(where, value);
			} else if (!name.equals("$schema")) {
				throw unknown(where, Set.of("description", "scenario", "peers", "seed", "rate", "pace", "epoch", "clock", "halfOpen", "network",
						"parameters", "timeline"));
			}
		}
		return new ScenarioFile(simulator, parameters, timeline);
	}

	private static void timeline(String where, Object value, int most, List<Plan.Timed> timeline) {
		if (!(value instanceof List<?> entries)) {
			throw new Invalid(where, "a list expected");
		}
		if (entries.size() > most) {
			throw new Invalid(where, "at most " + most + " entries expected, there are " + entries.size());
		}
		for (int i = 0; i < entries.size(); i++) {
			String place = where + "[" + i + "]";
			timeline.add(timed(place, object(place, entries.get(i))));
		}
	}

	private static Plan.Timed timed(String where, Map<String, Object> entry) {
		Kind kind = kind(where + ".fault", entry.get("fault"));
		Set<String> allowed = switch (kind) {
			case LATENCY, JITTER -> Set.of("at", "fault", "time", "for");
			case LOSS, REORDER, DUPLICATE -> Set.of("at", "fault", "probability", "for");
			case SILENCE -> Set.of("at", "fault", "for");
			case BURST, GARBAGE -> Set.of("at", "fault", "packets");
			case KICK, CLOSE, REFUSE -> Set.of("at", "fault", "words");
		};
		for (String name : entry.keySet()) {
			if (!allowed.contains(name)) {
				throw unknown(where + "." + printable(name), allowed);
			}
		}
		Duration at = Values.time(where + ".at", text(where + ".at", entry.get("at")), Duration.ZERO);
		SimulatorFault fault = switch (kind) {
			case LATENCY -> SimulatorFault.latency(Values.time(where + ".time", text(where + ".time", entry.get("time")), Duration.ZERO));
			case JITTER -> SimulatorFault.jitter(Values.time(where + ".time", text(where + ".time", entry.get("time")), Duration.ZERO));
			case LOSS -> SimulatorFault.loss(probability(where, entry));
			case REORDER -> SimulatorFault.reorder(probability(where, entry));
			case DUPLICATE -> SimulatorFault.duplicate(probability(where, entry));
			case SILENCE -> SimulatorFault.silence();
			case BURST -> SimulatorFault.burst(packets(where, entry));
			case GARBAGE -> SimulatorFault.garbage(packets(where, entry));
			case KICK -> SimulatorFault.kick(words(where, entry));
			case CLOSE -> SimulatorFault.close(words(where, entry));
			case REFUSE -> SimulatorFault.refuse(words(where, entry));
		};
		if (entry.containsKey("for")) {
			fault = fault.lasting(Values.time(where + ".for", text(where + ".for", entry.get("for")), Duration.ZERO));
		}
		return new Plan.Timed(at.toNanos(), fault);
	}

	private static Kind kind(String where, Object value) {
		List<String> words = new ArrayList<>();
		for (Kind kind : Kind.values()) {
			if (kind.word().equals(value)) {
				return kind;
			}
			words.add(kind.word());
		}
		throw new Invalid(where, "one of " + words + " expected");
	}

	private static double probability(String where, Map<String, Object> entry) {
		return Values.number(where + ".probability", text(where + ".probability", entry.get("probability")), 0, 1);
	}

	private static int packets(String where, Map<String, Object> entry) {
		String place = where + ".packets";
		return entry.containsKey("packets") ? (int) Values.whole(place, text(place, entry.get("packets")), 1, SimulatorFault.MAX_PACKETS) : 1;
	}

	private static String words(String where, Map<String, Object> entry) {
		String words = entry.containsKey("words") ? text(where + ".words", entry.get("words")) : "";
		if (words.length() > SimulatorFault.MAX_WORDS) {
			throw new Invalid(where + ".words", "at most " + SimulatorFault.MAX_WORDS + " characters expected");
		}
		return words;
	}

	@SuppressWarnings("unchecked") // an object of a tree has texts as keys
	private static Map<String, Object> object(String where, Object value) {
		if (!(value instanceof Map<?, ?>)) {
			throw new Invalid(where, "an object expected");
		}
		return (Map<String, Object>) value;
	}

	private static String text(String where, Object value) {
		String text = value instanceof JsonTree.Digits number ? number.text() : value instanceof String string ? string : null;
		if (text == null || text.length() > MAX_TEXT) {
			throw new Invalid(where, "a text or a number expected, of at most " + MAX_TEXT + " characters");
		}
		return text;
	}

	private static Invalid unknown(String where, Set<String> expected) {
		return new Invalid(where, "not known; expected is any of " + expected.stream().sorted().toList());
	}

	private static String printable(String name) {
		return name.matches("[A-Za-z0-9_$.-]{1,40}") ? name : "a member with an odd name";
	}
}
