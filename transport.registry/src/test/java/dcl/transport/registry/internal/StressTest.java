package dcl.transport.registry.internal;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import dcl.transport.Delivery;
import dcl.transport.Delivery.Reliability;
import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Message;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportListener;
import dcl.transport.TransportStats;
import dcl.transport.TransportUri;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;
import dcl.transport.spi.TransportProvider;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static dcl.transport.registry.internal.Rig.packet;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Eight threads do at random what hosts, links and a framework do, on fifty transports whose links misbehave at random. Afterwards every account adds up,
 * order held, and every conversation had its events: connected first, joins and leaves in pairs, disconnected last, one call at a time.
 */
@Timeout(60)
class StressTest {

	private static final int THREADS = 8;
	private static final int TRANSPORTS = 50;
	private static final int STEPS = 6_000;

	private final ConcurrentLinkedQueue<String> breaches = new ConcurrentLinkedQueue<>();

	/** A conversation: the host's side, the link's side, and what is known of both. */
	private final class Room implements TransportListener {

		final Transport transport;
		final String name;
		final AtomicInteger inside = new AtomicInteger();
		final AtomicInteger promised = new AtomicInteger();
		final AtomicInteger answered = new AtomicInteger();
		final Set<PeerId> peers = new HashSet<>();
		final Map<String, Integer> lastHeard = new HashMap<>();
		boolean connected;
		boolean disconnected;

		Room(Transport transport, String name) {
			this.transport = transport;
			this.name = name;
			transport.listen(this);
		}

		private void event(Runnable check) {
			if (inside.incrementAndGet() != 1) {
				breaches.add(name + ": two calls at once");
			}
			check.run();
			inside.decrementAndGet();
		}

		private void during(String what) {
			if (!connected || disconnected) {
				breaches.add(name + ": " + what + " outside connected and disconnected");
			}
		}

		@Override
		public void connected(Set<PeerId> present) {
			event(() -> {
				if (connected || disconnected) {
					breaches.add(name + ": connected twice or late");
				}
				connected = true;
				peers.addAll(present);
			});
		}

		@Override
		public void peerJoined(PeerId peer) {
			event(() -> {
				during("a join");
				if (!peers.add(peer)) {
					breaches.add(name + ": joined twice");
				}
			});
		}

		@Override
		public void peerLeft(PeerId peer) {
			event(() -> {
				during("a leave");
				if (!peers.remove(peer)) {
					breaches.add(name + ": left without having joined");
				}
			});
		}

		@Override
		public void received(Message message) {
			event(() -> {
				during("a packet");
				String[] parts = Rig.text(message.packet()).split("/");
				int number = Integer.parseInt(parts[1]);
				Integer before = lastHeard.put(parts[0], number);
				if (before != null && before >= number) {
					breaches.add(name + ": " + parts[0] + " said " + number + " after " + before);
				}
				if (message.reliability() == Reliability.RELIABLE && number % 97 == 0) {
					throw new IllegalStateException("a listener that throws now and then");
				}
			});
		}

		@Override
		public void disconnected(Disconnection why) {
			event(() -> {
				during("disconnected");
				disconnected = true;
			});
		}

		/** Keeps count of a reliable packet. */
		void promise(CompletionStage<Void> stage) {
			promised.incrementAndGet();
			stage.whenComplete((nothing, failure) -> answered.incrementAndGet());
		}
	}

	/** A link with moods, which notes calls that break the rules, and packets out of order. */
	private final class MoodyLink implements Link {

		final Random random;
		final LinkContext context;
		final Consumer<MoodyLink> closing;
		final AtomicInteger inside = new AtomicInteger();
		final ArrayDeque<CompletableFuture<Void>> waiting = new ArrayDeque<>();
		final Map<String, Integer> lastSent = new ConcurrentHashMap<>();
		final AtomicInteger said = new AtomicInteger();
		volatile boolean closed;

		MoodyLink(LinkContext context, long seed, Consumer<MoodyLink> closing) {
			this.closing = closing;
			this.context = context;
			this.random = new Random(seed);
		}

		@Override
		public Set<PeerId> peers() {
			return Set.of(PeerId.of("p0"), PeerId.of("p1"));
		}

