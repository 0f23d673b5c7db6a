package dcl.transport.websocket;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/** Listeners that are called on the thread that moves the bytes. */
@Timeout(60)
class CallbacksOnLoopTest {

	/** Notes the threads it is called on. */
	private static class Noting extends Recorder {

		final Set<String> threads = ConcurrentHashMap.newKeySet();

		@Override
		public void opened(WebSocketConnection connection) {
			threads.add(Thread.currentThread().getName());
			super.opened(connection);
		}

		@Override
		public void message(WebSocketConnection connection, byte[] payload, boolean text) {
			threads.add(Thread.currentThread().getName());
			super.message(connection, payload, text);
		}

		@Override
		public void closed(WebSocketConnection connection, WebSocketEnding ending) {
			threads.add(Thread.currentThread().getName());
			super.closed(connection, ending);
		}
	}

	final WebSockets sockets = WebSockets.create(WebSocketOptions.defaults().callbacksOnLoop().threadNamePrefix("onloop"));

	@AfterEach
	void close() {
		sockets.close();
	}

	private URI echo() throws Exception {
		WebSocketServer server = sockets.listen(WebSocketServerOptions.onLoopback(0), request -> HttpAnswer.accept(new Echo()));
		return URI.create("ws://127.0.0.1:" + server.address().getPort() + "/");
	}

	@Test
	void every_call_comes_on_the_loop_and_in_order() throws Exception {
		Noting client = new Noting();
		WebSocketConnection connection = sockets.connect(WebSocketRequest.to(echo()), client);
		client.open();
		for (int i = 0; i < 2_000; i++) { // more than one turn's worth
			connection.send(new byte[] {(byte) i, (byte) (i >> 8)}, SendMode.RELIABLE);
		}
		for (int i = 0; i < 2_000; i++) {
			assertThat(client.next().payload()).containsExactly(i, i >> 8);
		}
		connection.close(1000, "");
		assertThat(client.ending().kind()).isEqualTo(WebSocketEnding.Kind.CLOSED_BY_US);
		assertThat(client.threads).containsExactly("onloop-1");
	}

	@Test
	void the_close_of_a_peer_is_told_though_a_write_fails_before_it_is_read() throws Exception {
		CountDownLatch inside = new CountDownLatch(1);
		CountDownLatch left = new CountDownLatch(1);
		Noting client = new Noting() {
			@Override
			public void message(WebSocketConnection connection, byte[] payload, boolean text) {
				inside.countDown();
				try {
					assertThat(left.await(10, TimeUnit.SECONDS)).isTrue(); // the loop sees nothing meanwhile
				} catch (InterruptedException e) {
					throw new AssertionError(e);
				}
				connection.send(new byte[1], SendMode.RELIABLE); // written before the loop looks for what there is to read
			}
		};
		try (RawPeer.Port port = new RawPeer.Port()) {
			sockets.connect(WebSocketRequest.to(port.uri()), client);
			try (RawPeer peer = port.upgrade()) {
				client.open();
				peer.write(peer.frame(0x82, new byte[1]));
				assertThat(inside.await(10, TimeUnit.SECONDS)).isTrue();
				peer.write(peer.frame(0x88, new byte[] {0x0F, (byte) 0xA1, 'w', 'h', 'y'}));
				peer.socket.setSoLinger(true, 0); // a reset
			}
			left.countDown();
			assertThat(client.ending()).isEqualTo(
					new WebSocketEnding(WebSocketEnding.Kind.CLOSED_BY_PEER, 4001, "why", 0, -1, "the peer closed with code 4001"));
		}
	}

	@Test
	void what_waited_in_a_pause_comes_on_the_loop_whoever_resumes() throws Exception {
		Noting client = new Noting() {
			@Override
			public void message(WebSocketConnection connection, byte[] payload, boolean text) {
				if (payload[0] == 0) {
					connection.pauseReading();
				}
				super.message(connection, payload, text);
			}
		};
		WebSocketConnection connection = sockets.connect(WebSocketRequest.to(echo()), client);
		client.open();
		connection.send(new byte[] {0}, SendMode.RELIABLE);
		client.next();
		connection.send(new byte[] {1}, SendMode.RELIABLE);
		connection.resumeReading();
		assertThat(client.next().payload()).containsExactly(1);
		assertThat(client.threads).containsExactly("onloop-1");
	}

