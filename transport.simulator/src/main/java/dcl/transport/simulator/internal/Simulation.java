package dcl.transport.simulator.internal;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.function.BiConsumer;

import dcl.transport.Delivery;
import dcl.transport.Delivery.Reliability;
import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.simulator.SimulatorContext;
import dcl.transport.simulator.SimulatorFault;

/**
 * One made-up room: what is to happen, in order, on a virtual clock that {@link #run} moves. It knows neither threads nor the time of day, so that the same
 * plan and the same input at the same virtual times give the same reports, byte for byte. For one thread at a time.
 */
final class Simulation implements SimulatorContext {

	private static final long LATE_NANOS = 20_000_000;
	private static final long LATER_NANOS = 100_000_000;
	private static final int BUDGET_EVERY = 16;

	/** How far {@link #run} came. */
	enum Progress {
		/** To the time it was asked for. */
		REACHED,
		/** To the end of a silence: what the host sent meanwhile is read now. */
		RESUMED,
		/** Not so far, but others should have the thread. */
		TIRED,
		/** The wire has no room. */
		BLOCKED,
		/** To the end. */
		OVER
	}

	/** Something that is to happen. */
	private abstract static class Event implements Comparable<Event> {

		private long time;
		private long order;

		abstract void happen();

		@Override
		public int compareTo(Event other) {
			return time != other.time ? Long.compare(time, other.time) : Long.compare(order, other.order);
		}
	}

	private enum Sort {
		PACKET, JOIN, LEAVE, INVALID, END
	}

	/** Something on its way to the host. */
	private final class Item extends Event {

		private final Sort sort;
		private final PeerId peer;
		private final Packet packet;
		private final Reliability reliability;
		private final String text;
		private final Disconnection why;

		Item(Sort sort, PeerId peer, Packet packet, Reliability reliability, String text, Disconnection why) {
			this.sort = sort;
			this.peer = peer;
			this.packet = packet;
			this.reliability = reliability;
			this.text = text;
			this.why = why;
		}

		@Override
		void happen() {
			inFlight--;
			if (!isSilent()) {
				emit(this);
			} else if (reliability == Reliability.RELIABLE && silentUntil != Plan.NEVER) {
				inFlight++;
				hold(this);
			}
		}
	}

	/** Something the host sent, on its way here. */
	private final class Upward extends Event {

		private final Packet packet;
		private final Delivery delivery;

		Upward(Packet packet, Delivery delivery) {
			this.packet = packet;
			this.delivery = delivery;
		}

		@Override
		void happen() {
			upInFlight--;
			if (!isSilent()) {
				arrived(packet, delivery);
			} else if (delivery.reliability() == Reliability.RELIABLE && silentUntil != Plan.NEVER) {
				upInFlight++;
				hold(this);
			}
		}
	}

	private final class Action extends Event {

		private final Runnable action;
		private final long period;

		Action(Runnable action, long period) {
			this.action = action;
			this.period = period;
		}

		@Override
		void happen() {
			guarded(action);
			if (period > 0 && !ending) {
				push(this, now + period);
			}
		}
	}

	private final Plan plan;
	private final Settings settings;
	private final Wire wire;
	private final Random random;
	private final Random down;
	private final Random up;
	private final PriorityQueue<Event> events = new PriorityQueue<>();
	private final ArrayDeque<Item> ready = new ArrayDeque<>();
	private final Set<PeerId> present = new LinkedHashSet<>();
	private BiConsumer<Packet, Delivery> receiver = (packet, delivery) -> {
	};
	private long now;
	private long orders;
	private Thread caller;
	private boolean connected;
	private boolean blocked;
	private boolean resumed;
	/** The end is among what is ready, and nothing comes after it. */
	private boolean ending;
	private boolean over;
	private Disconnection refusal;
	private Throwable failure;

	// The network's state:
	private final long[] conditionUntil = new long[SimulatorFault.Kind.values().length];
	private long latency;
	private long jitter;
	private double loss;
	private double reorder;
	private double duplicate;
	private boolean perfect = true;
	private long silentFrom;
	private long silentUntil;
	private long lastDue;
	private long lastUpDue;
	private int inFlight;
	private int upInFlight;

	Simulation(Plan plan, Settings settings, Wire wire) {
		this.plan = plan;
		this.settings = settings;
		this.wire = wire;
		random = Mix.random(plan.seed(), Mix.BEHAVIOUR);
		down = Mix.random(plan.seed(), Mix.DOWN);
		up = Mix.random(plan.seed(), Mix.UP);
	}

	// ---- for the link

