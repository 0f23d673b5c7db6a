package dcl.transport.registry.internal;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

import dcl.transport.Delivery;
import dcl.transport.Delivery.Reliability;
import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Message;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.Session;
import dcl.transport.SessionListener;
import dcl.transport.SessionPolicy;
import dcl.transport.SessionStats;
import dcl.transport.Subscription;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportListener;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The session a host holds, over one transport after the other.
 * <p>
 * Listeners are called from two places that never overlap. From the moment a transport is told to connect until its {@code closed()} completes, its own
 * thread calls them, from within its listener: no packet changes threads once more, and a listener that is slow holds up the wire as it does on a
 * transport. Between two transports {@link #control} does. The lock guards states and queues and is never held across a call.
 */
final class LastingSession implements Session {

	private static final Logger LOG = LoggerFactory.getLogger(LastingSession.class);

	/** What of a service's wish to be left alone is heeded. */
	private static final Duration LONGEST_RETRY_AFTER = Duration.ofHours(1);
	private static final int MAX_DOUBLINGS = 40;

	private static final CompletionStage<Outcome> HANDED_OVER = done(Outcome.HANDED_OVER);
	private static final CompletionStage<Outcome> DROPPED = done(Outcome.DROPPED);

	/** Code of the host behind a stage. */
	private static final Workers.Callee STAGES = () -> "code after a stage of a session";

	private static CompletionStage<Outcome> done(Outcome outcome) {
		Stage<Outcome> stage = new Stage<>();
		stage.finish(outcome);
		return stage;
	}

	/** A reliable packet that has no outcome yet. Guarded by the lock. */
	private static final class Entry {

		private final Stage<Outcome> stage = new Stage<>();
		private final int bytes;
		private final Delivery delivery;
		/** Null once a wire has taken it. */
		private Packet packet;
		/** Its place among those its wire has taken, from 1. */
		private long number;

		Entry(Packet packet, Delivery delivery) {
			this.packet = packet;
			this.bytes = packet.size();
			this.delivery = delivery;
		}
	}

	/** One transport, from before it connects until it is closed. */
	private final class Wire implements TransportListener {

		private final Transport transport;
		// Guarded by the session's lock:
		/** Whether packets may be handed over. Read without the lock. */
		private volatile boolean open;
		private boolean connected;
		private long connectedAt;
		/** How it ended, while a packet was being handed over. */
		private Disconnection endedMeanwhile;
		/** Handed over and not answered yet, in order. */
		private final LinkedHashSet<Entry> handed = new LinkedHashSet<>();
		/** Handed over and given back unsent, in order. */
		private final ArrayDeque<Entry> returned = new ArrayDeque<>();
		/** Taken and not confirmed, in order. */
		private final ArrayDeque<Entry> unconfirmed = new ArrayDeque<>();
		/** Its queue was full: wait until it answers something. */
		private boolean full;
		private long taken;
		/** Up to this one it is known what became of them, or that it will never be. */
		private long confirmed;
		/** Of these, the ranges in doubt that reach beyond what was taken: first and last number. */
		private final ArrayDeque<long[]> doubted = new ArrayDeque<>();

		private Wire(Transport transport) {
			this.transport = transport;
		}

		@Override
		public void connected(Set<PeerId> peers) {
			begun(this, peers);
		}

		@Override
		public void peerJoined(PeerId peer) {
			roster(peer, true);
		}

		@Override
		public void peerLeft(PeerId peer) {
			roster(peer, false);
		}

		@Override
		public void received(Message message) {
			account.received.incrementAndGet();
			ears.tell(SessionListener::received, message);
		}

		@Override
		public void confirmed(long reliablePackets) {
			LastingSession.this.known(this, reliablePackets, Outcome.CONFIRMED);
		}

		@Override
		public void unknown(long reliablePackets) {
			LastingSession.this.known(this, reliablePackets, Outcome.UNKNOWN);
		}

		/** What becomes of the packet just taken, if that is known. */
		private Outcome outcome() {
			if (taken > confirmed) {
				return null;
			}
			while (!doubted.isEmpty() && doubted.peek()[1] < taken) {
				doubted.poll();
			}
			return doubted.isEmpty() || doubted.peek()[0] > taken ? Outcome.CONFIRMED : Outcome.UNKNOWN;
		}

		@Override
		public void disconnected(Disconnection why) {
			open = false;
			ears.tell(SessionListener::disconnected, why);
		}
	}

	/** The counters. */
	private static final class Account implements SessionStats {

		private final AtomicLong accepted = new AtomicLong();
		private final AtomicLong confirmed = new AtomicLong();
		private final AtomicLong handedOver = new AtomicLong();
		private final AtomicLong dropped = new AtomicLong();
		private final AtomicLong unknown = new AtomicLong();
		private final AtomicLong failed = new AtomicLong();
		private final AtomicLong lossyHandedOver = new AtomicLong();
		private final AtomicLong lossyDropped = new AtomicLong();
		private final AtomicLong received = new AtomicLong();
		private final AtomicLong attempts = new AtomicLong();
		private final AtomicLong connections = new AtomicLong();

		private AtomicLong of(Outcome outcome) {
			return switch (outcome) {
				case CONFIRMED -> confirmed;
				case HANDED_OVER -> handedOver;
				case DROPPED -> dropped;
				case UNKNOWN -> unknown;
			};
		}

		@Override
		public long accepted() {
			return accepted.get();
		}

		@Override
		public long confirmed() {
			return confirmed.get();
		}

		@Override
		public long handedOver() {
			return handedOver.get();
		}

		@Override
		public long dropped() {
			return dropped.get();
		}

		@Override
		public long unknown() {
			return unknown.get();
		}

		@Override
		public long failed() {
			return failed.get();
		}

		@Override
		public long lossyHandedOver() {
			return lossyHandedOver.get();
		}

		@Override
		public long lossyDropped() {
			return lossyDropped.get();
		}

		@Override
		public long received() {
			return received.get();
		}

		@Override
		public long attempts() {
			return attempts.get();
		}

		@Override
		public long connections() {
			return connections.get();
		}

		@Override
		public String toString() {
			return "accepted " + accepted + " = confirmed " + confirmed + " + handed over " + handedOver + " + dropped " + dropped + " + unknown " + unknown
					+ " + failed " + failed + ", " + connections + " connections in " + attempts + " attempts";
		}
	}

	/** A wait for the next attempt. */
	private static final class Pause {

		private final Instant until;
		/** Whether it is over as soon as there is a provider. */
		private final boolean hurry;
		private Future<?> timer;

		private Pause(Instant until, boolean hurry) {
			this.until = until;
			this.hurry = hurry;
		}
	}

	private final World world;
	private final TransportUri uri;
	private final TransportOptions options;
	private final SessionPolicy policy;
	private final Consumer<LastingSession> whenClosed;
	private final Ears<SessionListener> ears;
	private final Serial control;
	private final Account account = new Account();
	private final Stage<Void> connected = new Stage<>();
	private final Stage<Disconnection> closed = new Stage<>();
	private final AtomicBoolean retryAsked = new AtomicBoolean();

	private final Object lock = new Object();
	// Guarded by lock; what is volatile is read without it:
	private volatile State state = State.NEW;
	private volatile Wire wire;
	private volatile int attempt;
	private volatile Disconnection lastEnding;
	private volatile Pause pause;
	private final Set<PeerId> roster = new HashSet<>();
	/** Accepted, and with no wire. */
	private final ArrayDeque<Entry> waiting = new ArrayDeque<>();
	/** Those waiting, handed over without an answer, or given back: what no wire has taken. */
	private int heldPackets;
	private long heldBytes;
	/** Somebody hands packets over; there is never a second, so that their order is kept. */
	private boolean pumping;
	/** Who hands a packet over now, and to whom: an answer on that thread comes within the call. */
	private Thread handing;
	private Wire handingTo;
	private Disconnection ending;

	// Touched by control, and by a wire's thread while control leaves it alone:
	private boolean everConnected;
	private TransportException failure;
	/** The attempt was made since there was a provider again, and has not led to a connection: such a one does not call for the next. */
	private boolean hurried;
	private CompletionStage<Void> goodbye = Stage.DONE;

	LastingSession(World world, TransportUri uri, TransportOptions options, SessionPolicy policy, Consumer<LastingSession> whenClosed) {
		this.world = world;
		this.uri = uri;
		this.options = options;
		this.policy = policy;
		this.whenClosed = whenClosed;
		this.ears = new Ears<>(world, uri);
		this.control = new Serial(world);
	}

	// ---- for hosts

	@Override
	public TransportUri uri() {
		return uri;
	}

	@Override
	public State state() {
		return state;
	}

	@Override
	public Set<PeerId> peers() {
		synchronized (lock) {
			return Set.copyOf(roster);
		}
	}

	/** Returns the transport of now, or null. */
	Transport transport() {
		Wire now = wire;
		return now == null ? null : now.transport;
	}

	/** Returns how many reliable packets no wire has taken. */
	int waitingPackets() {
		synchronized (lock) {
			return heldPackets;
		}
	}

	@Override
	public int attempt() {
		return attempt;
	}

	@Override
	public Optional<Instant> nextAttempt() {
		return Optional.ofNullable(pause).map(now -> now.until);
	}

	@Override
	public Optional<Disconnection> lastEnding() {
		return Optional.ofNullable(lastEnding);
	}

	@Override
	public SessionStats stats() {
		return account;
	}

	@Override
	public Subscription listen(SessionListener listener) {
		Subscription subscription = ears.add(listener);
		if (state == State.CLOSED) {
			ears.clear();
		}
		return subscription;
	}

	@Override
	public CompletionStage<Void> connect() {
		synchronized (lock) {
			if (state != State.NEW || ending != null) {
				return connected;
			}
			state = State.CONNECTING;
		}
		control.execute(this::tryNow);
		return connected;
	}

	@Override
	public CompletionStage<Outcome> send(Packet packet, Delivery delivery) {
		return delivery.reliability() == Reliability.LOSSY ? sendLossy(packet, delivery) : sendReliable(packet, delivery);
	}

	private CompletionStage<Outcome> sendLossy(Packet packet, Delivery delivery) {
		Wire now = wire;
		if (now == null || !now.open) {
			if (state == State.CLOSED) {
				return Stage.failed(isClosed());
			}
			account.lossyDropped.incrementAndGet();
			return DROPPED;
		}
		CompletionStage<Void> sent = now.transport.send(packet, delivery);
		if (sent == Stage.DONE) {
			account.lossyHandedOver.incrementAndGet();
			return HANDED_OVER;
		}
		Stage<Outcome> result = new Stage<>();
		sent.whenComplete((nothing, problem) -> {
			TransportException why = problem == null ? null : reason(problem);
			if (why == null) {
				account.lossyHandedOver.incrementAndGet();
				result.finish(Outcome.HANDED_OVER);
			} else if (why.code() == Code.NOT_CONNECTED) {
				account.lossyDropped.incrementAndGet();
				result.finish(Outcome.DROPPED);
			} else {
				result.fail(why);
			}
		});
		return result;
	}

	private CompletionStage<Outcome> sendReliable(Packet packet, Delivery delivery) {
		Entry mine = new Entry(packet, delivery);
		TransportException refusal = null;
		synchronized (lock) {
			if (ending != null || state == State.CLOSED) {
				refusal = isClosed();
			} else if (mine.bytes > policy.waitingBytes()) {
				refusal = new TransportException(Code.TOO_LARGE, "a session keeps at most " + policy.waitingBytes() + " bytes, this packet has " + mine.bytes);
			} else if (heldPackets >= policy.waitingPackets() || heldBytes + mine.bytes > policy.waitingBytes()) {
				refusal = new TransportException(Code.CONGESTED, heldPackets + " reliable packets of " + heldBytes + " bytes wait for a wire already ("
						+ policy.waitingPackets() + " packets or " + policy.waitingBytes() + " bytes)");
			} else {
				heldPackets++;
				heldBytes += mine.bytes;
				account.accepted.incrementAndGet();
				waiting.add(mine);
			}
		}
		if (refusal != null) {
			return Stage.failed(refusal);
		}
		pump();
		return mine.stage;
	}

	private static TransportException isClosed() {
		return new TransportException(Code.NOT_CONNECTED, "this session is closed");
	}

	@Override
	public void retryNow() {
		if (pause != null && retryAsked.compareAndSet(false, true)) {
			control.execute(() -> {
				retryAsked.set(false);
				Pause now = pause;
				if (now != null) {
					endPause(now, false);
				}
			});
		}
	}

	@Override
	public CompletionStage<Disconnection> closed() {
		return closed;
	}

	@Override
	public void close() {
		Wire last = end(new Disconnection(Reason.CLIENT, ""));
		if (last != null) {
			last.transport.close();
		}
	}

	/** The registry is going, and ends the transport itself. */
	void leave(String why) {
		end(new Disconnection(Reason.PROVIDER_GONE, why));
	}

	/** Returns the transport that has to end first, null if there is none. */
	private Wire end(Disconnection why) {
		synchronized (lock) {
			if (ending != null || state == State.CLOSED) {
				return null;
			}
			ending = why;
			if (wire != null) {
				return wire;
			}
		}
		control.execute(() -> {
			if (wire == null) {
				finish(why);
			}
		});
		return null;
	}

	@Override
	public String toString() {
		return uri + " (session, " + state + ")";
	}

	// ---- between two transports: control

	private void tryNow() {
		synchronized (lock) {
			if (ending != null) {
				return; // whoever set it finishes
			}
			state = State.CONNECTING;
		}
		failure = null;
		account.attempts.incrementAndGet();
		ears.tell((listener, nothing) -> listener.connecting(), null);
		Transport transport;
		try {
			transport = world.create(uri, options);
		} catch (TransportException e) {
			failure = e;
			decide(false, failed(e));
			return;
		}
		Wire mine = new Wire(transport);
		boolean wanted;
		synchronized (lock) {
			wanted = ending == null;
			if (wanted) {
				wire = mine;
			}
		}
		if (!wanted) {
			transport.close();
			return;
		}
		transport.listen(mine);
		transport.closed().thenAccept(why -> control.execute(() -> ended(mine, why)));
		transport.connect().whenComplete((nothing, problem) -> {
			if (problem != null) {
				failure = reason(problem);
			}
		});
	}

	private static Disconnection failed(TransportException why) {
		return new Disconnection(Reason.FAILED, why.code() + ": " + why.getMessage());
	}

	private static TransportException reason(Throwable problem) {
		Throwable bare = Failures.unwrap(problem);
		return bare instanceof TransportException ours ? ours : new TransportException(Code.INTERNAL, bare.toString());
	}

	private void ended(Wire mine, Disconnection why) {
		List<Entry> doubtful = new ArrayList<>();
		boolean was;
		boolean steady;
		synchronized (lock) {
			mine.open = false;
			if (handingTo == mine) {
				mine.endedMeanwhile = why; // comes back when the packet has its answer
				return;
			}
			wire = null;
			was = mine.connected;
			steady = was && world.nanoTime() - mine.connectedAt >= policy.steadyAfter().toNanos();
			doubtful.addAll(mine.unconfirmed);
			mine.unconfirmed.clear();
			mine.handed.forEach(this::taken); // none: a transport answers everything before it is closed
			doubtful.addAll(mine.handed);
			mine.handed.clear();
			while (!mine.returned.isEmpty()) {
				waiting.addFirst(mine.returned.removeLast());
			}
		}
		doubtful.forEach(entry -> complete(entry, Outcome.UNKNOWN, null));
		goodbye = mine.transport.disconnect();
		Disconnection end = was || failure == null ? why : failed(failure);
		if (steady) {
			attempt = 0;
		}
		decide(was, end);
	}

	/** Goes on after the end of an attempt or a connection. */
	private void decide(boolean was, Disconnection end) {
		lastEnding = end;
		Disconnection asked;
		synchronized (lock) {
			asked = ending;
		}
		TransportException why = was ? null : failure;
		if (why != null && asked == null) {
			ears.tell(SessionListener::failed, why);
		}
		boolean again = why == null ? end.reason().isRetryable() : why.code().isRetryable() && (everConnected || policy.isFirstRetried());
		synchronized (lock) {
			asked = ending; // a listener may have closed it
			if (asked == null && again) {
				state = State.WAITING;
			}
		}
		if (asked != null || !again) {
			finish(asked != null ? asked : end);
			return;
		}
		attempt = Math.min(attempt, Integer.MAX_VALUE - 1) + 1;
		boolean missing = why == null ? end.reason() == Reason.PROVIDER_GONE : why.code() == Code.NO_PROVIDER || why.code() == Code.PROVIDER_GONE;
		boolean hurry = missing && !hurried;
		long bound = bound(attempt);
		// Nobody is bothered by those who wait for a provider, so there is no need to spread them.
		Duration wait = Duration.ofMillis(hurry ? bound : world.random(bound)).plus(asked(why));
		LOG.info("{}: attempt {} within {}, after {}", uri, attempt, wait, end.reason());
		ears.tell((listener, in) -> listener.reconnecting(attempt, in, end), wait);
		await(wait, hurry);
	}

	private static Duration asked(TransportException why) {
		Duration asked = why == null ? Duration.ZERO : why.retryAfter().orElse(Duration.ZERO);
		return asked.isNegative() ? Duration.ZERO : asked.compareTo(LONGEST_RETRY_AFTER) > 0 ? LONGEST_RETRY_AFTER : asked;
	}

	/** Returns the longest wait before an attempt, in milliseconds. */
	private long bound(int n) {
		long first = policy.firstWait().toMillis();
		long longest = policy.longestWait().toMillis();
		int doublings = Math.min(n - 1, MAX_DOUBLINGS);
		return first > longest >> doublings ? longest : first << doublings;
	}

	private void await(Duration wait, boolean hurry) {
		Pause mine = new Pause(world.now().plus(wait), hurry);
		synchronized (lock) {
			if (ending != null) {
				return;
			}
			pause = mine;
		}
		mine.timer = world.after(wait, () -> control.execute(() -> endPause(mine, false)));
		if (hurry) {
			world.whenAvailable(uri, wait, mine).whenComplete((nothing, not) -> {
				if (not == null) {
					control.execute(() -> endPause(mine, true));
				}
			});
		}
	}

	private void endPause(Pause over, boolean hurrying) {
		synchronized (lock) {
			if (pause != over || ending != null) {
				return;
			}
			pause = null;
			state = State.CONNECTING;
		}
		release(over);
		hurried = hurrying;
		goodbye.whenComplete((nothing, never) -> control.execute(this::tryNow));
		goodbye = Stage.DONE;
	}

	private void release(Pause over) {
		over.timer.cancel(false);
		if (over.hurry) {
			world.abandon(over);
		}
	}

	/** The one way to {@code CLOSED}. */
	private void finish(Disconnection why) {
		List<Entry> left;
		Pause over;
		synchronized (lock) {
			if (state == State.CLOSED) {
				return;
			}
			state = State.CLOSED;
			roster.clear();
			over = pause;
			pause = null;
			left = List.copyOf(waiting);
			waiting.clear();
			left.forEach(this::taken);
		}
		if (over != null) {
			release(over);
		}
		LOG.info("{}: session over, {} {}; {}", uri, why.reason(), why.detail(), account);
		left.forEach(entry -> complete(entry, Outcome.DROPPED, null));
		TransportException early = failure != null ? failure : new TransportException(Code.NOT_CONNECTED, "closed before it was connected");
		run(() -> connected.fail(early));
		ears.tell(SessionListener::closed, why);
		ears.clear();
		whenClosed.accept(this);
		run(() -> closed.finish(why));
	}

	/** Runs what may run code of the host's. */
	private void run(Runnable completion) {
		Workers.Callee outer = world.enter(STAGES);
		try {
			completion.run();
		} finally {
			world.exit(outer);
		}
	}

	// ---- on the thread of a transport

	private void begun(Wire mine, Set<PeerId> peers) {
		List<PeerId> left = new ArrayList<>();
		List<PeerId> come = new ArrayList<>();
		boolean first;
		synchronized (lock) {
			mine.connected = true;
			mine.connectedAt = world.nanoTime();
			mine.open = true;
			state = State.CONNECTED;
			first = !everConnected;
			everConnected = true;
			hurried = false;
			if (first) {
				roster.addAll(peers);
			} else {
				roster.stream().filter(peer -> !peers.contains(peer)).forEach(left::add);
				peers.stream().filter(peer -> !roster.contains(peer)).forEach(come::add);
			}
		}
		account.connections.incrementAndGet();
		pump();
		if (first) {
			run(() -> connected.finish(null));
			ears.tell(SessionListener::connected, peers);
			return;
		}
		left.forEach(peer -> roster(peer, false));
		come.forEach(peer -> roster(peer, true));
		ears.tell(SessionListener::reconnected, peers);
	}

	private void roster(PeerId peer, boolean joined) {
		synchronized (lock) {
			if (joined ? !roster.add(peer) : !roster.remove(peer)) {
				return;
			}
		}
		ears.tell(joined ? SessionListener::peerJoined : SessionListener::peerLeft, peer);
	}

	// ---- reliable packets: any thread

	/** Hands over what waits, as long as the wire takes it. Whoever comes while another does so leaves it to that one. */
	private void pump() {
		synchronized (lock) {
			if (pumping) {
				return;
			}
			pumping = true;
		}
		while (true) {
			Wire to;
			Entry next;
			synchronized (lock) {
				to = wire;
				next = to != null && to.open && !to.full && to.unconfirmed.size() + to.handed.size() < policy.unconfirmedPackets() ? waiting.poll() : null;
				if (next == null) {
					pumping = false;
					return;
				}
				to.handed.add(next);
				handingTo = to;
				handing = Thread.currentThread();
			}
			Entry entry = next;
			Wire mine = to;
			mine.transport.send(entry.packet, entry.delivery).whenComplete((nothing, problem) -> answered(mine, entry, problem));
			Disconnection over;
			synchronized (lock) {
				handingTo = null;
				handing = null;
				over = mine.endedMeanwhile;
			}
			if (over != null) {
				control.execute(() -> ended(mine, over));
			}
		}
	}

	/** The transport says what became of a packet: within the call that handed it over, or on its own thread. */
	private void answered(Wire by, Entry entry, Throwable problem) {
		boolean confirms = problem == null && by.transport.confirms();
		TransportException why = problem == null ? null : reason(problem);
		Outcome outcome = null;
		boolean refused = false;
		boolean inside;
		synchronized (lock) {
			inside = handing == Thread.currentThread();
			if (!by.handed.remove(entry)) {
				return; // answered twice, or too late
			}
			by.full = false;
			if (why == null) {
				taken(entry);
				entry.number = ++by.taken;
				outcome = confirms ? by.outcome() : Outcome.HANDED_OVER;
				if (outcome == null) {
					by.unconfirmed.add(entry);
				}
			} else if (why.code() == Code.NOT_CONNECTED) {
				by.open = false; // its end is about to be told
				if (inside) {
					waiting.addFirst(entry); // behind those that were queued, which may be given back after it
				} else {
					by.returned.add(entry);
				}
			} else if (why.code() == Code.CONGESTED && inside && !by.handed.isEmpty()) {
				waiting.addFirst(entry);
				by.full = true;
			} else {
				taken(entry);
				outcome = why.code() == Code.UNKNOWN ? Outcome.UNKNOWN : null;
				refused = outcome == null;
			}
		}
		if (outcome != null || refused) {
			Outcome known = outcome;
			Runnable completion = () -> complete(entry, known, why);
			if (inside) { // on a thread of the host's
				control.execute(completion);
			} else {
				completion.run();
			}
		}
		pump();
	}

	private void known(Wire by, long more, Outcome outcome) {
		List<Entry> done = new ArrayList<>();
		synchronized (lock) {
			long first = by.confirmed + 1;
			by.confirmed = Math.min(by.confirmed + more, by.taken + by.handed.size());
			if (outcome == Outcome.UNKNOWN && by.confirmed > by.taken) {
				by.doubted.add(new long[] {first, by.confirmed});
			}
			for (Entry next = by.unconfirmed.peek(); next != null && next.number <= by.confirmed; next = by.unconfirmed.peek()) {
				done.add(by.unconfirmed.poll());
			}
		}
		done.forEach(entry -> complete(entry, outcome, null));
		pump();
	}

	/** It waits no longer for a wire. The lock is held. */
	private void taken(Entry entry) {
		entry.packet = null;
		heldPackets--;
		heldBytes -= entry.bytes;
	}

	/** Closes the account of one packet; without an outcome it failed. */
	private void complete(Entry entry, Outcome outcome, TransportException why) {
		if (outcome == null) {
			account.failed.incrementAndGet();
			run(() -> entry.stage.fail(why));
		} else {
			account.of(outcome).incrementAndGet();
			run(() -> entry.stage.finish(outcome));
		}
	}
}
