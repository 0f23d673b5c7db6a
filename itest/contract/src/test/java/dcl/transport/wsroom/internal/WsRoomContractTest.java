package dcl.transport.wsroom.internal;

import dcl.transport.testkit.TransportContract;
import dcl.transport.testkit.TransportDriver;

class WsRoomContractTest extends TransportContract {

	@Override
	protected TransportDriver driver() {
		return new WsRoomDriver();
	}
}
