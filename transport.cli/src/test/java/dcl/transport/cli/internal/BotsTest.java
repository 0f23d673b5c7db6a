package dcl.transport.cli.internal;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import com.fasterxml.jackson.databind.JsonNode;
import dcl.transport.Delivery;
import dcl.transport.Disconnection;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportUri;
import dcl.transport.registry.internal.RealRegistry;
import dcl.transport.roomserver.RoomServer;
import dcl.transport.roomserver.RoomServerListener;
import dcl.transport.roomserver.RoomServerOptions;
import dcl.transport.roomserver.internal.LocalRoomServer;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;
import dcl.transport.spi.TransportProvider;
import dcl.transport.wsroom.internal.WsRoomProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/** {@code bots} through the real registry: in a real room, and in one inside this process that loses what it is told to. */
@Timeout(value = 90, unit = TimeUnit.SECONDS)
class BotsTest {

	private final RealRegistry registry = new RealRegistry(Map.of());
	private final Hub hub = new Hub();

	BotsTest() {
		registry.add("hub", hub);
	}

	@AfterEach
	void stop() {
		registry.close();
	}

	private static JsonNode report(Session session) {
		List<String> lines = session.lines();
		String last = lines.get(lines.size() - 1);
		Schemas.assertValid("bots", List.of(last));
		lines.subList(0, lines.size() - 1).forEach(line -> Schemas.assertValid("event", List.of(line)));
		return Json.parse(last);
	}

	private Session bots(String options) throws Exception {
		List<String> args = new ArrayList<>(List.of("bots", "hub:room", "--json"));
		args.addAll(List.of(options.split(" ")));
		return Session.of(registry.host(), args.toArray(String[]::new));
	}

	@Test
	void in_a_real_room_every_bot_gets_all_of_every_other_one() throws Exception {
		registry.add("ws-room", new WsRoomProvider(RealRegistry.configuration(WsRoomProvider.Config.class, Map.of())));
		try (RoomServer server = new LocalRoomServer(RoomServerOptions.defaults(), new RoomServerListener() {
		}, "1", () -> {
		})) {
			Session session = Session.of(registry.host(), "bots", "ws-room:" + server.url() + "a", "--count", "12", "--rate", "10", "--for", "2s",
					"--reliable", "50", "--seed", "7", "--json");

			assertThat(session.exit()).as(session.err() + session.lines()).isZero();
			JsonNode report = report(session);
			assertThat(report.path("connected").asInt()).isEqualTo(12);
			assertThat(report.path("sent").asLong()).isEqualTo(240);
			assertThat(report.path("received").asLong()).isEqualTo(240 * 11);
			assertThat(report.path("lost").asLong() + report.path("lossyDropped").asLong() + report.path("duplicated").asLong()
					+ report.path("reordered").asLong()).isZero();
			assertThat(report.path("p50").asDouble()).isPositive().isLessThanOrEqualTo(report.path("p99").asDouble());
			assertThat(report.path("seed").asLong()).isEqualTo(7);
			assertThat(session.lines().toString()).doesNotContain("/rooms/");
		}
	}

	@Test
	void people_get_a_report_they_can_read() throws Exception {
		Session session = Session.of(registry.host(), "bots", "hub:room", "--count", "3", "--for", "500ms", "--seed", "7");

		assertThat(session.exit()).isZero();
		assertThat(String.join("\n", session.lines())).contains("3 of 3", "10 a second each", "seed 7", "15 sent, 30 received of 30", "0 reliable lost", "p99")
				.doesNotContain("\r", "\u001b");
		assertThat(session.err()).as("no progress where nobody looks").isEmpty();
	}

	@ParameterizedTest
	@CsvSource({
			"LOSE, 100, lost, 1",
			"LOSE, 0, lossyDropped, 0",
			"TWICE, 100, duplicated, 0",
			"SWAP, 100, reordered, 0"})
	void what_a_room_does_wrong_is_counted(Hub.Fault fault, int reliable, String member, int exit) throws Exception {
		hub.fault = fault;
		Session session = bots("--count 4 --rate 20 --for 1s --seed 3 --reliable " + reliable);

		assertThat(session.exit()).isEqualTo(exit);
		JsonNode report = report(session);
		assertThat(report.path("sent").asLong()).isEqualTo(80);
		assertThat(report.path(member).asLong()).isEqualTo(hub.faults.get()).isPositive();
		for (String other : List.of("lost", "lossyDropped", "duplicated", "reordered")) {
			if (!other.equals(member)) {
				assertThat(report.path(other).asLong()).as(other).isZero();
			}
		}
	}