		@Override
		public CompletionStage<Void> send(Packet packet, Delivery delivery) {
			if (inside.incrementAndGet() != 1) {
				breaches.add("send beside send");
			}
			try {
				String[] parts = Rig.text(packet).split("/");
				String stream = parts[0] + delivery.reliability();
				int number = Integer.parseInt(parts[1]);
				Integer before = lastSent.put(stream, number);
				if (before != null && before >= number) {
					breaches.add("sent " + stream + " " + number + " after " + before);
				}
				int mood;
				synchronized (random) {
					mood = random.nextInt(60);
				}
				switch (mood) {
					case 0:
						throw new IllegalStateException("moody");
					case 1:
						return CompletableFuture.failedFuture(new TransportException(TransportException.Code.UNSUPPORTED, "not today"));
					case 2:
						return null;
					case 3, 4, 5, 6:
						CompletableFuture<Void> later = new CompletableFuture<>();
						synchronized (waiting) {
							waiting.add(later);
						}
						return later;
					case 7:
						return CompletableFuture.completedStage(null);
					default:
						return FakeLink.DONE;
				}
			} finally {
				inside.decrementAndGet();
			}
		}

		void makeRoom() {
			CompletableFuture<Void> one;
			synchronized (waiting) {
				one = waiting.poll();
			}
			if (one != null) {
				one.complete(null);
			}
		}

		/** Says something only one thread at a time says, as a wire does. */
		synchronized void say(Reliability reliability) {
			context.received(Rig.ALICE, packet("alice/" + said.incrementAndGet()), reliability, "");
		}

		@Override
		public CompletionStage<Void> close() {
			if (closed) {
				breaches.add("closed twice");
			}
			closed = true;
			closing.accept(this);
			return FakeLink.DONE;
		}
	}

	@ParameterizedTest
	@ValueSource(longs = {11, 12, 13, 14})
	void whatever_happens_the_accounts_add_up_order_holds_and_events_pair(long seed) throws Exception {
		List<Transport> closedAtRest = new ArrayList<>();
		Set<MoodyLink> links = ConcurrentHashMap.newKeySet();
		try (Rig rig = new Rig(s -> {
			s.outgoingPackets = 30;
			s.incomingPackets = 40;
			s.maxPauseMillis = 200;
			s.connectTimeoutMillis = 400;
			s.unbindGraceMillis = 200;
		})) {
			Random seeds = new Random(seed);
			TransportProvider moody = (uri, context) -> {
				long own;
				int how;
				synchronized (seeds) {
					own = seeds.nextLong();
					how = seeds.nextInt(40);
				}
				MoodyLink link = new MoodyLink(context, own, links::remove);
				links.add(link);
				switch (how) {
					case 0:
						throw new IllegalStateException("moody");
					case 1:
						return CompletableFuture.failedFuture(new TransportException(TransportException.Code.BUSY, "full"));
					case 2:
						return new CompletableFuture<>();
					case 3, 4, 5, 6, 7, 8:
						CompletableFuture<Link> later = new CompletableFuture<>();
						context.executor().schedule(() -> later.complete(link), how, TimeUnit.MILLISECONDS);
						link.say(Reliability.RELIABLE);
						return later;
					default:
						return CompletableFuture.completedFuture(link);
				}
			};
			ConcurrentHashMap<Integer, Room> rooms = new ConcurrentHashMap<>();
			ConcurrentLinkedQueue<Room> all = new ConcurrentLinkedQueue<>();
			AtomicInteger numbers = new AtomicInteger();
			Candidate[] current = {rig.add(moody, "moody")};
			List<Thread> threads = new ArrayList<>();
			for (int t = 0; t < THREADS; t++) {
				Random random = new Random(seed * 100 + t);
				String me = "t" + t;
				Thread thread = new Thread(() -> {
					try {
						for (int step = 0; step < STEPS; step++) {
							int slot = random.nextInt(TRANSPORTS);
							Room room = rooms.get(slot);
							if (room == null || room.transport.state() == Transport.State.CLOSED && random.nextInt(4) == 0) {
								room = fresh(rig, numbers, all);
								if (room == null) {
									continue;
								}
								rooms.put(slot, room);
								CompletionStage<Void> connecting = room.transport.connect();
								room.promise(connecting);
								if (random.nextBoolean()) { // else what follows comes while it is connecting
									Rig.await(connecting.handle((nothing, failure) -> null));
								}
							}
							act(random, room, me, step, links, rig, moody, current);
						}
					} catch (Throwable failure) { // of any kind: the test is to tell
						breaches.add(me + " failed: " + failure);
					}
				});
				threads.add(thread);
				thread.start();
			}
			for (Thread thread : threads) {
				thread.join();
			}
			for (Room room : all) {
				room.transport.close();
				links.forEach(link -> {
					while (!link.waiting.isEmpty()) {
						link.makeRoom();
					}
				});
			}
			for (Room room : all) {
				Rig.await(room.transport.closed());
				Rig.await(room.transport.disconnect());
				closedAtRest.add(room.transport);
				TransportStats stats = room.transport.stats();
				assertThat(stats.accepted()).as(room.name + ": " + stats).isEqualTo(stats.sent() + stats.sendDropped() + stats.sendFailed());
				assertThat(room.answered.get()).as("every promise is kept").isEqualTo(room.promised.get());
				assertThat(room.disconnected).as(room.name + " pairs connected and disconnected").isEqualTo(room.connected);
			}
			Rig.until(() -> rig.host.open().isEmpty());
		}
		assertThat(breaches).isEmpty();
		assertThat(closedAtRest.size()).isGreaterThan(TRANSPORTS);
		assertThat(closedAtRest.stream().mapToLong(t -> t.stats().sent()).sum()).isGreaterThan(1_000);
		assertThat(closedAtRest.stream().mapToLong(t -> t.stats().received()).sum()).isGreaterThan(1_000);
	}

