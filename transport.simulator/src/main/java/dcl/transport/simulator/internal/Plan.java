package dcl.transport.simulator.internal;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import dcl.transport.simulator.SimulatorBehaviour;
import dcl.transport.simulator.SimulatorFault;

/**
 * Everything a simulation follows from. Immutable.
 *
 * @param behaviour     who decides what happens
 * @param name          its name, for messages
 * @param peers         how many were asked for
 * @param intervalNanos between two packets of a peer
 * @param pace          virtual seconds a second
 * @param clock         the name of the clock to live by, "" for real time
 * @param parameters    the behaviour's own
 * @param timeline      what goes wrong when
 */
record Plan(SimulatorBehaviour behaviour, String name, int peers, long intervalNanos, long seed, double pace, Instant epoch, long halfOpenNanos,
		String clock, Map<String, String> parameters, List<Timed> timeline) {

	/** The latest time there is: some two hundred years. */
	static final long NEVER = Long.MAX_VALUE;

	/** A fault and its time. */
	record Timed(long atNanos, SimulatorFault fault) {
	}

	/** Returns when the login is refused, if it is. */
	Optional<Timed> refusal() {
		return timeline.stream().filter(timed -> timed.fault().kind() == SimulatorFault.Kind.REFUSE).findFirst();
	}
}
