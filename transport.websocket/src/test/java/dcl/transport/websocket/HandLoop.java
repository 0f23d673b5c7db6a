package dcl.transport.websocket;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.Pipe;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.nio.channels.spi.AbstractSelectionKey;
import java.nio.channels.spi.AbstractSelector;
import java.nio.channels.spi.SelectorProvider;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The engine's loop turned by hand: the same code that moves bytes in production, on sockets, a selector and a clock that do what a
 * test says. Everything runs on the thread of the test, so a run can be repeated exactly.
 */
final class HandLoop {

	/** The peer's half of a connection: what it says, and how much it takes. */
	static final class Line extends SocketChannel {

		/** What has been said and is not read yet. */
		private byte[] in = new byte[4096];
		private int inAt;
		private int inEnd;
		boolean ended; // after what was said
		boolean reset;
		/** How much is taken before the socket is full. */
		long room = Long.MAX_VALUE;
		final ByteArrayOutputStream out = new ByteArrayOutputStream();
		boolean outputShut;
		boolean closed;
		long moved; // bytes in both directions, and ends: changes with each progress
		int largestRead;
		Runnable onInterest = () -> { };
		private FakeKey key;

		Line(SelectorProvider provider) {
			super(provider);
		}

		void say(byte[] bytes, int from, int to) {
			if (inAt == inEnd) {
				inAt = 0;
				inEnd = 0;
			}
			if (in.length - inEnd < to - from) {
				in = java.util.Arrays.copyOf(in, Math.max(2 * in.length, inEnd + to - from));
			}
			System.arraycopy(bytes, from, in, inEnd, to - from);
			inEnd += to - from;
		}

		void say(byte[] bytes) {
			say(bytes, 0, bytes.length);
		}

		int unread() {
			return inEnd - inAt;
		}

		boolean isReadable() {
			return unread() > 0 || ended || reset;
		}

		@Override
		public int read(ByteBuffer dst) throws IOException {
			if (unread() == 0) {
				if (reset) {
					moved++;
					throw new IOException("Connection reset");
				}
				moved += ended ? 1 : 0;
				return ended ? -1 : 0;
			}
			int count = Math.min(dst.remaining(), unread());
			dst.put(in, inAt, count);
			inAt += count;
			moved += count;
			largestRead = Math.max(largestRead, count);
			return count;
		}

		@Override
		public int write(ByteBuffer src) throws IOException {
			if (outputShut) {
				throw new IllegalStateException("written after the end of the output");
			}
			if (reset) {
				throw new IOException("Broken pipe");
			}
			int count = (int) Math.min(src.remaining(), room);
			byte[] taken = new byte[count];
			src.get(taken);
			out.writeBytes(taken);
			room -= room == Long.MAX_VALUE ? 0 : count;
			moved += count;
			return count;
		}

		@Override
		public SocketChannel shutdownOutput() {
			outputShut = true;
			moved++;
			return this;
		}

		@Override
		protected void implCloseSelectableChannel() {
			closed = true;
		}

		@Override
		protected void implConfigureBlocking(boolean block) {
			// it never blocks
		}

		@Override
		public SocketChannel bind(SocketAddress local) {
			throw new UnsupportedOperationException();
		}

		@Override
		public <T> SocketChannel setOption(SocketOption<T> name, T value) {
			return this;
		}

		@Override
		public <T> T getOption(SocketOption<T> name) {
			throw new UnsupportedOperationException();
		}

		@Override
		public Set<SocketOption<?>> supportedOptions() {
			return Set.of();
		}

		@Override
		public SocketChannel shutdownInput() {
			throw new UnsupportedOperationException();
		}

		@Override
		public Socket socket() {
			throw new UnsupportedOperationException();
		}

		@Override
		public boolean isConnected() {
			return true;
		}

		@Override
		public boolean isConnectionPending() {
			return false;
		}

		@Override
		public boolean connect(SocketAddress remote) {
			return true;
		}

		@Override
		public boolean finishConnect() {
			return true;
		}

		@Override
		public SocketAddress getRemoteAddress() {
			return new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
		}

		@Override
		public SocketAddress getLocalAddress() {
			return new InetSocketAddress(InetAddress.getLoopbackAddress(), 2);
		}

		@Override
		public long read(ByteBuffer[] dsts, int offset, int length) {
			throw new UnsupportedOperationException();
		}

		@Override
		public long write(ByteBuffer[] srcs, int offset, int length) {
			throw new UnsupportedOperationException();
		}
	}

	private static final class FakeKey extends AbstractSelectionKey {

		private final Line line;
		private final Selector selector;
		private int interest;
		private int ready;

		FakeKey(Line line, Selector selector, int interest) {
			this.line = line;
			this.selector = selector;
			this.interest = interest;
		}

		@Override
		public SelectableChannel channel() {
			return line;
		}

		@Override
		public Selector selector() {
			return selector;
		}

		@Override
		public int interestOps() {
			line.onInterest.run();
			return interest;
		}

		@Override
		public SelectionKey interestOps(int ops) {
			interest = ops;
			return this;
		}

		@Override
		public int readyOps() {
			return ready;
		}

		private boolean look() {
			ready = interest & ((line.isReadable() ? OP_READ : 0) | (line.room > 0 || line.reset ? OP_WRITE : 0) | OP_CONNECT);
			return isValid() && ready != 0;
		}
	}

	private final class FakeSelector extends AbstractSelector {

		private final Set<SelectionKey> keys = new LinkedHashSet<>();

		FakeSelector(SelectorProvider provider) {
			super(provider);
		}

		@Override
		protected void implCloseSelector() {
			keys.clear();
		}

		@Override
		protected SelectionKey register(AbstractSelectableChannel channel, int ops, Object attached) {
			FakeKey key = new FakeKey((Line) channel, this, ops);
			key.attach(attached);
			key.line.key = key;
			keys.add(key);
			return key;
		}

