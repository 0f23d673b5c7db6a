package dcl.transport.websocket;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import javax.net.ssl.SSLContext;

/**
 * The engine: one or a few threads that move the bytes of thousands of connections.
 * <p>
 * Its threads are daemons, started on first use; {@link #close} leaves no thread, socket or selector behind. All methods may be called from any thread.
 */
public final class WebSockets implements AutoCloseable {

	private static final int CALLBACK_THREADS = 2;
	private static final int TLS_THREADS = 2;
	private static final int DNS_THREADS = 4;
	private static final long IDLE_SECONDS = 5;
	private static final long CLOSE_SECONDS = 5;

	private final WebSocketOptions options;
	private final Masks masks = new Masks();
	private final List<Loop> loops = new ArrayList<>(); // guarded by this
	private final AtomicInteger turn = new AtomicInteger();
	private final Set<Server> servers = ConcurrentHashMap.newKeySet();
	private final ThreadPoolExecutor callbacks; // null if the host brought its own
	private final ThreadPoolExecutor computing;
	private final Executor computer; // what TLS computes on
	private final ThreadPoolExecutor resolving;
	private volatile boolean closed; // written with this locked

	private WebSockets(WebSocketOptions options) {
		this(options, null);
	}

	/** For tests, which may bring what TLS computes on. */
	WebSockets(WebSocketOptions options, Executor computer) {
		this.options = options;
		callbacks = options.executor.isPresent() ? null : pool("callback", CALLBACK_THREADS);
		computing = pool("tls", TLS_THREADS);
		this.computer = computer == null ? computing : computer;
		resolving = pool("dns", DNS_THREADS);
	}

	/** A pool without threads when idle. What waits in it is bounded by the connections. */
	private ThreadPoolExecutor pool(String what, int threads) {
		AtomicInteger count = new AtomicInteger();
		ThreadPoolExecutor pool = new ThreadPoolExecutor(threads, threads, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(),
				task -> EngineThread.make(this, task, options.threadNamePrefix + "-" + what + "-" + count.incrementAndGet()));
		pool.allowCoreThreadTimeOut(true);
		return pool;
	}

	/**
	 * Makes an engine. No thread is started yet.
	 *
	 * @param options the settings
	 * @return an engine, to be closed
	 */
	public static WebSockets create(WebSocketOptions options) {
		return new WebSockets(options);
	}

	/**
	 * Opens a connection in the client role. Returns at once; {@link WebSocketListener#opened} or {@link WebSocketListener#closed} follows.
	 * Names are looked up on a thread of its own, against the connect time. No proxy is used, no redirect followed, no extension offered.
	 *
	 * @param request  what to connect to
	 * @param listener gets the events
	 * @return the connection, not open yet; {@link WebSocketConnection#abort} gives up the attempt
	 * @throws IllegalStateException if the engine is closed
	 * @throws UncheckedIOException  if the first use of the engine cannot open a selector
	 */
	public WebSocketConnection connect(WebSocketRequest request, WebSocketListener listener) {
		start();
		ClientConnection connection = new ClientConnection(this, nextLoop(), request, Objects.requireNonNull(listener));
		if (!connection.loop.execute(connection::start)) {
			throw new IllegalStateException("the engine is closed");
		}
		return connection;
	}

	/**
	 * Sends one {@code POST} without a body and reads the answer, on a connection of its own that closes with it. No proxy is used, no redirect
	 * followed, nothing compressed, and no cookie or credential is sent but the request's own headers.
	 *
	 * @param request      what to ask, made with {@link WebSocketRequest#http}; {@link WebSocketLimits#handshakeTimeout()} bounds TLS, and the answer,
	 *                     {@link WebSocketLimits#maxHeadBytes()} its head
	 * @param maxBodyBytes the longest body that is read
	 * @param steps        hears how far it has come, where listeners are called; must not block
	 * @return the exchange, under way
	 * @throws IllegalStateException if the engine is closed
	 * @throws UncheckedIOException  if the first use of the engine cannot open a selector
	 */
	public HttpExchange post(WebSocketRequest request, int maxBodyBytes, Consumer<WebSocketStep> steps) {
		start();
		HttpClientConnection connection = new HttpClientConnection(this, nextLoop(), request, maxBodyBytes, new HttpClientConnection.Outcome(steps));
		if (!connection.loop.execute(connection::start)) {
			throw new IllegalStateException("the engine is closed");
		}
		return connection;
	}

