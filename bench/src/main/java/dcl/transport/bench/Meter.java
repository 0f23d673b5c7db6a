package dcl.transport.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;

/** What this process spends between two moments: CPU time of all its threads, JIT and GC included, and bytes its Java threads allocate. */
final class Meter {

	private static final OperatingSystemMXBean SYSTEM = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
	private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

	private Map<Long, Long> allocatedBefore;
	private Map<Long, Long> threadCpuBefore;
	private long cpuBefore;
	private long wallBefore;
	private long cpuNanos;
	private long wallNanos;
	private long allocatedBytes;

	void start() {
		allocatedBefore = allocated();
		threadCpuBefore = threadCpu();
		wallBefore = System.nanoTime();
		cpuBefore = SYSTEM.getProcessCpuTime();
	}

	void stop() {
		cpuNanos = SYSTEM.getProcessCpuTime() - cpuBefore;
		wallNanos = System.nanoTime() - wallBefore;
		explain();
		allocated().forEach((thread, bytes) -> allocatedBytes += bytes - allocatedBefore.getOrDefault(thread, 0L));
	}

	/** By thread; a thread that ended takes its figure with it, so no pool may shrink while it is measured. */
	private static Map<Long, Long> allocated() {
		long[] threads = THREADS.getAllThreadIds();
		long[] bytes = THREADS.getThreadAllocatedBytes(threads);
		Map<Long, Long> byThread = new HashMap<>();
		for (int i = 0; i < threads.length; i++) {
			if (bytes[i] >= 0) {
				byThread.put(threads[i], bytes[i]);
			}
		}
		return byThread;
	}

	private static Map<Long, Long> threadCpu() {
		Map<Long, Long> byThread = new HashMap<>();
		for (long thread : THREADS.getAllThreadIds()) {
			byThread.put(thread, THREADS.getThreadCpuTime(thread));
		}
		return byThread;
	}

	/** With {@code -Dbench.explain=true}: which threads spent it, on standard error; what is missing is the JVM's own. */
	private void explain() {
		if (!Boolean.getBoolean("bench.explain")) {
			return;
		}
		threadCpu().forEach((thread, cpu) -> {
			long spent = cpu - threadCpuBefore.getOrDefault(thread, 0L);
			if (spent * 200 > cpuNanos) {
				System.err.printf("%5.1f %% %s%n", 100.0 * spent / cpuNanos, THREADS.getThreadInfo(thread).getThreadName());
			}
		});
	}

	/** Returns what the current thread has allocated so far. */
	static long allocatedHere() {
		return THREADS.getCurrentThreadAllocatedBytes();
	}

	/** Returns the number of live Java threads. */
	static int threads() {
		return THREADS.getThreadCount();
	}

	/** Returns how much of this process is in memory. */
	static long rssBytes() throws IOException {
		for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
			if (line.startsWith("VmRSS:")) {
				return Long.parseLong(line.replaceAll("\\D", "")) << 10;
			}
		}
		throw new IOException("no VmRSS in /proc/self/status");
	}

	/** Writes the members that the Node peers write too, and the allocation. */
	Line report(String event, long messages) {
		return new Line(event)
				.with("peer", "Java " + Runtime.version())
				.with("messages", messages)
				.with("cpuMicros", cpuNanos / 1_000)
				.with("cpuNanosPerMessage", Math.round((double) cpuNanos / messages))
				.with("wallMillis", wallNanos / 1_000_000)
				.with("allocatedBytesPerMessage", Math.round((double) allocatedBytes / messages));
	}
}
