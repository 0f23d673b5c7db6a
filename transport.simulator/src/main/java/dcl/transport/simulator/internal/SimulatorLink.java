package dcl.transport.simulator.internal;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

import dcl.transport.Delivery;
import dcl.transport.Delivery.Reliability;
import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.Subscription;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.simulator.SimulatedClock;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;

/**
 * Runs a simulation, one turn at a time, on the shared executor: when something is to happen, when the host sent something, when there is room again, or when
 * its clock went on. A turn is short and gives the thread back. The simulation is only touched within turns; everything else is guarded by the lock.
 */
final class SimulatorLink implements Link, Wire, SimulatedClock.Follower {

	/** A link holds at most this much of its own. */
	static final int HELD_BYTES = 65_536;
	/** What a packet counts besides its bytes, so that empty ones have a bound, too. */
	static final int ENTRY_BYTES = 64;

	private static final CompletionStage<Void> TAKEN = CompletableFuture.completedFuture(null);
	private static final long TURN_NANOS = 5_000_000;

	/** Something the host sent, at which time of the clock; in real time there is none, and it counts when it is read. */
	private record Sent(Packet packet, Delivery delivery, long atNanos) {

		int bytes() {
			return ENTRY_BYTES + packet.size();
		}
	}

	/** Somebody who waits for a virtual time to be reached. */
	private record Waiter(long target, CompletableFuture<Void> reached) {
	}

	private final LinkContext context;
	private final Settings settings;
	private final Plan plan;
	private final Behaviour custom;
	private final SimulatedClock clock;
	private final Runnable whenOver;
	private final CompletableFuture<Link> opened = new CompletableFuture<>();
	private final Object lock = new Object();
	// Guarded by lock:
	private final ArrayDeque<Sent> inbox = new ArrayDeque<>();
	private final List<Waiter> waiters = new ArrayList<>();
	private int inboxBytes;
	private CompletableFuture<Void> room;
	private boolean busy;
	private boolean again;
	private boolean over;
	private Future<?> timer;
	private Future<?> watch;
	private Subscription following;
	private long turnBegan;
	private boolean inTurn;
	private boolean hung;
	private long clockTarget;

	// Of turns only, which hand them on to each other by the lock:
	private Simulation simulation;
	private Pace pace;
	private long target;
	private CompletionStage<Void> full;
	private volatile Set<PeerId> present = Set.of();
	private long clockOrigin;

	/**
	 * Makes a link that does nothing yet.
	 *
	 * @param custom   whose behaviour it runs, {@code null} for our own
	 * @param clock    what it lives by, {@code null} for real time
	 * @param whenOver called once
	 */
	SimulatorLink(LinkContext context, Settings settings, Plan plan, Behaviour custom, SimulatedClock clock, Runnable whenOver) {
		this.context = context;
		this.settings = settings;
		this.plan = plan;
		this.custom = custom;
		this.clock = clock;
		this.whenOver = whenOver;
		simulation = new Simulation(plan, settings, this);
	}

	/** Sets the room up and lets its time begin. */
	CompletionStage<Link> open() {
		context.abandoned().thenRun(() -> {
			if (!opened.isDone()) {
				close();
			}
		});
		if (custom != null) {
			long half = settings.behaviourTimeoutNanos() / 2;
			Future<?> looking;
			try {
				looking = context.executor().scheduleWithFixedDelay(this::look, half, half, TimeUnit.NANOSECONDS);
			} catch (RejectedExecutionException e) { // the end of the transport
				close();
				return opened;
			}
			synchronized (lock) {
				watch = looking;
				if (over) {
					cancel(watch);
				}
			}
		}
		wake();
		return opened;
	}

	/** Returns whose behaviour it runs, {@code null} for our own. */
	Behaviour custom() {
		return custom;
	}

	// ---- for the registry

	@Override
	public Set<PeerId> peers() {
		return present;
	}

	@Override
	public boolean confirms() {
		return true;
	}

	@Override
	public CompletionStage<Void> send(Packet packet, Delivery delivery) {
		CompletableFuture<Void> waiting = null;
		synchronized (lock) {
			if (over) {
				return CompletableFuture.failedFuture(new TransportException(Code.NOT_CONNECTED, "the simulation is over"));
			}
			Sent sent = new Sent(packet, delivery, clock == null ? 0 : clockTarget);
			inbox.add(sent);
			inboxBytes += sent.bytes();
			if (inboxBytes > HELD_BYTES) {
				if (room == null) {
					room = new CompletableFuture<>();
				}
				waiting = room;
			}
		}
		wake();
		return waiting == null ? TAKEN : waiting;
	}

