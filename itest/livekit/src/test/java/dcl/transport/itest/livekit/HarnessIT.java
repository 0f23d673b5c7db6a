package dcl.transport.itest.livekit;

import java.util.List;

import com.fasterxml.jackson.databind.JsonNode;
import dcl.transport.itest.chaos.History.Stamp;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/** The foreign software among itself, no code of ours: a failure here is none of ours. */
@Timeout(60)
class HarnessIT {

	@AutoClose
	static LiveKitServer server;
	@AutoClose
	static Client node;
	@AutoClose
	static Client chromium;

	@BeforeAll
	static void start() throws Exception {
		server = LiveKitServer.start();
		node = Client.start(Client.Kind.NODE);
		chromium = Client.start(Client.Kind.CHROMIUM);
	}

	@Test
	void the_official_clients_meet_and_talk_through_the_server() throws Exception {
		try (Guest page = chromium.guest("page"); Guest script = node.guest("script")) {
			assertThat(page.enter("meet")).isEmpty();
			assertThat(script.enter("meet")).containsExactly("page");
			assertThat(page.next("joined").path("peer").asText()).isEqualTo("script");
			for (boolean reliable : new boolean[] {true, false}) {
				talk(page, script, reliable);
				talk(script, page, reliable);
			}
			JsonNode people = server.api("ListParticipants", "meet", "{\"room\":\"meet\"}");
			assertThat(people.path("participants").findValuesAsText("identity")).containsExactlyInAnyOrder("page", "script");
			script.leave();
			assertThat(page.next("gone").path("peer").asText()).isEqualTo("script");
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
		try (Guest page = chromium.guest("stamping page"); Guest script = node.guest("stamping script")) {
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
		try (Guest script = node.guest("stranger")) {
			script.tell(Client.command("connect").put("url", LiveKitServer.URL)
					.put("token", Token.of("secret", "stranger").signedWith("x".repeat(32)).text()));
			assertThat(script.next("refused").path("message").asText()).isNotEmpty();
		}
	}

	@Test
	void a_server_that_is_killed_and_started_again_lets_people_in() throws Exception {
		server.kill();
		server.begin();
		try (Guest script = node.guest("afterwards")) {
			assertThat(script.enter("again")).isEmpty();
		}
	}
}
