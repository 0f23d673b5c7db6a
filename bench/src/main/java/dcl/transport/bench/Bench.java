package dcl.transport.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;

/**
 * Runs subject and peer by turns, each in a fresh process against a fresh fixture, and prints the medians. See README.md. Run in the folder {@code bench}.
 * <pre>
 * [--pairs N] [--only NAME,NAME] [--quick] [--json FILE] [--java FLAGS]
 * </pre>
 */
final class Bench {

	/** How many messages before and within a measurement. Java compiles for a long time: below some five million it would measure its compiler. */
	private static final int WARMUP = 5_000_000;
	private static final int COUNT = 2_000_000;
	private static final int SEND_WARMUP = 1_500_000;
	private static final int SEND_COUNT = 1_000_000;
	private static final int SINGLES = 50_000;
	private static final int SINGLES_A_SECOND = 5_000;
	private static final List<Integer> ROOMS = List.of(1, 100, 1_000);
	/** A small young generation, which is full in any case: else RSS would tell how much garbage was made before it was first collected. */
	private static final List<String> MEMORY_FLAGS = List.of("-XX:+UseSerialGC", "-Xmx1g", "-Xmn16m");

	private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

	private int pairs = 5;
	private List<String> only = List.of("receive", "single", "send", "registry", "simulator", "idle");
	private int divisor = 1;
	private Path file;
	private List<String> flags = List.of();
	private final Map<String, List<JsonNode>> runs = new LinkedHashMap<>();

	public static void main(String[] arguments) throws Exception {
		new Bench().run(arguments);
	}

	private void run(String[] arguments) throws Exception {
		for (int i = 0; i < arguments.length; i++) {
			switch (arguments[i]) {
				case "--pairs" -> pairs = Integer.parseInt(arguments[++i]);
				case "--only" -> only = List.of(arguments[++i].split(","));
				case "--quick" -> divisor = 10;
				case "--json" -> file = Path.of(arguments[++i]);
				case "--java" -> flags = List.of(arguments[++i].split(" "));
				default -> throw new IllegalArgumentException("expected --pairs N, --only NAME,NAME, --quick, --json FILE or --java FLAGS, got " + arguments[i]);
			}
		}
		double loadBefore = load();
		for (int pair = 0; pair < pairs; pair++) {
			System.err.printf(Locale.ROOT, "pair %d of %d, load %.1f%n", pair + 1, pairs, load());
			List<Step> steps = new ArrayList<>(List.of(this::receive, this::single, this::send));
			for (Step step : steps) {
				step.run(pair % 2 == 0);
				step.run(pair % 2 != 0);
			}
			registry();
			simulator();
		}
		if (only.contains("idle")) {
			idle();
		}
		double loadAfter = load();
		print(loadBefore, loadAfter);
	}

	/** One process of a pair. */
	private interface Step {

		void run(boolean java) throws Exception;
	}

	private void receive(boolean java) throws Exception {
		int warmup = WARMUP / divisor;
		int count = COUNT / divisor;
		if (only.contains("receive")) {
			String fast = Integer.toString(warmup + count);
			measure("receive", java, List.of("stream", fast), port -> java
					? java("Receive", flags, port, warmup, count) : node("receive.mjs", port, warmup));
		}
	}

	private void single(boolean java) throws Exception {
		int warmup = (WARMUP + SINGLES) / divisor;
		int count = SINGLES / divisor;
		if (only.contains("single")) {
			List<String> stream = List.of("stream", Integer.toString(WARMUP / divisor), Integer.toString(2 * count), Integer.toString(SINGLES_A_SECOND));
			measure("single", java, stream, port -> java ? java("Receive", flags, port, warmup, count) : node("receive.mjs", port, warmup));
		}
	}

	private void send(boolean java) throws Exception {
		int warmup = SEND_WARMUP / divisor;
		int count = SEND_COUNT / divisor;
		if (only.contains("send")) {
			measure("send", java, List.of("sink"), port -> java ? java("Send", flags, port, warmup, count) : node("send.mjs", port, count, warmup));
		}
	}

