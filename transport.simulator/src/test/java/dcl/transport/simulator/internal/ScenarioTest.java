package dcl.transport.simulator.internal;

import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

import dcl.transport.Delivery;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.rfc4.ChatTime;
import dcl.transport.rfc4.Movement;
import dcl.transport.rfc4.Position;
import dcl.transport.rfc4.ProfileRequest;
import dcl.transport.rfc4.Rfc4;
import dcl.transport.rfc4.Rfc4Packet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/** What the built-in scenarios do. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ScenarioTest {

	private final Fixture fixture = new Fixture();

	@AfterEach
	void close() {
		fixture.close();
	}

	private static List<Position> lastRound(Fixture.Opened room, int peers) {
		List<Position> all = room.packets().stream().filter(Rfc4Packet::hasPosition).map(Rfc4Packet::getPosition).toList();
		return all.subList(all.size() - peers, all.size());
	}

	@ParameterizedTest
	@ValueSource(strings = {"", "?", "?peers=100", "?random=&speed=0&distance=0", "random=1&speed=0.0001&distance=0.03"})
	void the_historic_circle_is_what_it_was(String params) {
		Fixture.Opened room = fixture.openReal(params + (params.isEmpty() ? "?" : "&") + "clock=test");
		room.advance(6_000);

		assertThat(room.link().peers()).hasSize(100).allMatch(PeerId::isAddress);
		List<Position> last = lastRound(room, 100);
		for (int i = 0; i < 100; i++) {
			double angle = 4 * Math.PI * i / 100 + 6_000 * 0.0001;
			double radius = i * 0.03 + 3;
			assertThat(last.get(i).getPositionX()).isCloseTo((float) (Math.sin(angle) * radius), within(0.001f));
			assertThat(last.get(i).getPositionZ()).isCloseTo((float) (Math.cos(angle) * radius), within(0.001f));
			assertThat(last.get(i).getPositionY()).isZero();
			assertThat(last.get(i).getRotationW()).isEqualTo(1);
			assertThat(last.get(i).getIndex()).isEqualTo(100); // one each 60 ms
		}
		long announced = room.packets().stream().filter(Rfc4Packet::hasProfileVersion).count();
		assertThat(announced - 100).isBetween(1_800L, 2_200L); // a fifth of 10 000 steps
		assertThat(room.packets()).allMatch(packet -> packet.getProtocolVersion() == Rfc4.PROTOCOL_VERSION);
	}

	@Test
	void the_historic_parameters_mean_what_they_meant() {
		Fixture.Opened room = fixture.open("?peers=10&position=10,-20&distance=2&speed=0.001&random=3&rate=10");
		room.advance(20_000);

		List<Position> last = lastRound(room, 10);
		for (int i = 0; i < 10; i++) {
			double angle = 4 * Math.PI * i / 10 + 20_000 * 0.001;
			assertThat(last.get(i).getPositionX()).isCloseTo((float) (160 + Math.sin(angle) * (i * 2 + 3)), within(0.01f));
			assertThat(last.get(i).getPositionZ()).isCloseTo((float) (-320 + Math.cos(angle) * (i * 2 + 3)), within(0.01f));
			assertThat(last.get(i).getIndex()).isEqualTo(200);
		}
	}

	@Test
	void without_a_position_the_circle_follows_the_host_no_faster_than_its_steps() {
		Fixture.Opened room = fixture.open("?peers=1&random=1");
		room.advance(600);
		room.send(Rfc4Packet.newBuilder().setMovement(Movement.newBuilder().setPositionX(1_000).setPositionZ(0)).build(), Delivery.lossy());
		room.advance(600);

		List<Position> steps = room.packets().stream().filter(Rfc4Packet::hasPosition).map(Rfc4Packet::getPosition).toList();
		for (int i = 10; i < 20; i++) {
			double dx = steps.get(i).getPositionX() - steps.get(i - 1).getPositionX();
			double dz = steps.get(i).getPositionZ() - steps.get(i - 1).getPositionZ();
			assertThat(Math.sqrt(dx * dx + dz * dz)).isBetween(4.999, 6.001);
		}
		room.send(Rfc4Packet.newBuilder().setPosition(Position.newBuilder().setPositionX(-500)).build(), Delivery.lossy());
		room.advance(60_000);
		assertThat(lastRound(room, 1).get(0).getPositionX()).isCloseTo(-500, within(3.1f));
	}

	@Test
	void a_crowd_walks_about_in_its_area_and_stands_with_a_word_a_second() {
		Fixture.Opened room = fixture.open("?scenario=crowd&peers=10&area=8&position=2,2");
		room.advance(60_000);

		List<Movement> moves = room.packets().stream().filter(Rfc4Packet::hasMovement).map(Rfc4Packet::getMovement).toList();
		assertThat(moves).hasSizeBetween(600, 6_100)
				.allMatch(move -> Math.abs(move.getPositionX() - 32) <= 8.01 && Math.abs(move.getPositionZ() - 32) <= 8.01)
				.allMatch(move -> Math.hypot(move.getVelocityX(), move.getVelocityZ()) <= 8.01)
				.allMatch(move -> move.getRotationY() >= 0 && move.getRotationY() <= 360)
				.anyMatch(move -> move.getMovementBlendValue() == 0).anyMatch(move -> move.getMovementBlendValue() == 3);
		assertThat(room.packets()).anyMatch(Rfc4Packet::hasPlayerEmote);
		assertThat(room.received()).allMatch(report -> (report.reliability() == Delivery.Reliability.LOSSY) == Rfc4.decode(report.packet()).hasMovement());
	}

	@Test
	void people_talk_in_a_chat_at_their_times() {
		Fixture.Opened room = fixture.open("?scenario=chat&peers=5&every=500ms&epoch=2030-01-01T00:00:00Z");
		room.advance(10_000);

		List<Rfc4Packet> chats = room.packets().stream().filter(Rfc4Packet::hasChat).toList();
		assertThat(chats).hasSize(20).allMatch(chat -> !chat.getChat().getMessage().isEmpty());
		assertThat(ChatTime.OLE_DATE.instant(chats.get(0).getChat().getTimestamp())).isEqualTo("2030-01-01T00:00:00.500Z");
		assertThat(room.received().stream().filter(report -> Rfc4.decode(report.packet()).hasChat()).map(FakeContext.Report::peer).distinct().count())
				.isGreaterThan(1);
	}

	@Test
	void in_a_churn_joins_and_leaves_pair_and_some_come_back() {
		Fixture.Opened room = fixture.open("?scenario=churn&peers=8&stay=2s&away=1s");
		Set<PeerId> here = room.link().peers().stream().collect(Collectors.toCollection(() -> new TreeSet<>((a, b) -> a.value().compareTo(b.value()))));
		Set<PeerId> first = Set.copyOf(here);
		room.advance(60_000);

		int back = 0;
		int joins = 0;
		for (FakeContext.Report report : room.context().reports()) {
			switch (report.what()) {
				case "joined" -> {
					assertThat(here.add(report.peer())).isTrue();
					joins++;
					back += first.contains(report.peer()) ? 1 : 0;
				}
				case "left" -> assertThat(here.remove(report.peer())).isTrue();
				default -> assertThat(here).as("who speaks is there").contains(report.peer());
			}
		}
		assertThat(joins).isBetween(60, 260); // 8 bots, one coming each 3 s on average
		assertThat(back).isPositive().isLessThan(joins);
	}

	@Test
	void bots_answer_requests_for_their_profile() {
		Fixture.Opened room = fixture.open("?scenario=crowd&peers=4&seed=1");
		PeerId bot = room.link().peers().iterator().next();
		Rfc4Packet request = Rfc4Packet.newBuilder().setProfileRequest(ProfileRequest.newBuilder().setAddress(bot.value().toUpperCase().replace("0X", "0x"))
				.setProfileVersion(7)).build();
		room.send(request, Delivery.reliable());
		room.send(Rfc4Packet.newBuilder().setProfileRequest(ProfileRequest.newBuilder().setAddress("0x" + "0".repeat(40))).build(), Delivery.reliable());
		room.advance(99);

		List<FakeContext.Report> answers = room.received().stream().filter(report -> Rfc4.decode(report.packet()).hasProfileResponse()).toList();
		assertThat(answers).hasSize(1);
		assertThat(answers.get(0).peer()).isEqualTo(bot);
		assertThat(Rfc4.decode(answers.get(0).packet()).getProfileResponse().getBaseUrl()).isEqualTo("https://peer.decentraland.org");
		assertThat(Rfc4.decode(answers.get(0).packet()).getProfileResponse().getSerializedProfile())
				.contains("\"userId\":\"" + bot + "\"").contains("\"version\":7");
		assertThat(room.context().confirmations()).isEqualTo(2);
	}

	@Test
	void one_echoes_what_is_said_to_all_and_everybody_what_is_said_to_them() {
		Fixture.Opened room = fixture.open("?scenario=walk&peers=6");
		List<PeerId> two = room.link().peers().stream().limit(2).toList();
		room.send(Rfc4.chat("to all"), Delivery.reliable());
		room.send(Rfc4.chat("to two"), Delivery.reliable().to(Set.copyOf(two)).withTopic("secret"));
		room.send(Rfc4.chat("\u2411ping"), Delivery.reliable());
		room.send(Packet.copyOf(new byte[] {7, 7, 7}), Delivery.reliable());
		room.advance(250);

		List<FakeContext.Report> chats = room.received().stream().filter(report -> Rfc4.decode(report.packet()).hasChat()).toList();
		assertThat(chats).hasSize(3);
		assertThat(chats.stream().filter(chat -> Rfc4.decode(chat.packet()).getChat().getMessage().equals("to all"))).hasSize(1);
		assertThat(chats.stream().filter(chat -> Rfc4.decode(chat.packet()).getChat().getMessage().equals("to two")).map(FakeContext.Report::peer))
				.containsExactlyInAnyOrderElementsOf(two);
		assertThat(chats.stream().filter(chat -> chat.text().equals("secret"))).hasSize(2);
	}

	@Test
	void a_position_laid_out_by_hand_is_protobuf_s() {
		Random random = new Random(3);
		for (int i = 0; i < 100_000; i++) {
			int index = random.nextInt() >>> random.nextInt(32);
			float x = random.nextInt(4) == 0 ? 0 : Float.intBitsToFloat(random.nextInt());
			float y = random.nextInt(4) == 0 ? -0f : random.nextInt(3);
			float z = random.nextFloat();
			Packet expected = Rfc4.encode(Rfc4Packet.newBuilder().setPosition(Position.newBuilder().setIndex(index).setPositionX(x).setPositionY(y)
					.setPositionZ(z).setRotationW(1)).build());
			assertThat(Packets.position(index, x, y, z)).as("%d %s %s %s", index, x, y, z).isEqualTo(expected);
		}
	}

	@Test
	void an_empty_room_is_empty() {
		Fixture.Opened room = fixture.open("?peers=0&scenario=chat");
		room.send(Rfc4.chat("anybody?"), Delivery.reliable());
		room.advance(10_000);

		assertThat(room.link().peers()).isEmpty();
		assertThat(room.trace()).isEmpty();
	}
}