	@Test
	void the_end_of_the_engine_is_told_once_to_everybody() throws Exception {
		URI uri = echo();
		List<Recorder> clients = new ArrayList<>();
		for (int i = 0; i < 50; i++) {
			Recorder client = new Recorder();
			clients.add(client);
			WebSocketConnection connection = sockets.connect(WebSocketRequest.to(uri), client);
			if (i % 2 == 0) {
				client.open();
				connection.send(new byte[] {1}, SendMode.RELIABLE);
			}
		}
		sockets.close();
		for (Recorder client : clients) {
			assertThat(client.ending().kind()).isEqualTo(WebSocketEnding.Kind.ENGINE_CLOSED);
			assertThat(client.closings).hasValue(1);
		}
		BasicsTest.await(() -> LifeTest.threads("onloop") == 0);
	}

	@Test
	void a_listener_may_close_the_engine() throws Exception {
		Recorder client = new Recorder() {
			@Override
			public void message(WebSocketConnection connection, byte[] payload, boolean text) {
				super.message(connection, payload, text);
				sockets.close();
			}
		};
		sockets.connect(WebSocketRequest.to(echo()), client);
		client.open().send(new byte[] {1}, SendMode.RELIABLE);
		assertThat(client.ending().kind()).isEqualTo(WebSocketEnding.Kind.ENGINE_CLOSED);
		BasicsTest.await(() -> LifeTest.threads("onloop") == 0);
	}

	/** Writes so many numbered messages at once, so that many come with one read. */
	private static void writeNumbered(RawPeer peer, int count) throws Exception {
		ByteArrayOutputStream frames = new ByteArrayOutputStream();
		for (int i = 0; i < count; i++) {
			frames.writeBytes(peer.frame(0x82, new byte[] {(byte) i, (byte) (i >> 8)}));
		}
		peer.write(frames.toByteArray());
	}

	@Test
	void a_pause_within_a_burst_holds_what_follows_until_whoever_resumes() throws Exception {
		int count = 3_000;
		ExecutorService others = Executors.newSingleThreadExecutor();
		AtomicBoolean paused = new AtomicBoolean();
		List<String> wrong = new CopyOnWriteArrayList<>();
		CountDownLatch all = new CountDownLatch(count);
		WebSocketListener listener = new Recorder() {

			private int next;

			@Override
			public void message(WebSocketConnection connection, byte[] payload, boolean text) {
				int number = payload[0] & 0xFF | (payload[1] & 0xFF) << 8;
				if (paused.get() || number != next) {
					wrong.add(number + " instead of " + next + (paused.get() ? " in a pause" : ""));
				}
				next++;
				if (number % 7 == 0) {
					connection.pauseReading();
					paused.set(true);
					others.execute(() -> {
						paused.set(false);
						connection.resumeReading();
					});
				}
				all.countDown();
			}
		};
		try (RawPeer.Port port = new RawPeer.Port()) {
			sockets.connect(WebSocketRequest.to(port.uri()), listener);
			try (RawPeer peer = port.upgrade()) {
				writeNumbered(peer, count);
				assertThat(all.await(30, TimeUnit.SECONDS)).isTrue();
			}
		} finally {
			others.shutdown();
		}
		assertThat(wrong).isEmpty();
	}

	@Test
	void a_listener_that_ends_its_connection_or_throws_within_a_burst_hears_no_more_or_goes_on() throws Exception {
		for (boolean abort : new boolean[] {true, false}) {
			Recorder listener = new Recorder() {
				@Override
				public void message(WebSocketConnection connection, byte[] payload, boolean text) {
					super.message(connection, payload, text);
					if (payload[0] == 1) {
						throw new IllegalStateException("a test throws");
					}
					if (payload[0] == 5 && abort) {
						connection.abort();
					} else if (payload[0] == 5) {
						connection.close(1000, "");
					}
				}
			};
			try (RawPeer.Port port = new RawPeer.Port()) {
				sockets.connect(WebSocketRequest.to(port.uri()), listener);
				try (RawPeer peer = port.upgrade()) {
					writeNumbered(peer, 100);
					for (int i = 0; i <= 5; i++) {
						assertThat(listener.next().payload()).containsExactly(i, 0);
					}
				}
				assertThat(listener.ending().kind()).isEqualTo(WebSocketEnding.Kind.CLOSED_BY_US);
				assertThat(listener.messages).isEmpty();
			}
		}
	}
}
