package dcl.transport.livekit.internal;

import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import dcl.transport.livekit.internal.proto.SignalResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static dcl.transport.livekit.internal.ScriptedServer.ACTIVE;
import static dcl.transport.livekit.internal.ScriptedServer.joinResponse;
import static dcl.transport.livekit.internal.ScriptedServer.participant;
import static org.assertj.core.api.Assertions.assertThat;

/** What repeats a token is repeated without it: also one that the registry has never seen. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class SecretsTest {

	private static final String OLD = "eyJhbGciOiJIUzI1NiJ9.b2xkZXI.c2lnbmVkLW9sZA";
	private static final String NEW = "eyJhbGciOiJIUzUxMiJ9.bmV3ZXI.c2lnbmVkLW5ldw";

	@Test
	void parts_of_either_token_go_in_any_letter_case_and_the_rest_stays() {
		Secrets secrets = new Secrets(OLD);
		assertThat(secrets.without("503 not yet, " + NEW)).contains("UxMiJ9.bmV3");
		assertThat(secrets.renew(NEW)).isTrue();
		assertThat(secrets.token()).isEqualTo(NEW);
		assertThat(secrets.without("503 " + OLD + " or " + NEW.toUpperCase(Locale.ROOT) + "!")).isEqualTo("503 … or …!");
		assertThat(secrets.without("cut: " + NEW.substring(0, 30))).isEqualTo("cut: …");
		assertThat(secrets.without("inside: " + NEW.substring(20, 28) + "!")).isEqualTo("inside: …!");
		assertThat(secrets.without("seven: " + NEW.substring(21, 28))).isEqualTo("seven: " + NEW.substring(21, 28));
		assertThat(secrets.without("the server answered HTTP/1.1 503 Service Unavailable")).isEqualTo("the server answered HTTP/1.1 503 Service Unavailable");
		assertThat(secrets.without(null)).isEmpty();
		assertThat(secrets.without("x".repeat(1_000_000))).hasSize(2_048);
		assertThat(new Secrets("x").without("extra text")).isEqualTo("extra text");
	}

	@Test
	void a_token_from_the_server_is_taken_up_to_the_bound() {
		Secrets secrets = new Secrets(OLD);
		assertThat(secrets.renew("n".repeat(Secrets.MAX_TOKEN + 1))).isFalse();
		assertThat(secrets.renew("not a token")).isFalse();
		assertThat(secrets.token()).isEqualTo(OLD);
		assertThat(secrets.renew("n".repeat(Secrets.MAX_TOKEN))).isTrue();
		assertThat(secrets.without("nnnnnnnnn")).isEqualTo("…");
	}

	@Test
	void of_those_that_came_later_the_last_ones_are_remembered_and_the_first_one_always() {
		Secrets secrets = new Secrets(OLD);
		for (int i = 0; i <= Secrets.MAX_LATER; i++) {
			secrets.renew(i + "-token-number-" + i);
		}
		assertThat(secrets.token()).isEqualTo("8-token-number-8");
		for (int i = 1; i <= Secrets.MAX_LATER; i++) {
			assertThat(secrets.without(i + "-token-number-" + i)).isEqualTo("…");
		}
		assertThat(secrets.without(OLD)).isEqualTo("…");
		assertThat(secrets.without("0-token-number-0")).contains("0"); // forgotten, where it differs
	}

	@Test
	void a_status_line_with_tokens_shows_in_no_ending_and_no_log() throws Exception {
		String newer = "canary-n3w3r.canary-middle.canary-end";
		try (Fixture room = new Fixture(); Middlebox between = new Middlebox(room.server.port())) {
			room.port = between.port();
			ScriptedServer.Socket socket = room.room();
			socket.send(SignalResponse.newBuilder().setRefreshToken(newer).build());
			socket.update(participant("PA_b", "bob", ACTIVE));
			assertThat(room.context.next()).isEqualTo("joined bob"); // and has read what came before
			AtomicInteger requests = new AtomicInteger();
			between.answer = token -> "HTTP/1.1 " + (requests.incrementAndGet() == 1 ? 503 : 403) + " " + token + " " + token.toUpperCase(Locale.ROOT) + " "
					+ token.substring(0, 20) + " " + Fixture.TOKEN;
			socket.cut();
			assertThat(between.answered()).isEqualTo(newer);
			assertThat(room.context.closed.get(60, TimeUnit.SECONDS).detail()).contains("HTTP/1.1 403 … … … …:", "after the server answered HTTP/1.1 503 … … … …)")
					.doesNotContainIgnoringCase("canary");
		}
		assertThat(Logs.text()).contains("A connection of the client role ended: REFUSED, status 503", "out of the room, attempt 1")
				.doesNotContainIgnoringCase("canary");
	}

	@Test
	void a_version_with_a_token_is_no_step() throws Exception {
		try (Fixture room = new Fixture()) {
			room.begin().send(SignalResponse.newBuilder().setJoin(joinResponse().setServerVersion("1.13 " + Fixture.TOKEN)).build());
			room.rtc.next();
			assertThat(room.context.details).contains("livekit-server 1.13 …");
		}
	}
}
