package dcl.transport.itest.livekit;

import java.util.List;

import com.fasterxml.jackson.databind.JsonNode;
import dcl.transport.itest.chaos.History.Stamp;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

import static org.assertj.core.api.Assertions.assertThat;

/** The foreign software among itself, no code of ours: a failure here is none of ours. */
@ExtendWith(Rig.class)
@Timeout(60)
class HarnessIT {

	@Test
	void the_official_clients_meet_and_talk_through_the_server() throws Exception {
		try (Guest page = Rig.guest(Client.Kind.CHROMIUM); Guest script = Rig.guest(Client.Kind.NODE)) {
			assertThat(page.enter("meet")).isEmpty();
			assertThat(script.enter("meet")).containsExactly(page.identity());
			assertThat(page.next("joined").path("peer").asText()).isEqualTo(script.identity());
			for (boolean reliable : new boolean[] {true, false}) {
				talk(page, script, reliable);
				talk(script, page, reliable);
			}
			JsonNode people = Rig.server().api("ListParticipants", "meet", "{\"room\":\"meet\"}");
			assertThat(people.path("participants").findValuesAsText("identity")).containsExactlyInAnyOrder(page.identity(), script.identity());
			script.leave();
			assertThat(page.next("gone").path("peer").asText()).isEqualTo(script.identity());
		}
	}

	private static void talk(Guest from, Guest to, boolean reliable) throws Exception {
		byte[] bytes = {0, 1, -1, 127};
		from.send(bytes, reliable, "a topic", to.identity());
		JsonNode data = to.next("data");
		assertThat(Guest.data(data)).isEqualTo(bytes);
		assertThat(data.path("from").asText()).isEqualTo(from.identity());
		assertThat(data.path("reliable").asBoolean()).isEqualTo(reliable);
		assertThat(data.path("topic").asText()).isEqualTo("a topic");
	}

	@Test
	void their_stamps_are_those_of_the_history() throws Exception {
		try (Guest page = Rig.guest(Client.Kind.CHROMIUM); Guest script = Rig.guest(Client.Kind.NODE)) {
			page.enter("stamps");
			script.enter("stamps");
			page.next("joined");
			for (Guest[] pair : List.of(new Guest[] {page, script}, new Guest[] {script, page})) {
				pair[0].burst(20, 100, true, 200);
				assertThat(pair[0].next("burst").path("failed")).isEmpty();
				for (long n = 1; n <= 20; n++) {
					byte[] data = pair[1].data();
					assertThat(data).hasSize(100);
					assertThat(Stamp.decode(data)).isEqualTo(new Stamp(pair[0].identity(), 1, n, true));
				}
			}
		}
	}

	@Test
	void a_token_of_another_secret_is_refused() throws Exception {
		try (Guest script = Rig.guest(Client.Kind.NODE)) {
			script.tell(Client.command("connect").put("url", LiveKitServer.URL)
					.put("token", Token.of("secret", script.identity()).signedWith("x".repeat(32)).text()));
			assertThat(script.next("refused").path("message").asText()).isNotEmpty();
		}
	}

	@Test
	void a_server_that_is_killed_and_started_again_lets_people_in() throws Exception {
		Rig.server().kill();
		Rig.server();
		try (Guest script = Rig.guest(Client.Kind.NODE)) {
			assertThat(script.enter("again")).isEmpty();
		}
	}
}
