package dcl.transport.cli.internal;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import dcl.transport.Packet;
import dcl.transport.rfc4.Kind;
import dcl.transport.rfc4.Movement;
import dcl.transport.rfc4.Rfc4;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/** What a bot sends, where it goes, and when. */
@Timeout(value = 30, unit = TimeUnit.SECONDS)
class SwarmPartsTest {

	private final byte[] scratch = new byte[BotPacket.MAX_BYTES];

	@ParameterizedTest
	@CsvSource({"0, 0, 0, 0", "1999, 1, 17, 4711", "2046, 1, " + ((1 << 26) - 1) + ", " + ((1 << 26) - 1), "5, 0, 1, " + ((1 << 26) - 1)})
	void the_numbers_of_a_packet_come_back(int bot, int stream, int number, int slot) {
		Packet packet = BotPacket.encode(new Walk(7, 3, 0.1).next(), bot, stream, number, slot);

		long numbers = BotPacket.numbers(packet, scratch);
		assertThat(BotPacket.isBots(numbers)).isTrue();
		assertThat(new int[] {BotPacket.bot(numbers), BotPacket.stream(numbers), BotPacket.number(numbers), BotPacket.slot(numbers)})
				.containsExactly(bot, stream, number, slot);
		assertThat(packet.size()).isLessThanOrEqualTo(BotPacket.MAX_BYTES);
	}

	@Test
	void to_everybody_else_it_is_a_movement_as_clients_send_it() {
		Movement place = new Walk(7, 3, 0.1).next();
		Packet packet = BotPacket.encode(place, 1, 1, 2, 3);

		assertThat(Rfc4.kind(packet)).isEqualTo(Kind.MOVEMENT);
		assertThat(Rfc4.decode(packet).getMovement()).isEqualTo(place);
		assertThat(Rfc4.decode(packet).getProtocolVersion()).isEqualTo(Rfc4.PROTOCOL_VERSION);
		assertThat(Rfc4.encode(Rfc4.decode(packet).toBuilder().build()).size()).as("kept by who decodes and encodes").isEqualTo(packet.size());
	}

	@Test
	void other_packets_are_not_taken_for_a_bot_s() {
		for (Packet other : new Packet[] {Rfc4.encode(Rfc4.chat("hello")), Packet.copyOf(new byte[0]), Packet.copyOf(new byte[1_000]),
				Packet.wrap(ByteBuffer.wrap(new byte[] {1, 2, 3}))}) {
			assertThat(BotPacket.isBots(BotPacket.numbers(other, scratch))).isFalse();
		}
		byte[] cut = BotPacket.encode(new Walk(7, 3, 0.1).next(), 1, 1, 2, 3).toByteArray();
		assertThat(BotPacket.isBots(BotPacket.numbers(Packet.copyOf(Arrays.copyOf(cut, cut.length - 1)), scratch))).isFalse();
	}

	@Test
	void a_walk_is_the_same_for_a_seed_and_stays_in_its_square_at_a_walk() {
		Walk walk = new Walk(7, 3, 0.1);
		Walk same = new Walk(7, 3, 0.1);
		Walk other = new Walk(7, 4, 0.1);
		Movement before = null;
		boolean differs = false;
		for (int i = 0; i < 10_000; i++) {
			Movement now = walk.next();
			assertThat(now).isEqualTo(same.next());
			differs |= !now.equals(other.next());
			assertThat(Math.abs(now.getPositionX())).isLessThanOrEqualTo(24);
			assertThat(Math.abs(now.getPositionZ())).isLessThanOrEqualTo(24);
			if (before != null) {
				assertThat(Math.hypot(now.getPositionX() - before.getPositionX(), now.getPositionZ() - before.getPositionZ())).isLessThan(0.16);
			}
			before = now;
		}
		assertThat(differs).isTrue();
	}

	@Test
	void a_schedule_is_spread_evenly_and_goes_on_for_its_time() {
		Schedule schedule = new Schedule(500, 1, Duration.ofSeconds(60));

		assertThat(schedule.slots()).isEqualTo(60);
		assertThat(schedule.events()).isEqualTo(30_000);
		assertThat(schedule.dueNanos(0)).isZero();
		assertThat(schedule.dueNanos(1)).isEqualTo(2_000_000);
		assertThat(schedule.dueNanos(29_999)).isEqualTo(59_998_000_000L);
		assertThat(schedule.dueNanos(3, 2)).as("bot 3, its third packet").isEqualTo(schedule.dueNanos(1_003));
		assertThat(Schedule.bot(1_003, 500)).isEqualTo(3);
		assertThat(Schedule.slot(1_003, 500)).isEqualTo(2);
		assertThat(new Schedule(2_000, 100, Duration.ofHours(24)).slots()).isLessThanOrEqualTo(BotPacket.MOST);
	}

	@ParameterizedTest
	@CsvSource({"0, 0", "1, 10", "33, 330", "50, 500", "100, 1000"})
	void as_many_packets_are_reliable_as_was_asked_for(int percent, long ofThousand) {
		assertThat(IntStream.range(0, 1_000).filter(slot -> Schedule.isReliable(slot, percent)).count()).isEqualTo(ofThousand);
	}

	@Test
	void a_seed_gives_the_same_guests() {
		assertThat(new BotIdentity(7, 3).address()).isEqualTo(new BotIdentity(7, 3).address())
				.isNotEqualTo(new BotIdentity(7, 4).address()).isNotEqualTo(new BotIdentity(8, 3).address());
		assertThat(new BotIdentity(7, 3).isGuest()).isTrue();
	}
}