	/** Sets the room up; afterwards {@link #refusal} or {@link #failure} may say that there is none. */
	void begin() {
		caller = Thread.currentThread();
		try {
			if (plan.refusal().isPresent()) {
				Plan.Timed refused = plan.refusal().get();
				push(new Action(() -> refusal = new Disconnection(Reason.FAILED, refused.fault().words()), 0), refused.atNanos());
				return;
			}
			for (Plan.Timed timed : plan.timeline()) {
				push(new Action(() -> fault(timed.fault()), 0), timed.atNanos());
			}
			plan.behaviour().begin(this);
		} catch (Throwable thrown) { // foreign code, perhaps
			failure = thrown;
		} finally {
			caller = null;
		}
	}

	/** From now on the host knows who is there, and is told of changes. */
	Set<PeerId> connected() {
		connected = true;
		return Set.copyOf(present);
	}

	/** Returns the words of a refusal, {@code null} while there is none. */
	String refused() {
		return refusal == null ? null : refusal.detail();
	}

	/** Returns what {@link #begin} threw, {@code null} for nothing. */
	Throwable failure() {
		return failure;
	}

	long nowNanos() {
		return now;
	}

	/** Returns when the next thing is to happen, {@link Plan#NEVER} if nothing is. */
	long nextNanos() {
		Event next = events.peek();
		return next == null ? Plan.NEVER : next.time;
	}

	/** Whether nothing is read of what the host sends. */
	boolean isSilent() {
		return silentUntil > now;
	}

	/** The wire has room again. */
	void unblock() {
		blocked = false;
	}

	/**
	 * Moves the clock.
	 *
	 * @param target the time to reach
	 * @param until  by {@link System#nanoTime}, after which others should have the thread
	 */
	Progress run(long target, long until) {
		caller = Thread.currentThread();
		try {
			int count = 0;
			while (true) {
				if (!flush()) {
					return Progress.BLOCKED;
				}
				if (over) {
					return Progress.OVER;
				}
				Event next = events.peek();
				if (next == null || next.time > target) {
					now = Math.max(now, target);
					return Progress.REACHED;
				}
				events.poll();
				now = next.time;
				next.happen();
				if (resumed || refusal != null) {
					resumed = false;
					return Progress.RESUMED;
				}
				if (++count % BUDGET_EVERY == 0 && System.nanoTime() - until >= 0) {
					return flush() ? Progress.TIRED : Progress.BLOCKED;
				}
			}
		} finally {
			caller = null;
		}
	}

	/** Takes a packet of the host's, now. */
	void accept(Packet packet, Delivery delivery) {
		caller = Thread.currentThread();
		try {
			if (ending) {
				return;
			}
			boolean lossy = delivery.reliability() == Reliability.LOSSY;
			if (lossy && loss > 0 && up.nextDouble() < loss) {
				return;
			}
			long due = Math.max(lastUpDue, now + latency + (jitter == 0 ? 0 : (long) (up.nextDouble() * jitter)));
			if (due <= now && upInFlight == 0) {
				arrived(packet, delivery);
				return;
			}
			lastUpDue = due;
			if (events.size() + ready.size() < settings.maxEvents()) {
				upInFlight++;
				push(new Upward(packet, delivery), due);
			} else if (!lossy) {
				tooMuch();
			}
		} finally {
			caller = null;
		}
	}

	private void arrived(Packet packet, Delivery delivery) {
		if (delivery.reliability() == Reliability.RELIABLE) {
			wire.confirmed(1);
		}
		guarded(() -> receiver.accept(packet, delivery));
	}

	/** Hands over what waits; returns whether all of it went. */
	private boolean flush() {
		while (connected && !blocked && !ready.isEmpty()) {
			report(ready.poll());
		}
		return !blocked;
	}

	private void guarded(Runnable call) {
		try {
			call.run();
		} catch (Throwable thrown) { // foreign code, perhaps
			String words = thrown.getMessage();
			finish(new Disconnection(Reason.PROTOCOL, "the behaviour '" + plan.name() + "' failed: " + thrown.getClass().getName()
					+ (words == null ? "" : ": " + words)));
		}
	}

	/** Ends it at once: after what has come, which may wait for room, and before anything that is on its way. */
	private void finish(Disconnection why) {
		events.clear();
		if (!ending) {
			ready.add(new Item(Sort.END, null, null, Reliability.RELIABLE, "", why));
			ending = true;
		}
	}

	private void tooMuch() {
		finish(new Disconnection(Reason.PROTOCOL, "more than " + settings.maxEvents() + " things were to happen"));
	}

	// ---- on the way to the host

	private void push(Event event, long time) {
		event.time = Math.max(time, now);
		event.order = orders++;
		events.add(event);
	}

	private void hold(Event event) {
		event.time = silentUntil; // its place among those held stays the one it was sent in
		events.add(event);
	}

