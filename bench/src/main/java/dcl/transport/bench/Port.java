package dcl.transport.bench;

import java.net.URI;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

import dcl.transport.rfc5.WsPacket.PeerUpdate;

/** WebSockets alone, without rooms: {@code receive|send engine|netty|stock PORT WARMUP COUNT}. Messages are those of {@link Receive} and {@link Send}. */
final class Port {

	private static final int BURST = 512;
	private static final long LOW_WATER_BYTES = 64 << 10;
	private static final long NAP_NANOS = 50_000;

	private Port() {
	}

	public static void main(String[] arguments) throws Exception {
		URI url = new URI("ws://127.0.0.1:" + arguments[2] + "/rooms/bench");
		int warmup = Integer.parseInt(arguments[3]);
		int count = Integer.parseInt(arguments[4]);
		Meter meter = new Meter();
		CountDownLatch done = new CountDownLatch(1);
		AtomicReference<String> wrong = new AtomicReference<>();
		Consumer<byte[]> counter = new Consumer<>() {

			private long seen;

			@Override
			public void accept(byte[] message) {
				if (seen == warmup) {
					meter.start();
				}
				if (message.length == 0) {
					wrong.set("an empty message");
				}
				if (++seen == warmup + count) {
					meter.stop();
					done.countDown();
				}
			}
		};
		try (Client client = Client.of(arguments[1], null)) {
			Client.Socket socket = client.open(url, counter).get(Client.PATIENCE.toSeconds(), TimeUnit.SECONDS);
			if (arguments[0].equals("send")) {
				send(socket, warmup);
				meter.start();
				send(socket, count);
				meter.stop();
				socket.close();
			} else if (!done.await(Client.PATIENCE.toSeconds(), TimeUnit.SECONDS) || wrong.get() != null) {
				throw new IllegalStateException("not all came: " + wrong.get());
			}
			meter.report("port " + arguments[0], count).with("client", arguments[1]).print();
		}
		System.exit(0); // the stock client's threads outlive it for a while
	}

	/** Sends in bursts, the next when there is room, and returns when all has left the queue. */
	private static void send(Client.Socket socket, int count) {
		byte[][] messages = new byte[BURST][];
		for (int i = 0; i < BURST; i++) {
			messages[i] = PeerUpdate.of(0, Movements.at(i).toByteArray(), true).encode();
		}
		for (int i = 0; i < count; i++) {
			if (i % BURST == 0) {
				drain(socket, LOW_WATER_BYTES);
			}
			socket.send(messages[i % BURST]);
		}
		drain(socket, 0);
	}

	private static void drain(Client.Socket socket, long bytes) {
		while (socket.queued() > bytes) {
			LockSupport.parkNanos(NAP_NANOS);
		}
	}
}
