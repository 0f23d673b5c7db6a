package dcl.transport.websocket;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread that moves the bytes of many connections.
 * <p>
 * All state of a connection that has to do with its socket belongs to this thread, interest in events included. Others leave a task or mark the
 * connection dirty; both wake the selector at most once.
 */
final class Loop implements Runnable {

	/** Something the selector tells about. */
	interface Selectable {

		void ready(SelectionKey key) throws IOException;

		void failed(Throwable cause);
	}

	private static final Logger LOG = LoggerFactory.getLogger(Loop.class);
	/** How often deadlines are looked at. */
	static final long TICK_MILLIS = 200;
	/** Dirty connections and tasks served between two looks at the selector. */
	private static final int SHARE = 1024;

	/** Plain bytes from and to sockets: direct, so that the JDK need not copy. */
	final ByteBuffer in = ByteBuffer.allocateDirect(64 << 10);
	final ByteBuffer out = ByteBuffer.allocateDirect(64 << 10);
	/** What one read gave, on its way to an inbox. */
	final List<Object> batch = new ArrayList<>();
	private TlsBuffers tlsBuffers;

	/** What TLS works on: heap buffers, since the ciphers want arrays. */
	static final class TlsBuffers {

		final ByteBuffer netIn = ByteBuffer.allocate(Tls.NET_BYTES);
		final ByteBuffer netOut = ByteBuffer.allocate(Tls.NET_BYTES);
		final ByteBuffer appIn = ByteBuffer.allocate(64 << 10);
		final ByteBuffer appOut = ByteBuffer.allocate(64 << 10);
	}

	private final Selector selector;
	private final LongSupplier clock; // nanoseconds, from any origin
	private final Thread thread;
	private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
	private final Queue<Connection> dirty = new ConcurrentLinkedQueue<>();
	private final AtomicBoolean awake = new AtomicBoolean();
	private final long coalesceMillis;
	private final AtomicBoolean collecting = new AtomicBoolean(); // dirty connections wait for the end of a tick
	private long collectUntil;
	private final List<Connection> live = new ArrayList<>();
	private final List<Runnable> ticks = new ArrayList<>();
	private long now;
	private boolean serving; // within a look at the selector, which allows no other
	private long scanned;
	private volatile boolean stopping;
	private volatile boolean stopped;

	Loop(Object engine, String name, long coalesceMillis) throws IOException {
		this(engine, name, coalesceMillis, Selector.open(), System::nanoTime);
	}

	/** For tests: what the selector tells, and the time, are theirs to say. */
	Loop(Object engine, String name, long coalesceMillis, Selector selector, LongSupplier clock) {
		this.coalesceMillis = coalesceMillis;
		this.selector = selector;
		this.clock = clock;
		now = clock.getAsLong();
		scanned = now;
		thread = EngineThread.make(engine, this, name);
	}

	void start() {
		thread.start();
	}

	Selector selector() {
		return selector;
	}

	TlsBuffers tls() {
		if (tlsBuffers == null) {
			tlsBuffers = new TlsBuffers();
		}
		return tlsBuffers;
	}

	/** Returns the time this turn began, on the clock of {@code System.nanoTime}. */
	long now() {
		return now;
	}

	/** Lets go of channels that were closed: until then the system still has them open. What was read may have led here: then it is done by the next look. */
	void forgetClosed() throws IOException {
		if (selector.isOpen() && !serving) {
			selector.selectNow(this::ready);
		}
	}

	boolean isMine() {
		return Thread.currentThread() == thread;
	}

	boolean isStopping() {
		return stopping;
	}

	/** Runs a task on the loop, or returns false if the loop has ended. */
	boolean execute(Runnable task) {
		if (stopped) {
			return false;
		}
		tasks.add(task);
		if (stopped && tasks.remove(task)) {
			return false;
		}
		if (!isMine()) { // this turn or the next looks anyway
			wake();
		}
		return true;
	}

	/** Gives the connection a turn; called once for each change of its flag. */
	void dirty(Connection connection) {
		dirty.add(connection);
		if (coalesceMillis == 0 || collecting.compareAndSet(false, true)) {
			wake();
		}
	}

