package dcl.transport.itest.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A TCP proxy on loopback that breaks connections on purpose: by a {@link Script}, and at the word of a test.
 * <pre>
 * try (ChaosProxy proxy = ChaosProxy.to(server.address(), Script.parse("at frame 3 byte 7 down of connection 1: rst"))) {
 *     proxy.replayable(() -&gt; { connect to proxy.port(), and see what comes of it });
 * }
 * </pre>
 * One daemon thread moves everything; at most {@link #MAX_CONNECTIONS} at once, a further one is reset. All methods may be called from any
 * thread; those that ask about a connection wait up to {@link #WAIT_SECONDS} for it to come. The list of faults is in the README of this
 * folder.
 */
public final class ChaosProxy implements AutoCloseable {

	/** The most connections at once. */
	public static final int MAX_CONNECTIONS = 256;
	/** How long a method waits for a connection, or for the proxy's thread. */
	public static final int WAIT_SECONDS = 30;

	/** A test's body. */
	@FunctionalInterface
	public interface Body {

		void run() throws Exception;
	}

	private record Timer(long due, long order, Runnable task) {
	}

	/** What came of a script that was part of a failure; its message is the script and what the proxy did. */
	private static final class Replay extends RuntimeException {

		Replay(String message) {
			super(message, null, false, false);
		}

		@Override
		public String toString() {
			return getMessage();
		}
	}

	private static final AtomicInteger PROXIES = new AtomicInteger();
	private static final int MAX_NOTES = 1_000;
	private static final int BACKLOG = 256;

	private final InetSocketAddress target;
	private final Script script;
	private final int bufferBytes;
	private final Selector selector;
	private final Thread thread;
	private final int port;
	private final long begin = System.nanoTime();
	private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
	private volatile boolean closing;

	// the thread's:
	private final ByteBuffer buffer = ByteBuffer.allocateDirect(64 << 10);
	private final PriorityQueue<Timer> timers = new PriorityQueue<>((a, b) -> a.due == b.due ? Long.compare(a.order, b.order)
			: Long.compare(a.due, b.due));
	private final Map<Integer, Pair> pairs = new HashMap<>();
	private final Map<Integer, CompletableFuture<Void>> arrivals = new HashMap<>();
	private ServerSocketChannel listening; // null while connections are refused
	private int accepted;
	private long order;

	private final Deque<String> notes = new ArrayDeque<>(); // guarded by itself

	private ChaosProxy(InetSocketAddress target, Script script, int bufferBytes) throws IOException {
		this.target = target;
		this.script = script;
		this.bufferBytes = bufferBytes;
		selector = Selector.open();
		listen(0);
		port = ((InetSocketAddress) listening.getLocalAddress()).getPort();
		thread = new Thread(this::run, "chaos-proxy-" + PROXIES.incrementAndGet());
		thread.setDaemon(true);
		thread.start();
	}

	/** Opens a proxy that forwards, until it is told otherwise. */
	public static ChaosProxy to(InetSocketAddress target) throws IOException {
		return to(target, Script.parse(""));
	}

	/** Opens a proxy with a script. */
	public static ChaosProxy to(InetSocketAddress target, Script script) throws IOException {
		return new ChaosProxy(target, script, 0);
	}

	/**
	 * Opens a proxy with small socket buffers, so that who is not read from notices soon.
	 *
	 * @param bufferBytes asked of the system for each socket; it takes more, on Linux twice as much
	 */
	public static ChaosProxy to(InetSocketAddress target, Script script, int bufferBytes) throws IOException {
		return new ChaosProxy(target, script, bufferBytes);
	}

	/** Returns the port on 127.0.0.1, the same also after it refused connections. */
	public int port() {
		return port;
	}

	/** Returns how many connections came. */
	public int accepted() {
		return call(() -> accepted);
	}

	/** Returns how many connections there are. */
	public int open() {
		return call(pairs::size);
	}

	/** Waits until a connection has come, counted from 1. */
	public void awaitConnection(int connection) {
		get(call(() -> accepted >= connection ? CompletableFuture.completedFuture(null)
				: arrivals.computeIfAbsent(connection, number -> new CompletableFuture<Void>())), "connection " + connection);
	}

	/**
	 * Does something to a connection, now.
	 *
	 * @param connection counted from 1; waits for it
	 * @param fault      as after the colon of a script's step; not one that stands in for the server
	 * @return whether the connection was still there
	 * @throws IllegalArgumentException naming what was expected
	 */
	public boolean apply(int connection, String fault) {
		Fault parsed = Fault.parse(fault, null);
		if (parsed.kind().isAtAccept()) {
			throw new IllegalArgumentException("expected '" + parsed.kind().text() + "' in a script, since it stands in for the server");
		}
		awaitConnection(connection);
		return call(() -> apply(pairs.get(connection), parsed));
	}

	/**
	 * Does something to a connection once so many more bytes have come from a side, and before what is behind them goes on.
	 *
	 * @param bytes at least 1
	 * @param side  {@link Side#UP} or {@link Side#DOWN}
	 * @return whether the connection was still there
	 */
	public boolean applyAfter(int connection, long bytes, Side side, String fault) {
		Fault parsed = Fault.parse(fault, side);
		if (bytes < 1 || side == Side.BOTH || parsed.kind().isAtAccept()) {
			throw new IllegalArgumentException("expected at least 1 byte, up or down, and a fault that does not stand in for the server");
		}
		awaitConnection(connection);
		return call(() -> {
			Pair pair = pairs.get(connection);
			if (pair != null) {
				pair.applyAfter(bytes, side, parsed);
			}
			return pair != null;
		});
	}

	/** Does something to every connection there is, now; returns to how many. */
	public int applyToAll(String fault) {
		Fault parsed = Fault.parse(fault, null);
		return call(() -> (int) List.copyOf(pairs.values()).stream().filter(pair -> apply(pair, parsed)).count());
	}

	private boolean apply(Pair pair, Fault fault) {
		if (pair == null) {
			return false;
		}
		pair.note("now: " + fault);
		pair.apply(fault);
		pair.turn();
		return true;
	}

	/** Returns how many bytes of a connection have come from that side, or -1 if it is over. */
	public long passed(int connection, Side side) {
		awaitConnection(connection);
		return call(() -> pairs.containsKey(connection) ? pairs.get(connection).passed(side) : -1L);
	}

	/** Refuses connections from now on, as a server that is down; those there are stay. */
	public void refuse() {
		call(() -> listening(false));
		call(() -> true); // behind what that left to be done
	}

	/** Takes connections again, on the same port. */
	public void listen() {
		call(() -> listening(true));
	}

	/** Returns what happened so far, a line each, at most the last 1 000. */
	public List<String> notes() {
		synchronized (notes) {
			return List.copyOf(notes);
		}
	}

	/** Runs a test's body; a failure shows the script, its seed and what the proxy did, so that it can be repeated. */
	public void replayable(Body body) throws Exception {
		try {
			body.run();
		} catch (Exception | AssertionError failure) {
			failure.addSuppressed(new Replay("chaos script:\n" + script + "what the proxy did:\n" + String.join("\n", notes())));
			throw failure;
		}
	}

	/** Closes every connection and the port, and waits for the thread. */
	@Override
	public void close() {
		closing = true;
		selector.wakeup();
		try {
			thread.join(TimeUnit.SECONDS.toMillis(WAIT_SECONDS));
		} catch (InterruptedException e) {
			Thread.currentThread().interrupt();
		}
		if (thread.isAlive()) {
			throw new IllegalStateException("the proxy's thread does not end");
		}
	}

	// ---- asking the thread

	private <T> T call(Callable<T> question) {
		if (closing) {
			throw new IllegalStateException("the proxy is closed");
		}
		CompletableFuture<T> answer = new CompletableFuture<>();
		tasks.add(() -> {
			try {
				answer.complete(question.call());
			} catch (Exception e) {
				answer.completeExceptionally(e);
			}
		});
		selector.wakeup();
		return get(answer, "an answer of the proxy's thread");
	}

	private static <T> T get(CompletableFuture<T> stage, String what) {
		try {
			return stage.get(WAIT_SECONDS, TimeUnit.SECONDS);
		} catch (TimeoutException e) {
			throw new IllegalStateException("expected " + what + " within " + WAIT_SECONDS + " s", e);
		} catch (InterruptedException e) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException("interrupted while waiting for " + what, e);
		} catch (ExecutionException e) {
			throw new IllegalStateException(e.getCause());
		}
	}

	// ---- the thread

	private void run() {
		try {
			while (!closing) {
				selector.select(this::ready, untilNextTimer());
				for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
					task.run();
				}
				while (!timers.isEmpty() && timers.peek().due <= System.nanoTime()) {
					timers.poll().task.run();
				}
			}
		} catch (IOException e) {
			throw new UncheckedIOException(e);
		} finally {
			end();
		}
	}

	private long untilNextTimer() {
		return timers.isEmpty() ? 0 : Math.max(1, TimeUnit.NANOSECONDS.toMillis(timers.peek().due - System.nanoTime() + 999_999));
	}

	private void ready(SelectionKey key) {
		if (key.attachment() instanceof Pair pair) {
			pair.ready(key);
			return;
		}
		ServerSocketChannel door = (ServerSocketChannel) key.channel();
		try {
			// what came before it in this round may have closed it
			for (SocketChannel client = key.isValid() ? door.accept() : null; client != null; client = key.isValid() ? door.accept() : null) {
				accept(client);
			}
		} catch (IOException e) {
			note("did not accept: " + e.getMessage());
		}
	}

	private void accept(SocketChannel client) throws IOException {
		if (pairs.size() >= MAX_CONNECTIONS) {
			note("one connection too many");
			client.setOption(StandardSocketOptions.SO_LINGER, 0);
			client.close();
			return;
		}
		int number = ++accepted;
		Pair pair = new Pair(this, number, client, script);
		pairs.put(number, pair);
		pair.note("came");
		try {
			pair.begin(script);
		} catch (IOException e) {
			pair.broken(e);
		}
		CompletableFuture<Void> arrival = arrivals.remove(number);
		if (arrival != null) {
			arrival.complete(null);
		}
	}

	boolean listening(boolean wanted) {
		try {
			if (wanted && listening == null) {
				listen(port);
			} else if (!wanted && listening != null) {
				listening.close();
				listening = null;
				tasks.add(this::forgetClosed);
			}
			note(wanted ? "takes connections" : "refuses connections");
			return wanted;
		} catch (IOException e) {
			throw new UncheckedIOException(e);
		}
	}

	/** Until the selector has looked again the system still has a closed port open. */
	private void forgetClosed() {
		try {
			selector.selectNow(this::ready);
		} catch (IOException e) {
			throw new UncheckedIOException(e);
		}
	}

	private void listen(int where) throws IOException {
		listening = ServerSocketChannel.open();
		listening.setOption(StandardSocketOptions.SO_REUSEADDR, true);
		if (bufferBytes > 0) {
			listening.setOption(StandardSocketOptions.SO_RCVBUF, bufferBytes);
		}
		listening.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), where), BACKLOG);
		listening.configureBlocking(false);
		listening.register(selector, SelectionKey.OP_ACCEPT);
	}

	private void end() {
		closing = true;
		List.copyOf(pairs.values()).forEach(Pair::end);
		arrivals.values().forEach(arrival -> arrival.completeExceptionally(new ClosedChannelException()));
		try {
			if (listening != null) {
				listening.close();
			}
			selector.close();
		} catch (IOException e) {
			throw new UncheckedIOException(e);
		}
	}

	// ---- for the connections

	InetSocketAddress target() {
		return target;
	}

	ByteBuffer buffer() {
		return buffer.clear();
	}

	SelectionKey register(SocketChannel channel, Pair pair) throws IOException {
		shrink(channel);
		return channel.register(selector, 0, pair);
	}

	void shrink(SocketChannel channel) throws IOException {
		if (bufferBytes > 0) {
			channel.setOption(StandardSocketOptions.SO_SNDBUF, bufferBytes);
			channel.setOption(StandardSocketOptions.SO_RCVBUF, bufferBytes);
		}
	}

	void after(long millis, Runnable task) {
		at(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis), task);
	}

	void at(long nanos, Runnable task) {
		timers.add(new Timer(nanos, order++, task));
	}

	void ended(int number) {
		pairs.remove(number);
	}

	void note(String what) {
		synchronized (notes) {
			if (notes.size() == MAX_NOTES) {
				notes.poll();
			}
			notes.add(String.format("%6d ms  %s", (System.nanoTime() - begin) / 1_000_000, what));
		}
	}
}
