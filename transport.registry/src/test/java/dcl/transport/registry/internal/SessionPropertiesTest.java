package dcl.transport.registry.internal;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

import dcl.transport.Delivery;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.Session;
import dcl.transport.Session.Outcome;
import dcl.transport.SessionPolicy;
import dcl.transport.SessionStats;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.RandomDistribution;
import net.jqwik.api.Tuple;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.statistics.Statistics;

import static org.assertj.core.api.Assertions.assertThat;

/** Any sequence of what can happen to a session, in any order and between any two of its tasks, on a virtual clock. */
class SessionPropertiesTest {

	private static final TransportUri URI = TransportUri.parse("fake:x");
	private static final PeerId[] PEERS = {PeerId.of("a"), PeerId.of("b"), PeerId.of("c"), PeerId.of("d")};
	private static final int WAITING_PACKETS = 7;
	private static final long WAITING_BYTES = 64;
	private static final int UNCONFIRMED = 5;
	private static final Duration FIRST = Duration.ofSeconds(1);
	private static final Duration LONGEST = Duration.ofSeconds(30);

	/** What may happen next, and with what. */
	record Happening(What what, int detail) {
	}

	enum What {
		RUN, RUN_ALL, TIME, CONNECT, OPENS, FAILS, ENDS, JOINS, LEAVES, SEND, SEND_LOSSY, SEND_LARGE, TAKES, REFUSES, READS, CONFIRMS, RETRY_NOW, PROVIDER_COMES,
		CREATE_REFUSES, GOODBYE, SLOW_GOODBYE, CLOSE, LEAVE
	}

	@Provide
	Arbitrary<List<Happening>> histories() {
		Arbitrary<What> usual = Arbitraries.frequency(Tuple.of(6, What.RUN), Tuple.of(8, What.RUN_ALL), Tuple.of(8, What.TIME), Tuple.of(20, What.OPENS),
				Tuple.of(3, What.FAILS), Tuple.of(2, What.ENDS), Tuple.of(12, What.SEND), Tuple.of(10, What.TAKES), Tuple.of(10, What.READS),
				Tuple.of(6, What.CONFIRMS), Tuple.of(2, What.SEND_LARGE), Tuple.of(2, What.REFUSES), Tuple.of(3, What.RETRY_NOW), Tuple.of(3, What.PROVIDER_COMES),
				Tuple.of(3, What.GOODBYE));
		Arbitrary<What> unusual = Arbitraries.of(What.CONNECT, What.JOINS, What.LEAVES, What.SEND_LOSSY, What.CREATE_REFUSES, What.SLOW_GOODBYE);
		Arbitrary<What> last = Arbitraries.of(What.CLOSE, What.LEAVE);
		Arbitrary<What> whats = Arbitraries.frequencyOf(Tuple.of(400, usual), Tuple.of(80, unusual), Tuple.of(1, last));
		Arbitrary<Integer> details = Arbitraries.integers().between(0, 999).withDistribution(RandomDistribution.uniform());
		return Combinators.combine(whats, details).as(Happening::new).list().ofMinSize(20).ofMaxSize(300)
				.withSizeDistribution(RandomDistribution.uniform());
	}

	@Property(tries = 4_000, edgeCases = EdgeCasesMode.NONE)
	void whatever_happens_the_session_keeps_its_promises(@ForAll("histories") List<Happening> history, @ForAll @IntRange(min = 0, max = 1_000_000) int seed, @ForAll boolean confirming,
			@ForAll boolean firstRetried) {
		Run run = new Run(seed, confirming, firstRetried);
		for (Happening happening : history) {
			run.happens(happening);
			run.check();
		}
		run.finish();
		SessionStats stats = run.session.stats();
		reaches("came back", stats.connections() > 2, 10);
		reaches("never connected", stats.connections() == 0, 2);
		reaches("confirmed", stats.confirmed() > 0, 10);
		reaches("handed over", stats.handedOver() > 0, 10);
		reaches("dropped", stats.dropped() > 0, 10);
		reaches("unknown", stats.unknown() > 0, 10);
		reaches("failed", stats.failed() > 0, 5);
	}

