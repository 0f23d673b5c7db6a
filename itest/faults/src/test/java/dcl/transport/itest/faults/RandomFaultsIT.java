package dcl.transport.itest.faults;

import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;

import dcl.transport.Disconnection.Reason;
import dcl.transport.PeerId;
import dcl.transport.itest.chaos.ChaosProxy;
import dcl.transport.itest.chaos.History;
import dcl.transport.itest.chaos.HistoryChecker;
import dcl.transport.itest.chaos.HistoryChecker.Guarantee;
import dcl.transport.itest.chaos.Script;
import dcl.transport.launcher.Comms;
import dcl.transport.roomserver.RoomServer;
import dcl.transport.roomserver.RoomServerListener;
import dcl.transport.roomserver.RoomServerOptions;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Eight bots in one room, each with a fault of a random schedule, all talking; each comes back once. A witness has no fault. What all of
 * them saw keeps C1 to C5. A failure names the seed.
 */
@Timeout(180)
class RandomFaultsIT {

	private static final int BOTS = 8;
	private static final int FAULTS_MILLIS = 800;
	private static final int SIZE = 300;
	private static final int LAST = 20;
	private static final String ROOM = "random";

	static LongStream seeds() {
		return LongStream.rangeClosed(1, 3L * Integer.getInteger("faults.times", 1));
	}

	@ParameterizedTest
	@MethodSource("seeds")
	void whatever_happens_the_history_is_one_that_was_promised(long seed) throws Exception {
		History history = new History();
		Map<PeerId, String> names = new ConcurrentHashMap<>();
		ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
		try (RoomServer server = Rooms.server(RoomServerOptions.defaults().withStepTimeout(Duration.ofSeconds(30)), new RoomServerListener() {
		}); Comms comms = Rooms.runtime(Map.of("handshakeTimeoutMillis", 8_000L, "upgradeTimeoutMillis", 8_000L, "pingIntervalMillis", 500L,
				"pongTimeoutMillis", 20_000L)); Comms calm = Comms.start()) {
			URI url = URI.create(server.url().toString());
			ChaosProxy proxy = ChaosProxy.to(new InetSocketAddress(url.getHost(), url.getPort()), Script.random(seed, BOTS, FAULTS_MILLIS));
			try (proxy) {
				proxy.replayable(() -> run(proxy, comms, new Guest("witness", calm.registry(), url + ROOM, history, names), url.getPath() + ROOM,
						history,
						names, clock));
			}
		} finally {
			clock.shutdownNow();
		}
	}

	private static void run(ChaosProxy proxy, Comms comms, Guest witness, String path, History history, Map<PeerId, String> names,
			ScheduledExecutorService clock) throws Exception {
		String uri = "ws://127.0.0.1:" + proxy.port() + path;
		assertThat(witness.connect()).isNull();
		List<Guest> first = new ArrayList<>();
		for (int i = 1; i <= BOTS; i++) {
			Guest bot = new Guest("bot" + i, comms.registry(), uri, history, names);
			first.add(bot);
			if (bot.connect() == null) { // or its fault came first
				clock.scheduleWithFixedDelay(() -> bot.send(1, SIZE), 0, 10, TimeUnit.MILLISECONDS);
			}
			proxy.awaitConnection(i);
		}
		clock.scheduleWithFixedDelay(() -> witness.send(1, SIZE), 0, 10, TimeUnit.MILLISECONDS);
		// well after the last fault; the bots came one after the other
		clock.schedule(clock::shutdownNow, 2L * FAULTS_MILLIS, TimeUnit.MILLISECONDS);
		assertThat(clock.awaitTermination(Await.SECONDS, TimeUnit.SECONDS)).isTrue();

		List<Guest> second = new ArrayList<>();
		for (int i = 0; i < BOTS; i++) {
			Guest bot = first.get(i);
			proxy.apply(i + 1, "rst"); // whom no fault has ended yet, since not all do
			assertThat(Await.get(bot.ended()).reason()).isIn(Reason.LOST, Reason.FAILED);
			bot.settle();
			Guest again = new Guest(bot.name, 2, bot.identity, comms.registry(), uri, history, names);
			assertThat(again.connect()).isNull();
			second.add(again);
		}
		for (Guest bot : second) {
			Await.until(bot.name + " sees all others", () -> bot.transport.peers().size() == BOTS);
		}
		long begun = witness.received.get();
		for (Guest bot : second) {
			bot.send(LAST, SIZE);
		}
		witness.send(LAST, SIZE);
		for (Guest bot : second) {
			Await.until("all messages at " + bot.name, () -> bot.received.get() >= (long) BOTS * LAST);
		}
		assertThat(witness.received.get()).isGreaterThanOrEqualTo(begun);
		for (Guest bot : second) {
			bot.settle();
			Await.get(bot.transport.disconnect().toCompletableFuture());
		}
		Await.until("the witness is alone", () -> witness.transport.peers().isEmpty());
		witness.settle();
		HistoryChecker.require(history.events(), Guarantee.AT_MOST_ONCE, Set.of("witness")); // nothing is missing at who is still there
		Await.get(witness.transport.disconnect().toCompletableFuture());
		Await.get(witness.ended());
		HistoryChecker.require(history.events(), Guarantee.AT_MOST_ONCE, Set.of("witness"));
	}
}
