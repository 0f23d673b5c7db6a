package dcl.transport.cli.internal;

import java.time.Duration;

/**
 * When which bot sends which packet: fixed before the first is sent, spread evenly, whatever becomes of it (open loop). A packet that leaves late counts
 * from when it was due, so a wait here or there makes every packet behind it slower, as a person would see it, instead of fewer. Immutable.
 */
final class Schedule {

	private static final double NANOS = 1e9;

	private final int bots;
	private final double perSecond;
	private final int slots;

	/**
	 * @param perSecond packets of each bot
	 */
	Schedule(int bots, double perSecond, Duration time) {
		this.bots = bots;
		this.perSecond = perSecond;
		this.slots = (int) Math.max(1, Math.round(Math.min(Integer.MAX_VALUE / 2.0, time.toNanos() / NANOS * perSecond)));
	}

	/** Returns how many packets each bot sends. */
	int slots() {
		return slots;
	}

	/** Returns how many packets there are in all. */
	long events() {
		return (long) bots * slots;
	}

	static int bot(long event, int bots) {
		return (int) (event % bots);
	}

	static int slot(long event, int bots) {
		return (int) (event / bots);
	}

	/** Returns when a packet is due, in nanoseconds since the start; one after the other in the order of the events. */
	long dueNanos(long event) {
		return (long) (event * (NANOS / (perSecond * bots)));
	}

	long dueNanos(int bot, int slot) {
		return dueNanos((long) slot * bots + bot);
	}

	/**
	 * Returns whether a packet is one of the reliable ones, which are spread evenly.
	 *
	 * @param percent 0 to 100
	 */
	static boolean isReliable(int slot, int percent) {
		return (slot + 1L) * percent / 100 > (long) slot * percent / 100;
	}
}
