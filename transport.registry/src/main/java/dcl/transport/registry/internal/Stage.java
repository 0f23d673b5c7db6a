package dcl.transport.registry.internal;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** A stage that only the registry completes: one object a packet where {@code minimalCompletionStage()} would need two. */
final class Stage<T> extends CompletableFuture<T> {

	/** The one stage every call shares that has nothing to wait for. */
	static final CompletionStage<Void> DONE = done();

	private static CompletionStage<Void> done() {
		Stage<Void> stage = new Stage<>();
		stage.finish(null);
		return stage;
	}

	static <T> Stage<T> failed(Throwable failure) {
		Stage<T> stage = new Stage<>();
		stage.fail(failure);
		return stage;
	}

	boolean finish(T value) {
		return super.complete(value);
	}

	boolean fail(Throwable failure) {
		return super.completeExceptionally(failure);
	}

	/** A copy, which its taker may complete or cancel as it likes. */
	@Override
	public CompletableFuture<T> toCompletableFuture() {
		return copy();
	}

	@Override
	public <U> CompletableFuture<U> newIncompleteFuture() {
		return new CompletableFuture<>();
	}

	@Override
	public boolean complete(T value) {
		throw readOnly();
	}

	@Override
	public boolean completeExceptionally(Throwable failure) {
		throw readOnly();
	}

	@Override
	public boolean cancel(boolean mayInterruptIfRunning) {
		throw readOnly();
	}

	@Override
	public void obtrudeValue(T value) {
		throw readOnly();
	}

	@Override
	public void obtrudeException(Throwable failure) {
		throw readOnly();
	}

	@Override
	public CompletableFuture<T> completeAsync(Supplier<? extends T> supplier, Executor executor) {
		throw readOnly();
	}

	@Override
	public CompletableFuture<T> orTimeout(long timeout, TimeUnit unit) {
		throw readOnly();
	}

	@Override
	public CompletableFuture<T> completeOnTimeout(T value, long timeout, TimeUnit unit) {
		throw readOnly();
	}

	private static UnsupportedOperationException readOnly() {
		return new UnsupportedOperationException("only the registry completes this stage; toCompletableFuture() gives a copy of your own");
	}
}