	@Test
	void the_same_seed_sends_the_same_bytes() throws Exception {
		assertThat(bots("--count 3 --rate 20 --for 1s --seed 7 --reliable 30").exit()).isZero();
		Map<PeerId, List<Packet>> first = Map.copyOf(hub.sent);
		hub.sent.clear();
		assertThat(bots("--count 3 --rate 20 --for 1s --seed 7 --reliable 30").exit()).isZero();
		Map<PeerId, List<Packet>> again = Map.copyOf(hub.sent);
		hub.sent.clear();
		assertThat(bots("--count 3 --rate 20 --for 1s --seed 8").exit()).isZero();

		assertThat(again).hasSize(3).isEqualTo(first);
		assertThat(hub.sent.keySet()).doesNotContainAnyElementsOf(first.keySet());
	}

	@Test
	void what_is_held_up_makes_everything_behind_it_late_from_when_it_was_due() throws Exception {
		CompletableFuture<Void> release = new CompletableFuture<>();
		hub.taking = release;
		Session session = bots("--count 2 --rate 50 --for 1s --reliable 100");
		hub.offered.get(30, TimeUnit.SECONDS);
		CompletableFuture.delayedExecutor(800, TimeUnit.MILLISECONDS).execute(() -> release.complete(null));

		assertThat(session.exit()).isZero();
		JsonNode report = report(session);
		assertThat(report.path("sent").asLong()).isEqualTo(100);
		// Those due within the 800 ms waited for the rest of it: half of a hundred waited 300 ms or more, though each took no time once it was sent.
		assertThat(report.path("p50").asDouble()).isGreaterThan(250);
		assertThat(report.path("max").asDouble()).isGreaterThan(700);
	}

	@Test
	void a_generator_that_is_late_itself_says_so() throws Exception {
		Swarm swarm = new Swarm(new SlowRegistry(), TransportUri.parse("slow:x"), 2, 50, Duration.ofSeconds(1), 0, 1, failure -> {
		});
		Stop stop = new Stop(null);
		assertThat(swarm.join(stop, () -> {
		})).isTrue();
		swarm.run(stop, () -> {
		});
		swarm.leave();

		BotsReport report = swarm.report(1, 2);
		assertThat(report.limitedByGenerator()).isTrue();
		assertThat(report.lateness99()).isGreaterThan(10);
		assertThat(report.sent()).as("late, but all of them").isEqualTo(100);
	}

	@Test
	void at_most_ten_log_in_at_a_time() throws Exception {
		hub.slowLogins = true;
		assertThat(bots("--count 40 --rate 1 --for 1s").exit()).isZero();
		assertThat(hub.mostOpening.get()).isBetween(2, 10);
	}

	@Test
	void when_the_first_ten_are_turned_away_the_others_do_not_try() throws Exception {
		hub.refusing = true;
		Session session = bots("--count 300");

		assertThat(session.exit()).isEqualTo(5);
		JsonNode report = report(session);
		assertThat(report.path("failed").asInt()).isEqualTo(300);
		assertThat(hub.opens.get()).isBetween(10, 20);
		assertThat(session.lines()).hasSizeLessThanOrEqualTo(11).first().asString().contains("\"failed\"", "REFUSED", "not today");
	}

	@Test
	void a_bot_whose_wire_breaks_comes_back_and_what_it_missed_is_not_called_lost() throws Exception {
		Session session = bots("--count 4 --rate 20 --for 4s --reliable 100");
		hub.offered.get(30, TimeUnit.SECONDS);
		hub.members.values().iterator().next().breaks(Disconnection.Reason.LOST);

		assertThat(session.exit()).isZero();
		JsonNode report = report(session);
		assertThat(report.path("reconnected").asInt()).isEqualTo(1);
		assertThat(report.path("lost").asLong()).isZero();
		assertThat(report.path("sent").asLong() + report.path("notSent").asLong()).isEqualTo(320);
	}

	@Test
	void a_bot_that_is_put_out_is_gone() throws Exception {
		Session session = bots("--count 4 --rate 20 --for 1s --reliable 100");
		hub.offered.get(30, TimeUnit.SECONDS);
		hub.members.values().iterator().next().breaks(Disconnection.Reason.KICKED);

		assertThat(session.exit()).isZero();
		assertThat(report(session).path("gone").asInt()).isEqualTo(1);
		assertThat(report(session).path("lost").asLong()).isZero();
	}

	@Test
	void an_interrupted_run_reports_what_there_is_and_leaves() throws Exception {
		Session session = bots("--count 3 --for 1h");
		hub.offered.get(30, TimeUnit.SECONDS);
		session.interrupt();

		assertThat(session.exit()).isEqualTo(130);
		assertThat(report(session).path("connected").asInt()).isEqualTo(3);
		assertThat(report(session).path("lost").asLong() + report(session).path("lossyDropped").asLong()).as("what is under way is not lost").isZero();
		assertThat(hub.members).isEmpty();
	}

