package dcl.transport.simulator.internal;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dcl.transport.simulator.SimulatorFault;
import dcl.transport.simulator.SimulatorFault.Kind;

/**
 * A scenario as JSON; the schema is in {@code schemas/scenario.json}. Loaded only where there is one, since it brings the JSON mapper in.
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
		JsonFactory factory = new JsonFactoryBuilder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
				.streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(MAX_NESTING).maxNumberLength(32).build()).build();
		JsonNode root;
		try {
			root = new ObjectMapper(factory).enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).readTree(in);
		} catch (IOException e) { // its text would quote the file
			throw new Invalid(WHERE, "JSON expected, at most " + MAX_NESTING + " levels deep and without members given twice");
		}
		object(WHERE, root);
		Map<String, String> simulator = new LinkedHashMap<>();
		Map<String, String> parameters = new LinkedHashMap<>();
		List<Plan.Timed> timeline = new ArrayList<>();
		for (Map.Entry<String, JsonNode> member : root.properties()) {
			String name = member.getKey();
			String where = WHERE + ", " + printable(name);
			JsonNode value = member.getValue();
			if (SIMULATOR.contains(name)) {
				simulator.put(name, text(where, value));
			} else if (name.equals("network")) {
				object(where, value);
				for (Map.Entry<String, JsonNode> condition : value.properties()) {
					String place = where + "." + printable(condition.getKey());
					if (!NETWORK.contains(condition.getKey())) {
						throw unknown(place, NETWORK);
					}
					simulator.put(condition.getKey(), text(place, condition.getValue()));
				}
			} else if (name.equals("parameters")) {
				object(where, value);
				value.properties().forEach(one -> parameters.put(one.getKey(), text(where + "." + printable(one.getKey()), one.getValue())));
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

	private static void timeline(String where, JsonNode value, int most, List<Plan.Timed> timeline) {
		if (!value.isArray()) {
			throw new Invalid(where, "a list expected");
		}
		if (value.size() > most) {
			throw new Invalid(where, "at most " + most + " entries expected, there are " + value.size());
		}
		for (int i = 0; i < value.size(); i++) {
			timeline.add(timed(where + "[" + i + "]", value.get(i)));
		}
	}

	private static Plan.Timed timed(String where, JsonNode entry) {
		object(where, entry);
		Kind kind = kind(where + ".fault", entry.path("fault"));
		Set<String> allowed = switch (kind) {
			case LATENCY, JITTER -> Set.of("at", "fault", "time", "for");
			case LOSS, REORDER, DUPLICATE -> Set.of("at", "fault", "probability", "for");
			case SILENCE -> Set.of("at", "fault", "for");
			case BURST, GARBAGE -> Set.of("at", "fault", "packets");
			case KICK, CLOSE, REFUSE -> Set.of("at", "fault", "words");
		};
		for (Map.Entry<String, JsonNode> member : entry.properties()) {
			if (!allowed.contains(member.getKey())) {
				throw unknown(where + "." + printable(member.getKey()), allowed);
			}
		}
		Duration at = Values.time(where + ".at", text(where + ".at", entry.path("at")), Duration.ZERO);
		SimulatorFault fault = switch (kind) {
			case LATENCY -> SimulatorFault.latency(Values.time(where + ".time", text(where + ".time", entry.path("time")), Duration.ZERO));
			case JITTER -> SimulatorFault.jitter(Values.time(where + ".time", text(where + ".time", entry.path("time")), Duration.ZERO));
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
		if (entry.has("for")) {
			fault = fault.lasting(Values.time(where + ".for", text(where + ".for", entry.get("for")), Duration.ZERO));
		}
		return new Plan.Timed(at.toNanos(), fault);
	}

	private static Kind kind(String where, JsonNode value) {
		List<String> words = new ArrayList<>();
		for (Kind kind : Kind.values()) {
			if (value.isTextual() && value.textValue().equals(kind.word())) {
				return kind;
			}
			words.add(kind.word());
		}
		throw new Invalid(where, "one of " + words + " expected");
	}

	private static double probability(String where, JsonNode entry) {
		return Values.number(where + ".probability", text(where + ".probability", entry.path("probability")), 0, 1);
	}

	private static int packets(String where, JsonNode entry) {
		String place = where + ".packets";
		return entry.has("packets") ? (int) Values.whole(place, text(place, entry.get("packets")), 1, SimulatorFault.MAX_PACKETS) : 1;
	}

	private static String words(String where, JsonNode entry) {
		String words = entry.has("words") ? text(where + ".words", entry.get("words")) : "";
		if (words.length() > SimulatorFault.MAX_WORDS) {
			throw new Invalid(where + ".words", "at most " + SimulatorFault.MAX_WORDS + " characters expected");
		}
		return words;
	}

	private static void object(String where, JsonNode value) {
		if (value == null || !value.isObject()) {
			throw new Invalid(where, "an object expected");
		}
	}

	private static String text(String where, JsonNode value) {
		if (!value.isTextual() && !value.isNumber() || value.asText().length() > MAX_TEXT) {
			throw new Invalid(where, "a text or a number expected, of at most " + MAX_TEXT + " characters");
		}
		return value.asText();
	}

	private static Invalid unknown(String where, Set<String> expected) {
		return new Invalid(where, "not known; expected is any of " + expected.stream().sorted().toList());
	}

	private static String printable(String name) {
		return name.matches("[A-Za-z0-9_$.-]{1,40}") ? name : "a member with an odd name";
	}
}
