/**
 * Teaching the simulator: register a {@link dcl.transport.simulator.SimulatorBehaviour} under a name, and {@code simulator:<name>?…} runs it; register a
 * {@link dcl.transport.simulator.SimulatedClock}, and {@code simulator:?clock=<name>} lives by it.
 * <p>
 * Everything that happens in a simulation follows from its connection string, the seed in it, and what the host sends, at which virtual time; never from the
 * time of day, the speed of the machine or its threads. {@code null} is never accepted and never returned.
 */
@Export
@Version("1.0.0")
package dcl.transport.simulator;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
