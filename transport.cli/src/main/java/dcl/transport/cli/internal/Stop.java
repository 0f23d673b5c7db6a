package dcl.transport.cli.internal;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** When a command is to end: at its time, at the end of its input, or since nobody reads its output any more. Thread-safe. */
final class Stop {

	private final CompletableFuture<Void> asked = new CompletableFuture<>();
	private final long endNanos;
	private final boolean timed;
	private volatile boolean outputGone;

	/** @param time from now; null for no end */
	Stop(Duration time) {
		timed = time != null;
		endNanos = timed ? System.nanoTime() + time.toNanos() : 0;
	}

	void inputEnded() {
		asked.complete(null);
	}

	void outputGone() {
		outputGone = true;
		asked.complete(null);
	}

	boolean isOutputGone() {
		return outputGone;
	}

	/** Returns whether it is time. */
	boolean isNow() {
		return asked.isDone() || timed && endNanos - System.nanoTime() <= 0;
	}

	/** Waits for a stage, for its result or failure alike, and for nothing once it is time to end; returns whether the stage is complete. */
	boolean await(CompletionStage<?> stage) throws InterruptedException {
		CompletableFuture<Void> ready = stage.handle((result, failure) -> (Void) null).toCompletableFuture();
		long nanos = timed ? Math.max(0, endNanos - System.nanoTime()) : Long.MAX_VALUE;
		wait(CompletableFuture.anyOf(ready, asked), nanos);
		return ready.isDone();
	}

	/** Waits for some time; returns whether it passed before it was time to end. */
	boolean pause(Duration time) throws InterruptedException {
		long left = timed ? Math.max(0, endNanos - System.nanoTime()) : Long.MAX_VALUE;
		wait(asked, Math.min(time.toNanos(), left));
		return !isNow();
	}

	private static void wait(CompletableFuture<?> what, long nanos) throws InterruptedException {
		try {
			what.get(nanos, TimeUnit.NANOSECONDS);
		} catch (TimeoutException timeIsUp) {
			return;
		} catch (ExecutionException e) {
			throw new IllegalStateException("none of these fails", e);
		}
	}
}
