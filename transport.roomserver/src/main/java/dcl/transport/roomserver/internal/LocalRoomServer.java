package dcl.transport.roomserver.internal;

import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

import dcl.transport.roomserver.RoomServer;
import dcl.transport.roomserver.RoomServerListener;
import dcl.transport.roomserver.RoomServerOptions;
import dcl.transport.roomserver.RoomServerStats;
import dcl.transport.websocket.WebSocketLimits;
import dcl.transport.websocket.WebSocketOptions;
import dcl.transport.websocket.WebSocketServer;
import dcl.transport.websocket.WebSocketServerOptions;
import dcl.transport.websocket.WebSockets;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A server with an engine and threads of its own. */
public final class LocalRoomServer implements RoomServer {

	private static final Logger LOG = LoggerFactory.getLogger(LocalRoomServer.class);
	private static final SecureRandom RANDOM = new SecureRandom();
	/** Clients sign only what begins so; some of them, only what has no colon, because a signed fetch has. */
	private static final String CHALLENGE_PREFIX = "dcl-";
	private static final int CHALLENGE_BYTES = 16;
	private static final int MOST_FRAGMENTS = 64;
	private static final int WELCOME_BYTES_PER_USER = 64;
	private static final int RELAY_BYTES = 64; // what an update grows by
	/** Connections beside users and pending ones: asking for the status, or saying goodbye. */
	private static final int MORE_CONNECTIONS = 200;
	private static final long END_MILLIS = 1_000;

	private final Counters counters = new Counters();
	private final Runnable onClose;
	private final Rooms rooms;
	private final Pending pending;
	private final Events events;
	private final ScheduledThreadPoolExecutor timers;
	private final ThreadPoolExecutor verifiers;
	private final WebSockets engine;
	private final WebSocketServer server;
	private final URI url;
	private final URI loginUrl;
	private final AtomicBoolean closed = new AtomicBoolean();

	/**
	 * Opens a server.
	 *
	 * @param version shown in its status
	 * @param onClose runs once it is closed
	 * @throws IOException if the address cannot be bound
	 */
	public LocalRoomServer(RoomServerOptions options, RoomServerListener listener, String version, Runnable onClose) throws IOException {
		this(options, listener, version, onClose, LocalRoomServer::challenge);
	}

	LocalRoomServer(RoomServerOptions options, RoomServerListener listener, String version, Runnable onClose, Supplier<String> challenges)
			throws IOException {
		this.onClose = onClose;
		// so nothing is looked up
		InetAddress host = options.host().equals("localhost") ? InetAddress.getLoopbackAddress() : InetAddress.getByName(options.host());
		String name = "dcl-roomserver";
		events = new Events(listener, name + "-events");
		pending = new Pending(options.maxPending(), options.maxPendingPerAddress());
		rooms = new Rooms(options, counters, events);
		timers = new ScheduledThreadPoolExecutor(1, Threads.named(name + "-timer"));
		timers.setRemoveOnCancelPolicy(true);
		timers.setKeepAliveTime(Threads.IDLE_SECONDS, TimeUnit.SECONDS);
		timers.allowCoreThreadTimeOut(true);
		verifiers = new ThreadPoolExecutor(options.verifiers(), options.verifiers(), Threads.IDLE_SECONDS, TimeUnit.SECONDS,
				new ArrayBlockingQueue<>(options.maxPending()), Threads.named(name + "-verifier"));
		verifiers.allowCoreThreadTimeOut(true);
		Environment environment = new Environment(options, rooms, pending, counters, verifiers, this::after, challenges,
				new Replays(options.rememberedLogins(), System::nanoTime), Clock.systemUTC());
		engine = WebSockets.create(WebSocketOptions.defaults().threadNamePrefix(name).coalesce(options.coalesce()));
		try {
			server = engine.listen(WebSocketServerOptions.on(new InetSocketAddress(host, options.port()))
					.maxConnections(options.capacity() + options.maxPending() + MORE_CONNECTIONS).limits(limits(options)),
					new Routes(environment, version));
		} catch (IOException | RuntimeException e) {
			engine.close();
			throw e;
		}
		url = url("ws", host, server.address().getPort(), Routes.ROOMS);
		loginUrl = url("http", host, server.address().getPort(), Logins.PATH);
		LOG.debug("Rooms at {}", url);
	}

