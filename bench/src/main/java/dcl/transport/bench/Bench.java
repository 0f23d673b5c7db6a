package dcl.transport.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
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
 * Runs subject and peers by turns, each in fresh processes, and prints the medians. See README.md. Run in the folder {@code bench}.
 * <pre>
 * [--pairs N] [--only NAME,NAME] [--quick] [--json FILE] [--java FLAGS]
 * </pre>
 */
final class Bench {

	/** How many messages before and within a measurement. Java compiles for a long time: after five million its compiler is still a fifth of what is measured. */
	private static final int WARMUP = 15_000_000;
	private static final int COUNT = 5_000_000;
	private static final int SEND_WARMUP = 1_500_000;
	private static final int SEND_COUNT = 1_000_000;
	private static final int SINGLES = 50_000;
	private static final int SINGLE_WARMUP = 5_000_000;
	private static final int SINGLES_A_SECOND = 5_000;
	/** Deliveries; the server on Node is warm after far fewer. */
	private static final int ROOM_WARMUP = 5_000_000;
	private static final int ROOM_COUNT = 3_000_000;
	private static final int ROOM_NODE = 500_000;
	private static final int PACED_SECONDS = 6;
	private static final int CHAIN_WARMUP = 15_000;
	private static final int CHAIN_COUNT = 3_000;
	private static final int CHAIN_NODE = 250;
	private static final List<Integer> ROOMS = List.of(1, 100, 1_000);
	/** Idle connections, to which four times as many are added: what compilers and collectors take meanwhile is to be little of what is measured. */
	private static final int PLAIN_FIRST = 1_000;
	private static final int TLS_FIRST = 400;
	/** Three threads each: fewer will do. */
	private static final int STOCK_FIRST = 50;
	/** How often what is far apart, or takes long, is measured. */
	private static final int ONCE_MORE = 2;
	/** A small young generation, which is full in any case: else RSS would tell how much garbage was made before it was first collected. */
	private static final List<String> MEMORY_FLAGS = List.of("-XX:+UseSerialGC", "-Xmx1g", "-Xmn16m");

	private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

	/** A row of the table: how many times less CPU the subject takes than the peer, and how many it should; 0 for no goal. */
	private record Row(String name, String subject, String peer, double aim, double floor) {
	}

	private static final List<Row> TABLE = List.of(
			new Row("receive", "java", "node", 4, 3),
			new Row("send", "java", "node", 4, 2),
			new Row("room 100", "java", "node", 8, 5),
			new Row("room 1000", "java", "node", 3, 2),
			new Row("paced 100", "java", "node", 2, 1.4),
			new Row("room 100", "coalesced", "node", 0, 0),
			new Row("room 1000", "coalesced", "node", 0, 0),
			new Row("paced 100", "coalesced", "node", 0, 0),
			new Row("chain", "java", "node", 10, 8),
			new Row("port receive", "engine", "netty", 1, 1),
			new Row("port receive", "engine", "stock", 1, 1),
			new Row("port send", "engine", "netty", 1, 1),
			new Row("port send", "engine", "stock", 1, 1),
			new Row("single", "java", "node", 0, 0));

	/** One process of a pair, or two of them. */
	private interface Step {

		void run() throws Exception;
	}