	/** Fails if too few of the histories, in percent, get to what makes them worth running. */
	private static void reaches(String what, boolean reached, double percent) {
		Statistics.label(what).collect(reached);
		Statistics.label(what).coverage(coverage -> coverage.check(true).percentage(p -> p > percent));
	}

	/** One run, and what must be true of it. */
	private static final class Run {

		private final VirtualWorld world;
		private final boolean confirming;
		private final SessionPolicy policy;
		private final LastingSession session;
		private final StrictListener listener = new StrictListener();
		private final Map<Packet, CompletableFuture<Outcome>> sent = new LinkedHashMap<>();
		private int numbers;
		private int askedWhenFinal = -1;
		private boolean slow;
		private boolean ended;

		private Run(int seed, boolean confirming, boolean firstRetried) {
			Logs.clear();
			this.world = new VirtualWorld(seed);
			this.confirming = confirming;
			world.confirming = confirming;
			world.queue = 3;
			policy = SessionPolicy.defaults().withWaits(FIRST, LONGEST).withWaiting(WAITING_PACKETS, WAITING_BYTES).withUnconfirmed(UNCONFIRMED)
					.withFirstRetried(firstRetried);
			session = new LastingSession(world, URI, TransportOptions.none(), policy, over -> {
			});
			if (seed % 16 == 0) { // now and then, since each is logged
				StrictListener throwing = new StrictListener();
				throwing.inside = () -> {
					throw new IllegalStateException("a listener that throws");
				};
				session.listen(throwing);
			}
			session.listen(listener);
			if (seed % 8 != 0) {
				session.connect();
			}
		}

		private VirtualTransport wire() {
			return world.transports.isEmpty() ? null : world.last();
		}

		private void happens(Happening happening) {
			int detail = happening.detail;
			VirtualTransport wire = wire();
			boolean connected = wire != null && wire.isConnected();
			switch (happening.what) {
				case RUN -> world.step();
				case RUN_ALL -> world.settle();
				case TIME -> world.advance(Duration.ofMillis(detail * 30L));
				case CONNECT -> session.connect();
				case OPENS -> {
					if (wire != null && wire.isConnecting() && !wire.isClosing()) {
						wire.slowGoodbye = slow;
						wire.opens(peers(detail));
					}
				}
				case FAILS -> {
					if (wire != null && wire.isConnecting()) {
						wire.slowGoodbye = slow;
						// Mostly failures and endings that may pass: most histories are to go on.
						Code code = detail % 20 == 0 ? Code.values()[detail / 20 % Code.values().length] : detail % 3 == 0 ? Code.PROVIDER_GONE : Code.UNREACHABLE;
						wire.fails(detail % 5 == 0 ? new TransportException(code, "no", Duration.ofSeconds(detail)) : new TransportException(code, "no"));
					}
				}
				case ENDS -> {
					if (connected) {
						Reason reason = detail % 10 == 0 ? Reason.values()[detail / 10 % Reason.values().length] : detail % 3 == 0 ? Reason.PROVIDER_GONE : Reason.LOST;
						wire.ends(reason);
					}
				}
				case JOINS -> {
					if (connected) {
						wire.joins(PEERS[detail % PEERS.length]);
					}
				}
				case LEAVES -> {
					if (connected) {
						wire.leaves(PEERS[detail % PEERS.length]);
					}
				}
				case SEND -> send(packet(4 + detail % 20));
				case SEND_LARGE -> {
					send(packet(VirtualTransport.MAX_BYTES + 1));
				}
				case SEND_LOSSY -> {
					boolean closed = session.state() == Session.State.CLOSED;
					CompletableFuture<Outcome> stage = session.send(packet(5), Delivery.lossy()).toCompletableFuture();
					assertThat(stage).isDone();
					assertThat(stage.isCompletedExceptionally()).isEqualTo(closed);
				}
				case TAKES -> {
					if (connected) {
						wire.takes();
					}
				}
				case REFUSES -> {
					if (connected && detail % 3 == 0) {
						wire.refuses(detail % 2 == 0 ? Code.UNSUPPORTED : Code.INTERNAL);
					}
				}
				case READS -> {
					if (wire != null) {
						wire.reads(); // also what was under way when it broke
					}
				}
				case CONFIRMS -> {
					if (connected && detail % 8 == 0) {
						wire.mends();
					} else if (connected) {
						wire.confirmsAll();
					}
				}
				case RETRY_NOW -> session.retryNow();
				case PROVIDER_COMES -> world.comes();
				case CREATE_REFUSES -> world.nextRefusal = new TransportException(detail % 4 == 0 ? Code.TIMEOUT : Code.NO_PROVIDER, "nobody");
				case GOODBYE -> {
					if (wire != null && wire.state() == Transport.State.CLOSED) {
						wire.goodbye();
					}
				}
				case SLOW_GOODBYE -> slow = detail % 2 == 0;
				case CLOSE -> {
					ended = true;
					session.close();
				}
				case LEAVE -> {
					ended = true;
					session.leave("the registry goes");
					if (wire != null && wire.state() != Transport.State.CLOSED) {
						wire.ends(Reason.PROVIDER_GONE);
					}
				}
			}
			if (wire != null && wire.isClosing() && detail % 2 == 0) {
				wire.obeys();
			}
		}