	private Room fresh(Rig rig, AtomicInteger numbers, ConcurrentLinkedQueue<Room> all) {
		int number = numbers.incrementAndGet();
		try {
			Room room = new Room(rig.host.create(TransportUri.parse("moody:" + number)), "room " + number);
			all.add(room);
			return room;
		} catch (TransportException e) {
			// Between two versions; or, on a machine as busy as this one may be, the provider's answer came late.
			assertThat(e.code()).isIn(TransportException.Code.NO_PROVIDER, TransportException.Code.TIMEOUT);
			return null;
		}
	}

	private void act(Random random, Room room, String me, int step, Set<MoodyLink> links, Rig rig, TransportProvider moody, Candidate[] current) {
		int what = random.nextInt(1_000);
		if (what < 350) {
			room.promise(room.transport.send(packet(me + "/" + step), Delivery.reliable()));
		} else if (what < 600) {
			room.transport.send(packet(me + "/" + step), Delivery.lossy());
		} else if (what < 940) {
			links.stream().skip(random.nextInt(Math.max(1, links.size()))).findFirst().ifPresent(link -> poke(random, link));
		} else if (what < 970) {
			room.transport.peers();
			room.transport.stats().toString();
		} else if (what < 975) {
			room.transport.close();
		} else if (what < 977) {
			room.promise(room.transport.connect());
		} else if (what < 978 && step % 8 == 0) {
			synchronized (current) { // as the framework does: one change at a time
				rig.registry.remove(current[0].id());
				current[0] = rig.add(moody, "moody");
			}
		} else {
			room.transport.listen(new TransportListener() {
			}).close();
		}
	}

	private static void poke(Random random, MoodyLink link) {
		int what = random.nextInt(100);
		PeerId peer = PeerId.of("p" + random.nextInt(6));
		if (what < 30) {
			link.makeRoom();
		} else if (what < 50) {
			link.say(Reliability.RELIABLE);
		} else if (what < 70) {
			link.say(Reliability.LOSSY);
		} else if (what < 82) {
			link.context.peerJoined(peer);
		} else if (what < 94) {
			link.context.peerLeft(peer);
		} else if (what < 98) {
			link.context.invalid("odd");
		} else if (what < 99) {
			link.context.closed(new Disconnection(Reason.LOST, "moody"));
		}
	}
}
