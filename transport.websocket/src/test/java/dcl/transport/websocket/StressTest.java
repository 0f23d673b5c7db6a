package dcl.transport.websocket;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Ping-pong on several connections, with replies from other threads: a lost wake-up leaves a connection silent, and a watchdog notices within a second.
 * {@code -Dstress.trips=2000000} and {@code -Dstress.tls.trips=500000} are the long forms.
 */
class StressTest {

	static final int CONNECTIONS = 8;
	static final byte[] MESSAGE = new byte[90];

	/**
	 * Sends the next message when the last one is back; or, with a second thread, two at a time from both threads when the last two are back: the
	 * later one of a pair finds the loop at work on the earlier one, which is where a wake-up would get lost.
	 */
	static final class Player implements WebSocketListener {

		final AtomicLong left;
		final AtomicLong trips = new AtomicLong();
		final CountDownLatch done;
		final Executor second; // null without
		int missing; // messages of this turn that are not back

		Player(long trips, CountDownLatch done, Executor second) {
			left = new AtomicLong(trips);
			this.done = done;
			this.second = second;
		}

		@Override
		public void opened(WebSocketConnection connection) {
			serve(connection);
		}

		private void serve(WebSocketConnection connection) {
			missing = second == null ? 1 : 2;
			if (second != null) {
				second.execute(() -> connection.send(MESSAGE, SendMode.RELIABLE));
			}
			connection.send(MESSAGE, SendMode.RELIABLE);
		}

		@Override
		public void message(WebSocketConnection connection, byte[] payload, boolean text) {
			trips.incrementAndGet();
			boolean over = left.decrementAndGet() <= 0;
			if (--missing > 0) {
				return;
			}
			if (over) {
				done.countDown();
			} else {
				serve(connection);
			}
		}

		@Override
		public void closed(WebSocketConnection connection, WebSocketEnding ending) {
			// trips stop, and the watchdog tells
		}
	}

	@Test
	@Timeout(600)
	void no_round_trip_stalls() throws Exception {
		play(Long.getLong("stress.trips", 200_000), false, 1, false);
	}

	@Test
	@Timeout(600)
	void no_round_trip_stalls_when_others_reply() throws Exception {
		play(Long.getLong("stress.trips", 200_000), false, 1, true);
	}

	@Test
	@Timeout(600)
	void no_round_trip_stalls_on_two_loops() throws Exception {
		play(Long.getLong("stress.trips", 200_000) / 2, false, 2, true);
	}

	@Test
	@Timeout(600)
	void no_round_trip_stalls_in_tls() throws Exception {
		play(Long.getLong("stress.tls.trips", 50_000), true, 1, true);
	}

	@Test
	@Timeout(600)
	void no_round_trip_stalls_when_writes_are_coalesced() throws Exception {
		play(Long.getLong("stress.trips", 200_000) / 50, false, WebSocketOptions.defaults().coalesce(Duration.ofMillis(2)), true);
	}

	@Test
	@Timeout(600)
	void no_round_trip_stalls_with_callbacks_on_the_loop() throws Exception {
		play(Long.getLong("stress.trips", 200_000) / 2, false, WebSocketOptions.defaults().loops(2).callbacksOnLoop(), false);
		play(Long.getLong("stress.trips", 200_000) / 2, false, WebSocketOptions.defaults().callbacksOnLoop(), true);
	}

	static void play(long trips, boolean tls, int loops, boolean others) throws Exception {
		play(trips, tls, WebSocketOptions.defaults().loops(loops), others);
	}

	static void play(long trips, boolean tls, WebSocketOptions chosen, boolean others) throws Exception {
		ExecutorService repliers = Executors.newFixedThreadPool(2);
		WebSocketOptions options = tls ? chosen.sslContext(Certificates.client()) : chosen;
		try (WebSockets sockets = WebSockets.create(options)) {
			WebSocketServerOptions where = WebSocketServerOptions.onLoopback(0);
			WebSocketServer server = sockets.listen(tls ? where.tls(Certificates.server(Certificates.RIGHT)) : where, request -> HttpAnswer.accept(
					!others ? new Echo() : new Echo() {
						@Override
						public void message(WebSocketConnection connection, byte[] payload, boolean text) {
							repliers.execute(() -> connection.send(payload, SendMode.RELIABLE));
						}
					}));
			URI uri = URI.create((tls ? "wss" : "ws") + "://localhost:" + server.address().getPort() + "/");
			CountDownLatch done = new CountDownLatch(CONNECTIONS);
			List<Player> players = new ArrayList<>();
			for (int i = 0; i < CONNECTIONS; i++) {
				players.add(new Player(trips / CONNECTIONS, done, others ? repliers : null));
				sockets.connect(WebSocketRequest.to(uri), players.get(i));
			}
			long cpu = cpuNanos();
			long begin = System.nanoTime();
			watch(players, done);
			double seconds = (System.nanoTime() - begin) / 1e9;
			System.out.printf("stress: %d trips, tls %s, loops %d, coalesced %s, other threads %s: %.1f s, %.0f trips per s, %.0f per CPU second%n", trips, tls, options.loops, options.coalesce,
					others, seconds, trips / seconds, trips / ((cpuNanos() - cpu) / 1e9));
			assertThat(players).allMatch(player -> player.left.get() <= 0);
		} finally {
			repliers.shutdownNow();
		}
	}

	/** Waits, and fails when a connection that is not done makes no trip for a second while the machine does let us run. */
	private static void watch(List<Player> players, CountDownLatch done) throws InterruptedException {
		long[] seen = new long[players.size()];
		int[] silent = new int[players.size()];
		while (!done.await(250, TimeUnit.MILLISECONDS)) {
			for (int i = 0; i < seen.length; i++) {
				Player player = players.get(i);
				long now = player.trips.get();
				boolean stalled = now == seen[i] && player.left.get() > 0;
				silent[i] = stalled ? silent[i] + 1 : 0;
				seen[i] = now;
				if (silent[i] >= (now == 0 ? 40 : 4)) {
					throw new AssertionError("connection " + i + " is silent after " + now + " trips: " + Arrays.toString(seen) + stacks());
				}
			}
		}
	}

	private static String stacks() {
		StringBuilder text = new StringBuilder();
		for (ThreadInfo info : ManagementFactory.getThreadMXBean().dumpAllThreads(false, false)) {
			text.append('\n').append(info);
		}
		return text.toString();
	}

	private static long cpuNanos() {
		return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
	}
}
