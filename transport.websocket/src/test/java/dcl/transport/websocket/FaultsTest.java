package dcl.transport.websocket;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static dcl.transport.websocket.WebSocketEnding.Kind.CLOSED_BY_PEER;
import static dcl.transport.websocket.WebSocketEnding.Kind.CLOSED_BY_US;
import static dcl.transport.websocket.WebSocketEnding.Kind.DNS;
import static dcl.transport.websocket.WebSocketEnding.Kind.HALF_OPEN;
import static dcl.transport.websocket.WebSocketEnding.Kind.LOST;
import static dcl.transport.websocket.WebSocketEnding.Kind.TIMEOUT;
import static dcl.transport.websocket.WebSocketEnding.Kind.UNREACHABLE;
import static dcl.transport.websocket.WebSocketEnding.Kind.WRITE_STALL;
import static org.assertj.core.api.Assertions.assertThat;

/** Peers, networks and listeners that misbehave. */
@Timeout(60)
class FaultsTest {

	/** What a test may take longer than the limit it sets: the tick of the deadlines, and a busy machine. */
	static final Duration SLACK = Duration.ofMillis(1_500);

	final WebSocketLimits limits = WebSocketLimits.defaults();
	final WebSockets sockets = WebSockets.create(
			WebSocketOptions.defaults().limits(WebSocketLimits.defaults().toBuilder().controlFramesPerSecond(100_000).build()));
	final Recorder client = new Recorder();
	RawPeer.Port port;
	long begin;

	@BeforeEach
	void open() throws Exception {
		port = new RawPeer.Port();
		begin = System.nanoTime();
	}

	@AfterEach
	void close() throws Exception {
		sockets.close();
		port.close();
	}

	WebSocketConnection connect(WebSocketLimits with) {
		return sockets.connect(WebSocketRequest.to(port.uri()).limits(with), client);
	}

	void assertTook(Duration limit) {
		assertThat(Duration.ofNanos(System.nanoTime() - begin)).isBetween(limit.minusMillis(20), limit.plus(SLACK));
	}

	static Duration ms(long millis) {
		return Duration.ofMillis(millis);
	}

	// ---- coming up

	@Test
	void a_refused_connection_is_unreachable_at_once() throws Exception {
		port.close();
		connect(limits);
		assertThat(client.ending().kind()).isEqualTo(UNREACHABLE);
		assertThat(client.ending().detail()).contains("Connection refused");
		assertTook(ms(20));
	}

	@Test
	void a_host_without_address_is_told_as_dns() throws Exception {
		sockets.connect(WebSocketRequest.to(URI.create("ws://does-not-exist.invalid/?token=secret")), client);
		assertThat(client.ending().kind()).isEqualTo(DNS);
		assertThat(client.steps).containsExactly(WebSocketStep.DNS);
		assertThat(client.ending().detail()).contains("does-not-exist.invalid").doesNotContain("secret");
	}

