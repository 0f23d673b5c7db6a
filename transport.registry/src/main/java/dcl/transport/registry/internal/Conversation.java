package dcl.transport.registry.internal;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import dcl.transport.Delivery;
import dcl.transport.Delivery.Reliability;
import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.Subscription;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportListener;
import dcl.transport.TransportOptions;
import dcl.transport.TransportStats;
import dcl.transport.TransportUri;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The transport a host holds: states, queues and the one place where listeners are called and packets handed to the link.
 * <p>
 * All that is done by {@link #drain}, which runs on a pool thread, once at a time. Other threads only queue: packets to send, what the link reports, and
 * control tasks, under a lock that is never held across a call. A link is closed beside it, by its {@link Attempt}, since it must be closed even while a
 * listener holds up the conversation.
 */
final class Conversation implements Transport {

	private static final Logger LOG = LoggerFactory.getLogger(Conversation.class);

	/** How long one conversation keeps a thread while others wait. */
	private static final long TURN_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
	private static final int BATCH = 64;
	/** How many events pass between two looks at the clock, each of which costs as much as queueing one, as long as they are quick. */
	private static final int UNTIMED = 16;
	private static final long QUICK_NANOS = TimeUnit.MICROSECONDS.toNanos(100);
	private static final long DRAIN_MILLIS = 1_000;
	private static final long INVALID_LOG_NANOS = TimeUnit.SECONDS.toNanos(10);

	/** A packet on its way out; the stage is null for a lossy one. */
	private static final class Outgoing extends LossyQueue.Entry {

		final Packet packet;
		final Delivery delivery;
		final Stage<Void> stage;

		Outgoing(Packet packet, Delivery delivery, Stage<Void> stage) {
			super(packet.size(), stage == null);
			this.packet = packet;
			this.delivery = delivery;
			this.stage = stage;
		}
	}

	/** A listener, named by its bundle. */
	private static final class Ear implements Workers.Callee {

		private final TransportListener listener;
		private final String bundle;
		private volatile boolean gone;

		Ear(TransportListener listener) {
			this.listener = listener;
			this.bundle = Bundles.nameOf(listener);
		}

		@Override
		public String describe() {
			return "listener " + listener.getClass().getName() + " of " + bundle;
		}
	}

	/** The link's code, which loses the conversation when it does not come back. */
	private final class LinkCode extends Candidate.Code {

		LinkCode(Candidate.Code code) {
			super(code.candidate(), code.uri());
		}

		@Override
		public void stuck() {
			super.stuck();
			linkStuck(describe());
		}
	}

	/** What became of reliable packets, so many in a row. */
	private static final class Verdict {

		private final boolean confirmed;
		private long packets; // guarded by lock

		private Verdict(boolean confirmed) {
			this.confirmed = confirmed;
		}
	}

	/** One run after another of {@link #drain}; a run that is held up inside the link is disowned by putting another in its place. */
	private final class Turn implements Runnable {

		@Override
		public void run() {
			drain(this);
		}
	}

	/** Code of the host behind a stage. */
	private static final Workers.Callee STAGES = () -> "code after a stage of a transport";

	private final Registry registry;
	private final TransportUri uri;
	private final TransportUri bare;
	private final TransportOptions options;
	private final Consumer<Conversation> whenClosed;
	private final Stats stats = new Stats();
	private final Stage<Void> connected = new Stage<>();
	private final Stage<Disconnection> closed = new Stage<>();
	private final Stage<Void> disconnected = new Stage<>();
	private final List<Ear> ears = new CopyOnWriteArrayList<>();
	private final Set<PeerId> peers = ConcurrentHashMap.newKeySet();
	private volatile State state = State.NEW;
	private volatile boolean confirms;
	private volatile long invalidLoggedAt = System.nanoTime() - INVALID_LOG_NANOS;

	private final Object lock = new Object();
	// Guarded by lock:
	private final ArrayDeque<Runnable> control = new ArrayDeque<>();
	private final LossyQueue<Incoming> incoming = new LossyQueue<>();
	private final LossyQueue<Outgoing> outgoing = new LossyQueue<>();
	private boolean scheduled;
	private Turn turn = new Turn();
	private int rosterQueued;
	/** The last report about reliable packets that listeners have not been told, to which like ones are added; null if there is none. */
	private Verdict untold;
	private Stage<Void> resume;
	private Future<?> pauseTimer;
	/** Whether the wire went on during the pause until packets had to be dropped: it cannot stop reading. */
	private boolean pauseIgnored;
	/** The link has said its last. */
	private boolean linkGone;
	/** The host has asked for the end. */
	private boolean closing;
	/** The end is queued: nothing more goes in or out. */
	private boolean cut;
	private boolean ended;
	private boolean insideLink;
	private Attempt attempt;
	private Link link;
	private int maxPacketBytes = Integer.MAX_VALUE;

	// Touched by drain() only:
	private final LossyQueue.Entry[] batch = new LossyQueue.Entry[BATCH];
	private int batchAt;
	private int batchEnd;
	private LinkCode code;
	private Outgoing inFlight;
	private boolean told;
	private boolean finishing;

	/** Makes a transport of what the host named, and of the same without wrappers, which is what is opened. */
	Conversation(Registry registry, TransportUri uri, TransportUri bare, TransportOptions options, Consumer<Conversation> whenClosed) {
		this.registry = registry;
		this.uri = uri;
		this.bare = bare;
		this.options = options;
		this.whenClosed = whenClosed;
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
		return Set.copyOf(peers);
	}

	@Override
	public TransportStats stats() {
		return stats;
	}

	/** Returns how many packets wait for the link. */
	int outgoingPackets() {
		synchronized (lock) {
			return outgoing.size();
		}
	}

	/** Returns how many packets wait for listeners. */
	int incomingPackets() {
		synchronized (lock) {
			return incoming.size();
		}
	}

	@Override
	public Subscription listen(TransportListener listener) {
		Ear ear = new Ear(listener);
		synchronized (lock) {
			if (!ended) {
				ears.add(ear);
			}
		}
		return () -> {
			ear.gone = true;
			ears.remove(ear);
		};
	}

	@Override
	public CompletionStage<Void> connect() {
		Attempt mine;
		synchronized (lock) {
			if (state != State.NEW || ended || cut || closing) {
				mine = null;
			} else {
				state = State.CONNECTING;
				mine = new Attempt(registry, this, bare, options);
				attempt = mine;
			}
		}
		if (mine == null) {
			return Stage.failed(new TransportException(Code.NOT_CONNECTED, "a transport connects once; create another"));
		}
		mine.start();
		return connected;
	}

	@Override
	public CompletionStage<Void> send(Packet packet, Delivery delivery) {
		boolean lossy = delivery.reliability() == Reliability.LOSSY;
		Outgoing mine = new Outgoing(packet, delivery, lossy ? null : new Stage<>());
		Settings settings = registry.settings();
		long limit;
		synchronized (lock) {
			limit = Math.min(Math.min(maxPacketBytes, settings.maxPacketBytes()), settings.outgoingBytes());
			if (state != State.CONNECTED || closing || cut || ended) {
				limit = -1;
			} else if (packet.size() <= limit) {
				int dropped = outgoing.offer(mine, settings.outgoingPackets(), settings.outgoingBytes());
				if (dropped != LossyQueue.REFUSED) {
					Stats.add(stats.accepted, 1);
					if (dropped > 0) {
						stats.sendDropped.addAndGet(dropped);
					}
					wake();
					return lossy ? Stage.DONE : mine.stage;
				}
			}
		}
		return Stage.failed(refusal(packet, limit, settings));
	}

	private TransportException refusal(Packet packet, long limit, Settings settings) {
		if (limit < 0) {
			State now = state;
			return new TransportException(Code.NOT_CONNECTED, "this transport is " + (now == State.CONNECTED ? "closing" : now) + ", not CONNECTED");
		}
		if (packet.size() > limit) {
			return new TransportException(Code.TOO_LARGE, "a packet has at most " + limit + " bytes here, this one has " + packet.size());
		}
		return new TransportException(Code.CONGESTED, "the outgoing queue is full of reliable packets (" + settings.outgoingPackets() + " packets or "
				+ settings.outgoingBytes() + " bytes)");
	}

	@Override
	public boolean confirms() {
		return confirms;
	}

	@Override
	public CompletionStage<Void> disconnect() {
		boolean drain;
		synchronized (lock) {
			if (closing || ended) {
				return disconnected;
			}
			closing = true;
			drain = state == State.CONNECTED;
			if (drain) {
				control.add(() -> finishing = true);
				wake();
			}
		}
		if (drain) {
			registry.workers().after(DRAIN_MILLIS, () -> cut(Reason.CLIENT, "", Code.NOT_CONNECTED));
		} else {
			cut(Reason.CLIENT, "", Code.NOT_CONNECTED);
		}
		return disconnected;
	}

	@Override
	public CompletionStage<Disconnection> closed() {
		return closed;
	}

	@Override
	public void close() {
		disconnect();
	}

	@Override
	public String toString() {
		return uri + " (" + state + ")";
	}

	// ---- for the attempt and its contexts: any thread

	/** Queues a task between two calls of listeners and link. */
	private void control(Runnable task) {
		synchronized (lock) {
			control.add(task);
			wake();
		}
	}

	/** See {@link dcl.transport.TransportListener#connecting}. */
	void step(String name, String detail, Duration after) {
		assert attempt == null || !Thread.holdsLock(attempt) : "the conversation's lock comes before the attempt's";
		if (ears.isEmpty()) {
			return;
		}
		control(() -> {
			if (!told) { // a provider may have spoken after it had finished
				tell(listener -> listener.connecting(name, detail, after));
			}
		});
	}

	/** The handshake is over. */
	void opened(Attempt from, Link opened, Set<PeerId> present, int most, boolean confirming) {
		control(() -> open(from, opened, present, most, confirming));
	}

	/** The handshake failed. */
	void failed(TransportException failure) {
		control(() -> {
			boolean current;
			synchronized (lock) {
				current = state == State.CONNECTING && !cut && !ended;
			}
			if (current) {
				end(new Disconnection(Reason.FAILED, failure.getMessage()), failure);
			}
		});
	}

	/** See {@link LinkContext#peerJoined} and {@link LinkContext#peerLeft}. */
	void roster(PeerId peer, boolean joined) {
		synchronized (lock) {
			if (isDeaf()) {
				return;
			}
			if (rosterQueued >= 2 * registry.settings().maxPeers()) {
				overrun("more than " + rosterQueued + " joins and leaves were waiting for slow listeners");
				return;
			}
			rosterQueued++;
			incoming.add(new Incoming.Roster(peer, joined));
			wake();
		}
	}

	/** Whether what the link reports counts no longer. The lock is held. */
	private boolean isDeaf() {
		return linkGone || cut || ended;
	}

	/** See {@link LinkContext#received}. */
	CompletionStage<Void> received(Incoming.Received message) {
		int bound = registry.settings().incomingPackets();
		synchronized (lock) {
			if (isDeaf()) {
				return Stage.DONE;
			}
			int dropped = incoming.offer(message, bound, Long.MAX_VALUE);
			if (dropped == LossyQueue.REFUSED) {
				overrun("more than " + bound + " reliable packets were waiting for slow listeners");
				return Stage.DONE;
			}
			if (dropped > 0) {
				stats.receiveDropped.addAndGet(dropped);
				pauseIgnored = true;
			}
			Stats.add(stats.received, 1);
			Stats.add(stats.bytesReceived, message.bytes);
			wake();
			if (resume == null) {
				if (incoming.size() < bound - bound / 4) {
					return Stage.DONE;
				}
				resume = new Stage<>();
				watchPause(resume);
			}
			return resume;
		}
	}

	/** The lock is held. */
	private void watchPause(Stage<Void> pause) {
		pauseIgnored = false;
		pauseTimer = registry.workers().after(registry.settings().maxPauseMillis(), () -> pausedTooLong(pause));
	}

	private void pausedTooLong(Stage<Void> pause) {
		synchronized (lock) {
			if (resume != pause || isDeaf()) {
				return;
			}
			if (pauseIgnored) { // nobody is held up: the wire goes on, and lossy packets are dropped
				watchPause(pause);
				return;
			}
			if (incoming.size() > registry.settings().incomingPackets() / 2) {
				overrun("listeners held up the wire for " + registry.settings().maxPauseMillis() + " ms");
				return;
			}
			endPause(); // they are slow, but get on
		}
		resume(pause);
	}

	/** Ends the conversation before what is still queued, since nobody is there to take it. The lock is held. */
	private void overrun(String why) {
		linkGone = true;
		boolean early = state != State.CONNECTED;
		registry.workers().execute(() -> cut(early ? Reason.FAILED : Reason.OVERRUN, why, Code.PROTOCOL));
	}

	/** See {@link LinkContext#invalid}. */
	void invalid(String why, TransportUri opened) {
		long times = stats.invalid.incrementAndGet();
		long now = System.nanoTime();
		if (now - invalidLoggedAt >= INVALID_LOG_NANOS) { // two threads at once may log twice, which is no harm
			invalidLoggedAt = now;
			LOG.warn("{}: {} ({} so far)", uri, Failures.plain(why, opened), times);
		}
	}

	/** See {@link LinkContext#confirmed}. */
	void confirmed(long reported) {
		if (reported <= 0) {
			return;
		}
		long packets = Math.min(reported, Integer.MAX_VALUE); // so that no nonsense overflows a sum
		stats.confirmed.addAndGet(packets);
		judged(packets, true);
	}

	/** See {@link LinkContext#unknown}. */
	void unknown(long reported) {
		if (reported > 0) {
			judged(Math.min(reported, Integer.MAX_VALUE), false);
		}
	}

	/** Listeners count packets in the order they were sent, so the one kind of report never overtakes the other; what comes of one kind in a row is told at once. */
	private void judged(long packets, boolean confirmed) {
		synchronized (lock) {
			if (isDeaf()) {
				return;
			}
			confirms |= confirmed; // whatever it said of itself
			if (untold == null || untold.confirmed != confirmed) {
				Verdict next = new Verdict(confirmed);
				untold = next;
				control.add(() -> tell(next));
			}
			untold.packets += packets;
			wake();
		}
	}

	/** See {@link LinkContext#closed}. */
	void linkClosed(Disconnection why) {
		synchronized (lock) {
			if (!isDeaf()) {
				linkGone = true;
				incoming.add(new Incoming.Closed(why));
				wake();
			}
		}
	}

	/**
	 * The provider is leaving: lets go of its link.
	 *
	 * @param gone who leaves; null for the registry itself
	 * @return completes when the link is closed; null if nothing of this conversation is the provider's
	 */
	CompletableFuture<Void> leave(Candidate gone, String why) {
		boolean wanted;
		synchronized (lock) {
			if (gone != null && (attempt == null || !attempt.uses(gone))) {
				return null;
			}
			wanted = closing;
		}
		return cut(wanted ? Reason.CLIENT : Reason.PROVIDER_GONE, wanted ? "" : why, wanted ? Code.NOT_CONNECTED : Code.PROVIDER_GONE);
	}

	/**
	 * Ends the conversation ahead of what is queued. The link is asked to close at once, whatever listeners do; that it is over is told when they come back.
	 *
	 * @param code what connect() fails with, if it has not completed yet
	 */
	private CompletableFuture<Void> cut(Reason reason, String why, Code failing) {
		Attempt trying;
		synchronized (lock) {
			trying = attempt;
			if (!cut && !ended) {
				cut = true;
				link = null;
				control.add(() -> end(new Disconnection(reason, why),
						new TransportException(failing, why.isEmpty() ? "closed before it was connected" : why)));
				wake();
			}
		}
		return trying == null ? CompletableFuture.completedFuture(null) : trying.close();
	}

	// ---- one at a time, on a pool thread

	/** The lock is held. */
	private void wake() {
		if (!scheduled) {
			scheduled = true;
			registry.workers().execute(turn);
		}
	}

	private void drain(Turn mine) {
		long looked = System.nanoTime();
		long until = looked + TURN_NANOS;
		int untimed = 0;
		int mayPass = 1;
		do {
			Runnable task;
			Stage<Void> resumed = null;
			boolean sendable = false;
			synchronized (lock) {
				if (mine != turn) {
					return;
				}
				task = control.poll();
				if (task == null) {
					boolean live = told && !ended;
					if (live && batchAt == batchEnd) {
						resumed = fill();
					}
					sendable = live && link != null && inFlight == null && !outgoing.isEmpty();
					if (batchAt == batchEnd && !sendable && !isDrained()) {
						scheduled = false;
						return;
					}
				}
			}
			if (resumed != null) {
				resume(resumed);
			}
			if (task != null) {
				task.run();
				continue;
			}
			int at = batchAt; // the field is beside what the wire's thread reads for each packet: to write it as often makes both processors wait
			while (at < batchEnd) {
				LossyQueue.Entry next = batch[at];
				batch[at++] = null;
				if (next == null) { // it was dropped
					continue;
				}
				handle((Incoming) next);
				if (++untimed >= mayPass) {
					long now = System.nanoTime();
					mayPass = now - looked < QUICK_NANOS ? UNTIMED : 1;
					looked = now;
					untimed = 0;
					if (now - until >= 0) {
						break;
					}
				}
			}
			batchAt = at; // if it ended meanwhile, what was left was cleared and passed over
			if (sendable && !ended && !pump(mine)) {
				return;
			}
			synchronized (lock) {
				if (!isDrained()) {
					continue;
				}
			}
			end(new Disconnection(Reason.CLIENT, ""), null);
		} while (System.nanoTime() - until < 0);
		registry.workers().execute(mine);
	}

	/** Takes the next reports out of the queue; returns whom to tell that there is room again. The lock is held. */
	private Stage<Void> fill() {
		batchAt = 0;
		batchEnd = incoming.take(batch);
		return resume != null && incoming.size() <= registry.settings().incomingPackets() / 4 ? endPause() : null;
	}

	/** Whether a close that waits for the queue has waited long enough. The lock is held. */
	private boolean isDrained() {
		return finishing && !ended && !cut && inFlight == null && outgoing.isEmpty();
	}

	/** The lock is held. */
	private Stage<Void> endPause() {
		Stage<Void> over = resume;
		resume = null;
		pauseTimer.cancel(false);
		pauseTimer = null;
		return over;
	}

	/** Lets the link read on. Its code runs then, which must not hold up this conversation. */
	private void resume(Stage<Void> pause) {
		Workers.Callee callee = code == null ? STAGES : new Candidate.Code(code.candidate(), code.uri());
		registry.workers().execute(() -> {
			Workers.Callee outer = registry.workers().enter(callee);
			try {
				pause.finish(null);
			} finally {
				registry.workers().exit(outer);
			}
		});
	}

	private void open(Attempt from, Link opened, Set<PeerId> present, int most, boolean confirming) {
		int maxPeers = registry.settings().maxPeers();
		Candidate.Code taken;
		synchronized (lock) {
			taken = closing || cut || ended || present.size() > maxPeers ? null : from.take(opened);
			if (taken != null) {
				peers.addAll(present);
				link = opened;
				maxPacketBytes = most;
				confirms |= confirming;
				state = State.CONNECTED;
			}
		}
		if (taken == null) {
			if (present.size() > maxPeers) {
				String why = "at most " + maxPeers + " peers can be known at once, the service named " + present.size();
				failed(new TransportException(Code.PROTOCOL, why));
			}
			return; // too late: whoever ended the attempt has closed the link
		}
		code = new LinkCode(taken);
		LOG.info("{}: connected, {} peers", uri, present.size());
		complete(() -> connected.finish(null));
		tell(listener -> listener.connected(present));
		told = true;
	}

	private void handle(Incoming next) {
		if (next instanceof Incoming.Received message) {
			for (Ear ear : ears) {
				if (ear.gone) {
					continue;
				}
				Workers.Callee outer = registry.workers().enter(ear);
				try {
					ear.listener.received(message);
				} catch (Throwable failure) { // foreign code
					complain(ear, failure);
				} finally {
					registry.workers().exit(outer);
				}
			}
		} else if (next instanceof Incoming.Roster change) {
			synchronized (lock) {
				rosterQueued--;
			}
			roster(change);
		} else if (next instanceof Incoming.Closed gone) {
			end(gone.why, null);
		}
	}

	private void roster(Incoming.Roster change) {
		if (change.joined ? !peers.add(change.peer) : !peers.remove(change.peer)) {
			return; // known already, or not known: joins and leaves pair
		}
		int maxPeers = registry.settings().maxPeers();
		if (peers.size() > maxPeers) {
			end(new Disconnection(Reason.PROTOCOL, "more than " + maxPeers + " peers"), null);
			return;
		}
		tell(change.joined ? listener -> listener.peerJoined(change.peer) : listener -> listener.peerLeft(change.peer));
	}

	private void tell(Verdict verdict) {
		long packets;
		synchronized (lock) {
			packets = verdict.packets;
			if (untold == verdict) {
				untold = null;
			}
		}
		if (told && !ended) {
			tell(verdict.confirmed ? listener -> listener.confirmed(packets) : listener -> listener.unknown(packets));
		}
	}

	private void tell(Consumer<TransportListener> event) {
		for (Ear ear : ears) {
			if (ear.gone) {
				continue;
			}
			Workers.Callee outer = registry.workers().enter(ear);
			try {
				event.accept(ear.listener);
			} catch (Throwable failure) { // foreign code
				complain(ear, failure);
			} finally {
				registry.workers().exit(outer);
			}
		}
	}

	private void complain(Ear ear, Throwable failure) {
		LOG.warn("{}: {} threw", uri, ear.describe(), Failures.forLog(failure, uri));
	}

	/** Completes a stage of the host's, whose code may run within. */
	private void complete(Runnable completion) {
		Workers.Callee outer = registry.workers().enter(STAGES);
		try {
			completion.run();
		} finally {
			registry.workers().exit(outer);
		}
	}

	/** Hands packets to the link as long as it takes them; false if this run has been disowned meanwhile. */
	private boolean pump(Turn mine) {
		long until = System.nanoTime() + TURN_NANOS; // its own share, since slow listeners may have used up the first
		do {
			Outgoing next;
			Link wire;
			synchronized (lock) {
				next = link == null ? null : outgoing.poll();
				if (next == null) {
					return true;
				}
				wire = link;
				inFlight = next;
				insideLink = true;
			}
			if (registry.isBarred(code.candidate())) {
				lose(code.describe() + " holds up too many threads to be called", false);
				return true;
			}
			CompletionStage<Void> taken = null;
			Throwable failure = null;
			boolean waiting = false;
			Workers.Callee outer = registry.workers().enter(code);
			try {
				taken = wire.send(next.packet, next.delivery);
				if (taken == null) {
					failure = new NullPointerException("send answered null");
				} else if (!hasSucceeded(taken)) {
					Outgoing packet = next;
					waiting = true;
					taken.whenComplete((nothing, problem) -> control(() -> settle(packet, problem)));
				}
			} catch (Throwable thrown) { // foreign code
				failure = thrown;
			} finally {
				registry.workers().exit(outer);
			}
			synchronized (lock) {
				if (mine != turn) {
					return false;
				}
				insideLink = false;
			}
			if (failure == null && waiting) {
				return true;
			}
			settle(next, failure);
		} while (System.nanoTime() - until < 0);
		return true;
	}

	/** Spares the usual case a callback; a stage of any other class is asked properly. */
	private static boolean hasSucceeded(CompletionStage<Void> stage) {
		return stage.getClass() == CompletableFuture.class && ((CompletableFuture<Void>) stage).isDone()
				&& !((CompletableFuture<Void>) stage).isCompletedExceptionally();
	}

	private void settle(Outgoing packet, Throwable failure) {
		if (inFlight != packet) {
			return; // the link answered twice, or too late
		}
		inFlight = null;
		if (failure == null) {
			stats.sent.incrementAndGet();
			stats.bytesSent.addAndGet(packet.bytes);
			if (packet.stage != null) {
				complete(() -> packet.stage.finish(null));
			}
			return;
		}
		TransportException ours = code.failure(failure);
		if (ours.code() == Code.INTERNAL) {
			LOG.warn("{}: {}", uri, ours.getMessage());
		}
		stats.sendFailed.incrementAndGet();
		if (packet.stage != null) {
			complete(() -> packet.stage.fail(ours));
		}
	}

	/** A call into the link does not come back: gives up the link, and this run of {@link #drain} with it. On the timer's thread. */
	private void linkStuck(String who) {
		lose(who + " did not come back from a call", true);
	}

	private void lose(String why, boolean disown) {
		synchronized (lock) {
			if (!insideLink || ended) {
				return;
			}
			insideLink = false;
			if (!cut) {
				cut = true;
				link = null;
				control.addFirst(() -> end(new Disconnection(Reason.LOST, why), null));
			}
			if (disown) {
				turn = new Turn();
				scheduled = false;
				wake();
			}
		}
	}

	/** The one way to {@code CLOSED}. */
	private void end(Disconnection why, TransportException failure) {
		Attempt trying;
		Stage<Void> paused = null;
		List<Outgoing> left = new ArrayList<>();
		synchronized (lock) {
			if (ended) {
				return;
			}
			ended = true;
			state = State.CLOSED;
			link = null;
			trying = attempt;
			for (Outgoing next = outgoing.poll(); next != null; next = outgoing.poll()) {
				left.add(next);
			}
			incoming.clear();
			if (resume != null) {
				paused = endPause();
			}
		}
		Arrays.fill(batch, null);
		batchAt = batchEnd;
		peers.clear();
		if (paused != null) {
			resume(paused);
		}
		CompletableFuture<Void> goodbye = trying == null ? CompletableFuture.completedFuture(null) : trying.close();
		LOG.info("{}: {} {}", uri, why.reason(), why.detail());
		Outgoing onTheWire = inFlight;
		inFlight = null;
		if (onTheWire != null) {
			fail(onTheWire, Code.UNKNOWN, "it was on the wire when the wire ended");
		}
		for (Outgoing next : left) {
			fail(next, Code.NOT_CONNECTED, "the transport ended before it was sent");
		}
		if (!connected.isDone()) {
			complete(() -> connected.fail(failure));
		}
		if (told) {
			tell(listener -> listener.disconnected(why));
		}
		ears.clear();
		code = null;
		whenClosed.accept(this);
		complete(() -> closed.finish(why));
		goodbye.whenComplete((nothing, never) -> control(this::forget));
	}

	/** The link is closed, or has had its time: nothing is the provider's any more. */
	private void forget() {
		synchronized (lock) {
			attempt = null;
		}
		registry.forget(this);
		complete(() -> disconnected.finish(null));
	}

	private void fail(Outgoing packet, Code reason, String why) {
		if (packet.stage == null) {
			stats.sendDropped.incrementAndGet();
		} else {
			stats.sendFailed.incrementAndGet();
			complete(() -> packet.stage.fail(new TransportException(reason, why)));
		}
	}
}