	private void transmit(Item item) {
		if (ending) {
			return;
		}
		boolean lossy = item.reliability == Reliability.LOSSY;
		if (isSilent() && (lossy || silentUntil == Plan.NEVER) || lossy && loss > 0 && down.nextDouble() < loss) {
			return;
		}
		long due = now + latency + (jitter == 0 ? 0 : (long) (down.nextDouble() * jitter));
		boolean late = lossy && reorder > 0 && down.nextDouble() < reorder;
		if (late) {
			due = Math.max(due, lastDue) + LATE_NANOS + (long) (down.nextDouble() * LATER_NANOS);
		} else {
			due = Math.max(Math.max(due, lastDue), isSilent() ? silentUntil : 0);
			lastDue = due;
		}
		send(item, due);
		if (item.sort == Sort.PACKET && duplicate > 0 && down.nextDouble() < duplicate) {
			send(new Item(item.sort, item.peer, item.packet, item.reliability, item.text, null), due);
		}
	}

	private void send(Item item, long due) {
		if (due <= now && inFlight == 0) {
			emit(item);
		} else if (events.size() + ready.size() < settings.maxEvents()) {
			inFlight++;
			push(item, due);
		} else if (item.reliability == Reliability.RELIABLE) {
			throw new IllegalStateException("more than " + settings.maxEvents() + " things are to happen");
		}
	}

	private void emit(Item item) {
		if (ending) {
			return;
		}
		ending = item.sort == Sort.END;
		if (connected && ready.isEmpty() && !blocked) {
			report(item);
		} else if (ready.size() < settings.maxEvents() || ending) {
			ready.add(item);
		} else {
			throw new IllegalStateException("more than " + settings.maxEvents() + " packets were sent at once");
		}
	}

	private void report(Item item) {
		switch (item.sort) {
			case PACKET -> blocked = !wire.received(item.peer, item.packet, item.reliability, item.text);
			case JOIN -> wire.joined(item.peer);
			case LEAVE -> wire.left(item.peer);
			case INVALID -> wire.invalid(item.text);
			case END -> {
				over = true;
				ready.clear();
				events.clear();
				wire.ended(item.why);
			}
		}
	}

	// ---- for behaviours

	private void check() {
		if (Thread.currentThread() != caller) {
			throw new IllegalStateException("a simulated room is to be used within the calls its behaviour asked for only");
		}
	}

	@Override
	public Map<String, String> parameters() {
		return plan.parameters();
	}

	@Override
	public long seed() {
		return plan.seed();
	}

	@Override
	public int peerCount() {
		return plan.peers();
	}

	@Override
	public Duration interval() {
		return Duration.ofNanos(plan.intervalNanos());
	}

	@Override
	public Duration now() {
		check();
		return Duration.ofNanos(now);
	}

	@Override
	public Instant instant() {
		check();
		return plan.epoch().plusNanos(now);
	}

	@Override
	public Random random() {
		check();
		return random;
	}

	@Override
	public PeerId peer(int index) {
		if (index < 0) {
			throw new IllegalArgumentException("a peer's number is 0 or more");
		}
		return Mix.peer(plan.seed(), index);
	}

	@Override
	public Set<PeerId> peers() {
		check();
		return Collections.unmodifiableSet(new LinkedHashSet<>(present));
	}

	/** Returns whether somebody is there. */
	boolean isPresent(PeerId peer) {
		return present.contains(peer);
	}

	@Override
	public void join(PeerId peer) {
		check();
		if (peer.value().isEmpty()) {
			throw new IllegalArgumentException("the service itself does not join");
		}
		if (present.size() >= settings.maxPeers() && !present.contains(peer)) {
			throw new IllegalStateException("more than " + settings.maxPeers() + " peers came");
		}
		if (present.add(peer) && connected) {
			transmit(new Item(Sort.JOIN, peer, null, Reliability.RELIABLE, "", null));
		}
	}

	@Override
	public void leave(PeerId peer) {
		check();
		if (present.remove(Objects.requireNonNull(peer)) && connected) {
			transmit(new Item(Sort.LEAVE, peer, null, Reliability.RELIABLE, "", null));
		}
	}

	@Override
	public void send(PeerId from, Packet packet, Reliability reliability) {
		send(from, packet, reliability, "");
	}

	@Override
	public void send(PeerId from, Packet packet, Reliability reliability, String topic) {
		check();
		Objects.requireNonNull(from);
		Objects.requireNonNull(packet);
		Objects.requireNonNull(reliability);
		Objects.requireNonNull(topic);
		if (perfect && inFlight == 0 && connected && !ending && !blocked && ready.isEmpty() && !isSilent()) {
			blocked = !wire.received(from, packet, reliability, topic); // nearly always, so it costs no object
		} else {
			transmit(new Item(Sort.PACKET, from, packet, reliability, topic, null));
		}
	}

