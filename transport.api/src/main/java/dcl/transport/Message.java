package dcl.transport;

import org.osgi.annotation.versioning.ProviderType;

/** One packet as it arrived. Immutable. */
@ProviderType
public interface Message {

	/** Returns the sender as the service names it; never what the packet itself claims. */
	PeerId from();

	/** Returns the packet, free of the wire's own wrapping. */
	Packet packet();

	/** Returns how it travelled, as far as the wire says; {@code RELIABLE} where it does not. */
	Delivery.Reliability reliability();

	/** Returns the wire's topic, "" where there is none. */
	String topic();
}
