package dcl.transport.testkit;

import java.util.Set;

/** A provider that keeps every clause. */
class MemoryContractTest extends TransportContract {

	@Override
	protected TransportDriver driver() {
		return new MemoryDriver(Set.of());
	}
}
