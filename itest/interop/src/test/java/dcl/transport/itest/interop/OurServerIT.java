package dcl.transport.itest.interop;

import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

import com.fasterxml.jackson.databind.JsonNode;
import dcl.transport.rfc4.Kind;
import dcl.transport.rfc4.Rfc4;
import dcl.transport.rfc4.Rfc4Packet;
import dcl.transport.roomserver.RoomServer;
import dcl.transport.roomserver.RoomServerOptions;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/** Our room server, with clients made of {@code ws}, {@code @dcl/protocol} and {@code @dcl/crypto} only. */
@Timeout(60)
class OurServerIT {

	/** As ws-room-service has it. */
	private static final Duration STEP = Duration.ofSeconds(1);
	private static final String KEY = "0x" + "1".repeat(64);

	@AutoClose
	RoomServer server;
	@AutoClose
	NodeProcess node;

	@BeforeAll
	static void install() {
		Interop.folder();
	}

	@BeforeEach
	void start() throws Exception {
		server = OurServer.here(RoomServerOptions.defaults().withRoomCapacity(4));
		node = NodeProcess.start("client.mjs");
	}

	@Test
	void every_kind_of_packet_goes_both_ways_reliable_and_lossy() throws Exception {
		ReferenceClient alice = new ReferenceClient(node, "alice");
		ReferenceClient bob = new ReferenceClient(node, "bob");
		JsonNode first = alice.connect(room("kinds"));
		JsonNode second = bob.connect(room("kinds"), Map.of("delegated", false));
		List<Rfc4Packet> packets = OurClientIT.packets().toList();
		for (Rfc4Packet packet : packets) {
			for (boolean unreliable : new boolean[] {false, true}) {
				Kind kind = Rfc4.kind(Rfc4.encode(packet));
				alice.sendRaw(HexFormat.of().formatHex(packet.toByteArray()), unreliable);
				JsonNode received = bob.await("received");
				assertThat(received.path("kind").asText()).isEqualTo(OurClientIT.camelCase(kind.member()));
				assertThat(received.path("address").asText()).isEqualToIgnoringCase(first.path("address").asText());
				assertThat(received.path("alias")).isEqualTo(first.path("alias"));
				assertThat(received.path("unreliable").asBoolean()).isEqualTo(unreliable);

				bob.send(received.path("packet"), unreliable);
				JsonNode back = alice.await("received");
				assertThat(back.path("packet")).isEqualTo(received.path("packet"));
				assertThat(back.path("alias")).isEqualTo(second.path("alias"));
				assertThat(back.path("unreliable").asBoolean()).isEqualTo(unreliable);
			}
		}
		assertThat(packets).hasSize(14);
		assertThat(server.stats().received()).isEqualTo(56);
		assertThat(alice.untaken("received")).isEmpty();
		assertThat(bob.untaken("received")).isEmpty();
	}

	@Test
	void joins_and_leaves_are_told_however_somebody_goes() throws Exception {
		ReferenceClient alice = new ReferenceClient(node, "alice");
		ReferenceClient bob = new ReferenceClient(node, "bob");
		JsonNode first = alice.connect(room("roster"), Map.of("stepMillis", 1_000));
		assertThat(first.path("peers")).isEmpty();
		assertThat(first.path("protocol").asText()).isEqualTo("rfc5");
		assertThat(first.path("alreadyConnected").asBoolean()).isFalse();
		for (boolean politely : new boolean[] {true, false}) {
			JsonNode second = bob.connect(room("roster"), Map.of("protocols", List.of("rfc4")));
			assertThat(second.path("protocol").asText()).isEqualTo("rfc4");
			assertThat(second.path("peers").path(first.path("alias").asText()).asText()).isEqualToIgnoringCase(first.path("address").asText());
			assertThat(alice.await("joined").path("alias")).isEqualTo(second.path("alias"));
			if (politely) {
				bob.close();
			} else {
				bob.terminate();
			}
			assertThat(alice.await("left").path("alias")).isEqualTo(second.path("alias"));
		}
		assertThat(alice.untaken("left")).isEmpty();
	}

	@Test
	void a_second_login_puts_the_first_one_out_once() throws Exception {
		ReferenceClient witness = new ReferenceClient(node, "witness");
		witness.connect(room("kick"));
		ReferenceClient old = new ReferenceClient(node, "old");
		JsonNode first = old.connect(room("kick"), Map.of("key", KEY));
		witness.await("joined");
		for (String name : List.of("newer", "newest")) {
			ReferenceClient next = new ReferenceClient(node, name);
			JsonNode welcome = next.connect(room("kick"), Map.of("key", KEY));
			assertThat(welcome.path("alreadyConnected").asBoolean()).isTrue();
			JsonNode kicked = old.await("kicked");
			assertThat(kicked.path("phase").asText()).isEqualTo("room");
			assertThat(kicked.path("reason").asText()).isEqualTo("Replaced by a newer login of the same address.");
			assertThat(old.await("closed").path("code").asInt()).isEqualTo(1000);
			assertThat(witness.await("left").path("alias")).isEqualTo(first.path("alias"));
			assertThat(witness.await("joined").path("alias")).isEqualTo(welcome.path("alias"));
			old = next;
			first = welcome;
		}
		assertThat(witness.untaken("left")).isEmpty();
		assertThat(server.stats().users()).isEqualTo(2);
	}

	@Test
	void a_full_room_says_so_before_the_welcome() throws Exception {
		for (int i = 0; i < 4; i++) {
			new ReferenceClient(node, "member-" + i).connect(room("full"));
		}
		ReferenceClient late = new ReferenceClient(node, "late");
		late.begin(room("full"), Map.of());
		JsonNode kicked = late.await("kicked");
		assertThat(kicked.path("phase").asText()).isEqualTo("login");
		assertThat(kicked.path("reason").asText()).isEqualTo("This room is full. Try again later.");
		late.await("closed");
		assertThat(server.stats().users()).isEqualTo(4);
	}

	@Test
	void a_server_that_closes_says_so() throws Exception {
		ReferenceClient alice = new ReferenceClient(node, "alice");
		alice.connect(room("end"));
		server.close();
		assertThat(alice.await("closed").path("code").asInt()).isEqualTo(1001);
	}

	@Test
	void a_killed_server_ends_its_rooms() throws Exception {
		try (OurServer killed = OurServer.elsewhere()) {
			ReferenceClient alice = new ReferenceClient(node, "alice");
			alice.connect(killed.room("end"));
			killed.kill();
			assertThat(alice.await("closed").path("code").asInt()).isEqualTo(1006);
		}
	}

	@Test
	@Timeout(120)
	void every_attack_is_refused() throws Exception {
		try (RoomServer strict = OurServer.here(RoomServerOptions.defaults().withStepTimeout(STEP))) {
			ReferenceClient intruder = new ReferenceClient(node, "intruder");
			List<String> attacks = intruder.attacks();
			SoftAssertions softly = new SoftAssertions();
			for (String attack : attacks) {
				JsonNode verdict = intruder.attack(attack, strict.url() + "attacked", Map.of());
				softly.assertThat(verdict.path("refused").asBoolean()).as("%s: %s", attack, verdict).isTrue();
			}
			softly.assertAll();
			assertThat(attacks).hasSizeGreaterThan(25);
		}
	}

	private String room(String name) {
		return server.url() + name;
	}
}