	@Override
	public CompletionStage<Void> close() {
		stop(null, new TransportException(Code.NOT_CONNECTED, "closed before it was connected"));
		return TAKEN;
	}

	/** Ends it, from whatever thread. */
	void abort(Disconnection why) {
		stop(why, new TransportException(why.reason() == Reason.PROVIDER_GONE ? Code.PROVIDER_GONE : Code.INTERNAL, why.detail()));
	}

	/** The one way out. What was waiting is told, with no lock held. */
	private void stop(Disconnection why, TransportException failure) {
		Collection<CompletableFuture<Void>> told = new ArrayList<>();
		Subscription unfollowed;
		synchronized (lock) {
			if (over) {
				return;
			}
			over = true;
			inbox.clear();
			waiters.forEach(waiter -> told.add(waiter.reached));
			waiters.clear();
			if (room != null) {
				told.add(room);
			}
			cancel(timer);
			cancel(watch);
			unfollowed = following;
			if (!inTurn) {
				simulation = null; // a behaviour of somebody's may hang on it
			}
		}
		if (unfollowed != null) {
			unfollowed.close();
		}
		if (!opened.completeExceptionally(failure) && why != null) {
			context.closed(why);
		}
		told.forEach(waiting -> waiting.complete(null));
		whenOver.run();
	}

	private static void cancel(Future<?> task) {
		if (task != null) {
			task.cancel(false);
		}
	}

	// ---- for a clock

	@Override
	public CompletionStage<Void> advanceTo(Duration now) {
		CompletableFuture<Void> reached = new CompletableFuture<>();
		synchronized (lock) {
			if (over) {
				return TAKEN;
			}
			clockTarget = Math.max(clockTarget, now.toNanos() - clockOrigin);
			waiters.add(new Waiter(now.toNanos() - clockOrigin, reached));
		}
		wake();
		return reached;
	}

	// ---- turns

	private void wake() {
		synchronized (lock) {
			if (over || busy) {
				again = true;
				return;
			}
			busy = true;
		}
		run();
	}

	private void run() {
		try {
			context.executor().execute(this::turn);
		} catch (RejectedExecutionException e) { // the end of the transport
			close();
		}
	}

	/** The timer's: it is on a thread of the pool already. */
	private void due() {
		synchronized (lock) {
			if (over || busy) {
				again = true;
				return;
			}
			busy = true;
		}
		turn();
	}

	private void turn() {
		synchronized (lock) {
			again = false;
			inTurn = true;
			turnBegan = System.nanoTime();
			if (over) {
				inTurn = false;
				return;
			}
		}
		boolean goOn = false;
		try {
			goOn = simulate();
		} catch (RuntimeException | Error defect) {
			abort(new Disconnection(Reason.PROTOCOL, "the simulator failed: " + defect.getClass().getName()));
			throw defect;
		} finally {
			boolean cameBack;
			synchronized (lock) {
				inTurn = false;
				cameBack = hung;
				hung = false;
				goOn |= again;
				busy = goOn && !over;
				goOn = busy;
				if (over) {
					simulation = null;
				}
			}
			if (cameBack) {
				custom.cameBack();
			}
		}
		if (goOn) {
			run();
		}
	}

	private boolean isOver() {
		synchronized (lock) {
			return over;
		}
	}

	/** Returns whether to go on at once. */
	private boolean simulate() {
		long until = System.nanoTime() + TURN_NANOS;
		if (pace == null) {
			begin();
		}
		if (full != null) {
			if (!isDone(full)) {
				return false; // whoever completes it wakes us
			}
			full = null;
			simulation.unblock();
			pace.lost(System.nanoTime());
		}
		while (!isOver()) {
			if (clock == null) {
				if (target <= simulation.nowNanos()) {
					target = pace.advance(System.nanoTime());
				} else {
					pace.lost(System.nanoTime());
				}
			} else {
				synchronized (lock) { // what was sent before the clock went on is read before time does
					Sent next = simulation.isSilent() ? null : inbox.peek();
					target = next == null ? clockTarget : Math.min(clockTarget, Math.max(next.atNanos, simulation.nowNanos()));
				}
			}
			Simulation.Progress progress = simulation.run(target, until);
			if (simulation.refused() != null) {
				String words = simulation.refused();
				stop(null, new TransportException(Code.REFUSED, words.isEmpty() ? "refused by the simulator" : words));
				return false;
			}
			switch (progress) {
				case OVER -> {
					return false;
				}
				case BLOCKED -> {
					full.whenComplete((nothing, never) -> wake());
					return false;
				}
				case TIRED -> {
					return true;
				}
				case RESUMED -> drain();
				default -> {
					if (isThere()) {
						reached();
						return false;
					}
					drain();
					if (full == null && System.nanoTime() - until >= 0) { // without room, the next round sees to being woken
						return true;
					}
				}
			}
		}
		return false;
	}

