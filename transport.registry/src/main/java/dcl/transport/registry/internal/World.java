package dcl.transport.registry.internal;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;

import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;

/** What a session needs of the world around it: transports, threads, time and chance. */
interface World extends Executor, Ears.Watch {

	/** See {@link dcl.transport.TransportRegistry#create(TransportUri, TransportOptions)}. */
	Transport create(TransportUri uri, TransportOptions options) throws TransportException;

	/**
	 * See {@link dcl.transport.TransportRegistry#whenAvailable}.
	 *
	 * @param owner for {@link #abandon}
	 */
	CompletionStage<Void> whenAvailable(TransportUri uri, Duration timeout, Object owner);

	/** Lets go of what waits on behalf of an owner. */
	void abandon(Object owner);

	/** Runs a task on the pool. */
	@Override
	void execute(Runnable task);

	/** Runs a task on the pool after a time. */
	Future<?> after(Duration time, Runnable task);

	/** Returns a time that only goes on, for what lasts. */
	long nanoTime();

	/** Returns the time of day, for people. */
	Instant now();

	/** Returns a number at random, from zero to a bound, both included. */
	long random(long bound);
}
