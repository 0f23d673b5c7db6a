package dcl.transport.webrtc.internal;

import java.util.ArrayDeque;
import java.util.function.Predicate;

/**
 * What is to be done and told for one connection, in order, on the thread that all share. Messages that wait are bounded, in number and in
 * bytes; the rest is
 * bounded by whoever queues it. Thread-safe.
 */
final class Serial {

	/** So many tasks run in a row before it is another connection's turn. */
	private static final int BATCH = 256;

	private record Task(Runnable work, int bytes) {
	}

	private static final int NO_MESSAGE = -1;

	private final Predicate<Runnable> thread;
	private final int maxMessages;
	private final long maxBytes;
	private final ArrayDeque<Task> tasks = new ArrayDeque<>(); // guarded by itself, like what follows
	private boolean running;
	private int messages;
	private long bytes;

	/** Makes one on a thread that says false when it takes nothing any more. */
	Serial(Predicate<Runnable> thread, int maxMessages, long maxBytes) {
		this.thread = thread;
		this.maxMessages = maxMessages;
		this.maxBytes = maxBytes;
	}

	/** Queues a task. Returns false if none is run any more. */
	boolean execute(Runnable task) {
		synchronized (tasks) {
			tasks.add(new Task(task, NO_MESSAGE));
			if (running) {
				return true;
			}
			running = true;
		}
		return start();
	}

	/** Queues the delivery of a message, unless too many wait. Returns whether it did. */
	boolean message(Runnable delivery, int size) {
		synchronized (tasks) {
			if (messages >= maxMessages || bytes + size > maxBytes && messages > 0) {
				return false;
			}
			messages++;
			bytes += size;
			tasks.add(new Task(delivery, size));
			if (running) {
				return true;
			}
			running = true;
		}
		return start();
	}

	private boolean start() {
		if (thread.test(this::run)) {
			return true;
		}
		synchronized (tasks) {
			running = false; // and never again; whoever comes next is told as well
			tasks.clear();
		}
		return false;
	}

	private void run() {
		for (int done = 0; done < BATCH; done++) {
			Task next;
			synchronized (tasks) {
				next = tasks.poll();
				if (next == null) {
					running = false;
					return;
				}
				if (next.bytes != NO_MESSAGE) {
					messages--;
					bytes -= next.bytes;
				}
			}
			Rtc.guarded(next.work);
		}
		start();
	}
}
