package dcl.transport.itest.faults;

import java.lang.reflect.Method;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import dcl.transport.Delivery;
import dcl.transport.Disconnection;
import dcl.transport.Identity;
import dcl.transport.Message;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.Session;
import dcl.transport.Session.Outcome;
import dcl.transport.SessionListener;
import dcl.transport.SessionPolicy;
import dcl.transport.SessionStats;
import dcl.transport.Transport;
import dcl.transport.TransportListener;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;
import dcl.transport.identity.Wallets;
import dcl.transport.itest.chaos.ChaosProxy;
import dcl.transport.itest.chaos.History;
import dcl.transport.itest.chaos.History.Stamp;
import dcl.transport.itest.chaos.HistoryChecker;
import dcl.transport.itest.chaos.HistoryChecker.Guarantee;
import dcl.transport.launcher.Comms;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.osgi.framework.ServiceReference;

import static org.assertj.core.api.Assertions.assertThat;

/** Two sessions whose wires break a thousand times, and a neighbour who sees everything the room server has read. */
@Timeout(value = 600, unit = TimeUnit.SECONDS)
class SessionFaultsIT {

	/** Each breaks both peers' wires. */
	private static final int BREAKS = 500 * Integer.getInteger("faults.times", 1);
	/** Most wires live too short for a packet to be confirmed; on some that is waited for. */
	private static final int CONFIRMED_EVERY = 10;
	/** After so many packets a ws-room asks what was read. */
	private static final int ASKED_AFTER = 64;
	private static final int PACKET_BYTES = 60;
	private static final long HEAP_SLACK_BYTES = 16L << 20;
	private static final String[] FAULTS = {"rst", "fin"};

	private final History history = new History();
	private final Map<PeerId, String> names = new ConcurrentHashMap<>();
	/** What the neighbour has got: the service had read it. */
	private final Set<Stamp> read = ConcurrentHashMap.newKeySet();
	private final Map<Stamp, CompletionStage<Outcome>> outcomes = new ConcurrentHashMap<>();

	/** A peer behind a proxy of its own. */
	private final class Peer implements SessionListener {

		private final String name;
		private final Session session;
		private final BlockingQueue<Long> returns = new LinkedBlockingQueue<>();
		private final AtomicInteger inside = new AtomicInteger();
		private volatile int wire;
		private volatile boolean up;
		private volatile long sent;

		private Peer(String name, Comms comms, String uri) throws Exception {
			this.name = name;
			Identity me = Wallets.random();
			names.put(me.address(), name);
			SessionPolicy policy = SessionPolicy.defaults().withWaits(Duration.ofMillis(5), Duration.ofMillis(50)).withSteadyAfter(Duration.ZERO);
			session = comms.registry().session(TransportUri.parse(uri), TransportOptions.of(me), policy);
			session.listen(this);
			Await.get(session.connect().toCompletableFuture());
			assertThat(returns.poll(Await.SECONDS, TimeUnit.SECONDS)).isNotNull();
		}

		private CompletionStage<Outcome> send() {
			Stamp stamp = new Stamp(name, 1, ++sent, true);
			history.accepted(stamp);
			CompletionStage<Outcome> outcome = session.send(Packet.copyOf(stamp.encode(PACKET_BYTES)), Delivery.reliable());
			outcomes.put(stamp, outcome);
			outcome.whenComplete((what, failure) -> history.outcome(stamp, failure != null ? History.Outcome.FAILED : switch (what) {
				case CONFIRMED -> History.Outcome.CONFIRMED;
				case HANDED_OVER -> History.Outcome.WRITTEN;
				case DROPPED -> History.Outcome.DROPPED;
				case UNKNOWN -> History.Outcome.UNKNOWN;
			}));
			return outcome;
		}

		@Override
		public void connected(Set<PeerId> peers) {
			history.connected(name, ++wire, named(peers));
			up = true;
			returns.add(System.nanoTime());
		}

