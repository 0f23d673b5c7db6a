package dcl.transport.websocket;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/** Opening and closing, often and in each phase, and what is left behind. */
@Timeout(120)
class LifeTest {

	static long threads(String prefix) {
		return Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().startsWith(prefix)).count();
	}

	/** Open file descriptors of this process, where the system tells. */
	static long descriptors() {
		String[] open = new java.io.File("/proc/self/fd").list();
		return open == null ? -1 : open.length;
	}

	@Test
	void a_thousand_cycles_leave_nothing_behind() throws Exception {
		try (WebSockets sockets = WebSockets.create(WebSocketOptions.defaults().threadNamePrefix("cycles"))) {
			WebSocketServer server = sockets.listen(WebSocketServerOptions.onLoopback(0), request -> HttpAnswer.accept(new Echo()));
			URI uri = URI.create("ws://127.0.0.1:" + server.address().getPort());
			cycle(sockets, uri, 0);
			BasicsTest.await(() -> server.connections() == 0);
			long threads = threads("cycles");
			long descriptors = descriptors();
			for (int i = 0; i < 1000; i++) {
				cycle(sockets, uri, i);
			}
			BasicsTest.await(() -> server.connections() == 0);
			assertThat(threads("cycles")).isLessThanOrEqualTo(threads + 4); // pools fill up to their size and go when idle
			BasicsTest.await(() -> descriptors() <= descriptors + 5);
		}
		BasicsTest.await(() -> threads("cycles") == 0); // a pool is over a moment before its threads are
	}

	private static void cycle(WebSockets sockets, URI uri, int number) throws Exception {
		Recorder recorder = new Recorder();
		WebSocketConnection connection = sockets.connect(WebSocketRequest.to(uri), recorder);
		recorder.open();
		connection.send(new byte[] {1}, SendMode.RELIABLE);
		recorder.next();
		if (number % 2 == 0) {
			connection.close(1000, "");
		} else {
			connection.abort();
		}
		assertThat(recorder.ending().kind()).isEqualTo(WebSocketEnding.Kind.CLOSED_BY_US);
	}

	@Test
	void an_abort_in_any_phase_is_told_once_and_frees_the_socket() throws Exception {
		try (WebSockets sockets = WebSockets.create(WebSocketOptions.defaults().sslContext(Certificates.client()))) {
			WebSocketServer server = sockets.listen(WebSocketServerOptions.onLoopback(0).tls(Certificates.server(Certificates.RIGHT)),
					request -> HttpAnswer.accept(new Echo()));
			URI uri = URI.create("wss://localhost:" + server.address().getPort());
			List<Recorder> all = new ArrayList<>();
			for (int i = 0; i < 100; i++) {
				Recorder recorder = new Recorder();
				all.add(recorder);
				WebSocketConnection connection = sockets.connect(WebSocketRequest.to(uri), recorder);
				java.util.concurrent.locks.LockSupport.parkNanos(i * 300_000L); // 0 to 30 ms: somewhere between the first packet and open
				if (i % 2 == 0) {
					connection.abort();
				} else {
					connection.close(1000, "");
				}
			}
			for (Recorder recorder : all) {
				assertThat(recorder.ending().kind()).isEqualTo(WebSocketEnding.Kind.CLOSED_BY_US);
			}
			BasicsTest.await(() -> server.connections() == 0);
			for (Recorder recorder : all) {
				assertThat(recorder.closings).hasValue(1);
			}
		}
	}

	@Test
	void a_thousand_closes_at_once_are_one() throws Exception {
		try (WebSockets sockets = WebSockets.create(WebSocketOptions.defaults())) {
			Recorder accepted = new Recorder();
			WebSocketServer server = sockets.listen(WebSocketServerOptions.onLoopback(0), request -> HttpAnswer.accept(accepted));
			Recorder recorder = new Recorder();
			WebSocketConnection connection = sockets.connect(WebSocketRequest.to(URI.create("ws://127.0.0.1:" + server.address().getPort())), recorder);
			recorder.open();
			CountDownLatch go = new CountDownLatch(1);
			List<Thread> threads = new ArrayList<>();
			for (int i = 0; i < 8; i++) {
				Thread thread = new Thread(() -> {
					try {
						go.await();
					} catch (InterruptedException e) {
						return;
					}
					for (int k = 0; k < 125; k++) {
						connection.close(1000, "");
					}
				});
				threads.add(thread);
				thread.start();
			}
			go.countDown();
			for (Thread thread : threads) {
				thread.join();
			}
			assertThat(recorder.ending().code()).isEqualTo(1000);
			assertThat(accepted.ending().code()).isEqualTo(1000);
			connection.close(1000, "");
			connection.abort();
			connection.resumeReading();
			assertThat(recorder.closings).hasValue(1);
		}
	}

	@Test
	void an_engine_may_be_closed_from_a_callback_and_while_connecting() throws Exception {
		for (int i = 0; i < 20; i++) {
			String name = "closing" + i;
			WebSockets sockets = WebSockets.create(WebSocketOptions.defaults().threadNamePrefix(name));
			AtomicInteger endings = new AtomicInteger();
			CountDownLatch ended = new CountDownLatch(20);
			WebSocketListener counting = new Echo() {
				@Override
				public void opened(WebSocketConnection connection) {
					sockets.close();
				}

				@Override
				public void closed(WebSocketConnection connection, WebSocketEnding ending) {
					endings.incrementAndGet();
					ended.countDown();
				}
			};
			WebSocketServer server = sockets.listen(WebSocketServerOptions.onLoopback(0), request -> HttpAnswer.accept(new Echo()));
			URI uri = URI.create("ws://127.0.0.1:" + server.address().getPort());
			int begun = 0;
			try {
				for (int k = 0; k < 20; k++) {
					sockets.connect(WebSocketRequest.to(uri), counting);
					begun++;
				}
			} catch (IllegalStateException closedMeanwhile) {
				// what was begun must still be told
			}
			for (int k = begun; k < 20; k++) {
				ended.countDown();
			}
			assertThat(ended.await(10, TimeUnit.SECONDS)).as("endings of %d: %d", begun, endings.get()).isTrue();
			BasicsTest.await(() -> threads(name) == 0);
			assertThat(endings).hasValue(begun);
		}
	}
}