		@Override
		public Set<SelectionKey> keys() {
			return keys;
		}

		@Override
		public Set<SelectionKey> selectedKeys() {
			throw new UnsupportedOperationException();
		}

		@Override
		public int selectNow(Consumer<SelectionKey> action) {
			waited = 0;
			return look(action);
		}

		@Override
		public int select(Consumer<SelectionKey> action, long timeout) {
			waited = timeout == 0 ? Long.MAX_VALUE : timeout;
			wakeUps = 0;
			onSleep.run();
			int before = wakeUps;
			int count = look(action);
			wakeUps += before;
			return count;
		}

		private int look(Consumer<SelectionKey> action) {
			wakeUps = 0;
			int count = 0;
			for (SelectionKey key : keys.toArray(new SelectionKey[0])) {
				if (!key.isValid()) {
					keys.remove(key);
					deregister((AbstractSelectionKey) key);
				} else if (((FakeKey) key).look()) {
					count++;
					action.accept(key);
				}
			}
			return count;
		}

		@Override
		public Selector wakeup() {
			wakeUps++;
			allWakeUps++;
			return this;
		}

		@Override
		public int selectNow() {
			throw new UnsupportedOperationException();
		}

		@Override
		public int select(long timeout) {
			throw new UnsupportedOperationException();
		}

		@Override
		public int select() {
			throw new UnsupportedOperationException();
		}
	}

	/** Gives out the line that was laid for the next connection. */
	private final class Provider extends SelectorProvider {

		@Override
		public SocketChannel openSocketChannel() {
			next = new Line(this);
			return next;
		}

		@Override
		public DatagramChannel openDatagramChannel() {
			throw new UnsupportedOperationException();
		}

		@Override
		public DatagramChannel openDatagramChannel(ProtocolFamily family) {
			throw new UnsupportedOperationException();
		}

		@Override
		public Pipe openPipe() {
			throw new UnsupportedOperationException();
		}

		@Override
		public AbstractSelector openSelector() {
			throw new UnsupportedOperationException();
		}

		@Override
		public ServerSocketChannel openServerSocketChannel() {
			throw new UnsupportedOperationException();
		}
	}

	/** Turns without any progress before it counts as burning a core. */
	private static final int SPIN = 20;

	private final Provider provider = new Provider();
	private final FakeSelector selector = new FakeSelector(provider);
	final WebSockets engine;
	final Loop loop;
	/** What waits to be run elsewhere: callbacks and acceptors, and what TLS computes. */
	final Deque<Runnable> callbacks = new ArrayDeque<>();
	final Deque<Runnable> computations = new ArrayDeque<>();
	long now;
	long waited; // milliseconds the last look at the selector was ready to wait; 0 for not at all
	int wakeUps; // since then
	int allWakeUps;
	Runnable onClock = () -> { }; // others, while the loop looks at the clock
	Runnable onSleep = () -> { }; // others, while the loop sleeps
	private Line next;

	HandLoop(WebSocketOptions options, long coalesceMillis, long now) {
		this.now = now;
		engine = new WebSockets(options.executor(callbacks::add), computations::add);
		loop = new Loop(engine, "by-hand", coalesceMillis, selector, () -> {
			onClock.run();
			return this.now;
		});
	}

	/** Begins a connection in the client role; returns the peer's half once it is up. */
	Line connect(ClientConnection connection) throws IOException {
		next = null;
		loop.execute(connection::start);
		turn();
		return next;
	}

	/** Begins a connection in the server role. */
	Line accept(ServerConnection connection, javax.net.ssl.SSLContext context) throws IOException {
		Line line = new Line(provider);
		line.configureBlocking(false);
		loop.execute(() -> connection.start(line, context));
		turn();
		return line;
	}

	void turn() throws IOException {
		loop.turn();
	}

	/** Whether the loop would go on by itself. */
	private boolean isBusy() {
		if (wakeUps > 0) {
			return true;
		}
		for (SelectionKey key : selector.keys) {
			if (key.isValid() && ((FakeKey) key).look()) {
				return true;
			}
		}
		return false;
	}

	/** Turns until the loop would sleep for as long as it does when there is nothing to do, and fails if it turns without doing anything. */
	void idle(Line line) throws IOException {
		int still = 0;
		do {
			long before = line.moved;
			int waiting = callbacks.size() + computations.size();
			turn();
			still = line.moved == before && callbacks.size() + computations.size() == waiting ? still + 1 : 0;
			if (still > SPIN) {
				throw new AssertionError("the loop turns and does nothing");
			}
			if (waited > 0 && waited < Loop.TICK_MILLIS) {
				now += waited * 1_000_000; // it collects
			}
		} while (isBusy() || waited < Loop.TICK_MILLIS);
	}

	/** Runs everything that waits anywhere, until nothing does. */
	void settle(Line line) throws IOException {
		do {
			compute();
			call(Integer.MAX_VALUE);
			idle(line);
		} while (!callbacks.isEmpty() || !computations.isEmpty());
	}

	void compute() {
		for (Runnable task = computations.poll(); task != null; task = computations.poll()) {
			task.run();
		}
	}

	void call(int most) {
		for (int i = 0; i < most; i++) {
			Runnable task = callbacks.poll();
			if (task == null) {
				return;
			}
			task.run();
		}
	}

	/** Lets time pass, with a look at the deadlines every 200 ms as the loop takes it, and at its end. */
	void pass(long millis, Line line) throws IOException {
		for (long left = millis; left > 0; left -= Loop.TICK_MILLIS) {
			now += 1_000_000 * Math.min(left, Loop.TICK_MILLIS);
			idle(line);
		}
	}
}
