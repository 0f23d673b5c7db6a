package dcl.transport.registry.internal;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledFuture;
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
 * The transport a host holds: states, queues and the one place where listeners and the link are called.
 * <p>
 * Everything foreign is called by {@link #drain}, which runs on a pool thread, once at a time. Other threads only queue: packets to send, what the link
 * reports, and control tasks, under a lock that is never held across a call. Only {@link Link#close()} is called beside it, since a link must be closed
 * even while a listener holds up the conversation.
 */
final class Conversation implements Transport {

	private static final Logger LOG = LoggerFactory.getLogger(Conversation.class);

	/** Packets handled before the thread goes back to the pool, so that one busy room does not starve the others. */
	private static final int TURN = 256;
	private static final int BATCH = 64;
	private static final long DRAIN_MILLIS = 1_000;
	/** A link has a second to close; a little more is given before nobody waits for it any longer. */
	private static final long CLOSE_MILLIS = 1_500;
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
	private record Ear(TransportListener listener, String bundle) implements Workers.Callee {

		@Override
		public String describe() {
			return "listener " + listener.getClass().getName() + " of " + bundle;
		}
	}

	private final Workers.Callee linkCallee = new Workers.Callee() {

		@Override
		public String describe() {
			return provider;
		}

		@Override
		public void stuck() {
			linkStuck();
		}
	};

	/** Code of the host behind a stage. */
	private static final Workers.Callee STAGES = () -> "code after a stage of a transport";

	private final Registry registry;
	private final TransportUri uri;
	private final TransportOptions options;
	private final Consumer<Conversation> whenClosed;
	private final Stats stats = new Stats();
	private final Stage<Void> connected = new Stage<>();
	private final Stage<Disconnection> closed = new Stage<>();
	private final Stage<Void> disconnected = new Stage<>();
	private final List<Ear> ears = new CopyOnWriteArrayList<>();
	private volatile State state = State.NEW;
	private final Set<PeerId> peers = ConcurrentHashMap.newKeySet();
	private volatile int maxPacketBytes = Integer.MAX_VALUE;
	private volatile String provider = "no provider";

	private final Object lock = new Object();
	// Guarded by lock:
	private final ArrayDeque<Runnable> control = new ArrayDeque<>();
	private final LossyQueue<Incoming> incoming = new LossyQueue<>();
	private final LossyQueue<Outgoing> outgoing = new LossyQueue<>();
	private boolean scheduled;
	/** Which run of {@link #drain} is the valid one; a run that was held up inside the link is disowned by raising it. */
	private int turn;
	private int rosterQueued;
	private Stage<Void> resume;
	private ScheduledFuture<?> pauseTimer;
	private boolean ended;
	private boolean closing;
	private boolean overrun;
	private boolean insideLink;
	private Attempt attempt;
	private Link link;

	// Touched by drain() only:
	private Outgoing inFlight;
	private boolean told;
	private boolean finishing;
	private volatile long invalidLoggedAt = System.nanoTime() - INVALID_LOG_NANOS;

	Conversation(Registry registry, TransportUri uri, TransportOptions options, Consumer<Conversation> whenClosed) {
		this.registry = registry;
		this.uri = uri;
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

	@Override
	public Subscription listen(TransportListener listener) {
		Ear ear = new Ear(listener, Bundles.nameOf(listener));
		synchronized (lock) {
			if (!ended) {
				ears.add(ear);
			}
		}
		return () -> ears.removeIf(e -> e == ear);
	}

	@Override
	public CompletionStage<Void> connect() {
		Attempt mine;
		synchronized (lock) {
			if (state != State.NEW || ended || closing) {
				return Stage.failed(new TransportException(Code.NOT_CONNECTED, "a transport connects once; this one is " + state + ", create another"));
			}
			state = State.CONNECTING;
			mine = new Attempt(registry, this, uri, options);
			attempt = mine;
		}
		mine.start();
		return connected;
	}

	@Override
	public CompletionStage<Void> send(Packet packet, Delivery delivery) {
		boolean lossy = delivery.reliability() == Reliability.LOSSY;
		int limit = Math.min(maxPacketBytes, registry.settings().maxPacketBytes());
		TransportException refusal = null;
		Outgoing mine = new Outgoing(packet, delivery, lossy ? null : new Stage<>());
		synchronized (lock) {
			if (state != State.CONNECTED || closing || ended) {
				refusal = new TransportException(Code.NOT_CONNECTED, "this transport is " + (closing || ended ? State.CLOSED : state) + ", not CONNECTED");
			} else if (packet.size() > limit) {
				refusal = new TransportException(Code.TOO_LARGE, "a packet has at most " + limit + " bytes here, this one has " + packet.size());
			} else {
				Settings settings = registry.settings();
				LossyQueue.Outcome outcome = outgoing.offer(mine, settings.outgoingPackets(), settings.outgoingBytes());
				stats.sendDropped.addAndGet(outgoing.droppedNow());
				if (outcome == LossyQueue.Outcome.REFUSED) {
					refusal = new TransportException(Code.CONGESTED, "the outgoing queue is full of reliable packets ("
							+ settings.outgoingPackets() + " packets or " + settings.outgoingBytes() + " bytes)");
				} else {
					stats.accepted.incrementAndGet();
					wake();
				}
			}
		}
		if (refusal != null) {
			return Stage.failed(refusal);
		}
		return lossy ? Stage.DONE : mine.stage;
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
			control.add(drain ? this::finishWhenDrained : () -> end(new Disconnection(Reason.CLIENT, ""),
					new TransportException(Code.NOT_CONNECTED, "closed while connecting")));
			wake();
		}
		if (drain) {
			registry.workers().after(DRAIN_MILLIS, () -> control(() -> end(new Disconnection(Reason.CLIENT, ""), null)));
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

	/** Queues a task between two calls of {@link #drain}. */
	void control(Runnable task) {
		synchronized (lock) {
			control.add(task);
			wake();
		}
	}

	/** The handshake is over. */
	void opened(Attempt from, Link opened) {
		control(() -> open(from, opened));
	}

	/** The handshake failed. */
	void failed(Attempt from, TransportException failure) {
		control(() -> {
			if (isCurrent(from)) {
				end(new Disconnection(Reason.FAILED, failure.getMessage()), failure);
			}
		});
	}

	void roster(PeerId peer, boolean joined) {
		synchronized (lock) {
			if (ended || overrun) {
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

	/** See {@link LinkContext#received}. */
	CompletionStage<Void> received(PeerId from, Packet packet, Reliability reliability, String topic) {
		Incoming.Received message = new Incoming.Received(from, packet, reliability, topic);
		int bound = registry.settings().incomingPackets();
		synchronized (lock) {
			if (ended || overrun) {
				return Stage.DONE;
			}
			LossyQueue.Outcome outcome = incoming.offer(message, bound, Long.MAX_VALUE);
			stats.receiveDropped.addAndGet(incoming.droppedNow());
			if (outcome == LossyQueue.Outcome.REFUSED) {
				overrun("more than " + bound + " reliable packets were waiting for slow listeners");
				return Stage.DONE;
			}
			stats.received.incrementAndGet();
			stats.bytesReceived.addAndGet(packet.size());
			wake();
			if (resume == null && incoming.size() < bound - bound / 4) {
				return Stage.DONE;
			}
			if (resume == null) {
				resume = new Stage<>();
				Stage<Void> pause = resume;
				pauseTimer = registry.workers().after(registry.settings().maxPauseMillis(), () -> pausedTooLong(pause));
			}
			return resume;
		}
	}

	private void pausedTooLong(Stage<Void> pause) {
		synchronized (lock) {
			if (resume == pause && !ended) {
				overrun("listeners held up the wire for " + registry.settings().maxPauseMillis() + " ms");
			}
		}
	}

	/** Ends the conversation before what is still queued, since nobody is there to take it. The lock is held. */
	private void overrun(String why) {
		overrun = true;
		control.add(() -> end(new Disconnection(Reason.OVERRUN, why), null));
		wake();
	}

	void invalid(String why) {
		long times = stats.invalid.incrementAndGet();
		long now = System.nanoTime();
		if (now - invalidLoggedAt >= INVALID_LOG_NANOS) { // two threads at once may log twice, which is no harm
			invalidLoggedAt = now;
			LOG.warn("{}: {} ({} so far)", uri, Failures.plain(why), times);
		}
	}

	void confirmed(long packets) {
		stats.confirmed.addAndGet(Math.max(0, packets));
	}

	void linkClosed(Disconnection why) {
		synchronized (lock) {
			if (!ended) {
				incoming.add(new Incoming.Closed(new Disconnection(why.reason(), Failures.plain(why.detail()))));
				wake();
			}
		}
	}

	/**
	 * The provider is leaving: lets go of its link, and says so once it has been asked to close.
	 *
	 * @return completes when the link is closed, or null if nothing of this conversation is the provider's
	 */
	CompletableFuture<Void> leave(Candidate gone, String why) {
		Link mine;
		Attempt trying;
		synchronized (lock) {
			if (ended || attempt == null || !attempt.uses(gone)) {
				return null;
			}
			mine = link;
			link = null;
			trying = attempt;
		}
		trying.abandon();
		CompletableFuture<Void> goodbye = mine == null ? CompletableFuture.completedFuture(null) : close(mine, trying);
		control(() -> end(new Disconnection(Reason.PROVIDER_GONE, why), new TransportException(Code.PROVIDER_GONE, why)));
		return goodbye;
	}

	/** The registry itself is leaving. */
	CompletableFuture<Void> leave(String why) {
		Attempt trying;
		synchronized (lock) {
			trying = attempt;
		}
		if (trying != null) {
			CompletableFuture<Void> goodbye = leave(null, why);
			return goodbye == null ? CompletableFuture.completedFuture(null) : goodbye;
		}
		control(() -> end(new Disconnection(Reason.PROVIDER_GONE, why), null));
		return CompletableFuture.completedFuture(null);
	}

	/** Asks a link to close, on the pool. Never fails. */
	private CompletableFuture<Void> close(Link goner, Attempt owner) {
		CompletableFuture<Void> done = new CompletableFuture<>();
		ScheduledFuture<?> patience = registry.workers().after(CLOSE_MILLIS, () -> done.complete(null));
		done.thenRun(() -> patience.cancel(false));
		registry.workers().execute(() -> {
			registry.workers().enter(owner.callee());
			try {
				goner.close().whenComplete((nothing, failure) -> done.complete(null));
			} catch (Throwable failure) { // foreign code: even an Error is its own affair
				LOG.warn("{} failed to close a link: {}", owner.callee().describe(), failure.toString());
				done.complete(null);
			} finally {
				registry.workers().exit();
			}
		});
		return done;
	}

	// ---- one at a time, on a pool thread

	/** The lock is held. */
	private void wake() {
		if (!scheduled) {
			scheduled = true;
			int mine = turn;
			registry.workers().execute(() -> drain(mine));
		}
	}

	private void drain(int mine) {
		Incoming[] batch = new Incoming[BATCH];
		for (int budget = TURN; ; budget -= BATCH) {
			Runnable task;
			int count = 0;
			Stage<Void> resumed = null;
			boolean sendable;
			synchronized (lock) {
				if (mine != turn) {
					return;
				}
				boolean live = told && !ended;
				sendable = live && inFlight == null && !outgoing.isEmpty();
				if (control.isEmpty() && !sendable && (!live || incoming.isEmpty()) && !drained()) {
					scheduled = false;
					return;
				}
				if (budget <= 0) {
					registry.workers().execute(() -> drain(mine));
					return;
				}
				task = control.poll();
				while (live && task == null && count < BATCH && !incoming.isEmpty()) {
					batch[count++] = incoming.poll();
				}
				if (resume != null && incoming.size() <= registry.settings().incomingPackets() / 2) {
					resumed = endPause();
				}
			}
			if (resumed != null) {
				resume(resumed);
			}
			if (task != null) {
				task.run();
				continue;
			}
			for (int i = 0; i < count; i++) {
				Incoming next = batch[i];
				batch[i] = null;
				if (!ended) {
					handle(next);
				}
			}
			if (sendable && !ended && !pump(mine)) {
				return;
			}
			if (!ended && drained()) {
				end(new Disconnection(Reason.CLIENT, ""), null);
			}
		}
	}

	/** Whether a close that waits for the queue has waited long enough. */
	private boolean drained() {
		return finishing && !ended && inFlight == null && outgoing.isEmpty();
	}

	/** The lock is held. */
	private Stage<Void> endPause() {
		Stage<Void> over = resume;
		resume = null;
		pauseTimer.cancel(false);
		pauseTimer = null;
		return over;
	}

	/** Lets the link read on: its code runs in here. */
	private void resume(Stage<Void> pause) {
		registry.workers().enter(linkCallee);
		try {
			pause.finish(null);
		} finally {
			registry.workers().exit();
		}
	}

	private void open(Attempt from, Link opened) {
		if (!isCurrent(from) || from.isAbandoned()) {
			close(opened, from);
			return;
		}
		Set<PeerId> present;
		try {
			registry.workers().enter(linkCallee);
			try {
				present = Set.copyOf(opened.peers());
				maxPacketBytes = opened.maxPacketBytes();
			} finally {
				registry.workers().exit();
			}
		} catch (Throwable failure) { // foreign code
			close(opened, from);
			TransportException ours = Failures.own(failure, from.callee().describe());
			end(new Disconnection(Reason.FAILED, ours.getMessage()), ours);
			return;
		}
		if (present.size() > registry.settings().maxPeers()) {
			close(opened, from);
			String why = "at most " + registry.settings().maxPeers() + " peers can be known at once, the service named " + present.size();
			end(new Disconnection(Reason.FAILED, why), new TransportException(Code.PROTOCOL, why));
			return;
		}
		boolean late;
		synchronized (lock) {
			late = ended || from.isAbandoned();
			if (!late) {
				peers.addAll(present);
				link = opened;
				state = State.CONNECTED;
			}
		}
		if (late) {
			close(opened, from);
			return;
		}
		provider = from.connected(opened).toString();
		LOG.info("{}: connected, {} peers", uri, present.size());
		complete(() -> connected.finish(null));
		tell(listener -> listener.connected(present));
		told = true;
	}

	private boolean isCurrent(Attempt from) {
		synchronized (lock) {
			return attempt == from && state == State.CONNECTING && !ended;
		}
	}

	private void handle(Incoming next) {
		if (next instanceof Incoming.Received message) {
			for (Ear ear : ears) {
				registry.workers().enter(ear);
				try {
					ear.listener.received(message);
				} catch (Throwable failure) { // foreign code
					complain(ear, failure);
				} finally {
					registry.workers().exit();
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
		if (peers.size() > registry.settings().maxPeers()) {
			end(new Disconnection(Reason.PROTOCOL, "more than " + registry.settings().maxPeers() + " peers"), null);
			return;
		}
		tell(change.joined ? listener -> listener.peerJoined(change.peer) : listener -> listener.peerLeft(change.peer));
	}

	private void tell(Consumer<TransportListener> event) {
		for (Ear ear : ears) {
			registry.workers().enter(ear);
			try {
				event.accept(ear.listener);
			} catch (Throwable failure) { // foreign code
				complain(ear, failure);
			} finally {
				registry.workers().exit();
			}
		}
	}

	private void complain(Ear ear, Throwable failure) {
		LOG.warn("{}: {} threw", uri, ear.describe(), failure);
	}

	/** Completes a stage of the host's, whose code may run within. */
	private void complete(Runnable completion) {
		registry.workers().enter(STAGES);
		try {
			completion.run();
		} finally {
			registry.workers().exit();
		}
	}

	/** Hands packets to the link as long as it takes them; false if this run has been disowned meanwhile. */
	private boolean pump(int mine) {
		for (int i = 0; i < BATCH; i++) {
			Outgoing next;
			Link wire;
			synchronized (lock) {
				if (mine != turn) {
					return false;
				}
				next = link == null ? null : outgoing.poll();
				if (next == null) {
					return true;
				}
				wire = link;
				inFlight = next;
				insideLink = true;
			}
			CompletionStage<Void> taken = null;
			Throwable failure = null;
			registry.workers().enter(linkCallee);
			try {
				taken = wire.send(next.packet, next.delivery);
				if (taken == null) {
					failure = new NullPointerException("send answered null");
				}
			} catch (Throwable thrown) { // foreign code
				failure = thrown;
			} finally {
				registry.workers().exit();
			}
			synchronized (lock) {
				insideLink = false;
				if (mine != turn) {
					return false;
				}
			}
			if (failure != null || taken.getClass() == CompletableFuture.class && succeeded((CompletableFuture<Void>) taken)) {
				settle(next, failure);
				continue;
			}
			Outgoing waiting = next;
			try {
				taken.whenComplete((nothing, problem) -> control(() -> settle(waiting, problem)));
			} catch (Throwable thrown) { // a stage of foreign make
				settle(next, thrown);
				continue;
			}
			return true;
		}
		return true;
	}

	private static boolean succeeded(CompletableFuture<Void> stage) {
		return stage.isDone() && !stage.isCompletedExceptionally();
	}

	private void settle(Outgoing packet, Throwable failure) {
		if (inFlight != packet) {
			return; // the link answered twice, or too late
		}
		inFlight = null;
		if (failure == null) {
			stats.sent.incrementAndGet();
			stats.bytesSent.addAndGet(packet.packet.size());
			if (packet.stage != null) {
				complete(() -> packet.stage.finish(null));
			}
			return;
		}
		stats.sendFailed.incrementAndGet();
		TransportException ours = Failures.own(failure, linkCallee.describe());
		if (ours.code() == Code.INTERNAL) {
			LOG.warn("{}: {}", uri, ours.getMessage());
		}
		if (packet.stage != null) {
			complete(() -> packet.stage.fail(ours));
		}
	}

	/** A call into the link does not come back: gives up the link, and this run of {@link #drain} with it. */
	private void linkStuck() {
		synchronized (lock) {
			if (!insideLink || ended) {
				return;
			}
			turn++;
			insideLink = false;
			control.addFirst(() -> end(new Disconnection(Reason.LOST, linkCallee.describe() + " did not come back from a call"), null));
			scheduled = false;
			wake();
		}
	}

	private void finishWhenDrained() {
		finishing = true;
	}

	/** The one way to {@code CLOSED}. */
	private void end(Disconnection why, TransportException failure) {
		Link mine;
		Attempt trying;
		Stage<Void> paused = null;
		List<Outgoing> left = new ArrayList<>();
		synchronized (lock) {
			if (ended) {
				return;
			}
			ended = true;
			state = State.CLOSED;
			mine = link;
			link = null;
			trying = attempt;
			attempt = null;
			for (Outgoing next = outgoing.poll(); next != null; next = outgoing.poll()) {
				left.add(next);
			}
			incoming.clear();
			if (resume != null) {
				paused = endPause();
			}
		}
		if (paused != null) {
			resume(paused);
		}
		peers.clear();
		CompletableFuture<Void> goodbye = CompletableFuture.completedFuture(null);
		if (trying != null) {
			trying.abandon();
			if (mine != null) {
				goodbye = close(mine, trying);
			}
			trying.retire();
		}
		if (told || failure == null) {
			LOG.info("{}: {} {}", uri, why.reason(), why.detail());
		}
		Outgoing onTheWire = inFlight;
		inFlight = null;
		if (onTheWire != null) {
			fail(onTheWire, new TransportException(Code.UNKNOWN, "it was on the wire when the wire ended"));
		}
		for (Outgoing next : left) {
			fail(next, new TransportException(Code.NOT_CONNECTED, "the transport ended before it was sent"));
		}
		complete(() -> connected.fail(failure != null ? failure : new TransportException(Code.NOT_CONNECTED, "the transport is closed")));
		if (told) {
			tell(listener -> listener.disconnected(why));
		}
		ears.clear();
		whenClosed.accept(this);
		complete(() -> closed.finish(why));
		goodbye.whenComplete((nothing, never) -> control(() -> complete(() -> disconnected.finish(null))));
	}

	private void fail(Outgoing packet, TransportException failure) {
		if (packet.stage == null) {
			stats.sendDropped.incrementAndGet();
		} else {
			stats.sendFailed.incrementAndGet();
			complete(() -> packet.stage.fail(failure));
		}
	}
}
