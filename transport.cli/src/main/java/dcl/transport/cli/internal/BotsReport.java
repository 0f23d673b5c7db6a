package dcl.transport.cli.internal;

import java.time.Duration;
import java.util.Locale;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * What came of a run. Times in milliseconds; delays count from when a packet was due, not from when it was sent.
 *
 * @param expected   what would have been received, had nothing been lost
 * @param lateness99 99 of 100 packets left at most this long after they were due
 * @param notSent    packets that were due while their bot was away, or that its session refused
 * @param unknown    reliable packets that were on a wire which broke
 * @param underWay   packets that had not arrived when it ended, because it was interrupted or two minutes had passed; they are not counted as lost
 */
record BotsReport(int count, int connected, int failed, long sent, long received, long expected, long lost, long lossyDropped, long duplicated,
		long reordered, double p50, double p95, double p99, double p999, double max, double lateness99, boolean limitedByGenerator, long seed,
		long reconnected, int gone, long notSent, long unknown, long underWay, long joinMillis, long cpuMillis, long heapBytesPerBot, int threads) {

	private static final double MILLIS = 1_000;
	private static final long KIB = 1_024;

	ObjectNode json() {
		ObjectNode json = Json.object();
		json.put("count", count);
		json.put("connected", connected);
		json.put("failed", failed);
		json.put("sent", sent);
		json.put("received", received);
		json.put("lost", lost);
		json.put("lossyDropped", lossyDropped);
		json.put("duplicated", duplicated);
		json.put("reordered", reordered);
		json.put("p50", p50);
		json.put("p95", p95);
		json.put("p99", p99);
		json.put("limitedByGenerator", limitedByGenerator);
		json.put("p999", p999);
		json.put("max", max);
		json.put("lateness99", lateness99);
		json.put("seed", seed);
		json.put("reconnected", reconnected);
		json.put("gone", gone);
		json.put("notSent", notSent);
		json.put("unknown", unknown);
		json.put("underWay", underWay);
		json.put("joinMillis", joinMillis);
		json.put("cpuMillis", cpuMillis);
		json.put("heapBytesPerBot", heapBytesPerBot);
		json.put("threads", threads);
		return json;
	}

	/** Returns the report for people. */
	String text(double perSecond, Duration ran, int percentReliable) {
		StringBuilder text = new StringBuilder();
		add(text, "bots", "%,d of %,d, in within %.1f s, %d at a time; %s a second each, %d %% reliable; seed %d", connected, count, joinMillis / MILLIS,
				Swarm.JOINING, number(perSecond), percentReliable, seed);
		if (reconnected + gone + notSent + unknown > 0) {
			add(text, "away", "%,d times back, %,d for good; %,d packets not sent, %,d that may have been lost with their wire", reconnected, gone, notSent,
					unknown);
		}
		add(text, "packets", "%,d sent, %,d received of %,d", sent, received, expected);
		add(text, "", "%,d reliable lost, %,d lossy dropped, %,d twice, %,d out of order", lost, lossyDropped, duplicated, reordered);
		if (underWay > 0) {
			add(text, "", "%,d had not arrived when it ended", underWay);
		}
		add(text, "delay", "p50 %.1f ms, p95 %.1f ms, p99 %.1f ms, p99.9 %.1f ms, most %.1f ms, from when each was due", p50, p95, p99, p999, max);
		add(text, "bots' own", "99 of 100 sent within %.1f ms of when they were due%s", lateness99,
				limitedByGenerator ? ": THE LIMIT WAS HERE, not at the service; use fewer bots, or a faster machine" : "");
		double seconds = Math.max(1, ran.toMillis()) / MILLIS;
		add(text, "cost", "%.2f of a core, %.1f µs for each packet received; %,d KiB of heap a bot; %d threads in all", cpuMillis / MILLIS / seconds,
				cpuMillis * MILLIS / Math.max(1, received), heapBytesPerBot / KIB, threads);
		return text.substring(0, text.length() - 1);
	}

	private static void add(StringBuilder text, String what, String format, Object... values) {
		text.append(String.format(Locale.ROOT, "%-10s", what)).append(String.format(Locale.ROOT, format, values)).append('\n');
	}

	private static String number(double value) {
		return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
	}
}
