package dcl.transport.signedlogin.internal;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import com.fasterxml.jackson.databind.ObjectMapper;
import dcl.transport.TransportException;
import dcl.transport.TransportOptions;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/** Signatures, passwords and tokens, on the way out and on the way back, are in no message and no log, at any level. */
@Timeout(120)
class SecretsTest {

	private static final String PASSWORD = "S3cr3tPassw0rd";
	private static final String TOKEN = "eyJhbGciOiJIUzI1NiJ9.T0ken";

	@AutoClose
	Fixture fixture;

	@BeforeEach
	void create() throws Exception {
		fixture = new Fixture();
		fixture.context.options = TransportOptions.none().with("secret", PASSWORD);
		Logs.clear();
	}

	private void assertNothingShown(TransportException failure) {
		StringWriter shown = new StringWriter();
		if (failure != null) {
			failure.printStackTrace(new PrintWriter(shown));
		}
		String all = shown + Logs.text() + fixture.context.steps;
		List<String> secrets = new ArrayList<>(List.of(PASSWORD, TOKEN, "canary-7f3a"));
		for (LoginServer.Request request : fixture.server.requests) {
			for (Map.Entry<String, String> header : request.headers().entrySet()) {
				if (header.getKey().matches("x-identity-(auth-chain-[12]|metadata)")) {
					secrets.add(header.getValue());
					Matcher signature = Pattern.compile("0x[0-9a-f]{130}").matcher(header.getValue());
					while (signature.find()) {
						secrets.add(signature.group());
						secrets.add(signature.group().substring(10, 60));
					}
				}
			}
		}
		assertThat(all).doesNotContain(secrets);
		assertThat(Logs.text()).as("everything is logged").contains("A connection of the client role ended");
	}

	@Test
	void a_login_that_succeeds_shows_neither() throws Exception {
		fixture.server.json(200, "{\"fixedAdapter\":\"livekit:wss://l.example?access_token=" + TOKEN + "\"}");
		fixture.login();
		assertThat(fixture.context.opened.get(0).text()).contains(TOKEN);
		assertNothingShown(null);
		assertThat(Logs.text()).contains("leads to livekit:wss://l.example/…");
	}

	@Test
	void an_answer_that_is_broken_is_not_quoted() {
		for (String body : List.of("{\"fixedAdapter\":\"livekit wss://l.example?access_token=" + TOKEN + "\"}", "{\"fixedAdapter\":\""
				+ TOKEN + "\"}", TOKEN,
				"{\"adapter\":\"LIVEKIT:" + TOKEN + "\\n\"}", "{\"fixedAdapter\":\"" + TOKEN + "\"")) {
			fixture.server.json(200, body);
			assertNothingShown(fixture.refusal());
		}
	}

	@Test
	void a_server_that_repeats_what_it_got_is_not_repeated() throws Exception {
		fixture.login();
		Map<String, String> sent = fixture.server.requests.get(0).headers();
		for (String name : List.of("x-identity-auth-chain-1", "x-identity-auth-chain-2", "x-identity-metadata")) {
			String quoted = new ObjectMapper().writeValueAsString("bad: " + sent.get(name));
			fixture.server.json(401, "{\"message\":" + quoted + "}");
			assertNothingShown(fixture.refusal());
		}
		fixture.server.json(403, "{\"error\":\"wrong password: " + PASSWORD + "\"}");
		TransportException refused = fixture.refusal();
		assertThat(refused).hasMessageEndingWith("wrong password: …");
		assertNothingShown(refused);
	}

	@Test
	void a_reason_phrase_shows_as_little_as_words_do() {
		fixture.server.raw("HTTP/1.1 403 no: " + PASSWORD + " " + "ab".repeat(32) + "\r\nContent-Length: 0\r\n\r\n");
		TransportException refused = fixture.refusal();
		assertThat(refused).hasMessageEndingWith("status 403 no: … …");
		assertNothingShown(refused);
	}

	@Test
	void letter_case_does_not_get_a_secret_through() throws Exception {
		fixture.login();
		String signature = new ObjectMapper().readTree(fixture.server.requests.get(0).headers().get("x-identity-auth-chain-1"))
				.get("signature").asText();
		fixture.server.json(401, "{\"message\":\"bad: " + PASSWORD.toLowerCase(Locale.ROOT) + " " + PASSWORD.toUpperCase(Locale.ROOT) + "\"}");
		assertThat(fixture.refusal()).hasMessageEndingWith("bad: … …");
		fixture.context.options = TransportOptions.none().with("secret", signature.substring(0, 40));
		fixture.server.json(401, "{\"message\":\"" + signature.substring(0, 40).toUpperCase(Locale.ROOT) + "\"}");
		assertThat(fixture.refusal()).hasMessageEndingWith(": …");
	}

	@Test
	void texts_of_further_metadata_are_not_repeated_nor_is_how_json_writes_them() {
		fixture.settings.metadata = "{\"x\":\"only in settings\"}";
		fixture.server.json(401, "{\"message\":\"bad: only in settings\"}");
		assertThat(fixture.refusal()).hasMessageEndingWith("bad: …");
		fixture.context.options = TransportOptions.none().with("secret", "gr\u00fcn\"\u007f")
				.with("metadata", "{\"parcel\":\"0,0\",\"t\":[{\"key\":\"K3y-of-8\"},\"K3y-of-8 and more\"]}");
		fixture.server.json(401, "{\"message\":\"0,0 k3y-of-8 and more k3Y-OF-8, gr\\u00dcn\\\"\\u007f gr\\\\u00fcn\\\\\\\"\\\\u007f\"}");
		assertThat(fixture.refusal()).hasMessageEndingWith("0,0 … …, … …");
	}

	@Test
	void a_status_line_and_a_body_that_break_http_are_not_quoted() {
		for (String answer : List.of(TOKEN + "\r\n\r\n", "HTTP/1.1 200 OK\r\n" + TOKEN + "\r\n\r\n",
				"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + TOKEN + "\r\n",
				"HTTP/1.1 302 Go\r\nLocation: https://l.example/?token=" + TOKEN + "\r\nContent-Length: 0\r\n\r\n")) {
			fixture.server.raw(answer);
			assertNothingShown(fixture.refusal());
		}
	}
}
