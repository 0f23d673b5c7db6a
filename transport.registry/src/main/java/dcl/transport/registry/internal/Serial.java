package dcl.transport.registry.internal;

import java.util.ArrayDeque;
import java.util.concurrent.Executor;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs tasks one at a time, in order, on a pool it shares with others. Whoever uses it bounds how many it queues. Thread-safe. */
final class Serial implements Executor {

	private static final Logger LOG = LoggerFactory.getLogger(Serial.class);

	private final Executor pool;
	private final ArrayDeque<Runnable> tasks = new ArrayDeque<>(); // guarded by itself, like what follows
	private boolean running;

	Serial(Executor pool) {
		this.pool = pool;
	}

	@Override
	public void execute(Runnable task) {
		synchronized (tasks) {
			tasks.add(task);
			if (running) {
				return;
			}
			running = true;
		}
		pool.execute(this::run);
	}

	private void run() {
		while (true) {
			Runnable next;
			synchronized (tasks) {
				next = tasks.poll();
				if (next == null) {
					running = false;
					return;
				}
			}
			try {
				next.run();
			} catch (RuntimeException | Error defect) { // ours; the tasks behind it are not to wait for ever
				LOG.error("A task failed", defect);
			}
		}
	}
}
