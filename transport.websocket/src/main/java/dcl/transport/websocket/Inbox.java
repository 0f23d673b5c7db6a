package dcl.transport.websocket;

import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The events of one connection on their way to its listener: one at a time, in order, one task for a burst.
 * <p>
 * The loop adds, one task at a time delivers. Nothing foreign is called with the lock held.
 */
final class Inbox implements Runnable {

	/** A text message; a binary one is a bare {@code byte[]}. */
	record Text(byte[] payload) {
	}

	record Pong(byte[] payload) {
	}

	private static final Logger LOG = LoggerFactory.getLogger(Inbox.class);
	private static final Object OPENED = new Object();
	private static final Object WRITABLE = new Object();
	/** Deliveries before the thread is given to others. */
	private static final int TURN = 256;
	/** What an event counts besides its payload, so that empty messages fill an inbox too. */
	private static final int EVENT_BYTES = 64;
	private static final int FEW = 2;
	private static final int LARGE = 1024;
	private static final int SETTLE_BYTES = 4 << 10;

	private final WebSocketListener listener;
	private final Connection connection;
	private final Executor executor;
	private final int bound;
	private final AtomicLong heldBytes = new AtomicLong();
	private volatile boolean throttled;

	private ArrayDeque<Object> arrived = new ArrayDeque<>(FEW); // guarded by this
	private ArrayDeque<Object> working = new ArrayDeque<>(FEW); // of the running task
	private boolean scheduled; // guarded by this
	private boolean opened; // guarded by this, as the rest
	private boolean writable;
	private boolean told;
	private WebSocketEnding ending;
	private volatile boolean paused;
	private volatile boolean discard;
	private volatile boolean urgent;
	private boolean complained; // of the running task
	private int released; // of the running task: what it has delivered and heldBytes still counts

	Inbox(WebSocketListener listener, Connection connection, Executor executor, int bound) {
		this.listener = listener;
		this.connection = connection;
		this.executor = executor;
		this.bound = bound;
	}

	void opened() {
		post(List.of(OPENED), 0);
	}

	void step(WebSocketStep next) {
		post(List.of(next), 0);
	}

	/**
	 * Tells whether everything so far has been delivered. Called by the loop, and lasts until it posts again, if the loop is also what delivers: others only
	 * pause, resume and discard, for which {@link #deliver(byte[], boolean)} looks.
	 */
	synchronized boolean isIdle() {
		return opened && !scheduled && working.isEmpty() && arrived.isEmpty();
	}

	/** Delivers a message at once, without a queue, unless it has to wait or is not to be delivered. Only on the thread that delivers, and if {@link #isIdle}. */
	boolean deliver(byte[] payload, boolean text) {
		if (paused || discard) {
			return false;
		}
		try {
			listener.message(connection, payload, text);
		} catch (Throwable e) {
			threw(e);
		}
		return true;
	}

	/** Adds events; {@code payloadBytes} is the sum of their payloads. */
	void post(List<Object> events, long payloadBytes) {
		heldBytes.addAndGet(payloadBytes + (long) EVENT_BYTES * events.size());
		synchronized (this) {
			for (int i = 0; i < events.size(); i++) {
				arrived.add(events.get(i));
			}
			if (scheduled) {
				return;
			}
			scheduled = true;
		}
		submit();
	}

	void writable() {
		synchronized (this) {
			writable = true;
			urgent = true;
		}
		wake();
	}

	void closed(WebSocketEnding how) {
		synchronized (this) {
			ending = how;
			urgent = true;
		}
		wake();
	}

	/** Delivers no further message. */
	void discard() {
		discard = true;
		wake();
	}

	void pause() {
		paused = true;
	}

	void resume() {
		synchronized (this) {
			paused = false;
		}
		wake();
	}

	boolean isPaused() {
		return paused;
	}

