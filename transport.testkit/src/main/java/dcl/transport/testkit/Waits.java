package dcl.transport.testkit;

import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

import dcl.transport.TransportException;

/** Waiting with limits. What fails says so as an {@link AssertionError}, to which the contract adds the clause. */
final class Waits {

	private Waits() {
	}

	/** Returns the limit of what has none in the contract: busy machines are slow. */
	static Duration limit() {
		return Duration.ofSeconds(Long.getLong("dcl.testkit.limitSeconds", 30));
	}

	/** Returns the limit of what the contract wants at once or within a second. */
	static Duration prompt() {
		return Duration.ofSeconds(Long.getLong("dcl.testkit.promptSeconds", 5));
	}

	static <T> T await(CompletionStage<T> stage, String what) {
		return await(stage, limit(), what);
	}

	static <T> T await(CompletionStage<T> stage, Duration limit, String what) {
		try {
			return stage.toCompletableFuture().get(limit.toMillis(), TimeUnit.MILLISECONDS);
		} catch (ExecutionException e) {
			throw new AssertionError(what + " failed with " + e.getCause(), e.getCause());
		} catch (TimeoutException e) {
			throw new AssertionError(what + " did not come about within " + limit.toSeconds() + " s", e);
		} catch (InterruptedException e) {
			throw interrupted(e);
		}
	}

	/** Waits for a failure, which has to be a {@link TransportException}. */
	static TransportException failure(CompletionStage<?> stage, Duration limit, String what) {
		try {
			Object result = stage.toCompletableFuture().get(limit.toMillis(), TimeUnit.MILLISECONDS);
			throw new AssertionError(what + " was expected to fail, but completed with " + result);
		} catch (ExecutionException e) {
			Throwable bare = bare(e);
			if (bare instanceof TransportException ours) {
				return ours;
			}
			throw new AssertionError(what + " was expected to fail with a TransportException, not with " + bare, bare);
		} catch (TimeoutException e) {
			throw new AssertionError(what + " was expected to fail, and nothing came about within " + limit.toSeconds() + " s", e);
		} catch (InterruptedException e) {
			throw interrupted(e);
		}
	}

	/** Waits until a stage is complete, one way or the other. */
	static boolean settles(CompletionStage<?> stage, Duration limit) {
		try {
			stage.toCompletableFuture().get(limit.toMillis(), TimeUnit.MILLISECONDS);
			return true;
		} catch (ExecutionException e) {
			return true;
		} catch (TimeoutException e) {
			return false;
		} catch (InterruptedException e) {
			throw interrupted(e);
		}
	}

	/** Returns what a stage that has failed failed with. */
	static Throwable thrown(CompletionStage<?> failed) {
		return bare(failed.handle((nothing, failure) -> failure).toCompletableFuture().join());
	}

	static Throwable bare(Throwable failure) {
		Throwable bare = failure;
		while ((bare instanceof ExecutionException || bare instanceof CompletionException) && bare.getCause() != null) {
			bare = bare.getCause();
		}
		return bare;
	}

	/** Waits for what nobody tells. */
	static void until(BooleanSupplier condition, Duration limit, Supplier<String> what) {
		long deadline = System.nanoTime() + limit.toNanos();
		while (!condition.getAsBoolean()) {
			if (System.nanoTime() > deadline) {
				throw new AssertionError(what.get() + ", after " + limit.toSeconds() + " s");
			}
			LockSupport.parkNanos(2_000_000);
			if (Thread.interrupted()) {
				throw interrupted(new InterruptedException());
			}
		}
	}

	private static AssertionError interrupted(InterruptedException e) {
		Thread.currentThread().interrupt();
		return new AssertionError("interrupted", e);
	}
}
