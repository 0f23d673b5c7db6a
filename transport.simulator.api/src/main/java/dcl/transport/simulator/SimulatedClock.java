package dcl.transport.simulator;

import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;

import dcl.transport.Subscription;

/**
 * A clock that goes on only when it is told to: register one as a service with the property {@link SimulatorBehaviour#NAME}, and every transport opened
 * with {@code simulator:?clock=<name>} lives by it. A transport's time begins when it connects. Thread-safe.
 * <pre>
 * SimulatedClock clock = new SimulatedClock();
 * bundles.registerService(SimulatedClock.class, clock, FrameworkUtil.asDictionary(Map.of(SimulatorBehaviour.NAME, "mine")));
 * …connect "simulator:?peers=3&amp;clock=mine"…
 * clock.advance(Duration.ofSeconds(10)).toCompletableFuture().get(30, SECONDS);
 * </pre>
 */
public final class SimulatedClock {

	/** Somebody who lives by a clock: the simulator. */
	public interface Follower {

		/**
		 * The clock went on; called on the thread that told it to, and must not block.
		 *
		 * @return completes when everything that was to happen until then has been handed to the transport, or the transport has ended; never fails
		 */
		CompletionStage<Void> advanceTo(Duration now);
	}

	private final Set<Follower> followers = ConcurrentHashMap.newKeySet();
	private Duration now = Duration.ZERO; // guarded by this

	/** Makes a clock that stands at zero. */
	public SimulatedClock() {
	}

	/** Returns the time. */
	public synchronized Duration now() {
		return now;
	}

	/**
	 * Goes on.
	 *
	 * @param by zero or more
	 * @return completes when everything that was to happen until then, in every transport that lives by this clock, has been handed to the transport, whose
	 *         listeners may be a little behind; never fails. It does not complete before slow listeners have made room
	 * @throws IllegalArgumentException if the time is negative
	 */
	public CompletionStage<Void> advance(Duration by) {
		if (by.isNegative()) {
			throw new IllegalArgumentException("a clock does not go back");
		}
		Duration target;
		synchronized (this) {
			now = now.plus(by);
			target = now;
		}
		return CompletableFuture.allOf(followers.stream().map(follower -> follower.advanceTo(target).toCompletableFuture())
				.toArray(CompletableFuture[]::new)).minimalCompletionStage();
	}

	/** For the simulator: calls somebody whenever the clock goes on, until that is closed. */
	public Subscription follow(Follower follower) {
		followers.add(Objects.requireNonNull(follower));
		return () -> followers.remove(follower);
	}
}