	private void registry() throws Exception {
		if (only.contains("registry")) {
			for (String way : List.of("receive", "send")) {
				List<String> command = java("Alone", flags, way, WARMUP / divisor, COUNT / divisor);
				keep("registry " + way, line(start(command)));
			}
		}
	}

	private void simulator() throws Exception {
		if (only.contains("simulator")) {
			keep("simulator", line(start(java("Simulated", flags, WARMUP / divisor, COUNT / divisor))));
		}
	}

	private void idle() throws Exception {
		for (int rooms : ROOMS) {
			for (int run = 0; run < Math.min(pairs, 3); run++) {
				measure("idle " + rooms, true, List.of("idle"), port -> java("Idle", MEMORY_FLAGS, port, rooms));
			}
		}
	}

	/** What a fixture's port makes of a command. */
	private interface Command {

		List<String> of(int port);
	}

	private void measure(String name, boolean java, List<String> fixture, Command command) throws Exception {
		List<Object> arguments = new ArrayList<>(fixture);
		if (java) {
			arguments.add("login");
		}
		Process server = start(java("Fixture", List.of(), arguments.toArray()));
		try (BufferedReader said = reader(server)) {
			JsonNode result = line(start(command.of(JSON.readTree(said.readLine()).get("port").asInt())));
			if (fixture.get(0).equals("sink")) {
				long sunk = JSON.readTree(said.readLine()).get("messages").asLong();
				if (sunk != (SEND_WARMUP + SEND_COUNT) / divisor) {
					throw new IllegalStateException(sunk + " messages reached the fixture");
				}
			}
			keep(name + (fixture.get(0).equals("idle") ? "" : java ? " java" : " node"), result);
		} finally {
			server.getOutputStream().close(); // it ends with its input
			server.waitFor();
		}
	}

	private void keep(String name, JsonNode result) {
		System.err.println(name + " " + result.toString());
		runs.computeIfAbsent(name, none -> new ArrayList<>()).add(result);
	}

	// ---- processes