	/** The engine's limits hold for both directions: what clients may send is checked again, in the session. */
	private static WebSocketLimits limits(RoomServerOptions options) {
		int relayed = options.maxMessageBytes() + RELAY_BYTES;
		int welcome = WELCOME_BYTES_PER_USER * (options.roomCapacity() + 1);
		return WebSocketLimits.defaults().toBuilder()
				.maxFrameBytes(options.maxMessageBytes())
				.maxMessageBytes(Math.max(relayed, welcome))
				.maxFragments(MOST_FRAGMENTS)
				.queueBytes(Math.max(options.outgoingBytes(), Math.max(welcome, options.unreliableBytes() + relayed) + RELAY_BYTES))
				.handshakeTimeout(options.stepTimeout())
				.pingInterval(options.pingInterval())
				.pongTimeout(options.pongTimeout())
				.build();
	}

	private static String challenge() {
		byte[] bytes = new byte[CHALLENGE_BYTES];
		RANDOM.nextBytes(bytes);
		return CHALLENGE_PREFIX + HexFormat.of().formatHex(bytes);
	}

	private Runnable after(Duration time, Runnable task) {
		try {
			Future<?> scheduled = timers.schedule(task, time.toNanos(), TimeUnit.NANOSECONDS);
			return () -> scheduled.cancel(false);
		} catch (RejectedExecutionException e) {
			LOG.debug("No more timers: {}", e.toString()); // the server closes, and with it the connection this is for
			return () -> {
			};
		}
	}

	private static URI url(String scheme, InetAddress asked, int port, String path) {
		String host = !asked.isAnyLocalAddress() ? asked.getHostAddress() : asked instanceof Inet6Address ? "::1" : "127.0.0.1";
		try {
			return new URI(scheme, null, host, port, path, null, null);
		} catch (URISyntaxException e) {
			throw new IllegalStateException(e);
		}
	}

	@Override
	public URI url() {
		return url;
	}

	@Override
	public URI loginUrl() {
		return loginUrl;
	}

	@Override
	public InetSocketAddress address() {
		return server.address();
	}

	@Override
	public RoomServerStats stats() {
		return new Stats();
	}

	@Override
	public void close() {
		if (!closed.compareAndSet(false, true)) {
			return;
		}
		rooms.close();
		server.close();
		engine.close();
		timers.shutdownNow();
		verifiers.shutdownNow();
		events.close();
		Threads.await(timers, END_MILLIS);
		Threads.await(verifiers, END_MILLIS);
		LOG.debug("No more rooms at {}", url);
		onClose.run();
	}

	private final class Stats implements RoomServerStats {

		@Override
		public int users() {
			return rooms.users();
		}

		@Override
		public int pending() {
			return pending.count();
		}

		@Override
		public Map<String, Integer> rooms() {
			return rooms.sizes();
		}

		@Override
		public long logins() {
			return counters.logins.sum();
		}

		@Override
		public long failedLogins() {
			return counters.failedLogins.sum();
		}

		@Override
		public long turnedAway() {
			return counters.turnedAway.sum();
		}

		@Override
		public long replaced() {
			return counters.replaced.sum();
		}

		@Override
		public long tooSlow() {
			return counters.tooSlow.sum();
		}

		@Override
		public long broken() {
			return counters.broken.sum();
		}

		@Override
		public long ignored() {
			return counters.ignored.sum();
		}

		@Override
		public long received() {
			return counters.received.sum();
		}

		@Override
		public long relayed() {
			return counters.relayed.sum();
		}

		@Override
		public long dropped() {
			return counters.dropped.sum();
		}

		@Override
		public long lostEvents() {
			return events.lost();
		}
	}
}
