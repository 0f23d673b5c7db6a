package dcl.transport.websocket;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.SSLContext;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Accepts connections on one loop and spreads them over all. */
final class Server implements WebSocketServer, Loop.Selectable {

	private static final Logger LOG = LoggerFactory.getLogger(Server.class);
	private static final int BACKLOG = 512;
	/** Connections accepted before other work of the loop goes on. */
	private static final int SHARE = 64;

	private final WebSockets engine;
	private final Loop loop;
	private final WebSocketServerOptions options;
	private final WebSocketLimits limits;
	private final WebSocketAcceptor acceptor;
	private final ServerSocketChannel channel;
	private final InetSocketAddress address;
	private final SSLContext context;
	private final Set<ServerConnection> held = ConcurrentHashMap.newKeySet();
	private volatile boolean closed;
	private SelectionKey key; // the loop's

	Server(WebSockets engine, Loop loop, WebSocketServerOptions options, WebSocketAcceptor acceptor) throws IOException {
		this.engine = engine;
		this.loop = loop;
		this.options = options;
		this.acceptor = acceptor;
		limits = options.limits.orElse(engine.limits());
		context = options.sslContext.orElse(null);
		channel = ServerSocketChannel.open();
		try {
			channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
			channel.bind(options.address, BACKLOG);
			channel.configureBlocking(false);
			address = (InetSocketAddress) channel.getLocalAddress();
		} catch (IOException | RuntimeException e) {
			channel.close();
			throw e;
		}
	}

	void start() {
		try {
			key = channel.register(loop.selector(), SelectionKey.OP_ACCEPT, this);
		} catch (IOException e) {
			failed(e);
		}
	}

	Loop loop() {
		return loop;
	}

	WebSocketAcceptor acceptor() {
		return acceptor;
	}

	boolean isClosed() {
		return closed;
	}

	@Override
	public void ready(SelectionKey ready) throws IOException {
		for (int i = 0; i < SHARE; i++) {
			SocketChannel accepted = channel.accept();
			if (accepted == null) {
				return;
			}
			take(accepted);
		}
	}

	private void take(SocketChannel accepted) throws IOException {
		if (held.size() >= options.maxConnections) {
			LOG.debug("A connection was refused: {} are open already", options.maxConnections);
			accepted.close();
			return;
		}
		try {
			accepted.configureBlocking(false);
			accepted.setOption(StandardSocketOptions.TCP_NODELAY, true);
		} catch (IOException e) {
			LOG.debug("A connection was gone before it was served: {}", e.toString());
			accepted.close();
			return;
		}
		Loop next = engine.nextLoop();
		ServerConnection connection = new ServerConnection(engine, next, limits, this);
		held.add(connection);
		if (!next.execute(() -> connection.start(accepted, context))) {
			held.remove(connection);
			accepted.close();
		}
	}

	void released(ServerConnection connection) {
		held.remove(connection);
	}

	@Override
	public void failed(Throwable cause) {
		if (key != null && key.isValid()) {
			// out of file descriptors, most likely: the key would stay ready and burn a core
			LOG.warn("Connections cannot be accepted, trying again soon: {}", cause.toString());
			key.interestOps(0);
			loop.atNextTick(() -> {
				if (key.isValid()) {
					key.interestOps(SelectionKey.OP_ACCEPT);
				}
			});
		}
	}

	@Override
	public InetSocketAddress address() {
		return address;
	}

	@Override
	public int connections() {
		return held.size();
	}

	@Override
	public void close() {
		if (closed) {
			return;
		}
		closed = true;
		CountDownLatch free = new CountDownLatch(1);
		boolean running = loop.execute(() -> {
			closeChannel();
			free.countDown();
		});
		for (ServerConnection connection : held) {
			connection.loop.execute(connection::engineClosed);
		}
		engine.forget(this);
		if (!running) {
			closeChannel();
		} else if (!loop.isMine()) {
			try {
				free.await(1, TimeUnit.SECONDS);
			} catch (InterruptedException e) {
				Thread.currentThread().interrupt();
			}
		}
	}

	/** The loops have ended, and the connections with them. */
	void engineClosed() {
		closed = true;
		closeChannel();
	}

	/** Frees the port: a registered channel is closed only when its selector looks at it again. */
	private void closeChannel() {
		try {
			channel.close();
			if (loop.isMine()) {
				loop.forgetClosed();
			}
		} catch (IOException e) {
			LOG.warn("A port did not close: {}", e.toString());
		}
	}
}