		@Override
		public void reconnected(Set<PeerId> peers) {
			connected(peers);
		}

		@Override
		public void peerJoined(PeerId peer) {
			if (up) {
				history.joined(name, wire, names.get(peer));
			}
		}

		@Override
		public void peerLeft(PeerId peer) {
			if (up) {
				history.left(name, wire, names.get(peer));
			}
		}

		@Override
		public void received(Message message) {
			history.enter(name, wire, "received");
			assertThat(inside.getAndIncrement()).isZero();
			history.received(name, wire, Stamp.decode(message.packet().toByteArray()));
			inside.decrementAndGet();
			history.exit(name, wire, "received");
		}

		@Override
		public void disconnected(Disconnection why) {
			up = false;
			history.disconnected(name, wire, why.reason().name(), true);
		}
	}

	private Set<String> named(Set<PeerId> peers) {
		Set<String> all = new TreeSet<>();
		peers.forEach(peer -> all.add(names.get(peer)));
		return all;
	}

	@Test
	void a_thousand_breaks_are_a_thousand_returns_and_the_account_adds_up() throws Exception {
		try (Comms comms = Comms.start(); Opened server = roomServer(comms)) {
			URI url = URI.create(server.url());
			InetSocketAddress address = new InetSocketAddress(url.getHost(), url.getPort());
			Transport carol = carol(comms, "ws-room:" + url + "chaos");
			try (ChaosProxy one = ChaosProxy.to(address); ChaosProxy two = ChaosProxy.to(address)) {
				one.replayable(() -> two.replayable(() -> breaks(comms, List.of(one, two))));
			}
			carol.disconnect();
		}
	}

	private void breaks(Comms comms, List<ChaosProxy> proxies) throws Exception {
		List<Peer> peers = new ArrayList<>();
		for (ChaosProxy proxy : proxies) {
			peers.add(new Peer(peers.isEmpty() ? "alice" : "bob", comms, "ws-room:ws://127.0.0.1:" + proxy.port() + "/rooms/chaos"));
		}
		long threads = Await.threads("dcl-transport-") - Await.threads("dcl-transport-ask") - Await.threads("dcl-transport-dns");
		long heap = usedHeap();
		List<Long> millis = new ArrayList<>();
		for (int i = 0; i < BREAKS; i++) {
			if (i % CONFIRMED_EVERY == 0) {
				for (Peer peer : peers) {
					CompletionStage<Outcome> last = null;
					for (int n = 0; n < ASKED_AFTER; n++) {
						last = peer.send();
					}
					assertThat(Await.get(last.toCompletableFuture())).isEqualTo(Outcome.CONFIRMED);
				}
			}
			long[] broken = new long[peers.size()];
			for (int p = 0; p < peers.size(); p++) {
				for (int n = 0; n < 3 + i % 3; n++) {
					peers.get(p).send();
				}
				broken[p] = System.nanoTime();
				assertThat(proxies.get(p).applyToAll(FAULTS[(i + p) % FAULTS.length])).isEqualTo(1);
				peers.get(p).send();
				peers.get(p).send();
			}
			for (int p = 0; p < peers.size(); p++) {
				Long back = peers.get(p).returns.poll(Await.SECONDS, TimeUnit.SECONDS);
				assertThat(back).as("return %d of %s, which is %s", i, peers.get(p).name, peers.get(p).session).isNotNull();
				millis.add(TimeUnit.NANOSECONDS.toMillis(back - broken[p]));
			}
		}
		for (CompletionStage<Outcome> outcome : outcomes.values()) {
			Await.get(outcome.toCompletableFuture());
		}
		for (Peer peer : peers) {
			peer.session.close();
			assertThat(Await.get(peer.session.closed().toCompletableFuture()).reason()).isEqualTo(Disconnection.Reason.CLIENT);
			account(peer);
		}
		check();
		Await.until("threads back at their number", () -> Await.threads("dcl-transport-") - Await.threads("dcl-transport-ask")
				- Await.threads("dcl-transport-dns") <= threads);
		long after = usedHeap();
		millis.sort(null);
		System.out.printf("%d breaks, %d returns; recovery p50 %d ms, p95 %d ms, max %d ms; heap %d KiB before, %d KiB after%n", 2 * BREAKS, millis.size(),
				millis.get(millis.size() / 2), millis.get(millis.size() * 95 / 100), millis.get(millis.size() - 1), heap >> 10, after >> 10);
		assertThat(millis).hasSize(2 * BREAKS);
		assertThat(after).isLessThan(heap + HEAP_SLACK_BYTES);
	}

