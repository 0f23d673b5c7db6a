package dcl.transport.registry.internal;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;

import dcl.transport.Packet;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;

/** A world without threads, whose time passes when it is told to. */
final class VirtualWorld implements World {

	private static final Instant EPOCH = Instant.parse("2026-01-01T00:00:00Z");

	private record Timer(long at, long number, FutureTask<Void> task) {
	}

	final List<VirtualTransport> transports = new ArrayList<>();
	/** How often somebody asked for a transport. */
	int asked;
	/** What every wire has taken, in order: nothing may be there twice. */
	final List<Packet> taken = new ArrayList<>();
	/** Those of them the service has read. */
	final List<Packet> read = new ArrayList<>();
	/** What create() throws instead; null for nothing. */
	TransportException refusal;
	/** The same, for the next time only. */
	TransportException nextRefusal;
	/** Whether whenAvailable() completes at once. */
	boolean available;
	/** How many packets a transport queues. */
	int queue = 1_000;
	boolean confirming = true;
	private final Map<Object, Stage<Void>> waiters = new HashMap<>();
	private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
	private final PriorityQueue<Timer> timers = new PriorityQueue<>(Comparator.comparingLong(Timer::at).thenComparingLong(Timer::number));
	private final Random random;
	private long nanos = 1;
	private long numbers;

	VirtualWorld(long seed) {
		random = new Random(seed);
	}

	/** Runs one task of the pool; false if there is none. */
	boolean step() {
		Runnable next = tasks.poll();
		if (next != null) {
			next.run();
		}
		return next != null;
	}

	void settle() {
		while (step()) {
			continue;
		}
	}

	/** Lets time pass, with everything that falls due. */
	void advance(Duration time) {
		settle();
		long end = nanos + time.toNanos();
		for (Timer next = next(); next != null && next.at <= end; next = next()) {
			nanos = timers.poll().at;
			next.task.run();
			settle();
		}
		nanos = end;
	}

	private Timer next() {
		timers.removeIf(timer -> timer.task.isDone());
		return timers.peek();
	}

	/** How long until the next timer; null without one. */
	Duration untilNext() {
		Timer next = next();
		return next == null ? null : Duration.ofNanos(next.at - nanos);
	}

	int pendingTimers() {
		next();
		return timers.size();
	}

	int pendingWaiters() {
		return waiters.size();
	}

	/** A provider comes. */
	void comes() {
		List<Stage<Void>> all = List.copyOf(waiters.values());
		waiters.clear();
		all.forEach(stage -> tasks.add(() -> stage.finish(null)));
	}

	VirtualTransport last() {
		return transports.get(transports.size() - 1);
	}

	@Override
	public Transport create(TransportUri uri, TransportOptions options) throws TransportException {
		asked++;
		TransportException now = nextRefusal != null ? nextRefusal : refusal;
		nextRefusal = null;
		if (now != null) {
			throw now;
		}
		VirtualTransport transport = new VirtualTransport(this, uri);
		transports.add(transport);
		return transport;
	}

	@Override
	public CompletionStage<Void> whenAvailable(TransportUri uri, Duration timeout, Object owner) {
		Stage<Void> stage = new Stage<>();
		if (available) {
			tasks.add(() -> stage.finish(null));
		} else {
			waiters.put(owner, stage);
			after(timeout, () -> {
				if (waiters.remove(owner, stage)) {
					stage.fail(new TransportException(Code.NO_PROVIDER, "nobody came"));
				}
			});
		}
		return stage;
	}

	@Override
	public void abandon(Object owner) {
		Stage<Void> stage = waiters.remove(owner);
		if (stage != null) {
			tasks.add(() -> stage.fail(new TransportException(Code.NO_PROVIDER, "abandoned")));
		}
	}

	@Override
	public void execute(Runnable task) {
		tasks.add(task);
	}

	@Override
	public Future<?> after(Duration time, Runnable task) {
		FutureTask<Void> future = new FutureTask<>(() -> tasks.add(task), null);
		timers.add(new Timer(nanos + time.toNanos(), numbers++, future));
		return future;
	}

	@Override
	public long nanoTime() {
		return nanos;
	}

	@Override
	public Instant now() {
		return EPOCH.plusNanos(nanos);
	}

	@Override
	public long random(long bound) {
		return random.nextLong(bound + 1);
	}

	@Override
	public Workers.Callee enter(Workers.Callee callee) {
		return null;
	}

	@Override
	public void exit(Workers.Callee outer) {
		// nobody watches
	}
}
