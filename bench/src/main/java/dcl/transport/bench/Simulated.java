package dcl.transport.bench;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import dcl.transport.Disconnection;
import dcl.transport.Message;
import dcl.transport.Transport;
import dcl.transport.TransportListener;
import dcl.transport.TransportUri;

/**
 * A simulated room of 100 peers as fast as it goes, through the registry, to one listener that counts: {@code WARMUP COUNT}. Every packet is made anew,
 * once, and is the very object the listener gets.
 */
final class Simulated {

	private static final String ROOM = "simulator:?peers=100&seed=1&pace=1000000";

	/** Counts. */
	private static final class Ear implements TransportListener {

		final CountDownLatch done = new CountDownLatch(1);
		final Meter meter = new Meter();
		final long warmup;
		final long total;
		long seen;
		long bytes;

		Ear(long warmup, long total) {
			this.warmup = warmup;
			this.total = total;
		}

		@Override
		public void received(Message message) {
			bytes += message.packet().size();
			if (seen == warmup) {
				meter.start();
			}
			if (++seen == total) {
				meter.stop();
				done.countDown();
			}
		}

		@Override
		public void disconnected(Disconnection why) {
			done.countDown();
		}
	}

	private Simulated() {
	}

	public static void main(String[] arguments) throws Exception {
		int warmup = Integer.parseInt(arguments[0]);
		int count = Integer.parseInt(arguments[1]);
		Ear ear = new Ear(warmup, warmup + count);
		try (Rooms rooms = new Rooms()) {
			Transport room = rooms.make(TransportUri.parse(ROOM), ear);
			Rooms.await(room.connect());
			if (!ear.done.await(Rooms.PATIENCE_SECONDS, TimeUnit.SECONDS) || ear.seen < warmup + count || room.stats().receiveDropped() != 0) {
				throw new IllegalStateException("not all came: " + room.stats());
			}
			ear.meter.report("simulator", count).print();
		}
	}
}
