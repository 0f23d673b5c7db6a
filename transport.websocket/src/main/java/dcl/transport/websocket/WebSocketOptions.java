package dcl.transport.websocket;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Executor;

import javax.net.ssl.SSLContext;

/**
 * The settings of one {@link WebSockets}. Immutable; each method returns a changed copy. There is no setting that turns the host name check off.
 */
public final class WebSocketOptions {

	private static final WebSocketOptions DEFAULTS =
			new WebSocketOptions(1, "dcl-websocket", Optional.empty(), false, Optional.empty(), Duration.ZERO, WebSocketLimits.defaults());

	final int loops;
	final String threadNamePrefix;
	final Optional<Executor> executor;
	final boolean callbacksOnLoop;
	final Optional<SSLContext> sslContext;
	final Duration coalesce;
	private final WebSocketLimits limits;

	private WebSocketOptions(int loops, String threadNamePrefix, Optional<Executor> executor, boolean callbacksOnLoop,
			Optional<SSLContext> sslContext, Duration coalesce, WebSocketLimits limits) {
		this.loops = loops;
		this.threadNamePrefix = threadNamePrefix;
		this.executor = executor;
		this.callbacksOnLoop = callbacksOnLoop;
		this.sslContext = sslContext;
		this.coalesce = coalesce;
		this.limits = limits;
	}

	/**
	 * Returns the defaults: one loop, threads named {@code dcl-websocket-…}, callbacks on two daemon threads of its own that go when idle, the
	 * JVM's default TLS context, {@link WebSocketLimits#defaults()}.
	 *
	 * @return the options
	 */
	public static WebSocketOptions defaults() {
		return DEFAULTS;
	}

	/**
	 * Sets how many threads move bytes.
	 *
	 * @param count 1 to 64; 1 by default, which carries thousands of rooms
	 * @return a copy
	 */
	public WebSocketOptions loops(int count) {
		WebSocketLimits.requireRange("loops", count, 1, 64);
		return new WebSocketOptions(count, threadNamePrefix, executor, callbacksOnLoop, sslContext, coalesce, limits);
	}

	/**
	 * Sets how the threads are called.
	 *
	 * @param prefix {@code dcl-websocket} by default
	 * @return a copy
	 */
	public WebSocketOptions threadNamePrefix(String prefix) {
		return new WebSocketOptions(loops, Objects.requireNonNull(prefix), executor, callbacksOnLoop, sslContext, coalesce, limits);
	}

	/**
	 * Runs the callbacks and the acceptors on this executor, in batches: one task for a burst of messages of a connection. It is never shut down here.
	 *
	 * @param own must not run tasks on the calling thread, which would be a thread that moves bytes; if it rejects a task, that connection ends
	 *            without another callback
	 * @return a copy
	 */
	public WebSocketOptions executor(Executor own) {
		return new WebSocketOptions(loops, threadNamePrefix, Optional.of(own), callbacksOnLoop, sslContext, coalesce, limits);
	}

	/**
	 * Calls the listeners of connections on the thread that moves their bytes, which saves a thread's wake-up for each burst, and the queue before it
	 * for as long as they do not pause. Only for listeners that
	 * never wait and call no foreign code: one that does holds up every connection of its loop, and their time-outs. Acceptors still run on the
	 * executor, and so may the last callbacks when the engine closes.
	 *
	 * @return a copy
	 */
	public WebSocketOptions callbacksOnLoop() {
		return new WebSocketOptions(loops, threadNamePrefix, executor, true, sslContext, coalesce, limits);
	}

	/**
	 * Uses this TLS context for {@code wss} connections in the client role.
	 *
	 * @param own an initialised context; its trust decides, and the host name is checked in any case
	 * @return a copy
	 */
	public WebSocketOptions sslContext(SSLContext own) {
		return new WebSocketOptions(loops, threadNamePrefix, executor, callbacksOnLoop, Optional.of(own), coalesce, limits);
	}

	/**
	 * Lets what is sent wait a little, so that a connection gets several messages with one write. For servers whose senders are paced, such as a
	 * room of a hundred peers at ten messages a second each; it delays everything sent by up to that time.
	 *
	 * @param tick 0 to 50 ms, in whole milliseconds; 0 by default, which writes at once
	 * @return a copy
	 */
	public WebSocketOptions coalesce(Duration tick) {
		WebSocketLimits.requireRange("coalesce in ms", tick.toMillis(), 0, 50);
		return new WebSocketOptions(loops, threadNamePrefix, executor, callbacksOnLoop, sslContext, tick, limits);
	}

	/**
	 * Sets the limits of connections that bring none of their own.
	 *
	 * @param own the limits
	 * @return a copy
	 */
	public WebSocketOptions limits(WebSocketLimits own) {
		return new WebSocketOptions(loops, threadNamePrefix, executor, callbacksOnLoop, sslContext, coalesce, Objects.requireNonNull(own));
	}

	/**
	 * Returns the limits of connections that bring none of their own.
	 *
	 * @return the limits
	 */
	public WebSocketLimits limits() {
		return limits;
	}
}
