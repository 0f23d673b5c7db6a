package dcl.transport.simulator.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import dcl.transport.Delivery;
import dcl.transport.Delivery.Reliability;
import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.rfc4.Kind;
import dcl.transport.rfc4.Rfc4;
import dcl.transport.simulator.SimulatorBehaviour;
import dcl.transport.simulator.SimulatorContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/** What goes wrong, as a wire shows it. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class FaultsTest {

	private final Fixture fixture = new Fixture();
	private final List<Long> heard = new ArrayList<>();

	@AfterEach
	void close() {
		fixture.close();
	}

	/** One peer that says a number each millisecond, lossy, and each tenth again, reliable; notes when the host is heard. */
	private final SimulatorBehaviour numbers = new SimulatorBehaviour() {

		private int number;

		@Override
		public void begin(SimulatorContext room) {
			PeerId peer = room.peer(0);
			room.join(peer);
			room.every(java.time.Duration.ofMillis(1), () -> {
				number++;
				room.send(peer, packet(number), Reliability.LOSSY);
				if (number % 10 == 0) {
					room.send(peer, packet(number), Reliability.RELIABLE);
				}
			});
			room.onReceived((packet, delivery) -> heard.add(room.now().toMillis()));
		}
	};

	private static Packet packet(int number) {
		return Packet.copyOf(new byte[] {(byte) (number >> 8), (byte) number});
	}

	private static int number(FakeContext.Report report) {
		return report.packet().asByteBuffer().getShort();
	}

	private Fixture.Opened numbers(String params) {
		fixture.register("numbers", numbers);
		return fixture.open("numbers?" + params);
	}

	private static List<Integer> numbers(Fixture.Opened room, Reliability reliability) {
		return room.received().stream().filter(report -> report.reliability() == reliability).map(FaultsTest::number).toList();
	}

	@Test
	void nothing_goes_wrong_by_itself() {
		Fixture.Opened room = numbers("");
		room.advance(1_000);

		assertThat(numbers(room, Reliability.LOSSY)).hasSize(1_000).isSorted().doesNotHaveDuplicates();
		assertThat(numbers(room, Reliability.RELIABLE)).hasSize(100).isSorted();
	}

	@Test
	void latency_delays_everything_both_ways_and_keeps_the_order() {
		Fixture.Opened room = numbers("latency=100ms");
		room.send(packet(1), Delivery.reliable());
		room.advance(100);
		assertThat(room.received()).isEmpty();
		assertThat(heard).containsExactly(100L);
		room.advance(900);

		assertThat(numbers(room, Reliability.LOSSY)).hasSize(900).isSorted().doesNotHaveDuplicates();
		assertThat(numbers(room, Reliability.RELIABLE)).hasSize(90).isSorted();
	}

	@Test
	void jitter_delays_at_random_and_keeps_the_order() {
		Fixture.Opened room = numbers("jitter=200");
		room.advance(1_000);
		assertThat(numbers(room, Reliability.LOSSY)).hasSizeBetween(750, 960).isSorted().doesNotHaveDuplicates();
		int before = room.received().size();
		room.advance(1);
		int after = room.received().size();
		assertThat(after - before).isLessThan(100);
	}

	@Test
	void loss_is_for_lossy_packets_only_and_both_ways() {
		Fixture.Opened room = numbers("loss=0.3");
		for (int i = 0; i < 200; i++) {
			room.link().send(packet(i), Delivery.lossy());
			room.link().send(packet(i), Delivery.reliable());
		}
		room.advance(1_000);

		assertThat(numbers(room, Reliability.LOSSY)).hasSizeBetween(620, 780).isSorted();
		assertThat(numbers(room, Reliability.RELIABLE)).hasSize(100);
		assertThat(heard).hasSizeBetween(200 + 110, 200 + 170);
		assertThat(room.link().confirms()).isTrue();
		assertThat(room.context().confirmations()).isEqualTo(200);
	}

	@Test
	void all_lossy_packets_can_be_lost() {
		Fixture.Opened room = numbers("loss=1");
		room.advance(1_000);
		assertThat(numbers(room, Reliability.LOSSY)).isEmpty();
		assertThat(numbers(room, Reliability.RELIABLE)).hasSize(100);
	}

	@Test
	void reordering_is_for_lossy_packets_only() {
		Fixture.Opened room = numbers("reorder=0.2");
		room.advance(2_000);

		List<Integer> lossy = numbers(room, Reliability.LOSSY);
		assertThat(lossy).hasSizeGreaterThan(1_950).doesNotHaveDuplicates();
		int behind = 0;
		int most = 0;
		for (int number : lossy) {
			behind += number < most ? 1 : 0;
			most = Math.max(most, number);
		}
		assertThat(behind).isBetween(300, 500);
		assertThat(numbers(room, Reliability.RELIABLE)).hasSize(200).isSorted();
	}

	@Test
	void duplicates_come_twice() {
		Fixture.Opened room = numbers("duplicate=0.25");
		room.advance(2_000);

		List<Integer> lossy = numbers(room, Reliability.LOSSY);
		assertThat(lossy).hasSizeBetween(2_400, 2_600).isSorted();
		assertThat(lossy.stream().distinct()).hasSize(2_000);
	}

	@Test
	void a_burst_comes_at_once_of_everybody() {
		Fixture.Opened room = fixture.open("?scenario=crowd&peers=4&burst=1050,400&rate=1");
		room.advance(1_049);
		int before = room.received().size();
		room.advance(1);

		List<FakeContext.Report> burst = room.received().subList(before, room.received().size());
		assertThat(burst).hasSize(400).allMatch(report -> report.reliability() == Reliability.LOSSY && Rfc4.kind(report.packet()) == Kind.MOVEMENT);
		assertThat(burst.stream().map(FakeContext.Report::peer).distinct()).hasSize(4);
	}

	@Test
	void garbage_is_of_both_kinds() {
		Fixture.Opened room = fixture.open("?scenario=crowd&peers=2&rate=1&garbage=500ms,7");
		room.advance(600);

		assertThat(room.context().reports().stream().filter(report -> report.what().equals("invalid"))).hasSize(4);
		List<FakeContext.Report> unreadable = room.received().stream().filter(report -> Rfc4.kind(report.packet()) == Kind.UNKNOWN).toList();
		assertThat(unreadable).hasSize(3).allSatisfy(report -> org.assertj.core.api.Assertions.assertThatIllegalArgumentException()
				.isThrownBy(() -> Rfc4.decode(report.packet())));
		assertThat(room.context().closed).isNotDone();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			kick=2s|KICKED|kicked by the simulator
			kick=2s,You%20are%20out, sorry|KICKED|You are out, sorry
			close=2s|SERVER|closed by the simulator
			close=2s,good+night|SERVER|good night
			silence=1s&halfOpen=1s|LOST|nothing was heard for 1000 ms
			""")
	void the_end_comes_when_it_was_planned_with_its_reason_and_words(String params, Reason reason, String words) throws Exception {
		Fixture.Opened room = fixture.open("?peers=3&" + params);
		room.advance(1_999);
		assertThat(room.context().closed).isNotDone();
		room.advance(1);

		assertThat(room.ending()).isEqualTo(new Disconnection(reason, words));
		int count = room.context().count();
		room.advance(10_000);
		assertThat(room.context().count()).isEqualTo(count);
		assertThat(room.link().send(packet(1), Delivery.reliable())).failsWithin(java.time.Duration.ofSeconds(5)).withThrowableOfType(
				java.util.concurrent.ExecutionException.class).withCauseInstanceOf(TransportException.class);
	}

	@Test
	void a_kick_comes_after_what_was_under_way() throws Exception {
		Fixture.Opened room = numbers("latency=300ms&kick=1s");
		room.advance(2_000);

		assertThat(room.ending().reason()).isEqualTo(Reason.KICKED);
		assertThat(numbers(room, Reliability.LOSSY)).endsWith(999).doesNotContain(1_000);
	}

	@Test
	void in_a_silence_nothing_comes_and_nothing_is_read_and_reliable_packets_come_late() {
		Fixture.Opened room = numbers("silence=1000,3000ms");
		room.advance(999);
		int before = room.received().size();
		room.advance(1);
		room.send(packet(7), Delivery.reliable());
		room.advance(2_999);
		assertThat(room.received().size()).isEqualTo(before);
		assertThat(heard).isEmpty();
		room.advance(1_001);

		assertThat(heard).containsExactly(4_000L);
		assertThat(numbers(room, Reliability.RELIABLE)).hasSize(500).isSorted();
		assertThat(numbers(room, Reliability.LOSSY)).hasSizeBetween(1_999, 2_001).isSorted();
	}

	@Test
	void what_was_under_way_when_a_silence_began_is_read_after_it() {
		Fixture.Opened room = numbers("latency=300ms&silence=1000,3000ms");
		room.advance(900);
		room.send(packet(1), Delivery.reliable());
		room.send(packet(2), Delivery.lossy());
		room.advance(3_099);
		assertThat(heard).isEmpty();
		room.advance(1);

		assertThat(heard).containsExactly(4_000L);
		assertThat(room.context().confirmations()).isEqualTo(1);
	}

	@Test
	void in_a_silence_the_wire_takes_64_kib_and_then_makes_the_host_wait() throws Exception {
		Fixture.Opened room = fixture.open("?peers=1&silence=0ms,5s");
		room.advance(1);
		Packet kib = Packet.copyOf(new byte[1_024 - SimulatorLink.ENTRY_BYTES]);
		for (int i = 0; i < 64; i++) {
			assertThat(room.link().send(kib, Delivery.reliable()).toCompletableFuture()).isCompleted();
		}
		CompletableFuture<Void> waiting = room.link().send(kib, Delivery.reliable()).toCompletableFuture();
		assertThat(waiting).isNotDone();
		room.advance(4_998);
		assertThat(waiting).isNotDone();
		room.advance(1);

		waiting.get(Fixture.LIMIT_SECONDS, TimeUnit.SECONDS);
		assertThat(room.context().confirmations()).isEqualTo(65);
	}

	@Test
	void in_a_silence_the_wire_takes_only_so_many_empty_packets() throws Exception {
		Fixture.Opened room = fixture.open("?peers=1&silence=0ms,5s");
		room.advance(1);
		Packet empty = Packet.copyOf(new byte[0]);
		for (int i = 0; i < SimulatorLink.HELD_BYTES / SimulatorLink.ENTRY_BYTES; i++) {
			assertThat(room.link().send(empty, Delivery.lossy()).toCompletableFuture()).isCompleted();
		}
		CompletableFuture<Void> waiting = room.link().send(empty, Delivery.lossy()).toCompletableFuture();
		assertThat(waiting).isNotDone();
		room.advance(4_999);

		waiting.get(Fixture.LIMIT_SECONDS, TimeUnit.SECONDS);
		assertThat(room.link().send(empty, Delivery.lossy()).toCompletableFuture()).isCompleted();
	}

	@Test
	void a_transport_that_ends_keeps_nobody_waiting() throws Exception {
		Fixture.Opened room = fixture.open("?peers=1&silence=0&halfOpen=1s");
		room.advance(1);
		CompletableFuture<Void> waiting = room.link().send(Packet.copyOf(new byte[SimulatorLink.HELD_BYTES + 1]), Delivery.reliable()).toCompletableFuture();
		assertThat(waiting).isNotDone();
		room.advance(1_000);

		assertThat(room.ending().reason()).isEqualTo(Reason.LOST);
		waiting.get(Fixture.LIMIT_SECONDS, TimeUnit.SECONDS);
	}

	@Test
	void a_login_that_is_refused_fails_with_the_service_s_words() {
		TransportException refusal = fixture.refusal("?peers=3&refuse=not+on+the+list");

		assertThat(refusal.code()).isEqualTo(Code.REFUSED);
		assertThat(refusal).hasMessage("not on the list");
	}

	@Test
	void a_behaviour_refuses_too() {
		fixture.register("bouncer", room -> room.fault(dcl.transport.simulator.SimulatorFault.refuse("not in these shoes")));

		assertThat(fixture.refusal("bouncer").code()).isEqualTo(Code.REFUSED);
		assertThat(fixture.refusal("bouncer")).hasMessage("not in these shoes");
	}

	@Test
	void who_stops_connecting_is_let_go_of() throws Exception {
		FakeContext context = fixture.context();
		java.nio.file.Path file = java.nio.file.Files.createTempFile("never", ".json");
		try {
			java.nio.file.Files.writeString(file, "{\"timeline\":[{\"at\":\"1h\",\"fault\":\"refuse\"}]}");
			CompletableFuture<?> opening = fixture.opening("?clock=test&scenario=file:" + file, context).toCompletableFuture();
			context.abandoned.complete(null);

			assertThat(opening).failsWithin(java.time.Duration.ofSeconds(Fixture.LIMIT_SECONDS)).withThrowableOfType(
					java.util.concurrent.ExecutionException.class).withCauseInstanceOf(TransportException.class);
		} finally {
			java.nio.file.Files.delete(file);
		}
	}
}
