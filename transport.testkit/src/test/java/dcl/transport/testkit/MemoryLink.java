package dcl.transport.testkit;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import dcl.transport.Delivery;
import dcl.transport.Delivery.Reliability;
import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;

/** A wire of {@link MemoryRooms}. Its reports are made on the rooms' thread. */
final class MemoryLink implements Link {

	private static final int HELD_BYTES = 65_536;
	private static final int MAX_PACKET = 20_000;
	private static final CompletableFuture<Void> TAKEN = CompletableFuture.completedFuture(null);

	private record Inbound(PeerId from, byte[] packet, Delivery delivery) {
	}

	private record Outbound(byte[] packet, Delivery delivery) {
	}

	final String room;
	private final MemoryProvider provider;
	private final MemoryRooms rooms;
	private final LinkContext context;
	private final PeerId self;
	private final Set<PeerId> there = new LinkedHashSet<>();
	private final ArrayDeque<Inbound> inbound = new ArrayDeque<>(); // touched on the rooms' thread only
	private final byte[] again = new byte[MAX_PACKET];
	private final AtomicInteger sends = new AtomicInteger();
	private CompletionStage<Void> pause = TAKEN;
	private final Object lock = new Object();
	// Guarded by lock:
	private final ArrayDeque<Outbound> outbound = new ArrayDeque<>();
	private int held;
	private CompletableFuture<Void> waiting;
	private boolean closed;
	private boolean ended;
	volatile boolean silent;

	MemoryLink(MemoryProvider provider, String room, LinkContext context, PeerId self) {
		this.provider = provider;
		this.rooms = provider.rooms;
		this.room = room;
		this.context = context;
		this.self = self;
	}

	private boolean has(Flaw flaw) {
		return provider.has(flaw);
	}

	PeerId self() {
		return self;
	}

	void knows(PeerId other) {
		there.add(other);
	}

	// ---- on the rooms' thread

	private void tell(Runnable report) {
		boolean silenced;
		synchronized (lock) {
			silenced = (closed || ended) && !has(Flaw.REPORTS_AFTER_CLOSE) || silent;
			if (!silenced && has(Flaw.REPORTS_UNDER_A_LOCK)) {
				report.run();
				return;
			}
		}
		if (!silenced) {
			report.run();
		}
	}

	void joined(PeerId other) {
		tell(() -> context.peerJoined(other));
	}

	void left(PeerId other) {
		if (!has(Flaw.FORGETS_LEAVES)) {
			tell(() -> context.peerLeft(other));
		}
	}

	void deliver(PeerId from, byte[] packet, Delivery delivery) {
		inbound.add(new Inbound(from, packet, delivery));
		pass();
	}

	private void pass() {
		while (!inbound.isEmpty() && (pause.toCompletableFuture().isDone() || has(Flaw.IGNORES_PAUSES))) {
			Inbound next = inbound.poll();
			Packet packet;
			if (has(Flaw.USES_BUFFERS_AGAIN)) {
				System.arraycopy(next.packet, 0, again, 0, next.packet.length);
				packet = Packet.wrap(ByteBuffer.wrap(again, 0, next.packet.length));
			} else {
				packet = Packet.wrap(ByteBuffer.wrap(next.packet));
			}
			tell(() -> pause = context.received(next.from, packet, next.delivery.reliability(), has(Flaw.DROPS_THE_TOPIC) ? "" : next.delivery.topic()));
		}
		if (!inbound.isEmpty()) {
			pause.thenRun(() -> rooms.thread.execute(this::pass));
		}
	}

	/** The rooms read what was sent. */
	void read() {
		while (!rooms.stalled && !silent) {
			Outbound next;
			CompletableFuture<Void> goOn = null;
			synchronized (lock) {
				next = outbound.poll();
				if (next == null) {
					return;
				}
				held -= next.packet.length;
				if (held <= HELD_BYTES && waiting != null) {
					goOn = waiting;
					waiting = null;
				}
				lock.notifyAll();
			}
			boolean reliable = next.delivery.reliability() == Reliability.RELIABLE;
			int times = has(Flaw.SAYS_TWICE) && reliable && sends.get() > 50 || has(Flaw.LOSSY_TWICE) && !reliable ? 2 : 1;
			for (int i = 0; i < times; i++) {
				rooms.relay(this, next.packet, next.delivery);
			}
			if (reliable && !has(Flaw.CONFIRMS_AT_ONCE) && !has(Flaw.CONFIRMS_NEVER)) {
				tell(() -> context.confirmed(1));
			}
			if (goOn != null) {
				goOn.complete(null);
			}
		}
	}

