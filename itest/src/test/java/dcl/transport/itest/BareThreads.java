package dcl.transport.itest;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

import static java.util.concurrent.TimeUnit.MICROSECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

/**
 * What the machine alone makes of a packet's way: as many threads as it passes, which do nothing but hand on, at the same rate. No code of ours runs on
 * them, so where even these are late nothing can be said of us.
 */
final class BareThreads implements AutoCloseable {

	private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(task -> new Thread(task, "bare"));
	private final List<ExecutorService> chain = new ArrayList<>();
	private final ConcurrentLinkedQueue<Long> micros = new ConcurrentLinkedQueue<>();

	BareThreads(int handOvers, int perSecond) {
		for (int i = 0; i < handOvers; i++) {
			chain.add(Executors.newSingleThreadExecutor(task -> new Thread(task, "bare")));
		}
		clock.scheduleAtFixedRate(() -> pass(0, System.nanoTime()), 0, SECONDS.toMicros(1) / perSecond, MICROSECONDS);
	}

	private void pass(int next, long since) {
		if (next < chain.size()) {
			chain.get(next).execute(() -> pass(next + 1, since));
		} else {
			micros.add(NANOSECONDS.toMicros(System.nanoTime() - since));
		}
	}

	/** Returns how long each took since this was asked last, in microseconds, in rising order. */
	long[] take() {
		List<Long> taken = new ArrayList<>();
		for (Long one = micros.poll(); one != null; one = micros.poll()) {
			taken.add(one);
		}
		long[] rising = taken.stream().mapToLong(Long::longValue).toArray();
		Arrays.sort(rising);
		return rising;
	}

	@Override
	public void close() {
		clock.shutdownNow();
		chain.forEach(ExecutorService::shutdownNow);
	}
}
