package dcl.transport.roomserver.internal;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** How threads are made and ended here. */
final class Threads {

	/** Idle threads go after this. */
	static final long IDLE_SECONDS = 10;

	private Threads() {
	}

	static ThreadFactory named(String prefix) {
		AtomicInteger made = new AtomicInteger();
		return task -> {
			// nothing of whoever happens to need it first: neither its thread locals nor its class loader
			Thread thread = new Thread(null, task, prefix + "-" + made.incrementAndGet(), 0, false);
			thread.setContextClassLoader(Threads.class.getClassLoader());
			thread.setDaemon(true);
			return thread;
		};
	}

	static void await(ExecutorService threads, long millis) {
		try {
			threads.awaitTermination(millis, TimeUnit.MILLISECONDS);
		} catch (InterruptedException e) {
			Thread.currentThread().interrupt();
		}
	}
}
