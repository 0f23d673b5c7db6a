package dcl.transport.itest;

import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

import dcl.transport.TransportException;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

/** Waits, for at most ten seconds. */
final class Await {

	static final long LIMIT_SECONDS = 10;

	private static final long PARK_MILLIS = 5;

	private Await() {
	}

	/** Waits for something that tells nobody when it happens. */
	static void until(String what, BooleanSupplier happened) {
		until(what, PARK_MILLIS, happened);
	}

	/** Waits for something that costs so much to find out that it is done once in so many milliseconds. */
	static void until(String what, long everyMillis, BooleanSupplier happened) {
		long begin = System.nanoTime();
		while (!happened.getAsBoolean()) {
			if (System.nanoTime() - begin > SECONDS.toNanos(LIMIT_SECONDS)) {
				throw new AssertionError("not within " + LIMIT_SECONDS + " s: " + what);
			}
			if (Thread.interrupted()) {
				throw new AssertionError("interrupted after " + NANOSECONDS.toMillis(System.nanoTime() - begin) + " ms: " + what);
			}
			LockSupport.parkNanos(MILLISECONDS.toNanos(everyMillis));
		}
	}

	/** Returns what a stage completes with. */
	static <T> T result(CompletionStage<T> stage) throws Exception {
		return stage.toCompletableFuture().get(LIMIT_SECONDS, SECONDS);
	}

	/** Returns what a stage fails with. */
	static TransportException failure(CompletionStage<?> stage) throws InterruptedException, TimeoutException {
		try {
			throw new AssertionError("a failure was expected, not " + stage.toCompletableFuture().get(LIMIT_SECONDS, SECONDS));
		} catch (ExecutionException e) {
			if (e.getCause() instanceof TransportException) {
				return (TransportException) e.getCause();
			}
			throw new AssertionError("a TransportException was expected", e.getCause());
		}
	}
}
