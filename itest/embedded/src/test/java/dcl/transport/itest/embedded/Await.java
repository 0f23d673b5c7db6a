package dcl.transport.itest.embedded;

import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waiting, with a limit that a busy machine keeps. */
final class Await {

	static final long LIMIT_SECONDS = 60;

	private Await() {
	}

	/** Looks every few milliseconds. */
	static void until(String what, BooleanSupplier condition) {
		long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
		while (!condition.getAsBoolean()) {
			if (System.nanoTime() - deadline > 0) {
				throw new AssertionError("expected within " + LIMIT_SECONDS + " s: " + what);
			}
			LockSupport.parkNanos(5_000_000);
		}
	}

	/** Returns what a stage completes with. */
	static <T> T result(CompletionStage<T> stage) throws Exception {
		return stage.toCompletableFuture().get(LIMIT_SECONDS, TimeUnit.SECONDS);
	}
}