	void garbage() {
		if (!has(Flaw.OVERLOOKS_NONSENSE)) {
			tell(() -> context.invalid("a packet expected, nonsense came"));
		}
	}

	/** The rooms end it. */
	void end(Disconnection why) {
		rooms.leave(this);
		synchronized (lock) {
			if (closed || ended) {
				return;
			}
			ended = true;
		}
		release();
		context.closed(why);
		if (has(Flaw.ENDS_TWICE)) {
			context.closed(new Disconnection(Reason.LOST, "once more"));
		}
	}

	void silence() {
		silent = true;
		if (!has(Flaw.NEVER_NOTICES_SILENCE)) {
			rooms.thread.schedule(() -> end(new Disconnection(Reason.LOST, "nothing was heard")), 300, TimeUnit.MILLISECONDS);
		}
	}

	private void release() {
		CompletableFuture<Void> goOn;
		synchronized (lock) {
			goOn = waiting;
			waiting = null;
			lock.notifyAll();
		}
		if (goOn != null) {
			goOn.complete(null);
		}
	}

	// ---- for the registry

	@Override
	public Set<PeerId> peers() {
		return has(Flaw.KNOWS_NOBODY_AT_FIRST) ? Set.of() : Set.copyOf(there);
	}

	@Override
	public int maxPacketBytes() {
		return MAX_PACKET;
	}

	@Override
	public boolean confirms() {
		return true;
	}

	@Override
	public CompletionStage<Void> send(Packet packet, Delivery delivery) {
		if (!delivery.isBroadcast() && !has(Flaw.BROADCASTS_PRIVATE_PACKETS)) {
			return failed(Code.UNSUPPORTED, "there are no private packets");
		}
		int number = sends.incrementAndGet();
		if (has(Flaw.FAILS_NOW_AND_THEN) && number % 100 == 0 || has(Flaw.CANNOT_CARRY_ITS_MAXIMUM) && packet.size() > MAX_PACKET / 2) {
			return failed(Code.PROTOCOL, "not now");
		}
		if (has(Flaw.DIES_OF_A_SECOND_PACKET)) {
			rooms.thread.execute(() -> end(new Disconnection(Reason.PROTOCOL, "one packet is enough")));
		}
		CompletableFuture<Void> stage = TAKEN;
		synchronized (lock) {
			if (closed || ended) {
				return has(Flaw.SENDS_AFTER_THE_END) ? TAKEN : failed(Code.NOT_CONNECTED, "it is over");
			}
			outbound.add(new Outbound(packet.toByteArray(), delivery));
			held += packet.size();
			if (held > HELD_BYTES && !has(Flaw.NEVER_WAITS)) {
				if (has(Flaw.BLOCKS_IN_SEND)) {
					while (held > HELD_BYTES && !closed && !ended) {
						pause(lock);
					}
				} else {
					waiting = waiting == null ? new CompletableFuture<>() : waiting;
					stage = waiting;
				}
			}
		}
		if (has(Flaw.CONFIRMS_AT_ONCE) && delivery.reliability() == Reliability.RELIABLE) {
			context.confirmed(1);
		}
		run(this::read);
		return stage;
	}

	private static void pause(Object lock) {
		try {
			lock.wait();
		} catch (InterruptedException e) {
			throw new IllegalStateException(e);
		}
	}

	private void run(Runnable task) {
		try {
			rooms.thread.execute(task);
		} catch (RejectedExecutionException e) {
			synchronized (lock) {
				ended = true; // the rooms are closed for good
			}
		}
	}

	@Override
	public CompletionStage<Void> close() {
		synchronized (lock) {
			closed = true;
		}
		release();
		if (has(Flaw.CLOSES_ALL_AT_ONCE)) {
			run(() -> rooms.all().forEach(each -> each.end(new Disconnection(Reason.CLIENT, "one was closed"))));
		}
		provider.links.remove(this);
		if (has(Flaw.CLOSES_WHEN_THE_SERVICE_LIKES) && silent) {
			return new CompletableFuture<>();
		}
		CompletableFuture<Void> done = new CompletableFuture<>();
		try {
			rooms.thread.execute(() -> {
				if (!has(Flaw.STAYS_AFTER_CLOSE) && !has(Flaw.STAYS_AFTER_LEAVING) && !has(Flaw.REPORTS_AFTER_CLOSE)) {
					rooms.leave(this);
				}
				done.complete(null);
			});
		} catch (RejectedExecutionException e) {
			done.complete(null);
		}
		return done;
	}

	private static CompletionStage<Void> failed(Code code, String why) {
		return CompletableFuture.failedFuture(new TransportException(code, why));
	}
}
