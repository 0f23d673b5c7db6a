package dcl.transport.cli.internal;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongUnaryOperator;

/** How long to wait before each attempt: at random up to a bound that doubles from 1 s to 30 s (exponential back-off with full jitter). */
final class Backoff {

	private static final long FIRST_MILLIS = 1_000;
	private static final long LAST_MILLIS = 30_000;
	private static final int DOUBLINGS = 5;

	private final LongUnaryOperator below;

	Backoff() {
		this(bound -> ThreadLocalRandom.current().nextLong(bound));
	}

	/** @param below returns a number from zero to below its argument */
	Backoff(LongUnaryOperator below) {
		this.below = below;
	}

	/**
	 * Returns the time to wait.
	 *
	 * @param attempt from 1
	 * @param atLeast what the other side asked for
	 */
	Duration before(int attempt, Duration atLeast) {
		long bound = Math.min(LAST_MILLIS, FIRST_MILLIS << Math.min(attempt - 1, DOUBLINGS));
		Duration wait = Duration.ofMillis(below.applyAsLong(bound + 1));
		return wait.compareTo(atLeast) < 0 ? atLeast : wait;
	}
}
