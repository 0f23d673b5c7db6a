package dcl.transport.simulator.internal;

import java.util.concurrent.atomic.AtomicInteger;

import dcl.transport.simulator.SimulatorBehaviour;

/** A behaviour that somebody registered, and how many of its calls do not come back. Thread-safe. */
final class Behaviour {

	/** How many of its calls may hang before nobody starts it any more. */
	static final int MAX_HUNG = 3;

	private final SimulatorBehaviour service;
	private final AtomicInteger hung = new AtomicInteger();

	Behaviour(SimulatorBehaviour service) {
		this.service = service;
	}

	SimulatorBehaviour service() {
		return service;
	}

	void hangs() {
		hung.incrementAndGet();
	}

	void cameBack() {
		hung.decrementAndGet();
	}

	boolean isBarred() {
		return hung.get() >= MAX_HUNG;
	}
}
