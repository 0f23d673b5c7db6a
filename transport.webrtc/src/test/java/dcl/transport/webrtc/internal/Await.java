package dcl.transport.webrtc.internal;

import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits, with a limit. */
final class Await {

	static final int SECONDS = 30;

	private Await() {
	}

	static <T> T result(CompletionStage<T> stage) throws Exception {
		try {
			return stage.toCompletableFuture().get(SECONDS, TimeUnit.SECONDS);
		} catch (TimeoutException e) {
			throw new AssertionError("not complete after " + SECONDS + " s", e);
		}
	}

	static Throwable failure(CompletionStage<?> stage) throws Exception {
		try {
			Object value = stage.toCompletableFuture().get(SECONDS, TimeUnit.SECONDS);
			throw new AssertionError("did not fail, but gave " + value);
		} catch (ExecutionException e) {
			return e.getCause();
		}
	}

	static void until(String what, BooleanSupplier condition) {
		long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
		while (!condition.getAsBoolean()) {
			if (System.nanoTime() > end) {
				throw new AssertionError("not after " + SECONDS + " s: " + what);
			}
			LockSupport.parkNanos(1_000_000);
		}
	}
}
