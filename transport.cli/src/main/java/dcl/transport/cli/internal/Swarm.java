package dcl.transport.cli.internal;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

import dcl.transport.PeerId;
import dcl.transport.SessionPolicy;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportOptions;
import dcl.transport.TransportRegistry;
import dcl.transport.TransportUri;
import org.HdrHistogram.AbstractHistogram;
import org.HdrHistogram.AtomicHistogram;
import org.HdrHistogram.Histogram;

/**
 * Bots in one room. They join a few at a time, send by a schedule that was fixed before, wait for what is under way, and leave.
 * <p>
 * Everything that is sent comes from one thread; what arrives is counted on the registry's threads. Bots that were away are counted on from where they are,
 * and packets that were due meanwhile are left out and counted.
 */
final class Swarm {

	/** Logins under way at once: the next begins when one is over, so a server is asked no quicker than it answers. */
	static final int JOINING = 10;
	/** The generator counts as the limit when a hundredth of its packets left later than this after they were due. */
	static final Duration LATE = Duration.ofMillis(10);

	/** Packets that are due within this are sent together: the generator's thread does not wake up for each. */
	private static final long PARK_NANOS = 500_000;
	private static final int DIGITS = 3;
	private static final long MICROS = 1_000;
	private static final long LONGEST_MICROS = TimeUnit.HOURS.toMicros(1);
	private static final Duration LOOK = Duration.ofMillis(100);
	/** What is under way may arrive for so long, and as long as something does at all. */
	private static final long DRAIN_NANOS = TimeUnit.SECONDS.toNanos(120);
	private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(5);
	private static final long LEAVE_SECONDS = 10;
	private static final SessionPolicy POLICY = SessionPolicy.defaults().withFirstRetried(false);

	private final TransportRegistry registry;
	private final TransportUri uri;
	private final Schedule schedule;
	private final int percentReliable;
	private final Consumer<TransportException> failed;
	private final long heapBefore;
	private final Bot[] bots; // null where one did not join, once joining is over
	private final PeerId[] addresses;
	private final AtomicIntegerArray wires; // grows whenever the wire of a bot breaks, and when it is there again
	private final AtomicInteger connected = new AtomicInteger();
	private final AtomicInteger gone = new AtomicInteger();
	private final LongAdder cameBack = new LongAdder();
	private final LongAdder unknown = new LongAdder();
	private final LongAdder arrived = new LongAdder();
	private final AtomicHistogram delays = new AtomicHistogram(LONGEST_MICROS, DIGITS);
	private final Histogram lateness = new Histogram(LONGEST_MICROS, DIGITS); // the generator's until it is over
	private final CompletableFuture<Void> generated = new CompletableFuture<>();
	private TransportException firstFailure; // guarded by this
	private volatile long startNanos;
	private volatile boolean stopped;
	private volatile boolean over;
	private volatile long sent; // written by the generator alone, like the next
	private volatile long notSent;
	private long cpuNanos;
	private long heapPerBot;
	private int threads;
	private long joinNanos;
	private boolean drained;

	/** @param failed told of each bot that does not come in, on any thread */
	Swarm(TransportRegistry registry, TransportUri uri, int count, double perSecond, Duration time, int percentReliable, long seed,
			Consumer<TransportException> failed) {
		this.heapBefore = usedHeap();
		this.registry = registry;
		this.uri = uri;
		this.schedule = new Schedule(count, perSecond, time);
		this.percentReliable = percentReliable;
		this.failed = failed;
		this.wires = new AtomicIntegerArray(count);
		this.bots = new Bot[count];
		this.addresses = new PeerId[count];
		for (int i = 0; i < count; i++) {
			bots[i] = new Bot(this, i, new BotIdentity(seed, i), new Walk(seed, i, 1 / perSecond), count, percentReliable);
			addresses[i] = bots[i].identity().address();
		}
	}

	// ---- what the command does, on its thread

