package dcl.transport.simulator;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * How the peers of a simulated room behave. A service: registered with the property {@link #NAME}, it is what {@code simulator:<name>?…} runs. Of several with
 * one name the one with the highest {@code service.ranking} serves, then the oldest.
 * <p>
 * One object serves all transports; what belongs to one of them is kept in what {@link #begin} makes. When the service goes, its open transports end with
 * {@code PROVIDER_GONE}.
 */
@ConsumerType
public interface SimulatorBehaviour {

	/** Service property, {@code String}, required: the name; see {@link SimulatorName}. */
	String NAME = "simulator.name";

	/**
	 * Sets a room up, at virtual time zero: who is there, what is to happen when, and what to do with what the host sends. Who joins here is there when
	 * the host's {@code connect()} completes.
	 * <p>
	 * This, and everything handed to the context, is called one at a time for one transport, on a shared thread; none of it may block. Something that
	 * throws, or does not come back for longer than the simulator's {@code behaviourTimeoutMillis}, ends its own transport, with {@code PROTOCOL}, and no other;
	 * a failure in here fails {@code connect()} with {@code INTERNAL}.
	 *
	 * @param context the room; good until the transport ends
	 * @throws IllegalArgumentException for a parameter it cannot use: {@code connect()} fails with {@code INVALID_PARAMS} and these words
	 */
	void begin(SimulatorContext context);
}