		private PeerId[] peers(int bits) {
			List<PeerId> present = new ArrayList<>();
			for (int i = 0; i < PEERS.length; i++) {
				if ((bits >> i & 1) == 1) {
					present.add(PEERS[i]);
				}
			}
			return present.toArray(PeerId[]::new);
		}

		private Packet packet(int bytes) {
			return Packet.copyOf(ByteBuffer.allocate(bytes).putInt(numbers++).array());
		}

		private void send(Packet packet) {
			List<Packet> held = held();
			List<Packet> surely = held.stream().filter(p -> p.size() <= VirtualTransport.MAX_BYTES).toList(); // others may be refused, and not told yet
			long accepted = session.stats().accepted();
			CompletionStage<Outcome> stage = session.send(packet, Delivery.reliable());
			if (session.stats().accepted() > accepted) {
				sent.put(packet, stage.toCompletableFuture());
				assertThat(surely.size()).isLessThan(WAITING_PACKETS);
				assertThat(bytes(surely) + packet.size()).isLessThanOrEqualTo(WAITING_BYTES);
				return;
			}
			Code code = ((TransportException) stage.handle((nothing, why) -> why).toCompletableFuture().join()).code();
			if (code == Code.CONGESTED) {
				assertThat(held.size() >= WAITING_PACKETS || bytes(held) + packet.size() > WAITING_BYTES).isTrue();
			} else {
				assertThat(code).isEqualTo(Code.NOT_CONNECTED);
				assertThat(session.state() == Session.State.CLOSED || ended).isTrue();
			}
		}

		private static long bytes(List<Packet> packets) {
			return packets.stream().mapToLong(Packet::size).sum();
		}

		/** What no wire has taken and has no outcome, as the test knows it. An outcome may be on its way still. */
		private List<Packet> held() {
			Set<Packet> gone = new HashSet<>(world.taken);
			return sent.entrySet().stream().filter(entry -> !gone.contains(entry.getKey()) && !entry.getValue().isDone()).map(Map.Entry::getKey).toList();
		}

