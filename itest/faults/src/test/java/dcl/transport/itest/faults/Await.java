package dcl.transport.itest.faults;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Waiting, with a limit that a busy machine keeps. */
final class Await {

	static final long SECONDS = 30;

	private Await() {
	}

	/** Looks every few milliseconds. */
	static void until(String what, Callable<Boolean> condition) throws Exception {
		long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
		while (!condition.call()) {
			if (System.nanoTime() - deadline > 0) {
				throw new AssertionError("expected within " + SECONDS + " s: " + what);
			}
			LockSupport.parkNanos(5_000_000);
		}
	}

	static <T> T get(CompletableFuture<T> stage) throws Exception {
		return stage.get(SECONDS, TimeUnit.SECONDS);
	}

	/** Returns how many threads have a name that begins so. */
	static long threads(String prefix) {
		return Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().startsWith(prefix)).count();
	}
}
