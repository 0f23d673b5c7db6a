package dcl.transport.signedlogin.internal;

import dcl.transport.testkit.TransportContract;
import dcl.transport.testkit.TransportDriver;

class SignedLoginContractTest extends TransportContract {

	@Override
	protected TransportDriver driver() {
		return new SignedLoginDriver();
	}
}