	private void wake() {
		if (awake.compareAndSet(false, true)) {
			selector.wakeup();
		}
	}

	void add(Connection connection) {
		connection.place = live.size();
		live.add(connection);
	}

	void remove(Connection connection) {
		int place = connection.place;
		if (place >= 0) {
			Connection last = live.remove(live.size() - 1);
			if (last != connection) {
				live.set(place, last);
				last.place = place;
			}
			connection.place = -1;
		}
	}

	/** Runs something once, at the next look at the deadlines. */
	void atNextTick(Runnable task) {
		ticks.add(task);
	}

	void stop() {
		stopping = true;
		wake();
	}

	void join(long deadline) throws InterruptedException {
		long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
		thread.join(Math.max(1, left));
	}

	@Override
	public void run() {
		try {
			while (!stopping) {
				try {
					turn();
				} catch (ClosedSelectorException e) {
					throw e;
				} catch (Throwable e) {
					LOG.error("A turn of the loop failed; it goes on", e);
					LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10)); // whatever it was, it must not burn a core
				}
			}
		} finally {
			end();
		}
	}

	/** One look at the selector, and all that follows from it. */
	void turn() throws IOException {
		awake.set(false);
		// whoever adds after this look wakes the selector, since the flag is down
		boolean busy = !tasks.isEmpty() || stopping;
		long wait = live.isEmpty() && ticks.isEmpty() ? 0 : TICK_MILLIS;
		boolean due = coalesceMillis == 0;
		if (due) {
			busy |= !dirty.isEmpty();
		} else if (collecting.get()) {
			if (collectUntil == 0) {
				collectUntil = clock.getAsLong() + TimeUnit.MILLISECONDS.toNanos(coalesceMillis);
			}
			wait = Math.min(TICK_MILLIS, TimeUnit.NANOSECONDS.toMillis(collectUntil - clock.getAsLong()));
			due = wait <= 0;
			busy |= due;
		}
		if (busy) {
			selector.selectNow(this::ready);
		} else {
			selector.select(this::ready, wait);
		}
		awake.set(true);
		now = clock.getAsLong();
		for (int i = 0; i < SHARE; i++) {
			Runnable task = tasks.poll();
			if (task == null) {
				break;
			}
			guarded(task);
		}
		if (due) {
			collectUntil = 0;
			collecting.set(false); // whoever comes from here on begins the next tick
			serveDirty();
		}
		if (now - scanned >= TimeUnit.MILLISECONDS.toNanos(TICK_MILLIS)) {
			scanned = now;
			scan();
		}
	}

	private void serveDirty() {
		for (int i = 0; i < SHARE; i++) {
			Connection connection = dirty.poll();
			if (connection == null) {
				return;
			}
			connection.turn();
		}
		if (coalesceMillis > 0 && collecting.compareAndSet(false, true)) {
			collectUntil = now; // the rest is due
		}
	}

	private void ready(SelectionKey key) {
		now = clock.getAsLong();
		serving = true;
		Selectable selectable = (Selectable) key.attachment();
		try {
			selectable.ready(key);
		} catch (Throwable e) {
			selectable.failed(e);
		} finally {
			serving = false;
		}
	}

	private void scan() {
		for (int i = live.size() - 1; i >= 0; i--) {
			if (i < live.size()) {
				live.get(i).tick();
			}
		}
		List<Runnable> due = List.copyOf(ticks);
		ticks.clear();
		due.forEach(this::guarded);
	}

	private void guarded(Runnable task) {
		try {
			task.run();
		} catch (Throwable e) {
			LOG.error("A task of the loop failed", e);
		}
	}

	private void end() {
		stopping = true;
		stopped = true;
		for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
			guarded(task);
		}
		while (!live.isEmpty()) {
			live.get(live.size() - 1).engineClosed();
		}
		try {
			selector.close();
		} catch (IOException e) {
			LOG.warn("The selector did not close", e);
		}
	}
}
