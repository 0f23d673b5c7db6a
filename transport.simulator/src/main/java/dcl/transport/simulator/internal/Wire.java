package dcl.transport.simulator.internal;

import dcl.transport.Delivery.Reliability;
import dcl.transport.Disconnection;
import dcl.transport.Packet;
import dcl.transport.PeerId;

/** Where a simulation reports what comes. */
interface Wire {

	/** Returns whether there is room for more; what was handed over is taken in any case. */
	boolean received(PeerId from, Packet packet, Reliability reliability, String topic);

	void joined(PeerId peer);

	void left(PeerId peer);

	void invalid(String why);

	void confirmed(long packets);

	/** The last report. */
	void ended(Disconnection why);
}