	private static void account(Peer peer) {
		SessionStats stats = peer.session.stats();
		System.out.println(peer.name + ": " + stats);
		assertThat(stats.connections()).isEqualTo(BREAKS + 1);
		assertThat(stats.accepted()).isEqualTo(peer.sent);
		assertThat(stats.confirmed() + stats.handedOver() + stats.dropped() + stats.unknown() + stats.failed()).isEqualTo(stats.accepted());
		assertThat(stats.handedOver()).as("a ws-room confirms").isZero();
		assertThat(stats.confirmed()).isPositive();
		assertThat(stats.unknown()).isPositive();
	}

	private void check() throws Exception {
		Set<Stamp> confirmed = new HashSet<>();
		for (Map.Entry<Stamp, CompletionStage<Outcome>> entry : outcomes.entrySet()) {
			if (entry.getValue().toCompletableFuture().get() == Outcome.CONFIRMED) {
				confirmed.add(entry.getKey());
			}
		}
		Await.until("the neighbour has got all that was confirmed", () -> read.containsAll(confirmed));
		HistoryChecker.require(history.events(), Guarantee.AT_MOST_ONCE, Set.of("carol"));
	}

	/** The neighbour, whose wire never breaks. */
	private Transport carol(Comms comms, String uri) throws Exception {
		Identity me = Wallets.random();
		names.put(me.address(), "carol");
		Transport transport = comms.registry().create(TransportUri.parse(uri), TransportOptions.of(me));
		transport.listen(new TransportListener() {
			@Override
			public void connected(Set<PeerId> peers) {
				history.connected("carol", 1, named(peers));
			}

			@Override
			public void peerJoined(PeerId peer) {
				history.joined("carol", 1, names.get(peer));
			}

			@Override
			public void peerLeft(PeerId peer) {
				history.left("carol", 1, names.get(peer));
			}

			@Override
			public void received(Message message) {
				Stamp stamp = Stamp.decode(message.packet().toByteArray());
				history.received("carol", 1, stamp);
				read.add(stamp);
			}
		});
		Await.get(transport.connect().toCompletableFuture());
		return transport;
	}

	private static long usedHeap() throws Exception {
		long least = Long.MAX_VALUE;
		for (int i = 0; i < 3; i++) {
			System.gc();
			least = Math.min(least, Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory());
		}
		return least;
	}

	/** Opens a room server of the framework, whose classes this test does not share. */
	private static Opened roomServer(Comms comms) throws Exception {
		ServiceReference<?> reference = comms.context().getAllServiceReferences("dcl.transport.roomserver.RoomServers", null)[0];
		Object servers = comms.context().getService(reference);
		Class<?> options = reference.getBundle().loadClass("dcl.transport.roomserver.RoomServerOptions");
		Class<?> service = reference.getBundle().loadClass("dcl.transport.roomserver.RoomServers");
		Object server = service.getMethod("open", options).invoke(servers, options.getMethod("defaults").invoke(null));
		Method url = reference.getBundle().loadClass("dcl.transport.roomserver.RoomServer").getMethod("url");
		return new Opened((AutoCloseable) server, url.invoke(server).toString());
	}

	private record Opened(AutoCloseable server, String url) implements AutoCloseable {

		@Override
		public void close() throws Exception {
			server.close();
		}
	}
}
