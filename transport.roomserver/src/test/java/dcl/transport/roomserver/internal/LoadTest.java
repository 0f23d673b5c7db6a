package dcl.transport.roomserver.internal;

import java.io.EOFException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import dcl.transport.Identity;
import dcl.transport.identity.WalletOptions;
import dcl.transport.identity.Wallets;
import dcl.transport.rfc5.WsPacket;
import dcl.transport.roomserver.RoomServerOptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/** What only shows after a while: lost wake-ups, threads and sessions that stay behind, rooms that starve. */
@Timeout(600)
class LoadTest {

	private static final int PING_PONGS = Integer.getInteger("roomserver.pingpongs", 100_000);
	private static final int PAIRS = 4;
	private static final int CYCLES = 1_000;
	private static final String THREADS = "dcl-roomserver";
	/** One for bytes, two for callbacks, one each for timers, signatures and the listener. */
	private static final int MOST_THREADS = 6;
	private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

	/** Measures for how long this machine did not run a thread that was due, which is nobody's stall. */
	private static final class Metronome implements AutoCloseable {

		private static final long BEAT = TimeUnit.MILLISECONDS.toNanos(20);

		private final ScheduledExecutorService beats = Executors.newSingleThreadScheduledExecutor();
		private final AtomicLong longest = new AtomicLong();
		private long last = System.nanoTime();

		Metronome() {
			beats.scheduleAtFixedRate(() -> {
				long now = System.nanoTime();
				longest.accumulateAndGet(now - last - BEAT, Math::max);
				last = now;
			}, 0, BEAT, TimeUnit.NANOSECONDS);
		}

		long longestDelay() {
			return Math.max(0, longest.get());
		}

		@Override
		public void close() {
			beats.shutdownNow();
		}
	}

	final ExecutorService clients = Executors.newCachedThreadPool();

	@AfterEach
	void stop() {
		clients.shutdownNow();
	}

	@Test
	void no_ping_pong_stalls() throws Exception {
		try (LocalRoomServer server = Server.open(); Metronome metronome = new Metronome()) {
			long began = System.nanoTime();
			List<Future<Long>> pairs = new ArrayList<>();
			for (int i = 0; i < PAIRS; i++) {
				pairs.add(pingPong(server, "pair-" + i, PING_PONGS / PAIRS, new AtomicBoolean()));
			}
			long longest = 0;
			for (Future<Long> pair : pairs) {
				longest = Math.max(longest, pair.get());
			}
			report("%,d ping-pongs of %d pairs in %.1f s, longest %.1f ms, machine held up for at most %.1f ms", PING_PONGS, PAIRS,
					(System.nanoTime() - began) / 1e9, longest / 1e6, metronome.longestDelay() / 1e6);
			assertThat(longest).isLessThan(SECOND + metronome.longestDelay());
			assertThat(server.stats().relayed()).isEqualTo(2L * (PING_PONGS / PAIRS) * PAIRS);
		}
	}

	@Test
	void a_flood_of_logins_does_not_starve_the_rooms() throws Exception {
		try (LocalRoomServer server = Server.open(); Metronome metronome = new Metronome()) {
			AtomicBoolean enough = new AtomicBoolean();
			Future<Long> pair = pingPong(server, "plaza", Integer.MAX_VALUE, enough);
			AtomicInteger refused = new AtomicInteger();
			List<Future<?>> flood = new ArrayList<>();
			for (int i = 0; i < 4; i++) {
				flood.add(clients.submit(() -> {
					Identity identity = Wallets.random();
					for (int login = 0; login < 250; login++) {
						refusedLogin(server, identity);
						refused.incrementAndGet();
					}
					return null;
				}));
			}
			for (Future<?> attacker : flood) {
				attacker.get();
			}
			enough.set(true);
			long longest = pair.get();
			report("1,000 logins beside %,d relayed packets, longest ping-pong %.1f ms, machine held up for at most %.1f ms",
					server.stats().relayed(), longest / 1e6, metronome.longestDelay() / 1e6);
			assertThat(refused).hasValue(1_000);
			assertThat(longest).isLessThan(SECOND + metronome.longestDelay());
			assertThat(server.stats().logins()).isEqualTo(2);
		}
	}

	@Test
	void a_thousand_logins_and_leaves_leave_nothing_behind() throws Exception {
		Recorder recorder = new Recorder();
		try (LocalRoomServer server = Server.open(RoomServerOptions.defaults(), recorder)) {
			Identity identity = Wallets.random(WalletOptions.defaults().withoutDelegation());
			for (int i = 0; i < CYCLES; i++) {
				// half of them say nothing when they go
				try (RawClient client = RawClient.join(Server.room(server, "room-" + i % 7), identity, 0)) {
					assertThat(client.alias).isEqualTo(i + 1);
					if (i % 2 == 0) {
						client.send(new byte[] {1});
					}
				}
				assertThat(recorder.take()).startsWith("+ room-" + i % 7);
				assertThat(recorder.take()).startsWith("- room-" + i % 7);
			}
			assertThat(server.stats().logins()).isEqualTo(CYCLES);
			assertThat(server.stats().users()).isZero();
			assertThat(server.stats().pending()).isZero();
			assertThat(server.stats().rooms()).isEmpty();
			assertThat(server.stats().lostEvents()).isZero();
			assertThat(threads()).isBetween(1L, (long) MOST_THREADS);
		}
		for (Thread thread : Thread.getAllStackTraces().keySet()) {
			if (thread.getName().startsWith(THREADS)) {
				thread.join(5_000); // a pool is over a moment before its threads are
			}
		}
		assertThat(threads()).isZero();
	}

	/** Two members of a room send one packet to and fro; returns the longest round in nanoseconds. */
	private Future<Long> pingPong(LocalRoomServer server, String room, int rounds, AtomicBoolean enough) throws Exception {
		RawClient first = RawClient.join(Server.room(server, room), Wallets.random(), 0);
		RawClient second = RawClient.join(Server.room(server, room), Wallets.random(), 0);
		first.take(); // the join of the second
		CountDownLatch over = new CountDownLatch(1);
		byte[] ping = WsPacket.PeerUpdate.of(0, ByteBuffer.allocate(87).array(), false).encode();
		clients.submit((Callable<Void>) () -> {
			try (second) {
				while (over.getCount() > 0) {
					if (second.take() instanceof WsPacket.PeerUpdate) {
						second.send(ping);
					}
				}
			}
			return null;
		});
		return clients.submit(() -> {
			long longest = 0;
			try (first) {
				for (int i = 0; i < rounds && !enough.get(); i++) {
					long began = System.nanoTime();
					first.send(ping);
					first.takeBytes();
					longest = Math.max(longest, System.nanoTime() - began);
				}
			} finally {
				over.countDown();
			}
			return longest;
		});
	}

	/** A login with a chain that costs the server all of the work and is then refused. */
	private static void refusedLogin(LocalRoomServer server, Identity identity) throws Exception {
		try (RawClient client = new RawClient(Server.room(server, "plaza"), 0)) {
			client.send(new WsPacket.Identification("0x" + "0".repeat(40)).encode());
			WsPacket.Challenge challenge = (WsPacket.Challenge) client.take();
			client.send(new WsPacket.SignedChallenge(Client.sign(identity, challenge.challengeToSign()).toJson()).encode());
			try {
				throw new AssertionError("refused expected, not " + client.take());
			} catch (EOFException expected) {
				return;
			}
		}
	}

	private static long threads() {
		return Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.isAlive() && thread.getName().startsWith(THREADS)).count();
	}

	private static void report(String format, Object... values) {
		System.out.println(String.format(format, values));
	}
}
