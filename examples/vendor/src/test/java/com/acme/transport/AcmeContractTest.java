package com.acme.transport;

import dcl.transport.testkit.TransportContract;
import dcl.transport.testkit.TransportDriver;

class AcmeContractTest extends TransportContract {

	@Override
	protected TransportDriver driver() {
		return new AcmeDriver();
	}
}