	@Test
	void a_terminal_shows_how_far_it_is() throws Exception {
		Session session = Session.onTerminal(registry.host(), "bots", "hub:room", "--count", "2", "--for", "1s");

		assertThat(session.exit()).isZero();
		assertThat(session.err()).contains("\r[", "2 of 2 bots", "%").endsWith(" \r");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = {
			"--count 0                | --count is from 1 to 2000",
			"--count 2001             | --count is from 1 to 2000",
			"--count 1 --rate 0.05    | --rate is from 0.1 to 100",
			"--count 1 --rate NaN     | --rate is from 0.1 to 100",
			"--count 1 --reliable 101 | --reliable is from 0 to 100",
			"--count 1 --for 25h      | --for in hours is from 0 to 24",
			"--rate 1                 | Missing required option: '--count=<bots>'"})
	void bounds_are_told(String options, String message) throws Exception {
		Session session = bots(options);

		assertThat(session.exit()).isEqualTo(2);
		assertThat(session.err()).contains(message);
	}

	@Test
	void what_is_no_connection_string_or_served_by_nobody_cannot_be_resolved() throws Exception {
		Session malformed = Session.of(registry.host(), "bots", "nothing", "--count", "1", "--json");
		assertThat(malformed.exit()).isEqualTo(3);
		Schemas.assertValid("event", malformed.lines());

		Session unknown = Session.of(registry.host(), "bots", "nothing:x", "--count", "1", "--json");
		assertThat(unknown.exit()).isEqualTo(3);
		assertThat(report(unknown).path("failed").asInt()).isEqualTo(1);
	}

	/** A room without wires: everybody gets what the others send, except for one fault in each ten packets of a sender. */
	private static final class Hub implements TransportProvider {

		private enum Fault {
			NONE, LOSE, TWICE, SWAP
		}

		private static final int EVERY = 10;

		private final Map<PeerId, Member> members = new ConcurrentHashMap<>();
		private final Map<PeerId, List<Packet>> sent = new ConcurrentHashMap<>();
		private final AtomicInteger faults = new AtomicInteger();
		private final AtomicInteger opens = new AtomicInteger();
		private final AtomicInteger opening = new AtomicInteger();
		private final AtomicInteger mostOpening = new AtomicInteger();
		private final CompletableFuture<Void> offered = new CompletableFuture<>();
		private volatile Fault fault = Fault.NONE;
		private volatile CompletableFuture<Void> taking = CompletableFuture.completedFuture(null);
		private volatile boolean slowLogins;
		private volatile boolean refusing;

		@Override
		public CompletionStage<Link> open(TransportUri uri, LinkContext context) {
			opens.incrementAndGet();
			if (refusing) {
				return CompletableFuture.failedFuture(new TransportException(Code.REFUSED, "not today"));
			}
			try {
				Member member = new Member(context, context.identity().address());
				if (!slowLogins) {
					members.put(member.address, member);
					return CompletableFuture.completedFuture(member);
				}
				mostOpening.accumulateAndGet(opening.incrementAndGet(), Math::max);
				CompletableFuture<Link> later = new CompletableFuture<>();
				context.executor().schedule(() -> {
					opening.decrementAndGet();
					members.put(member.address, member);
					later.complete(member);
				}, 20, TimeUnit.MILLISECONDS);
				return later;
			} catch (TransportException e) {
				return CompletableFuture.failedFuture(e);
			}
		}

		private final class Member implements Link {

			private final LinkContext context;
			private final PeerId address;
			private Packet held;
			private int count;

			private Member(LinkContext context, PeerId address) {
				this.context = context;
				this.address = address;
			}

			void breaks(Disconnection.Reason reason) {
				members.remove(address, this);
				context.closed(new Disconnection(reason, ""));
			}

			@Override
			public Set<PeerId> peers() {
				return Set.of();
			}

			@Override
			public CompletionStage<Void> send(Packet packet, Delivery delivery) {
				offered.complete(null);
				CompletableFuture<Void> room = taking;
				if (!room.isDone()) {
					return room.thenRun(() -> pass(packet, delivery));
				}
				pass(packet, delivery);
				return room;
			}

			private synchronized void pass(Packet packet, Delivery delivery) {
				sent.computeIfAbsent(address, somebody -> new CopyOnWriteArrayList<>()).add(packet);
				boolean wrong = fault != Fault.NONE && ++count % EVERY == 0;
				if (wrong && fault == Fault.SWAP) {
					held = packet; // which comes behind the next; the last of all is not held
					if (count < 2 * EVERY) {
						return;
					}
					held = null;
					wrong = false;
				}
				int times = !wrong ? 1 : fault == Fault.LOSE ? 0 : 2;
				deliver(packet, delivery, times, wrong);
				if (held != null) {
					deliver(held, delivery, 1, true);
					held = null;
				}
			}

			private void deliver(Packet packet, Delivery delivery, int times, boolean wrong) {
				members.values().stream().filter(other -> other != this).forEach(other -> {
					for (int i = 0; i < times; i++) {
						other.context.received(address, packet, delivery.reliability(), "");
					}
					if (wrong) {
						faults.incrementAndGet();
					}
				});
			}

			@Override
			public CompletionStage<Void> close() {
				members.remove(address, this);
				return CompletableFuture.completedFuture(null);
			}
		}
	}
}
