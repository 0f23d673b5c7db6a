package dcl.transport.simulator.internal;

/**
 * Real time, as a virtual clock sees it. Whoever comes too late, because the machine was busy or asleep, makes up for a little of it and forgets the rest, so
 * that nothing comes in a rush. For one thread at a time.
 */
final class Pace {

	private final double pace;
	private final long catchUpNanos;
	private long last;
	private long planned;
	private boolean isPlanned;
	private long target;

	/**
	 * Starts at zero.
	 *
	 * @param pace virtual seconds a second
	 * @param real {@link System#nanoTime} now
	 */
	Pace(double pace, long catchUpNanos, long real) {
		this.pace = pace;
		this.catchUpNanos = catchUpNanos;
		this.last = real;
	}

	/** Returns the virtual time to reach now. */
	long advance(long real) {
		long elapsed = real - last;
		if (isPlanned) {
			elapsed = Math.min(elapsed, Math.max(0, planned - last) + catchUpNanos);
		}
		last = real;
		double more = Math.max(0, elapsed) * pace;
		target = more < Plan.NEVER / 2 - target ? target + (long) more : Plan.NEVER / 2;
		return target;
	}

	/** The virtual clock could not follow: what passed meanwhile did not happen. */
	void lost(long real) {
		last = real;
	}

	/** Returns how many real nanoseconds there are to a virtual time, and takes note to be there then. */
	long until(long virtual) {
		double wait = Math.ceil((virtual - target) / pace);
		long nanos = Math.max(0, (long) Math.min(wait, Plan.NEVER / 4));
		planned = last + nanos;
		isPlanned = true;
		return nanos;
	}

	/** Nothing is to happen. */
	void idle() {
		isPlanned = false;
	}
}
