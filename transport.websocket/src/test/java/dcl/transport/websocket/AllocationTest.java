package dcl.transport.websocket;

import java.lang.management.ManagementFactory;
import java.net.URI;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/** What a message costs on its way from the socket to the listener, counted exactly. */
@Timeout(60)
class AllocationTest {

	static final int BURST = 64;
	static final int BURSTS = 3_000;

	@Test
	void a_message_of_110_bytes_allocates_at_most_200() throws Exception {
		com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
		AtomicLong callbackThread = new AtomicLong();
		ExecutorService callbacks = Executors.newSingleThreadExecutor(task -> {
			Thread thread = new Thread(task, "allocation-callback");
			callbackThread.set(thread.getId());
			return thread;
		});
		AtomicLong seen = new AtomicLong();
		ArrayBlockingQueue<Long> marks = new ArrayBlockingQueue<>(1);
		long warm = BURST * BURSTS;
		try (WebSockets sockets = WebSockets.create(WebSocketOptions.defaults().threadNamePrefix("allocation").executor(callbacks));
				RawPeer.Port port = new RawPeer.Port()) {
			CountDownLatch opened = new CountDownLatch(1);
			sockets.connect(WebSocketRequest.to(URI.create(port.uri().toString())), new WebSocketListener() {
				@Override
				public void opened(WebSocketConnection connection) {
					opened.countDown();
				}

				@Override
				public void message(WebSocketConnection connection, byte[] payload, boolean text) {
					if (seen.incrementAndGet() % warm == 0) {
						marks.add(payload.length + 0L);
					}
				}

				@Override
				public void closed(WebSocketConnection connection, WebSocketEnding ending) {
					// the marks stop coming
				}
			});
			try (RawPeer peer = port.upgrade()) {
				assertThat(opened.await(10, TimeUnit.SECONDS)).isTrue();
				long loop = Thread.getAllStackTraces().keySet().stream().filter(t -> t.getName().equals("allocation-1")).findFirst().orElseThrow().getId();
				java.io.ByteArrayOutputStream burst = new java.io.ByteArrayOutputStream();
				for (int i = 0; i < BURST; i++) {
					burst.writeBytes(peer.frame(0x82, new byte[110]));
				}
				byte[] bytes = burst.toByteArray();
				flood(peer, bytes, marks);
				long allocated = threads.getThreadAllocatedBytes(loop) + threads.getThreadAllocatedBytes(callbackThread.get());
				long cpu = threads.getThreadCpuTime(loop) + threads.getThreadCpuTime(callbackThread.get());
				flood(peer, bytes, marks);
				double each = (threads.getThreadAllocatedBytes(loop) + threads.getThreadAllocatedBytes(callbackThread.get()) - allocated) / (double) warm;
				System.out.printf("allocation: %.1f B and %.0f ns of CPU for each message of 110 B%n", each,
						(threads.getThreadCpuTime(loop) + threads.getThreadCpuTime(callbackThread.get()) - cpu) / (double) warm);
				assertThat(each).isBetween(110.0, 200.0);
			}
		} finally {
			callbacks.shutdownNow();
		}
	}

	private static void flood(RawPeer peer, byte[] burst, ArrayBlockingQueue<Long> marks) throws Exception {
		for (int i = 0; i < BURSTS; i++) {
			peer.write(burst);
		}
		assertThat(marks.poll(20, TimeUnit.SECONDS)).isEqualTo(110L);
	}
}
