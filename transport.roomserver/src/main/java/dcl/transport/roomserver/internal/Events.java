package dcl.transport.roomserver.internal;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

import dcl.transport.roomserver.RoomServerListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the host's listener, one call at a time, on a thread that is there only while there is something to tell. */
final class Events {

	static final int MOST_WAITING = 10_000;

	private static final Logger LOG = LoggerFactory.getLogger(Events.class);
	private static final long LAST_CALLS_MILLIS = 1_000;

	private final RoomServerListener listener;
	private final ThreadPoolExecutor thread;
	private final LongAdder lost = new LongAdder();
	private volatile Thread telling;

	Events(RoomServerListener listener, String threadName) {
		this.listener = listener;
		this.thread = new ThreadPoolExecutor(1, 1, Threads.IDLE_SECONDS, TimeUnit.SECONDS, new ArrayBlockingQueue<>(MOST_WAITING),
				Threads.named(threadName));
		thread.allowCoreThreadTimeOut(true);
	}

	/** Queues one call; never blocks and never calls the listener on the calling thread. */
	void tell(Consumer<RoomServerListener> call) {
		try {
			thread.execute(() -> deliver(call));
		} catch (RejectedExecutionException e) {
			if (lost.sum() == 0) {
				LOG.warn("A listener has {} calls waiting; further ones are lost and counted", MOST_WAITING);
			}
			lost.increment();
		}
	}

	private void deliver(Consumer<RoomServerListener> call) {
		telling = Thread.currentThread();
		try {
			call.accept(listener);
		} catch (Exception | LinkageError e) {
			LOG.warn("A listener threw", e);
		} finally {
			telling = null;
		}
	}

	long lost() {
		return lost.sum();
	}

	/** Tells what is queued, for a second at most. */
	void close() {
		thread.shutdown();
		if (telling != Thread.currentThread()) {
			Threads.await(thread, LAST_CALLS_MILLIS);
			thread.shutdownNow();
		}
	}
}
