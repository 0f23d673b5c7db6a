package dcl.transport.bench;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import dcl.transport.Message;
import dcl.transport.Packet;
import dcl.transport.Transport;
import dcl.transport.TransportListener;
import dcl.transport.rfc4.Rfc4;
import dcl.transport.rfc4.Rfc4Packet;

/** The subject that receives: {@code PORT WARMUP COUNT}. As {@code peers/receive.mjs}: decode, hand to a listener, read one float. */
final class Receive implements TransportListener {

	private static final int DECODES = 200_000;

	/** Keeps some of what was decoded alive, so that no compiler takes the allocation of any away. */
	private static Rfc4Packet kept;

	private final long warmup;
	private final long total;
	private final Meter meter = new Meter();
	private final CountDownLatch done = new CountDownLatch(1);
	private long seen;
	private double sum;

	private Receive(long warmup, long count) {
		this.warmup = warmup;
		this.total = warmup + count;
	}

	public static void main(String[] arguments) throws Exception {
		long count = Long.parseLong(arguments[2]);
		Receive listener = new Receive(Long.parseLong(arguments[1]), count);
		try (Rooms rooms = new Rooms()) {
			Transport room = rooms.make(Integer.parseInt(arguments[0]), listener);
			Rooms.await(room.connect());
			if (!listener.done.await(Rooms.PATIENCE_SECONDS, TimeUnit.SECONDS)) {
				throw new IllegalStateException("not all came: " + room.stats());
			}
			int threads = Meter.threads();
			if (room.stats().receiveDropped() != 0 || room.stats().invalid() != 0) {
				throw new IllegalStateException("dropped or invalid: " + room.stats());
			}
			listener.meter.report("receive", count)
					.with("decodeBytesPerMessage", decodeAlone())
					.with("sum", Math.round(listener.sum))
					.with("threads", threads)
					.print();
		}
	}

	@Override
	public void received(Message message) {
		if (seen == warmup) {
			meter.start();
		}
		Rfc4Packet packet = Rfc4.decode(message.packet());
		if ((seen & 63) == 0) {
			kept = packet;
		}
		sum += packet.getMovement().getPositionX();
		if (++seen == total) {
			meter.stop();
			done.countDown();
		}
	}

	/** Returns the bytes that decoding one of these packets allocates by itself. */
	private static long decodeAlone() {
		Packet[] packets = new Packet[64];
		for (int i = 0; i < packets.length; i++) {
			packets[i] = Movements.at(i);
		}
		long before = Meter.allocatedHere();
		for (int i = 0; i < DECODES; i++) {
			kept = Rfc4.decode(packets[i & 63]);
		}
		return (Meter.allocatedHere() - before) / DECODES;
	}
}