		private void check() {
			assertThat(listener.breaches).isEmpty();
			assertThat(world.transports.stream().filter(t -> t.state() != Transport.State.CLOSED).count()).isLessThanOrEqualTo(1);
			for (int i = 0; i < world.transports.size() - 1; i++) {
				assertThat(world.transports.get(i).isGone()).as("the wire of attempt %d is closed before the next begins", i).isTrue();
			}
			if (session.nextAttempt().isPresent()) {
				assertThat(session.state()).isEqualTo(Session.State.WAITING);
			}
			Duration longest = LONGEST.plus(Duration.ofSeconds(999));
			assertThat(listener.waits).allSatisfy(wait -> assertThat(wait).isBetween(Duration.ZERO, longest));
			if (session.state() == Session.State.CLOSED) {
				askedWhenFinal = askedWhenFinal < 0 ? world.asked : askedWhenFinal;
				assertThat(world.asked).as("never again after the end").isEqualTo(askedWhenFinal);
			}
			if (session.state() == Session.State.CONNECTED && wire().isConnected()) {
				assertThat(session.peers()).isEqualTo(wire().peers()).isEqualTo(listener.peers);
			}
			assertThat(new HashSet<>(world.taken)).as("no packet goes to a wire twice").hasSameSizeAs(world.taken);
			assertThat(world.taken).isSubsetOf(sent.keySet());
			List<Packet> order = new ArrayList<>(sent.keySet());
			order.retainAll(new HashSet<>(world.taken));
			assertThat(world.taken).as("in the order of the calls").isEqualTo(order);
			Set<Packet> read = new HashSet<>(world.read);
			sent.forEach((packet, stage) -> {
				if (stage.isDone() && !stage.isCompletedExceptionally()) {
					checkOutcome(packet, stage.join(), read);
				}
			});
		}

		private void checkOutcome(Packet packet, Outcome outcome, Set<Packet> read) {
			switch (outcome) {
				case CONFIRMED -> assertThat(confirming && read.contains(packet)).as("confirmed, so it was read").isTrue();
				case HANDED_OVER -> assertThat(!confirming && world.taken.contains(packet)).isTrue();
				case DROPPED -> assertThat(world.taken).doesNotContain(packet);
				case UNKNOWN -> assertThat(world.taken).contains(packet);
			}
		}

		private void finish() {
			session.close();
			for (int i = 0; i < 4 && session.state() != Session.State.CLOSED; i++) {
				world.settle();
				if (wire() != null) {
					wire().obeys();
				}
			}
			world.settle();
			check();
			assertThat(session.state()).isEqualTo(Session.State.CLOSED);
			assertThat(session.closed().toCompletableFuture()).isDone();
			assertThat(session.connect().toCompletableFuture()).isDone();
			assertThat(session.peers()).isEmpty();
			assertThat(listener.events).filteredOn(event -> event.startsWith("closed")).hasSize(1);
			assertThat(listener.events).last().asString().startsWith("closed");
			assertThat(world.pendingWaiters()).isZero();
			assertThat(sent.values()).as("every packet has exactly one outcome").allMatch(CompletableFuture::isDone);
			SessionStats stats = session.stats();
			assertThat(stats.accepted()).isEqualTo(sent.size())
					.isEqualTo(stats.confirmed() + stats.handedOver() + stats.dropped() + stats.unknown() + stats.failed());
			assertThat(stats.failed()).isEqualTo(sent.values().stream().filter(CompletableFuture::isCompletedExceptionally).count());
			for (Outcome outcome : Outcome.values()) {
				long told = sent.values().stream().filter(stage -> !stage.isCompletedExceptionally() && stage.join() == outcome).count();
				assertThat(told).isEqualTo(switch (outcome) {
					case CONFIRMED -> stats.confirmed();
					case HANDED_OVER -> stats.handedOver();
					case DROPPED -> stats.dropped();
					case UNKNOWN -> stats.unknown();
				});
			}
			assertThat(stats.attempts()).isEqualTo(world.asked);
			world.advance(Duration.ofDays(1));
			assertThat(world.asked).as("never again after the end").isEqualTo(askedWhenFinal);
			assertThat(world.pendingTimers()).isZero();
		}
	}
}