	@Test
	void a_full_backlog_is_given_up_in_time() throws Exception {
		try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			List<Socket> fillers = new ArrayList<>();
			try {
				for (int i = 0; i < 4; i++) { // the system takes one or two more than asked for
					Socket filler = new Socket();
					fillers.add(filler);
					try {
						filler.connect(full.getLocalSocketAddress(), 100);
					} catch (java.net.SocketTimeoutException enough) {
						break;
					}
				}
				begin = System.nanoTime();
				sockets.connect(WebSocketRequest.to(URI.create("ws://127.0.0.1:" + full.getLocalPort()))
						.limits(limits.toBuilder().connectTimeout(ms(600)).build()), client);
				assertThat(client.ending().kind()).isEqualTo(TIMEOUT);
				assertThat(client.ending().detail()).contains("TCP connection");
				assertTook(ms(600));
			} finally {
				for (Socket filler : fillers) {
					filler.close();
				}
			}
		}
	}

	@Test
	void addresses_are_tried_in_order_and_used_as_they_are() throws Exception {
		InetAddress nobody = InetAddress.getByAddress(new byte[] {127, 0, 0, 77});
		WebSocketRequest request = WebSocketRequest.to(URI.create("ws://does-not-exist.invalid:" + port.socket.getLocalPort() + "/"))
				.addresses(List.of(nobody, InetAddress.getLoopbackAddress()));
		WebSocketConnection connection = sockets.connect(request, client);
		assertThat(connection.remoteAddress().getHostString()).isIn("does-not-exist.invalid", "127.0.0.77", "localhost"); // it may be up already
		try (RawPeer peer = port.take()) {
			String head = peer.head();
			assertThat(head).contains("Host: does-not-exist.invalid:");
			peer.write(RawPeer.accept(head));
			assertThat(client.open().remoteAddress()).isEqualTo(new InetSocketAddress(InetAddress.getLoopbackAddress(), port.socket.getLocalPort()));
		}
	}

	@Test
	void a_mute_server_is_given_up_in_time() throws Exception {
		connect(limits.toBuilder().handshakeTimeout(ms(500)).build());
		try (RawPeer peer = port.take()) {
			assertThat(client.ending().kind()).isEqualTo(TIMEOUT);
			assertThat(client.ending().detail()).contains("upgrade");
			assertTook(ms(500));
			peer.head();
			assertThat(peer.in.read()).isEqualTo(-1);
		}
	}

	@Test
	void an_end_or_a_reset_in_the_upgrade_is_a_loss() throws Exception {
		for (boolean reset : new boolean[] {false, true}) {
			Recorder each = new Recorder();
			sockets.connect(WebSocketRequest.to(port.uri()), each);
			try (RawPeer peer = port.take()) {
				peer.head();
				peer.write("HTTP/1.1 101 Swi");
				if (reset) {
					peer.reset();
				} else {
					peer.socket.shutdownOutput();
				}
				assertThat(each.ending().kind()).isEqualTo(LOST);
				assertThat(each.ending().detail()).contains("upgrade");
			}
		}
	}

	/** Sends until the system takes nothing more. */
	void fill(WebSocketConnection connection) throws Exception {
		do {
			client.writable.clear();
			while (connection.send(new byte[100_000], SendMode.RELIABLE) == SendResult.ACCEPTED) {
				// until the queue is full
			}
		} while (client.writable.poll(200, TimeUnit.MILLISECONDS) != null);
	}

	// ---- going down

	@Test
	void an_end_or_a_reset_is_a_loss_and_what_came_before_arrives() throws Exception {
		for (int i = 0; i < 40; i++) {
			Recorder each = new Recorder();
			sockets.connect(WebSocketRequest.to(port.uri()), each);
			try (RawPeer peer = port.upgrade()) {
				each.open();
				byte[] frame = peer.frame(0x82, new byte[500]);
				peer.write(frame);
				assertThat(each.next().payload()).hasSize(500);
				peer.out.write(frame, 0, i % 4 < 2 ? 0 : 1 + i); // idle, or in the middle of a frame
				if (i % 2 == 0) {
					peer.reset();
				} else {
					peer.socket.shutdownOutput();
				}
				assertThat(each.ending().kind()).isEqualTo(LOST);
				assertThat(each.ending().code()).isEqualTo(1006);
				assertThat(each.messages).isEmpty();
			}
		}
	}

	@Test
	void a_peer_that_ignores_pings_is_half_open() throws Exception {
		connect(limits.toBuilder().pingInterval(ms(500)).pongTimeout(ms(500)).build());
		try (RawPeer peer = port.upgrade()) {
			client.open();
			begin = System.nanoTime();
			assertThat(peer.read().opcode()).isEqualTo(Frames.PING);
			assertThat(client.ending().kind()).isEqualTo(HALF_OPEN);
			assertTook(ms(1000));
		}
	}

	@Test
	void a_peer_that_answers_pings_stays_and_the_listener_sees_none_of_it() throws Exception {
		connect(limits.toBuilder().pingInterval(ms(150)).pongTimeout(ms(2000)).build());
		try (RawPeer peer = port.upgrade()) {
			for (int i = 0; i < 5; i++) {
				RawPeer.Frame ping = peer.read();
				assertThat(ping.opcode()).isEqualTo(Frames.PING);
				peer.write(peer.frame(0x8A, ping.payload()));
			}
			assertThat(client.pongs).isEmpty();
			assertThat(client.closings).hasValue(0);
		}
	}

	@Test
	void pongs_that_were_asked_for_are_no_flood() throws Exception {
		WebSocketConnection connection = connect(limits.toBuilder().controlFramesPerSecond(5).build());
		try (RawPeer peer = port.upgrade()) {
			client.open();
			for (int i = 0; i < 200; i++) {
				assertThat(connection.ping(new byte[] {(byte) i})).isEqualTo(SendResult.ACCEPTED);
			}
			for (int i = 0; i < 200; i++) {
				peer.write(peer.frame(0x8A, peer.read().payload()));
			}
			for (int i = 0; i < 200; i++) {
				assertThat(client.pongs.poll(10, TimeUnit.SECONDS)).containsExactly((byte) i);
			}
			for (int i = 0; i < 6; i++) {
				peer.write(peer.frame(0x8A, new byte[1])); // nobody asked for these
			}
			assertThat(peer.closeCode()).isEqualTo(1008);
			assertThat(client.ending().kind()).isEqualTo(WebSocketEnding.Kind.PROTOCOL);
		}
	}

	@Test
	void the_half_open_clock_stands_still_while_we_pause() throws Exception {
		WebSocketConnection connection = connect(limits.toBuilder().pingInterval(ms(200)).pongTimeout(ms(200)).build());
		try (RawPeer peer = port.upgrade()) {
			client.open();
			connection.pauseReading();
			peer.write(peer.frame(0x82, new byte[1]));
			peer.socket.setSoTimeout(1500);
			org.assertj.core.api.Assertions.assertThatThrownBy(peer::read).isInstanceOf(java.net.SocketTimeoutException.class);
			assertThat(client.messages).isEmpty();
			assertThat(client.closings).hasValue(0);
			connection.resumeReading();
			client.next();
			assertThat(client.ending().kind()).isEqualTo(HALF_OPEN); // now it counts again
		}
	}

	@Test
	void a_peer_that_ignores_a_close_is_left_in_time() throws Exception {
		WebSocketConnection connection = connect(limits.toBuilder().closeTimeout(ms(400)).build());
		try (RawPeer peer = port.upgrade()) {
			client.open();
			begin = System.nanoTime();
			connection.close(4001, "bye");
			assertThat(client.ending().kind()).isEqualTo(CLOSED_BY_US);
			assertThat(client.ending().code()).isEqualTo(4001);
			assertThat(client.ending().detail()).contains("did not close");
			assertTook(ms(400));
			assertThat(peer.closeCode()).isEqualTo(4001);
			assertThat(peer.in.read()).isEqualTo(-1);
		}
	}

	@Test
	void messages_that_arrive_after_our_close_are_not_delivered() throws Exception {
		WebSocketConnection connection = connect(limits);
		try (RawPeer peer = port.upgrade()) {
			client.open();
			connection.close(1000, "");
			assertThat(peer.closeCode()).isEqualTo(1000);
			peer.write(peer.frame(0x82, new byte[10]));
			peer.write(peer.frame(0x88, new byte[] {3, (byte) 0xE9}));
			assertThat(client.ending().kind()).isEqualTo(CLOSED_BY_US);
			assertThat(client.messages).isEmpty();
		}
	}

	@Test
	void a_reader_that_stalls_ends_as_a_write_stall() throws Exception {
		WebSocketConnection connection = connect(limits.toBuilder().writeStallTimeout(ms(500)).build());
		try (RawPeer peer = port.upgrade()) {
			client.open();
			fill(connection);
			peer.write(peer.frame(0x8A, new byte[0])); // that it still sends does not help
			assertThat(client.ending().kind()).isEqualTo(WRITE_STALL);
		}
	}

	@Test
	void a_stalled_reader_costs_no_more_than_the_queue_and_gets_the_rest_when_it_returns() throws Exception {
		WebSocketConnection connection = connect(limits);
		try (RawPeer peer = port.upgrade()) {
			client.open();
			long accepted = 0;
			long refused = 0;
			long most = 0;
			for (int i = 0; i < 300_000; i++) {
				byte[] payload = ByteBuffer.allocate(1024).putInt(i).array();
				SendResult result = connection.send(payload, i % 3 == 0 ? SendMode.RELIABLE : SendMode.LOSSY);
				accepted += result == SendResult.ACCEPTED ? 1 : 0;
				refused += result == SendResult.FULL ? 1 : 0;
				most = Math.max(most, connection.queuedBytes());
				if (result != SendResult.ACCEPTED && result != SendResult.FULL && result != SendResult.DROPPED) {
					throw new AssertionError("unexpected: " + result);
				}
			}
			assertThat(most).isBetween(limits.queueBytes() / 2L, (long) limits.queueBytes());
			assertThat(refused).isGreaterThan(50_000);
			assertThat(connection.droppedMessages()).isGreaterThan(100_000);
			connection.ping(new byte[] {1}); // refused or not, the queue must empty
			long got = 0;
			int last = -1;
			connection.close(1000, "");
			for (RawPeer.Frame frame = peer.read(); frame.opcode() != Frames.CLOSE; frame = peer.read()) {
				if (frame.opcode() == Frames.BINARY) {
					int number = ByteBuffer.wrap(frame.payload()).getInt();
					assertThat(number).isGreaterThan(last);
					last = number;
					got++;
				}
			}
			// nothing is unaccounted for: what was accepted was written or dropped, and DROPPED counts as dropped too
			assertThat(got + connection.droppedMessages() + refused).isEqualTo(300_000);
			assertThat(got).isLessThanOrEqualTo(accepted);
			peer.write(peer.frame(0x88, new byte[] {3, (byte) 0xE8}));
			assertThat(client.ending().kind()).isEqualTo(CLOSED_BY_US);
			assertThat(connection.queuedBytes()).isZero();
		}
	}

	@Test
	void a_full_queue_tells_when_there_is_room_again() throws Exception {
		WebSocketConnection connection = connect(limits.toBuilder().queueBytes(128 << 10).build());
		try (RawPeer peer = port.upgrade()) {
			client.open();
			long sent = 0;
			do { // until the operating system takes no more either, which makes room again and again
				client.writable.clear();
				while (connection.send(new byte[1000], SendMode.RELIABLE) == SendResult.ACCEPTED) {
					sent++;
				}
			} while (client.writable.poll(200, TimeUnit.MILLISECONDS) != null);
			assertThat(connection.send(new byte[200_000], SendMode.RELIABLE)).isEqualTo(SendResult.TOO_BIG);
			for (long i = 0; i < sent; i++) {
				peer.read();
			}
			assertThat(client.writable.poll(10, TimeUnit.SECONDS)).isTrue();
			assertThat(connection.queuedBytes()).isLessThanOrEqualTo(64 << 10);
			assertThat(connection.send(new byte[1000], SendMode.RELIABLE)).isEqualTo(SendResult.ACCEPTED);
			peer.read();
		}
	}

	@Test
	void the_newest_pings_are_answered_when_the_peer_does_not_read() throws Exception {
		// a peer that floods pings and reads nothing costs 32 pongs, not a queue without a bound
		connect(limits.toBuilder().controlFramesPerSecond(1_000_000).writeStallTimeout(Duration.ofSeconds(30)).build());
		try (RawPeer peer = port.upgrade()) {
			fill(client.open());
			for (int i = 0; i < 5_000; i++) {
				peer.out.write(peer.frame(0x89, ByteBuffer.allocate(4).putInt(i).array()));
			}
			peer.write(peer.frame(0x82, new byte[1]));
			client.next(); // all pings were read
			List<Integer> answered = new ArrayList<>();
			while (!answered.contains(4_999)) {
				RawPeer.Frame frame = peer.read();
				if (frame.opcode() == Frames.PONG) {
					answered.add(ByteBuffer.wrap(frame.payload()).getInt());
				}
			}
			assertThat(answered).hasSizeBetween(32, 2_500).isSorted();
			assertThat(answered.subList(answered.size() - 32, answered.size())).isEqualTo(IntStream.range(4_968, 5_000).boxed().toList());
		}
	}

	// ---- listeners

	@Test
	void a_slow_listener_stops_the_sender_and_loses_nothing() throws Exception {
		AtomicLong inside = new AtomicLong();
		AtomicInteger seen = new AtomicInteger();
		Semaphore allowed = new Semaphore(0);
		CountDownLatch all = new CountDownLatch(1);
		int count = 50_000;
		WebSocketServer server = sockets.listen(WebSocketServerOptions.onLoopback(0).limits(limits.toBuilder().inboundBytes(64 << 10).build()),
				request -> HttpAnswer.accept(new Echo() {
					@Override
					public void message(WebSocketConnection connection, byte[] payload, boolean text) {
						inside.incrementAndGet();
						allowed.acquireUninterruptibly();
						assertThat(ByteBuffer.wrap(payload).getInt()).isEqualTo(seen.getAndIncrement());
						if (seen.get() == count) {
							all.countDown();
						}
					}
				}));
		WebSocketConnection connection = sockets.connect(
				WebSocketRequest.to(URI.create("ws://127.0.0.1:" + server.address().getPort())).limits(limits.toBuilder().queueBytes(100 << 20).build()), client);
		client.open();
		for (int i = 0; i < count; i++) {
			assertThat(connection.send(ByteBuffer.allocate(1000).putInt(i).array(), SendMode.RELIABLE)).isEqualTo(SendResult.ACCEPTED);
		}
		BasicsTest.await(() -> inside.get() == 1);
		Recorder clock = new Recorder(); // round trips on the same loop: it had every chance to go on reading
		sockets.connect(WebSocketRequest.to(port.uri()), clock);
		try (RawPeer peer = port.upgrade()) {
			for (int i = 0; i < 2_000; i++) {
				peer.write(peer.frame(0x89, new byte[1]));
				peer.read();
			}
		}
		// of 50 MB the system buffers some; without the stop the queue would be empty by now
		assertThat(connection.queuedBytes()).isGreaterThan(10 << 20);
		assertThat(inside).hasValue(1);
		allowed.release(count);
		assertThat(all.await(20, TimeUnit.SECONDS)).isTrue();
	}

	@Test
	void a_listener_that_throws_keeps_its_connection() throws Exception {
		Recorder throwing = new Recorder() {
			@Override
			public void message(WebSocketConnection connection, byte[] payload, boolean text) {
				super.message(connection, payload, text);
				throw new IllegalStateException("expected by the test");
			}
		};
		sockets.connect(WebSocketRequest.to(port.uri()), throwing);
		try (RawPeer peer = port.upgrade()) {
			peer.write(peer.frame(0x82, new byte[1]));
			peer.write(peer.frame(0x82, new byte[2]));
			assertThat(throwing.next().payload()).hasSize(1);
			assertThat(throwing.next().payload()).hasSize(2);
			peer.write(peer.frame(0x88, new byte[0]));
			assertThat(throwing.ending().kind()).isEqualTo(CLOSED_BY_PEER);
		}
	}

	@Test
	void a_listener_whose_classes_are_gone_loses_its_connection_and_no_other() throws Exception {
		Recorder gone = new Recorder() {
			@Override
			public void message(WebSocketConnection connection, byte[] payload, boolean text) {
				throw new NoClassDefFoundError("expected/by/the/Test");
			}
		};
		sockets.connect(WebSocketRequest.to(port.uri()), client);
		try (RawPeer other = port.upgrade()) {
			client.open();
			sockets.connect(WebSocketRequest.to(port.uri()), gone);
			try (RawPeer peer = port.upgrade()) {
				peer.write(peer.frame(0x82, new byte[1]));
				assertThat(peer.closeCode()).isEqualTo(1011);
				peer.write(peer.frame(0x88, new byte[] {3, (byte) 0xF3}));
				assertThat(gone.ending().kind()).isEqualTo(CLOSED_BY_US);
			}
			other.write(other.frame(0x82, new byte[3]));
			assertThat(client.next().payload()).hasSize(3);
		}
	}

	@Test
	void a_flood_to_one_connection_leaves_another_alone() throws Exception {
		Recorder flooded = new Recorder() {
			@Override
			public void message(WebSocketConnection connection, byte[] payload, boolean text) {
				// thrown away
			}
		};
		sockets.connect(WebSocketRequest.to(port.uri()), flooded);
		try (RawPeer flood = port.upgrade()) {
			sockets.connect(WebSocketRequest.to(port.uri()), client);
			try (RawPeer quiet = port.upgrade()) {
				client.open();
				java.io.ByteArrayOutputStream chunk = new java.io.ByteArrayOutputStream();
				for (int i = 0; i < 1000; i++) {
					chunk.writeBytes(flood.frame(0x82, new byte[90]));
				}
				Thread writer = new Thread(() -> {
					try {
						for (int i = 0; i < 300; i++) {
							flood.write(chunk.toByteArray());
						}
					} catch (java.io.IOException e) {
						throw new java.io.UncheckedIOException(e);
					}
				}, "flood");
				writer.start();
				for (int i = 0; i < 100; i++) {
					quiet.write(quiet.frame(0x82, new byte[] {(byte) i}));
					assertThat(client.next().payload()).containsExactly(i);
				}
				writer.join(20_000);
				assertThat(flooded.closings).hasValue(0);
			}
		}
	}

	@Test
	void an_executor_that_rejects_costs_its_connections_alone() throws Exception {
		AtomicBoolean stopped = new AtomicBoolean();
		try (WebSockets rejected = WebSockets.create(WebSocketOptions.defaults().executor(task -> {
			if (stopped.get()) {
				throw new java.util.concurrent.RejectedExecutionException("expected by the test");
			}
			java.util.concurrent.ForkJoinPool.commonPool().execute(task);
		}))) {
			rejected.connect(WebSocketRequest.to(port.uri()), client);
			try (RawPeer peer = port.take()) {
				String head = peer.head();
				// a task that still tells of the way here would tell of the opening too
				assertThat(java.util.concurrent.ForkJoinPool.commonPool().awaitQuiescence(10, TimeUnit.SECONDS)).isTrue();
				stopped.set(true);
				peer.write(RawPeer.accept(head));
				assertThat(peer.in.readAllBytes()).isEmpty(); // it is cut
			}
		}
		assertThat(client.closings).hasValue(0);
	}
}