	private static List<String> java(String main, List<String> flags, Object... arguments) {
		List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
				"-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", System.getProperty("java.class.path")));
		command.addAll(flags);
		command.add(Bench.class.getPackageName() + "." + main);
		Arrays.stream(arguments).map(Object::toString).forEach(command::add);
		return command;
	}

	private static List<String> node(String script, Object... arguments) {
		List<String> command = new ArrayList<>(List.of("node", Path.of("peers", script).toString()));
		Arrays.stream(arguments).map(Object::toString).forEach(command::add);
		return command;
	}

	private static Process start(List<String> command) throws IOException {
		return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
	}

	private static BufferedReader reader(Process process) {
		return new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
	}

	private static JsonNode line(Process process) throws Exception {
		try (BufferedReader said = reader(process)) {
			String line = said.readLine();
			if (process.waitFor() != 0 || line == null) {
				throw new IllegalStateException("a measured process failed with exit code " + process.exitValue());
			}
			return JSON.readTree(line);
		}
	}

	private static double load() {
		return ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
	}

	// ---- results

	private double median(String name, ToDoubleFunction<JsonNode> member) {
		return median(runs.get(name).stream().mapToDouble(member).toArray());
	}

	private double median(String name, String member) {
		return median(name, run -> run.get(member).asDouble());
	}

	private static double median(double... values) {
		Arrays.sort(values);
		int middle = values.length / 2;
		return values.length % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
	}

	private void print(double loadBefore, double loadAfter) throws IOException {
		Map<String, Object> figures = new LinkedHashMap<>();
		figures.put("date", Instant.now().toString());
		figures.put("java", Runtime.version().toString());
		figures.put("cores", Runtime.getRuntime().availableProcessors());
		figures.put("loadBefore", loadBefore);
		figures.put("loadAfter", loadAfter);
		figures.put("pairs", pairs);
		if (divisor != 1) {
			figures.put("quick", true);
		}
		System.out.printf(Locale.ROOT, "%d pairs, load %.1f to %.1f, %d cores, Java %s%n%n", pairs, loadBefore, loadAfter,
				Runtime.getRuntime().availableProcessors(), Runtime.version());
		System.out.println("| CPU a message | Java, ns | Node, ns | Node / Java, median (range) |");
		System.out.println("|---|---|---|---|");
		for (String name : List.of("receive", "single", "send")) {
			if (runs.containsKey(name + " java")) {
				ratio(name, figures);
			}
		}
		System.out.println();
		for (String name : List.of("receive java", "send java", "registry receive", "registry send")) {
			if (runs.containsKey(name)) {
				allocation(name, figures);
			}
		}
		if (runs.containsKey("simulator")) {
			double nanos = median("simulator", "cpuNanosPerMessage");
			System.out.printf(Locale.ROOT, "simulator: %,.0f virtual peer-packets a second and core, %.0f ns CPU, %.0f B allocated a packet%n", 1e9 / nanos, nanos,
					median("simulator", "allocatedBytesPerMessage"));
			figures.put("simulator", Map.of("packetsPerSecondAndCore", 1e9 / nanos, "cpuNanos", nanos));
		}
		if (runs.containsKey("idle 1")) {
			idle(figures);
		}
		figures.put("runs", runs);
		if (file != null) {
			Files.writeString(file, JSON.writeValueAsString(figures) + "\n");
		}
	}

	private void ratio(String name, Map<String, Object> figures) {
		List<JsonNode> java = runs.get(name + " java");
		List<JsonNode> node = runs.get(name + " node");
		double[] ratios = new double[java.size()];
		for (int i = 0; i < ratios.length; i++) {
			ratios[i] = node.get(i).get("cpuNanosPerMessage").asDouble() / java.get(i).get("cpuNanosPerMessage").asDouble();
		}
		double ratio = median(ratios); // sorted from here on
		System.out.printf(Locale.ROOT, "| %s | %.0f | %.0f | %.2f (%.2f - %.2f) |%n", name, median(name + " java", "cpuNanosPerMessage"),
				median(name + " node", "cpuNanosPerMessage"), ratio, ratios[0], ratios[ratios.length - 1]);
		figures.put(name, Map.of("javaNanos", median(name + " java", "cpuNanosPerMessage"), "nodeNanos", median(name + " node", "cpuNanosPerMessage"),
				"ratio", ratio, "ratios", ratios));
	}

	private void allocation(String name, Map<String, Object> figures) {
		double bytes = median(name, "allocatedBytesPerMessage");
		double decode = median(name, run -> run.path("decodeBytesPerMessage").asDouble());
		System.out.printf(Locale.ROOT, "%s: %.0f B allocated a message%s%s%n", name, bytes,
				decode == 0 ? "" : String.format(Locale.ROOT, ", %.0f of them by Rfc4.decode, %.0f beyond", decode, bytes - decode),
				name.startsWith("registry") ? String.format(Locale.ROOT, ", %.0f ns CPU", median(name, "cpuNanosPerMessage")) : "");
		figures.put(name + " bytes", Map.of("allocated", bytes, "decode", decode, "beyond", bytes - decode));
	}

	private void idle(Map<String, Object> figures) {
		System.out.println();
		System.out.println("| idle rooms | threads added | while opening | heap KB a room | RSS KB a room |");
		System.out.println("|---|---|---|---|---|");
		for (int rooms : ROOMS) {
			String name = "idle " + rooms;
			double idle = median(name, run -> run.get("threadsIdle").asDouble() - run.get("threadsBefore").asDouble());
			double open = median(name, run -> run.get("threadsOpen").asDouble() - run.get("threadsBefore").asDouble());
			double heap = (median(name, "heapBytes") - median("idle 1", "heapBytes")) / Math.max(1, rooms - 1) / 1024;
			double rss = (median(name, "rssBytes") - median("idle 1", "rssBytes")) / Math.max(1, rooms - 1) / 1024;
			System.out.printf(Locale.ROOT, "| %d | %.0f | %.0f | %s | %s |%n", rooms, idle, open, rooms == 1 ? "" : String.format(Locale.ROOT, "%.1f", heap),
					rooms == 1 ? "" : String.format(Locale.ROOT, "%.1f", rss));
			figures.put(name, Map.of("threadsAdded", idle, "threadsOpening", open, "heapKbPerRoom", heap, "rssKbPerRoom", rss));
		}
	}
}