	/** Called by the loop: tells whether reading has to wait for the listener. */
	boolean isFull() {
		if (!throttled && heldBytes.get() > bound) {
			throttled = true;
		}
		if (throttled && heldBytes.get() <= bound / 2) {
			throttled = false;
		}
		return throttled;
	}

	private void wake() {
		synchronized (this) {
			if (scheduled || told) {
				return;
			}
			scheduled = true;
		}
		submit();
	}

	private void submit() {
		try {
			executor.execute(this);
		} catch (RejectedExecutionException e) {
			boolean first;
			synchronized (this) {
				first = !told;
				told = true; // scheduled stays set: nothing is submitted any more
			}
			if (first) {
				LOG.warn("The executor rejected the callbacks of a connection; it ends without them: {}", e.toString());
				connection.abort();
			}
		}
	}

	@Override
	public void run() {
		for (int left = TURN;; left--) {
			if (released >= SETTLE_BYTES || released > 0 && (paused || working.isEmpty())) {
				settle();
			}
			Object event = next();
			if (event == null) {
				return;
			}
			deliver(event);
			if (left == 0) {
				try {
					executor.execute(this); // others have waited long enough
					return;
				} catch (RejectedExecutionException e) {
					left = TURN; // a pool that shuts down: nobody else is served, so the rest can go on here
				}
			}
		}
	}

	private Object next() {
		if (!paused && !urgent && !discard) {
			Object event = working.poll();
			if (event != null) {
				return event;
			}
		}
		synchronized (this) {
			urgent = false;
			if (told) {
				return null;
			}
			if (discard) {
				heldBytes.set(0);
				released = 0;
				boolean opening = working.peek() == OPENED || arrived.peek() == OPENED;
				working.clear();
				arrived.clear();
				if (opening) {
					return OPENED;
				}
			}
			if (writable && opened && ending == null) {
				writable = false;
				return WRITABLE;
			}
			if (working.isEmpty() && !arrived.isEmpty()) {
				swap();
			}
			if (!working.isEmpty() && (!paused || working.peek() == OPENED)) {
				return working.poll();
			}
			if (ending != null && working.isEmpty()) {
				told = true;
				return ending;
			}
			scheduled = false;
			return null;
		}
	}

	private void swap() {
		ArrayDeque<Object> drained = working;
		working = arrived;
		arrived = working.size() > LARGE ? new ArrayDeque<>(FEW) : drained; // a burst must not keep its memory
	}

	private void deliver(Object event) {
		try {
			if (event instanceof byte[] payload) {
				release(payload.length);
				listener.message(connection, payload, false);
			} else if (event instanceof Text text) {
				release(text.payload.length);
				listener.message(connection, text.payload, true);
			} else if (event instanceof Pong pong) {
				release(pong.payload.length);
				listener.pong(connection, pong.payload);
			} else if (event instanceof WebSocketStep step) {
				release(0);
				listener.step(connection, step);
			} else if (event == WRITABLE) {
				listener.writable(connection);
			} else if (event == OPENED) {
				release(0);
				synchronized (this) {
					opened = true;
					urgent = writable;
				}
				listener.opened(connection);
			} else if (event instanceof WebSocketEnding how) {
				listener.closed(connection, how);
			}
		} catch (Throwable e) {
			threw(e);
		}
	}

	private void threw(Throwable failure) {
		if (failure instanceof LinkageError) {
			LOG.warn("The code of a listener is gone; its connection ends: {}", failure.toString());
			connection.listenerGone();
		} else if (complained) {
			LOG.debug("A listener threw again", failure);
		} else {
			LOG.warn("A listener threw; its connection goes on, further exceptions of it are logged at debug", failure);
			complained = true;
		}
	}

	private void release(int payloadBytes) {
		released += payloadBytes + EVENT_BYTES;
	}

	/** Tells the loop how much room there is again: once for some messages, since it costs as much as a small one. */
	private void settle() {
		long held = heldBytes.addAndGet(-released);
		released = 0;
		if (throttled && held <= bound / 2) {
			connection.markDirty();
		}
	}
}
