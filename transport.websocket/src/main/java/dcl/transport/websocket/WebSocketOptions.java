package dcl.transport.websocket;

import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Executor;

import javax.net.ssl.SSLContext;

/**
 * The settings of one {@link WebSockets}. Immutable; each method returns a changed copy. There is no setting that turns the host name check off.
 */
public final class WebSocketOptions {

	private static final WebSocketOptions DEFAULTS =
			new WebSocketOptions(1, "dcl-websocket", Optional.empty(), Optional.empty(), WebSocketLimits.defaults());

	final int loops;
	final String threadNamePrefix;
	final Optional<Executor> executor;
	final Optional<SSLContext> sslContext;
	private final WebSocketLimits limits;

	private WebSocketOptions(int loops, String threadNamePrefix, Optional<Executor> executor, Optional<SSLContext> sslContext, WebSocketLimits limits) {
		this.loops = loops;
		this.threadNamePrefix = threadNamePrefix;
		this.executor = executor;
		this.sslContext = sslContext;
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
		return new WebSocketOptions(count, threadNamePrefix, executor, sslContext, limits);
	}

	/**
	 * Sets how the threads are called.
	 *
	 * @param prefix {@code dcl-websocket} by default
	 * @return a copy
	 */
	public WebSocketOptions threadNamePrefix(String prefix) {
		return new WebSocketOptions(loops, Objects.requireNonNull(prefix), executor, sslContext, limits);
	}

	/**
	 * Runs the callbacks and the acceptors on this executor, in batches: one task for a burst of messages of a connection. It is never shut down here.
	 *
	 * @param own must not run tasks on the calling thread, which would be a thread that moves bytes; if it rejects a task, that connection ends
	 *            without another callback
	 * @return a copy
	 */
	public WebSocketOptions executor(Executor own) {
		return new WebSocketOptions(loops, threadNamePrefix, Optional.of(own), sslContext, limits);
	}

	/**
	 * Uses this TLS context for {@code wss} connections in the client role.
	 *
	 * @param own an initialised context; its trust decides, and the host name is checked in any case
	 * @return a copy
	 */
	public WebSocketOptions sslContext(SSLContext own) {
		return new WebSocketOptions(loops, threadNamePrefix, executor, Optional.of(own), limits);
	}

	/**
	 * Sets the limits of connections that bring none of their own.
	 *
	 * @param own the limits
	 * @return a copy
	 */
	public WebSocketOptions limits(WebSocketLimits own) {
		return new WebSocketOptions(loops, threadNamePrefix, executor, sslContext, Objects.requireNonNull(own));
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