	/**
	 * Lets the bots in. If the first ten are all turned away, the others do not try.
	 *
	 * @return whether anybody is in and it is not time to end
	 */
	boolean join(Stop stop, Runnable progress) throws InterruptedException {
		long begun = System.nanoTime();
		Semaphore free = new Semaphore(JOINING);
		AtomicInteger turnedAway = new AtomicInteger();
		int tried = 0;
		while (tried < bots.length && !stop.isNow() && (connected.get() > 0 || turnedAway.get() < JOINING)) {
			if (!free.tryAcquire(LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
				progress.run();
				continue;
			}
			Bot bot = bots[tried++];
			connect(bot).whenComplete((nothing, failure) -> {
				if (failure == null) {
					bot.joined();
					connected.incrementAndGet();
				} else {
					turnedAway.incrementAndGet();
					failed(Stages.failure(failure));
				}
				free.release();
			});
			progress.run();
		}
		for (int back = 0; back < JOINING && !stop.isNow();) {
			back += free.tryAcquire(LOOK.toMillis(), TimeUnit.MILLISECONDS) ? 1 : 0;
			progress.run();
		}
		joinNanos = System.nanoTime() - begun;
		for (int i = 0; i < bots.length; i++) {
			if (!bots[i].hasJoined()) {
				abandon(i);
			}
		}
		int in = connected.get();
		heapPerBot = in == 0 ? 0 : Math.max(0, (usedHeap() - heapBefore) / in);
		return in > 0 && !stop.isNow();
	}

	private CompletionStage<Void> connect(Bot bot) {
		try {
			bot.session(registry.session(uri, TransportOptions.of(bot.identity()), POLICY));
			return bot.session().connect();
		} catch (TransportException e) {
			return CompletableFuture.failedFuture(e);
		}
	}

	private void abandon(int index) {
		if (bots[index].session() != null) {
			bots[index].session().close();
		}
		bots[index] = null;
	}

	private static long usedHeap() {
		System.gc(); // a figure of what is held, not of what lies about; before the first packet
		return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
	}

	/** Sends until the schedule is over or it is time to end, and waits for what is under way. */
	void run(Stop stop, Runnable progress) throws InterruptedException {
		long cpu = cpuNanos();
		startNanos = System.nanoTime();
		Thread generator = new Thread(this::generate, "comms-bots");
		generator.setDaemon(true);
		generator.start();
		try {
			while (!generated.isDone() && stop.pause(LOOK) && gone.get() < connected.get()) {
				progress.run();
			}
			threads = ManagementFactory.getThreadMXBean().getThreadCount();
		} finally {
			stopped = true;
			LockSupport.unpark(generator);
			generator.join();
			cpuNanos = cpuNanos() - cpu;
		}
		drain(stop, progress);
	}

	private void drain(Stop stop, Runnable progress) throws InterruptedException {
		long end = System.nanoTime() + DRAIN_NANOS;
		long expected = expected();
		long before = -1;
		long changed = System.nanoTime();
		for (long now = changed; arrived.sum() < expected && now - changed < QUIET_NANOS; now = System.nanoTime()) {
			if (arrived.sum() != before) {
				before = arrived.sum();
				changed = now;
			}
			if (now > end || !stop.pause(LOOK)) {
				return;
			}
			progress.run();
		}
		drained = true;
	}

	/** What would arrive if nothing were lost, and nobody away. */
	private long expected() {
		return sent * Math.max(0, connected.get() - 1);
	}

	/** All leave; waits for them, for a bounded time and also when interrupted. */
	void leave() throws InterruptedException {
		over = true;
		List<CompletableFuture<?>> closed = new ArrayList<>();
		for (Bot bot : bots) {
			if (bot != null && bot.session() != null) {
				bot.session().close();
				closed.add(bot.session().closed().toCompletableFuture());
			}
		}
		try {
			CompletableFuture.allOf(closed.toArray(CompletableFuture[]::new)).get(LEAVE_SECONDS, TimeUnit.SECONDS);
		} catch (TimeoutException late) {
			return; // the process ends anyway
		} catch (ExecutionException e) {
			throw new IllegalStateException("closed() never fails", e);
		}
	}

	/** Only after {@link #leave()}. */
	BotsReport report(long seed, int count) {
		long[] missing = new long[Bot.STREAMS];
		long underWay = 0;
		long received = 0;
		long duplicated = 0;
		long reordered = 0;
		for (Bot bot : bots) {
			if (bot != null) {
				received += bot.received();
				duplicated += bot.duplicated();
				reordered += bot.reordered();
				for (int stream = 0; stream < missing.length; stream++) {
					missing[stream] += bot.missing(stream);
					long last = bot.missingLast(stream, bots);
					missing[stream] += drained ? last : 0;
					underWay += drained ? 0 : last;
				}
			}
		}
		int in = connected.get();
		return new BotsReport(count, in, count - in, sent, received, expected(), missing[Bot.RELIABLE], missing[Bot.LOSSY], duplicated, reordered,
				millis(delays, 50), millis(delays, 95), millis(delays, 99), millis(delays, 99.9), millis(delays, 100), millis(lateness, 99),
				lateness.getValueAtPercentile(99) > LATE.toNanos() / MICROS, seed, cameBack.sum(), gone.get(), notSent, unknown.sum(), underWay,
				TimeUnit.NANOSECONDS.toMillis(joinNanos), TimeUnit.NANOSECONDS.toMillis(cpuNanos), heapPerBot, threads);
	}

	private static double millis(AbstractHistogram histogram, double percentile) {
		return histogram.getValueAtPercentile(percentile) / (double) MICROS;
	}

	private static long cpuNanos() {
		return ProcessHandle.current().info().totalCpuDuration().map(Duration::toNanos).orElse(0L);
	}

	// ---- the generator's thread

	private void generate() {
		long event = 0;
		int count = bots.length;
		try {
			while (event < schedule.events() && !stopped) {
				long late = System.nanoTime() - startNanos - schedule.dueNanos(event);
				if (late < 0) {
					LockSupport.parkNanos(Math.max(PARK_NANOS, -late));
					continue;
				}
				Bot bot = bots[Schedule.bot(event, count)];
				int slot = Schedule.slot(event, count);
				event++;
				if (bot == null) {
					continue;
				}
				lateness.recordValue(Math.min(LONGEST_MICROS, late / MICROS));
				if (bot.send(slot, Schedule.isReliable(slot, percentReliable))) {
					sent = sent + 1; // volatile, with one writer
				} else {
					notSent = notSent + 1;
				}
			}
			generated.complete(null);
		} catch (Throwable defect) {
			generated.completeExceptionally(defect);
			throw defect;
		}
	}

	// ---- the bots', on any thread

	boolean isOver() {
		return over;
	}

	boolean isBot(int index, PeerId peer) {
		return addresses[index].equals(peer);
	}

	/** A packet has arrived somewhere. */
	void arrived(int sender, int slot) {
		long delay = System.nanoTime() - startNanos - schedule.dueNanos(sender, slot);
		delays.recordValue(Math.max(0, Math.min(LONGEST_MICROS, delay / MICROS)));
		arrived.increment();
	}

	int wire(int bot) {
		return wires.get(bot);
	}

	void wireBroke(int bot) {
		wires.incrementAndGet(bot);
	}

	void cameBack(int bot) {
		wires.incrementAndGet(bot);
		cameBack.increment();
	}

	void gone(int bot) {
		gone.incrementAndGet();
	}

	/** A reliable packet left that may or may not have arrived. */
	void unknown() {
		unknown.increment();
	}

	private void failed(TransportException failure) {
		synchronized (this) {
			if (firstFailure == null) {
				firstFailure = failure;
			}
		}
		failed.accept(failure);
	}

	// ---- for the progress and the end

	int connected() {
		return connected.get();
	}

	long sent() {
		return sent;
	}

	long arrivals() {
		return arrived.sum();
	}

	/** Returns how much of the schedule is over, from 0 to 1. */
	double done() {
		long begun = startNanos;
		return begun == 0 ? 0 : Math.min(1, (System.nanoTime() - begun) / (double) schedule.dueNanos(schedule.events()));
	}

	/** Returns the code of the first failure to join; {@code null} if there was none. */
	synchronized Code failureCode() {
		return firstFailure == null ? null : firstFailure.code();
	}
}
