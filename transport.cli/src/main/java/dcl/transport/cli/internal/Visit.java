package dcl.transport.cli.internal;

import java.io.InputStream;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import dcl.transport.Disconnection;
import dcl.transport.Identity;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportOptions;
import dcl.transport.TransportRegistry;
import dcl.transport.TransportUri;

/** Stays in a room until it is time to leave: one transport after the other, as long as the endings allow it. */
final class Visit {

	/** A connection that lasted this long was a good one: the next wait is short again. */
	private static final Duration GOOD = Duration.ofSeconds(30);
	private static final long LEAVE_MILLIS = 3_000;

	/** How one transport ended: what it counts as, and whether to come back. */
	private record Ending(boolean leftByUs, boolean connected, String after, int exit, boolean again, Duration atLeast) {
	}

	private final TransportRegistry registry;
	private final TransportUri uri;
	private final TransportOptions options;
	private final Reporter reporter;
	private final Output out;
	private final Stop stop;
	private final Backoff backoff;
	private final boolean retryFirst;

	Visit(TransportRegistry registry, TransportUri uri, Optional<Identity> identity, Output out, Stop stop, Backoff backoff,
			boolean retryFirst) {
		this.registry = registry;
		this.uri = uri;
		this.options = identity.map(TransportOptions::of).orElseGet(TransportOptions::none);
		this.reporter = new Reporter(out, identity.map(me -> me.address().value()).orElse(""), false);
		this.out = out;
		this.stop = stop;
		this.backoff = backoff;
		this.retryFirst = retryFirst;
	}

	/**
	 * Runs until it is time.
	 *
	 * @return the exit code
	 * @throws InterruptedException after leaving, if the calling thread was interrupted
	 */
	int run(InputStream in, boolean endsWithInput) throws InterruptedException {
		Input input = new Input(in, out, reporter, endsWithInput ? stop::inputEnded : () -> {
		});
		boolean wasConnected = false;
		int attempt = 0;
		while (true) {
			long start = System.nanoTime();
			Ending ending = once(input);
			wasConnected |= ending.connected;
			if (stop.isOutputGone()) {
				return Exit.INTERRUPTED;
			}
			if (ending.leftByUs || !ending.again || !(wasConnected || retryFirst)) {
				return ending.exit;
			}
			attempt = ending.connected && System.nanoTime() - start > GOOD.toNanos() ? 1 : attempt + 1;
			Duration wait = backoff.before(attempt, ending.atLeast);
			reporter.reconnecting(attempt, wait.toMillis(), ending.after);
			if (!stop.pause(wait)) {
				return stop.isOutputGone() ? Exit.INTERRUPTED : ending.exit;
			}
		}
	}

	private Ending once(Input input) throws InterruptedException {
		reporter.connecting(uri.toString());
		Transport transport;
		try {
			transport = registry.create(uri, options);
		} catch (TransportException e) {
			return failed(e);
		}
		try {
			transport.listen(reporter);
			CompletionStage<Void> connecting = transport.connect();
			if (!stop.await(connecting)) {
				leave(transport);
				return failed(new TransportException(Code.TIMEOUT, "not connected when it was time to leave"));
			}
			Optional<TransportException> failure = failure(connecting);
			if (failure.isPresent()) {
				return failed(failure.get());
			}
			input.connected(transport);
			boolean ended = stop.await(transport.closed());
			input.disconnected();
			if (!ended) {
				leave(transport);
				return new Ending(true, true, "", Exit.DONE, false, Duration.ZERO);
			}
			Disconnection why = transport.closed().toCompletableFuture().join();
			return new Ending(false, true, why.reason().name(), Exit.of(why.reason()), why.reason().isRetryable(), Duration.ZERO);
		} catch (InterruptedException e) {
			input.disconnected();
			leave(transport);
			throw e;
		}
	}

	private Ending failed(TransportException failure) {
		reporter.failed(failure);
		boolean again = failure.code().isRetryable() && failure.code() != Code.NO_IDENTITY; // there will be no other identity
		return new Ending(false, false, failure.code().name(), Exit.of(failure.code()), again, failure.retryAfter().orElse(Duration.ZERO));
	}

	/** Waits for the goodbye, and for its event, for a bounded time and whatever else happens. */
	private static void leave(Transport transport) {
		transport.disconnect();
		long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(LEAVE_MILLIS);
		boolean interrupted = false;
		boolean waiting = true;
		while (waiting) {
			try {
				transport.closed().toCompletableFuture().get(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
				waiting = false;
			} catch (InterruptedException again) {
				interrupted = true;
			} catch (TimeoutException enough) {
				waiting = false;
			} catch (ExecutionException e) {
				throw new IllegalStateException("closed() never fails", e);
			}
		}
		if (interrupted) {
			Thread.currentThread().interrupt();
		}
	}

	/** Returns what a complete stage failed with. */
	static Optional<TransportException> failure(CompletionStage<?> complete) {
		try {
			complete.toCompletableFuture().join();
			return Optional.empty();
		} catch (CompletionException e) {
			if (e.getCause() instanceof TransportException failure) {
				return Optional.of(failure);
			}
			throw e;
		}
	}
}
