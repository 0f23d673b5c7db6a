package dcl.transport.simulator;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.BiConsumer;

import dcl.transport.Delivery;
import dcl.transport.Delivery.Reliability;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import org.osgi.annotation.versioning.ProviderType;

/**
 * One simulated room: what a {@link SimulatorBehaviour} acts in. To be used only within {@link SimulatorBehaviour#begin} and the calls asked for here; from
 * anywhere else, such as a thread of the behaviour's own, what tells or changes anything throws {@link IllegalStateException}. What is asked for after the
 * end was, in the same call, is ignored.
 * <p>
 * Time is virtual: it stands still within a call, goes on from one thing that is to happen to the next, and waits while the host's listeners are behind.
 */
@ProviderType
public interface SimulatorContext {

	/** Returns the parameters of the connection string that are not the simulator's own, in their order. */
	Map<String, String> parameters();

	/** Returns the seed. */
	long seed();

	/** Returns how many peers were asked for ({@code peers}). */
	int peerCount();

	/** Returns the time between two packets of a peer that was asked for ({@code rate}). */
	Duration interval();

	/** Returns the virtual time since the room was set up. */
	Duration now();

	/** Returns the virtual time of day: the {@code epoch}, 2026-01-01T00:00:00Z by default, and {@link #now()}. */
	Instant instant();

	/**
	 * Returns the one source of randomness a behaviour has, which follows from the seed. What is not promised for all versions of Java to give the same
	 * (anything but {@code nextInt()}, {@code nextInt(bound)}, {@code nextLong()}, {@code nextBoolean()}, {@code nextFloat()}, {@code nextDouble()},
	 * {@code nextGaussian()} and {@code nextBytes}) makes a trace that is not the same everywhere.
	 */
	Random random();

	/**
	 * Returns an address that follows from the seed and a number; nobody has its key.
	 *
	 * @param index 0 or more
	 */
	PeerId peer(int index);

	/** Returns who is there now, in the order they came; a copy. */
	Set<PeerId> peers();

	/**
	 * Lets somebody come; nothing happens if they are there already.
	 *
	 * @throws IllegalStateException if more come than the simulator's {@code maxPeers}
	 */
	void join(PeerId peer);

	/** Lets somebody leave; nothing happens if they are not there. */
	void leave(PeerId peer);

	/**
	 * Lets a packet of somebody come, under the faults of now. The packet is shared with the listeners as it is. Somebody who is not there may send, too, as
	 * on a real wire.
	 */
	void send(PeerId from, Packet packet, Reliability reliability);

	/** Lets a packet come under a topic. */
	void send(PeerId from, Packet packet, Reliability reliability, String topic);

	/**
	 * Calls something later.
	 *
	 * @param delay zero or more, in virtual time; what is to happen at the same time happens in the order it was asked for
	 * @throws IllegalStateException if more is to happen than the simulator's {@code maxEvents}
	 */
	void after(Duration delay, Runnable action);

	/**
	 * Calls something again and again until the end, for the first time after one period.
	 *
	 * @param period at least a microsecond, in virtual time
	 */
	void every(Duration period, Runnable action);

	/** Says who gets what the host sends, as it was addressed; one at most, the last one counts. */
	void onReceived(BiConsumer<Packet, Delivery> receiver);

	/** Lets something go wrong, from now on. */
	void fault(SimulatorFault fault);
}
