package dcl.transport.bench;

import java.util.Hashtable;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import dcl.transport.Delivery;
import dcl.transport.Delivery.Reliability;
import dcl.transport.Message;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.Transport;
import dcl.transport.TransportListener;
import dcl.transport.TransportUri;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;
import dcl.transport.spi.TransportProvider;

/**
 * The registry by itself, between a wire in memory that costs nothing and a listener that counts: {@code receive|send WARMUP COUNT}. The thread that feeds
 * it is part of the figure.
 */
final class Alone {

	private static final CompletionStage<Void> TAKEN = CompletableFuture.completedFuture(null);
	private static final PeerId PEER = PeerId.of(Fixture.PEER);

	/** Takes everything at once. */
	private static final class Memory implements TransportProvider, Link {

		volatile LinkContext context;

		@Override
		public CompletionStage<Link> open(TransportUri uri, LinkContext linkContext) {
			context = linkContext;
			return CompletableFuture.completedFuture(this);
		}

		@Override
		public Set<PeerId> peers() {
			return Set.of(PEER);
		}

		@Override
		public CompletionStage<Void> send(Packet packet, Delivery delivery) {
			return TAKEN;
		}

		@Override
		public CompletionStage<Void> close() {
			return TAKEN;
		}
	}

	/** Counts. */
	private static final class Ear implements TransportListener {

		final CountDownLatch done = new CountDownLatch(1);
		final Meter meter = new Meter();
		final long warmup;
		final long total;
		long seen;

		Ear(long warmup, long total) {
			this.warmup = warmup;
			this.total = total;
		}

		@Override
		public void received(Message message) {
			if (seen == warmup) {
				meter.start();
			}
			if (++seen == total) {
				meter.stop();
				done.countDown();
			}
		}
	}

	private Alone() {
	}

	public static void main(String[] arguments) throws Exception {
		int warmup = Integer.parseInt(arguments[1]);
		int count = Integer.parseInt(arguments[2]);
		Packet[] packets = new Packet[64];
		for (int i = 0; i < packets.length; i++) {
			packets[i] = Movements.at(i);
		}
		Memory memory = new Memory();
		Ear ear = new Ear(warmup, warmup + count);
		try (Rooms rooms = new Rooms()) {
			Hashtable<String, Object> properties = new Hashtable<>(); // what registerService wants
			properties.put(TransportProvider.TYPE, "memory");
			rooms.comms().context().registerService(TransportProvider.class, memory, properties);
			Transport room = rooms.make(TransportUri.parse("memory:bench"), ear);
			Rooms.await(room.connect());
			if (arguments[0].equals("receive")) {
				receive(memory.context, packets, warmup + count);
				if (!ear.done.await(Rooms.PATIENCE_SECONDS, TimeUnit.SECONDS) || room.stats().receiveDropped() != 0) {
					throw new IllegalStateException("not all came: " + room.stats());
				}
				ear.meter.report("registry receive", count).print();
			} else {
				send(room, packets, warmup);
				Meter meter = new Meter();
				meter.start();
				send(room, packets, count);
				meter.stop();
				if (room.stats().sent() != warmup + count) {
					throw new IllegalStateException("not all were sent: " + room.stats());
				}
				meter.report("registry send", count).print();
			}
		}
	}

	private static void receive(LinkContext context, Packet[] packets, int count) throws Exception {
		for (int i = 0; i < count; i++) {
			CompletionStage<Void> queued = context.received(PEER, packets[i & 63], Reliability.LOSSY, "");
			if (!(queued instanceof CompletableFuture<Void> known && known.isDone())) {
				Rooms.await(queued);
			}
		}
	}

	private static void send(Transport room, Packet[] packets, int count) throws Exception {
		Send.run(room, 0, count, step -> packets[step & 63]);
	}
}