	/**
	 * Listens for connections in the server role.
	 *
	 * @param options  where and how
	 * @param acceptor decides on each request
	 * @return the bound server
	 * @throws IOException           if the address cannot be bound
	 * @throws IllegalStateException if the engine is closed
	 */
	public WebSocketServer listen(WebSocketServerOptions options, WebSocketAcceptor acceptor) throws IOException {
		start();
		Server server = new Server(this, nextLoop(), options, Objects.requireNonNull(acceptor));
		servers.add(server);
		if (!server.loop().execute(server::start)) {
			server.close();
			throw new IllegalStateException("the engine is closed");
		}
		return server;
	}

	private synchronized void start() {
		if (closed) {
			throw new IllegalStateException("the engine is closed");
		}
		try {
			while (loops.size() < options.loops) {
				Loop loop = new Loop(this, options.threadNamePrefix + "-" + (loops.size() + 1), options.coalesce.toMillis());
				loops.add(loop);
				loop.start();
			}
		} catch (IOException e) {
			throw new UncheckedIOException("expected to open a selector", e);
		}
	}

	Loop nextLoop() {
		synchronized (this) {
			return loops.get(Math.floorMod(turn.getAndIncrement(), loops.size()));
		}
	}

	boolean isClosed() {
		return closed;
	}

	WebSocketLimits limits() {
		return options.limits();
	}

	Masks masks() {
		return masks;
	}

	/** Whether listeners are called on the loop, as long as it runs. */
	boolean callsOnLoop() {
		return options.callbacksOnLoop;
	}

	/** Returns what runs the callbacks of a connection of that loop. */
	Executor callbacks(Loop loop) {
		Executor pool = executor();
		if (!options.callbacksOnLoop) {
			return pool;
		}
		return task -> {
			if (loop.execute(task)) {
				return;
			}
			if (loop.isMine()) { // it is ending, and tells so
				task.run();
			} else {
				pool.execute(task);
			}
		};
	}

	Executor executor() {
		return callbacks == null ? options.executor.orElseThrow() : callbacks;
	}

	SSLContext sslContext() {
		return options.sslContext.orElseGet(() -> {
			try {
				return SSLContext.getDefault();
			} catch (NoSuchAlgorithmException e) {
				throw new IllegalStateException("expected a default TLS context", e);
			}
		});
	}

	/** Runs what TLS has to compute. */
	void compute(Runnable task) {
		computer.execute(task);
	}

	/** Runs a name lookup, which may block for long. */
	void resolve(Runnable task) {
		resolving.execute(task);
	}

	void forget(Runnable lookup) {
		resolving.remove(lookup);
	}

	void forget(Server server) {
		servers.remove(server);
	}

	/**
	 * Ends every connection and server with kind {@link WebSocketEnding.Kind#ENGINE_CLOSED}, without waiting for peers, and waits at most 5 s
	 * for its threads, unless called from one of them. What a host's own executor still holds is left to it. Further calls do nothing.
	 */
	@Override
	public void close() {
		List<Loop> ending;
		synchronized (this) {
			if (closed) {
				return;
			}
			closed = true;
			ending = List.copyOf(loops);
		}
		ending.forEach(Loop::stop);
		long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(CLOSE_SECONDS);
		try {
			for (Loop loop : ending) {
				if (!loop.isMine()) {
					loop.join(deadline);
				}
			}
			servers.forEach(Server::engineClosed);
			finish(computing, deadline, true);
			finish(resolving, deadline, true);
			if (callbacks != null) {
				finish(callbacks, deadline, false);
			}
		} catch (InterruptedException e) {
			Thread.currentThread().interrupt();
		}
	}

	private void finish(ThreadPoolExecutor pool, long deadline, boolean drop) throws InterruptedException {
		if (drop) {
			pool.shutdownNow();
		} else {
			pool.shutdown(); // the last callbacks still run
		}
		if (!EngineThread.isOf(this) && !pool.awaitTermination(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS)) {
			pool.shutdownNow();
		}
	}
}
