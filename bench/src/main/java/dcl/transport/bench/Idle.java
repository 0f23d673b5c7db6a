package dcl.transport.bench;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

import dcl.transport.Transport;
import dcl.transport.TransportListener;

/** What rooms cost in which nothing happens: {@code PORT COUNT}. */
final class Idle {

	/** Longer than any pool of the runtime keeps a thread that has nothing to do. */
	private static final long IDLE_MILLIS = 35_000;
	/** How many rooms are opened at a time. */
	private static final int OPENING = 20;

	private Idle() {
	}

	public static void main(String[] arguments) throws Exception {
		int count = Integer.parseInt(arguments[1]);
		try (Rooms rooms = new Rooms()) {
			int threadsBefore = Meter.threads();
			List<Transport> open = new ArrayList<>();
			List<CompletionStage<Void>> connecting = new ArrayList<>();
			for (int i = 0; i < count; i++) {
				Transport room = rooms.make(Integer.parseInt(arguments[0]), new TransportListener() {
				});
				open.add(room);
				connecting.add(room.connect());
				Rooms.await(connecting.get(Math.max(0, i - OPENING)));
			}
			for (CompletionStage<Void> one : connecting) {
				Rooms.await(one);
			}
			int threadsOpen = Meter.threads();
			TimeUnit.MILLISECONDS.sleep(IDLE_MILLIS);
			for (int i = 0; i < 3; i++) {
				System.gc();
			}
			long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
			if (open.stream().anyMatch(room -> room.state() != Transport.State.CONNECTED)) {
				throw new IllegalStateException("a room did not stay open");
			}
			new Line("idle").with("rooms", count).with("threadsBefore", threadsBefore).with("threadsOpen", threadsOpen).with("threadsIdle", Meter.threads())
					.with("heapBytes", heap).with("rssBytes", Meter.rssBytes()).print();
		}
	}
}
