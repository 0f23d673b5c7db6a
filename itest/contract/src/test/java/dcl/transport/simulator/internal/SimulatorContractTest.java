package dcl.transport.simulator.internal;

import dcl.transport.testkit.TransportContract;
import dcl.transport.testkit.TransportDriver;

class SimulatorContractTest extends TransportContract {

	@Override
	protected TransportDriver driver() {
		return new SimulatorDriver();
	}
}