	private static boolean isDone(CompletionStage<Void> stage) {
		return stage instanceof CompletableFuture<Void> known && known.isDone();
	}

	private void begin() {
		pace = new Pace(plan.pace(), settings.catchUpNanos(), System.nanoTime());
		if (clock != null) {
			Duration now = clock.now();
			clockOrigin = now.toNanos();
			Subscription subscription = clock.follow(this);
			boolean late;
			synchronized (lock) {
				following = subscription;
				late = over;
				clockTarget = Math.max(clockTarget, clock.now().toNanos() - clockOrigin); // it may have gone on between the two
			}
			if (late) {
				subscription.close();
			}
		}
		simulation.begin();
		Throwable failure = simulation.failure();
		if (failure != null) {
			// words of a behaviour's own choice; the registry takes its classes out
			stop(null, failure instanceof IllegalArgumentException ? new TransportException(Code.INVALID_PARAMS, words(failure))
					: new TransportException(Code.INTERNAL, "the behaviour '" + plan.name() + "' failed: " + failure.getClass().getName() + ": " + words(failure)));
		} else if (plan.refusal().isEmpty() && simulation.refused() == null) {
			present = simulation.connected();
			opened.complete(this);
		}
	}

	private static String words(Throwable failure) {
		return failure.getMessage() == null ? "it does not say why" : failure.getMessage();
	}

	/** Lets the simulation have what the host sent. */
	private void drain() {
		while (!simulation.isSilent()) {
			Sent next;
			CompletableFuture<Void> waiting = null;
			synchronized (lock) {
				next = inbox.peek();
				if (next == null || next.atNanos > simulation.nowNanos()) {
					return;
				}
				inbox.poll();
				inboxBytes -= next.bytes();
				if (room != null && inboxBytes <= HELD_BYTES / 2) {
					waiting = room;
					room = null;
				}
			}
			simulation.accept(next.packet, next.delivery);
			if (waiting != null) {
				waiting.complete(null);
			}
		}
	}

	/** Returns whether there is nothing left to read, nor any more time to pass. */
	private boolean isThere() {
		synchronized (lock) {
			return (inbox.isEmpty() || simulation.isSilent()) && (clock == null || clockTarget <= simulation.nowNanos());
		}
	}

	/** Everything up to the target has happened. */
	private void reached() {
		List<CompletableFuture<Void>> told = new ArrayList<>();
		synchronized (lock) {
			waiters.removeIf(waiter -> waiter.target <= simulation.nowNanos() && told.add(waiter.reached));
		}
		told.forEach(reached -> reached.complete(null));
		if (clock == null) {
			plan(simulation.nextNanos());
		}
	}

	/** Comes back when the next thing is to happen. */
	private void plan(long next) {
		Future<?> armed = null;
		if (next == Plan.NEVER) {
			pace.idle();
		} else {
			try {
				armed = context.executor().schedule(this::due, pace.until(next), TimeUnit.NANOSECONDS);
			} catch (RejectedExecutionException e) { // the end of the transport
				close();
				return;
			}
		}
		synchronized (lock) {
			cancel(timer);
			timer = armed;
			if (over) {
				cancel(timer);
			}
		}
	}

	/** Looks whether a behaviour holds up the thread. On another thread of the pool. */
	private void look() {
		synchronized (lock) {
			if (over || !inTurn || hung || System.nanoTime() - turnBegan < settings.behaviourTimeoutNanos()) {
				return;
			}
			hung = true;
		}
		custom.hangs();
		abort(new Disconnection(Reason.PROTOCOL, "the behaviour '" + plan.name() + "' did not come back within "
				+ settings.behaviourTimeoutNanos() / 1_000_000 + " ms"));
	}

	// ---- from the simulation, within a turn

	@Override
	public boolean received(PeerId from, Packet packet, Reliability reliability, String topic) {
		CompletionStage<Void> queued = context.received(from, packet, reliability, topic);
		if (isDone(queued)) {
			return true;
		}
		full = queued;
		return false;
	}

	@Override
	public void joined(PeerId peer) {
		context.peerJoined(peer);
	}

	@Override
	public void left(PeerId peer) {
		context.peerLeft(peer);
	}

	@Override
	public void invalid(String why) {
		context.invalid(why);
	}

	@Override
	public void confirmed(long packets) {
		context.confirmed(packets);
	}

	@Override
	public void ended(Disconnection why) {
		abort(why);
	}
}