	@Override
	public void after(Duration delay, Runnable action) {
		schedule(delay, action, 0);
	}

	@Override
	public void every(Duration period, Runnable action) {
		if (period.compareTo(Duration.ofNanos(1_000)) < 0) {
			throw new IllegalArgumentException("a period is a microsecond at least");
		}
		schedule(period, action, period.toNanos());
	}

	private void schedule(Duration delay, Runnable action, long period) {
		check();
		Objects.requireNonNull(action);
		if (delay.isNegative() || delay.compareTo(SimulatorFault.LONGEST.multipliedBy(366)) > 0) {
			throw new IllegalArgumentException("a delay is from 0 to 366 days");
		}
		if (ending) {
			return;
		}
		if (events.size() + ready.size() >= settings.maxEvents()) {
			throw new IllegalStateException("more than " + settings.maxEvents() + " things are to happen");
		}
		push(new Action(action, period), now + delay.toNanos());
	}

	@Override
	public void onReceived(BiConsumer<Packet, Delivery> newReceiver) {
		check();
		receiver = Objects.requireNonNull(newReceiver);
	}

	@Override
	public void fault(SimulatorFault fault) {
		check();
		switch (fault.kind()) {
			case LATENCY, JITTER, LOSS, REORDER, DUPLICATE -> condition(fault);
			case SILENCE -> silence(fault);
			case BURST -> burst(fault.packets());
			case GARBAGE -> garbage(fault.packets());
			case KICK -> end(new Disconnection(Reason.KICKED, fault.words()));
			case CLOSE -> end(new Disconnection(Reason.SERVER, fault.words()));
			case REFUSE -> {
				if (connected) {
					throw new IllegalStateException("a host that is in cannot be refused any more");
				}
				refusal = new Disconnection(Reason.FAILED, fault.words());
			}
		}
	}

	/** Ends it after everything that is on its way, as far as the network lets that through. */
	void end(Disconnection why) {
		check();
		transmit(new Item(Sort.END, null, null, Reliability.RELIABLE, "", why));
	}

	private void condition(SimulatorFault fault) {
		set(fault.kind(), fault.time().toNanos(), fault.probability());
		long until = fault.lasting().map(lasting -> now + lasting.toNanos()).orElse(Plan.NEVER);
		int kind = fault.kind().ordinal();
		conditionUntil[kind] = until;
		if (until != Plan.NEVER) {
			after(fault.lasting().get(), () -> {
				if (conditionUntil[kind] == until) { // no other took its place
					set(fault.kind(), 0, 0);
				}
			});
		}
	}

	private void set(SimulatorFault.Kind kind, long time, double probability) {
		switch (kind) {
			case LATENCY -> latency = time;
			case JITTER -> jitter = time;
			case LOSS -> loss = probability;
			case REORDER -> reorder = probability;
			default -> duplicate = probability;
		}
		perfect = latency == 0 && jitter == 0 && loss == 0 && reorder == 0 && duplicate == 0;
	}

	private void silence(SimulatorFault fault) {
		long until = fault.lasting().map(lasting -> now + lasting.toNanos()).orElse(Plan.NEVER);
		if (until <= silentUntil || until == now) {
			return;
		}
		if (!isSilent()) {
			silentFrom = now;
		}
		silentUntil = until;
		long from = silentFrom;
		if (until != Plan.NEVER) {
			after(fault.lasting().get(), () -> resumed = true); // what the host sent meanwhile is read
		}
		if (until - from >= plan.halfOpenNanos()) {
			after(Duration.ofNanos(Math.max(0, from + plan.halfOpenNanos() - now)), () -> {
				if (isSilent() && silentFrom == from) {
					finish(new Disconnection(Reason.LOST, "nothing was heard for " + plan.halfOpenNanos() / 1_000_000 + " ms"));
				}
			});
		}
	}

	private void burst(int packets) {
		PeerId[] all = present.toArray(PeerId[]::new);
		for (int i = 0; i < packets && all.length > 0; i++) {
			send(all[i % all.length], Packets.movement(now, down.nextInt(1_600) / 100f, 0, down.nextInt(1_600) / 100f), Reliability.LOSSY);
		}
	}

	private void garbage(int packets) {
		PeerId from = present.isEmpty() ? peer(0) : present.iterator().next();
		for (int i = 0; i < packets; i++) {
			if (i % 2 == 0) {
				transmit(new Item(Sort.INVALID, null, null, Reliability.RELIABLE, "a packet expected, " + (1 + down.nextInt(64)) + " bytes of garbage came", null));
			} else {
				send(from, Packets.garbage(down), Reliability.RELIABLE);
			}
		}
	}
}