	private int pairs = 5;
	private List<String> only = List.of("receive", "send", "room", "chain", "port", "idle", "single", "registry", "simulator");
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
			turns(pair, "receive", () -> receive(true), () -> receive(false));
			turns(pair, "send", () -> send(true), () -> send(false));
			turns(pair, "room", () -> room("java", "default"), () -> room("node", ""), () -> room("coalesced", "2"));
			turns(pair, "chain", () -> chain(true), () -> chain(false));
			turns(pair, "port", () -> port("engine"), () -> port("netty"), () -> port("stock"));
			turns(pair, "single", () -> single(true), () -> single(false));
			turns(pair, "registry", () -> registry("receive"), () -> registry("send"));
			turns(pair, "simulator", this::simulator);
		}
		if (only.contains("idle")) {
			idle();
		}
		double loadAfter = load();
		print(loadBefore, loadAfter);
	}

	/** Runs the steps of a row, each pair beginning with another one. */
	private void turns(int pair, String name, Step... steps) throws Exception {
		if (only.contains(name)) {
			for (int i = 0; i < steps.length; i++) {
				steps[(pair + i) % steps.length].run();
			}
		}
	}

	private void receive(boolean java) throws Exception {
		int warmup = WARMUP / divisor;
		int count = COUNT / divisor;
		against("receive", java, List.of("stream", warmup + count), port -> java ? Processes.java("Receive", flags, port, warmup, count)
				: Processes.node("peers/receive.mjs", port, warmup));
	}

	private void single(boolean java) throws Exception {
		int warmup = (SINGLE_WARMUP + SINGLES) / divisor;
		int count = SINGLES / divisor;
		against("single", java, List.of("stream", SINGLE_WARMUP / divisor, 2 * count, SINGLES_A_SECOND),
				port -> java ? Processes.java("Receive", flags, port, warmup, count) : Processes.node("peers/receive.mjs", port, warmup));
	}

	private void send(boolean java) throws Exception {
		int warmup = SEND_WARMUP / divisor;
		int count = SEND_COUNT / divisor;
		against("send", java, List.of("sink"), port -> java ? Processes.java("Send", flags, port, warmup, count)
				: Processes.node("peers/send.mjs", port, count, warmup));
	}

	private void against(String name, boolean java, List<Object> fixture, Processes.Command command) throws Exception {
		List<Object> arguments = new ArrayList<>(fixture);
		if (java) {
			arguments.add("login");
		}
		fixture(name + (java ? " java" : " node"), arguments, command);
	}

	private void fixture(String name, List<Object> fixture, Processes.Command command) throws Exception {
		try (Processes.Server server = new Processes.Server(Processes.java("Fixture", List.of(), fixture.toArray()))) {
			JsonNode result = Processes.lines(command.of(server.port())).get(0);
			if (fixture.get(0).equals("sink")) {
				long sunk = server.line().get("messages").asLong();
				if (sunk != (SEND_WARMUP + SEND_COUNT) / divisor) {
					throw new IllegalStateException(sunk + " messages reached the fixture");
				}
			}
			keep(name, result);
		}
	}

	/** Three figures: two in a room of 100, one in a room of 1000. The server has the first core, the peers' process the second. */
	private void room(String subject, String coalesce) throws Exception {
		boolean node = subject.equals("node");
		int warmup = (node ? ROOM_NODE : ROOM_WARMUP) / divisor;
		int count = (node ? ROOM_NODE : ROOM_COUNT) / divisor;
		int seconds = Math.max(1, PACED_SECONDS / divisor);
		List<JsonNode> hundred = crowd(subject, coalesce, 100, "saturated:16:" + warmup + ":" + count, "paced:10:" + (seconds + 1) / 2 + ":" + seconds);
		keep("room 100 " + subject, hundred.get(0));
		keep("paced 100 " + subject, hundred.get(1));
		keep("room 1000 " + subject, crowd(subject, coalesce, 1_000, "saturated:4:" + (node ? warmup : warmup / 2) + ":" + (node ? count : count / 2)).get(0));
	}

	private List<JsonNode> crowd(String subject, String coalesce, int peers, String... phases) throws Exception {
		List<String> command = subject.equals("node") ? Processes.node("../itest/interop/server.mjs") : Processes.java("Relay", flags, peers, coalesce);
		try (Processes.Server server = new Processes.Server(Processes.pinned(0, command))) {
			List<Object> arguments = new ArrayList<>(List.of(server.port(), server.pid(), peers));
			arguments.addAll(List.of(phases));
			return Processes.lines(Processes.pinned(1, Processes.java("Crowd", List.of(), arguments.toArray())));
		}
	}

	private void chain(boolean java) throws Exception {
		keep(java ? "chain java" : "chain node", Processes.lines(java ? Processes.java("Chains", flags, CHAIN_WARMUP / divisor, CHAIN_COUNT / divisor)
				: Processes.node("peers/chain.mjs", CHAIN_NODE / divisor, CHAIN_NODE / divisor)).get(0));
	}

	private void port(String kind) throws Exception {
		int warmup = WARMUP / divisor;
		int count = COUNT / divisor;
		fixture("port receive " + kind, List.of("stream", warmup + count), port -> Processes.java("Port", flags, "receive", kind, port, warmup, count));
		fixture("port send " + kind, List.of("sink"),
				port -> Processes.java("Port", flags, "send", kind, port, SEND_WARMUP / divisor, SEND_COUNT / divisor));
	}

	private void registry(String way) throws Exception {
		keep("registry " + way, Processes.lines(Processes.java("Alone", flags, way, WARMUP / divisor, COUNT / divisor)).get(0));
	}

	private void simulator() throws Exception {
		keep("simulator", Processes.lines(Processes.java("Simulated", flags, WARMUP / divisor, COUNT / divisor)).get(0));
	}

	private void idle() throws Exception {
		Path store = Processes.keyStore();
		try {
			for (int pair = 0; pair < pairs; pair++) {
				if (pair < ONCE_MORE) {
					for (int rooms : ROOMS) {
						fixture("idle " + rooms, List.of("idle", "login"), port -> Processes.java("Idle", MEMORY_FLAGS, port, rooms));
					}
					connections("ws", "stock", store);
					connections("wss", "stock", store);
				}
				for (String scheme : List.of("ws", "wss")) {
					turns(pair, "idle", () -> connections(scheme, "engine", store), () -> connections(scheme, "netty", store));
				}
			}
		} finally {
			Files.delete(store);
			Files.delete(store.getParent());
		}
	}

	private void connections(String scheme, String kind, Path store) throws Exception {
		boolean tls = scheme.equals("wss");
		int first = kind.equals("stock") ? STOCK_FIRST : tls ? TLS_FIRST : PLAIN_FIRST;
		fixture("idle " + scheme + " " + kind, tls ? List.of("tls", store) : List.of("idle"),
				port -> Processes.java("PortIdle", MEMORY_FLAGS, kind, scheme, port, first, 4 * first, store));
	}

	private void keep(String name, JsonNode result) {
		System.err.println(name + " " + result.toString());
		runs.computeIfAbsent(name, none -> new ArrayList<>()).add(result);
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
		System.out.printf(Locale.ROOT, "%d pairs, load %.1f to %.1f, %d cores, Java %s%n%n", pairs, loadBefore, loadAfter,
				Runtime.getRuntime().availableProcessors(), Runtime.version());
		System.out.println("| CPU a message | subject | ns | peer | ns | times less, median (range) | aim | floor | |");
		System.out.println("|---|---|---|---|---|---|---|---|---|");
		for (Row row : TABLE) {
			if (runs.containsKey(row.name + " " + row.subject)) {
				ratio(row, figures);
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
			idleRooms(figures);
			idlePorts(figures);
		}
		figures.put("runs", runs);
		if (file != null) {
			Files.writeString(file, JSON.writeValueAsString(figures) + "\n");
		}
	}

	private void ratio(Row row, Map<String, Object> figures) {
		String subject = row.name + " " + row.subject;
		String peer = row.name + " " + row.peer;
		double[] ratios = new double[runs.get(subject).size()];
		for (int i = 0; i < ratios.length; i++) {
			ratios[i] = runs.get(peer).get(i).get("cpuNanosPerMessage").asDouble() / runs.get(subject).get(i).get("cpuNanosPerMessage").asDouble();
		}
		double ratio = median(ratios); // sorted from here on
		double subjectNanos = median(subject, "cpuNanosPerMessage");
		double peerNanos = median(peer, "cpuNanosPerMessage");
		String verdict = row.floor == 0 ? "" : ratio < row.floor ? "floor **missed**" : ratio < row.aim ? "aim **missed**" : "met";
		System.out.printf(Locale.ROOT, "| `%s` | %s | %,.0f | %s | %,.0f | %.2f (%.2f - %.2f) | %s | %s | %s |%n", row.name, row.subject, subjectNanos, row.peer,
				peerNanos, ratio, ratios[0], ratios[ratios.length - 1], row.aim == 0 ? "" : row.aim, row.floor == 0 ? "" : row.floor, verdict);
		figures.put(row.name + ": " + row.subject + " against " + row.peer,
				Map.of("subjectNanos", subjectNanos, "peerNanos", peerNanos, "ratio", ratio, "ratios", ratios));
	}

	private void allocation(String name, Map<String, Object> figures) {
		double bytes = median(name, "allocatedBytesPerMessage");
		double decode = median(name, run -> run.path("decodeBytesPerMessage").asDouble());
		System.out.printf(Locale.ROOT, "%s: %.0f B allocated a message%s%s%n", name, bytes,
				decode == 0 ? "" : String.format(Locale.ROOT, ", %.0f of them by Rfc4.decode, %.0f beyond", decode, bytes - decode),
				name.startsWith("registry") ? String.format(Locale.ROOT, ", %.0f ns CPU", median(name, "cpuNanosPerMessage")) : "");
		figures.put(name + " bytes", Map.of("allocated", bytes, "decode", decode, "beyond", bytes - decode));
	}

	private void idleRooms(Map<String, Object> figures) {
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

	private void idlePorts(Map<String, Object> figures) {
		System.out.println();
		System.out.println("| idle connections | threads a connection | RSS KB a connection, median (range) |");
		System.out.println("|---|---|---|");
		for (String scheme : List.of("ws", "wss")) {
			for (String kind : List.of("engine", "netty", "stock")) {
				String name = "idle " + scheme + " " + kind;
				double more = median(name, run -> run.get("connections").asDouble()) * 4 / 5; // the second step is four fifths
				double threads = median(name, "threadsAdded") / more;
				double[] all = runs.get(name).stream().mapToDouble(run -> run.get("rssBytesPerConnection").asDouble() / 1024).toArray();
				double rss = median(all); // sorted from here on
				System.out.printf(Locale.ROOT, "| %s, %s | %.2f | %.1f (%.1f - %.1f) |%n", kind, scheme, threads, rss, all[0], all[all.length - 1]);
				figures.put(name, Map.of("threadsPerConnection", threads, "rssKbPerConnection", all));
			}
		}
	}
}
