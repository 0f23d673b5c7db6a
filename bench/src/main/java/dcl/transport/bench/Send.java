package dcl.transport.bench;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.IntFunction;

import dcl.transport.Delivery;
import dcl.transport.Packet;
import dcl.transport.Transport;
import dcl.transport.TransportListener;

/**
 * The subject that sends: {@code PORT WARMUP COUNT}. As {@code peers/send.mjs}: build, encode, send, as fast as it can without losing any.
 * <p>
 * What is lossy is dropped when the queue is full, and nobody is told. So one in {@value #WINDOW} goes out reliably, and at most two windows are under way.
 */
final class Send {

	static final int WINDOW = 256;

	private Send() {
	}

	public static void main(String[] arguments) throws Exception {
		int warmup = Integer.parseInt(arguments[1]);
		int count = Integer.parseInt(arguments[2]);
		try (Rooms rooms = new Rooms()) {
			Transport room = rooms.make(Integer.parseInt(arguments[0]), new TransportListener() {
			});
			Rooms.await(room.connect());
			run(room, 0, warmup, Movements::at);
			Meter meter = new Meter();
			meter.start();
			run(room, warmup, warmup + count, Movements::at);
			meter.stop();
			int threads = Meter.threads();
			Rooms.await(room.disconnect());
			if (room.stats().accepted() != warmup + count || room.stats().sent() != warmup + count) {
				throw new IllegalStateException("not all were sent: " + room.stats());
			}
			meter.report("send", count).with("threads", threads).print();
		}
	}

	/** Sends and returns when the last has left the queue of the registry. */
	static void run(Transport room, int from, int to, IntFunction<Packet> packets) throws Exception {
		CompletionStage<Void> before = CompletableFuture.completedFuture(null);
		for (int step = from; step < to; step++) {
			boolean last = (step + 1) % WINDOW == 0 || step + 1 == to;
			CompletionStage<Void> sent = room.send(packets.apply(step), last ? Delivery.reliable() : Delivery.lossy());
			if (last) {
				Rooms.await(before);
				before = sent;
			}
		}
		Rooms.await(before);
	}
}
