package dcl.transport.signedlogin.internal;

import java.io.InputStream;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** What servers answer, and what becomes of it. */
@Timeout(120)
class AnswerTest {

	private static final Instant NOW = Instant.parse("2026-11-22T10:00:00Z");

	@AutoClose
	Fixture fixture;

	@BeforeEach
	void create() throws Exception {
		fixture = new Fixture();
		fixture.context.clock = Clock.fixed(NOW, ZoneOffset.UTC);
	}

	static Stream<JsonNode> responses() throws Exception {
		try (InputStream in = AnswerTest.class.getResourceAsStream("/vectors/signedfetch.json")) {
			List<JsonNode> all = new ArrayList<>();
			new ObjectMapper().readTree(in).get("responses").forEach(all::add);
			return all.stream();
		}
	}

	@ParameterizedTest
	@MethodSource("responses")
	void every_shape_in_use_is_understood(JsonNode response) throws Exception {
		int status = response.get("status").asInt();
		fixture.server.json(status, response.get("body").toString());
		if (status == 200) {
			JsonNode body = response.get("body");
			fixture.login();
			assertThat(fixture.context.opened).singleElement()
					.hasFieldOrPropertyWithValue("text", body.has("adapter") ? body.get("adapter").asText()
							: body.get("fixedAdapter").asText());
		} else {
			TransportException refused = fixture.refusal();
			assertThat(refused.code()).isEqualTo(Code.REFUSED);
			JsonNode body = response.get("body");
			assertThat(refused).hasMessageContaining("status " + status)
					.hasMessageEndingWith(": " + body.path(body.has("message") ? "message" : "error").asText());
		}
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = {
			"{\"fixedAdapter\":\"offline:a\",\"adapter\":\"offline:b\"} | offline:a",
			"{\"adapter\":\"offline:b\",\"fixedAdapter\":null} | offline:b",
			"{\"x\":{\"fixedAdapter\":\"offline:x\"},\"message\":\"hello\",\"fixedAdapter\":\"offline:a\"} | offline:a",
			"{\"fixedAdapter\":\"fixed-adapter:ws-room:example.org/rooms/a\"} | fixed-adapter:ws-room:example.org/rooms/a",
			" {\"fixedAdapter\" : \"livekit:wss://l.example?access_token=a.b\" } | livekit:wss://l.example?access_token=a.b"})
	void the_answer_names_where_to_go(String body, String next) throws Exception {
		fixture.server.json(201, body);
		assertThat(fixture.login()).isSameAs(FakeContext.LINK);
		assertThat(fixture.context.opened).singleElement().hasFieldOrPropertyWithValue("text", next);
	}

	@ParameterizedTest
	@ValueSource(strings = {"", "null", "[]", "\"offline:a\"", "<html>", "{\"fixedAdapter\":\"offline:a\"",
			"{\"fixedAdapter\":\"offline:a\"} x",
			"{\"fixedAdapter\":\"offline:a\",\"fixedAdapter\":\"offline:b\"}", "{}", "{\"fixedAdapter\":7}",
			"{\"fixedAdapter\":[\"offline:a\"]}", "{\"FixedAdapter\":\"offline:a\"}",
			"{\"fixedAdapter\":\"\"}", "{\"fixedAdapter\":\"offline\"}", "{\"fixedAdapter\":\"Offline:a\"}", "{\"fixedAdapter\":\":a\"}",
			"{\"fixedAdapter\":\" offline:a\"}",
			"{\"fixedAdapter\":\"offline:a\\n\"}", "{\"fixedAdapter\":\"ws-room:wss:\\\\\\\\evil.example\"}",
			"{\"fixedAdapter\":\"offline:\\u0000\"}",
			"{\"fixedAdapter\":\"ws-room:wss://\\u202eexample.org\"}", "{'fixedAdapter':'offline:a'}",
			"{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]],\"fixedAdapter\":\"offline:a\"}"})
	void an_answer_that_names_nothing_breaks_the_protocol(String body) {
		fixture.server.json(200, body);
		assertThat(fixture.refusal().code()).isEqualTo(Code.PROTOCOL);
		assertThat(fixture.context.opened).isEmpty();
	}

	@Test
	void an_answer_is_as_long_as_the_limit_and_no_longer() throws Exception {
		String start = "{\"fixedAdapter\":\"offline:a\",\"x\":\"";
		String most = start + "x".repeat(65_536 - start.length() - 2) + "\"}";
		fixture.server.json(200, most);
		fixture.login();
		fixture.server.json(200, most + " ");
		TransportException refused = fixture.refusal();
		assertThat(refused.code()).isEqualTo(Code.PROTOCOL);
		assertThat(refused).hasMessageContaining("65536 bytes");
	}

	@Test
	void a_no_with_status_200_is_a_no() {
		fixture.server.json(200, "{\"message\":\"not on the list\"}");
		TransportException refused = fixture.refusal();
		assertThat(refused.code()).isEqualTo(Code.REFUSED);
		assertThat(refused).hasMessageEndingWith("not on the list");
	}

	@ParameterizedTest
	@CsvSource({"400,REFUSED", "401,REFUSED", "403,REFUSED", "404,REFUSED", "408,TIMEOUT", "418,REFUSED", "429,BUSY", "451,REFUSED",
			"500,UNREACHABLE", "502,UNREACHABLE",
			"503,BUSY", "504,UNREACHABLE", "599,UNREACHABLE", "300,PROTOCOL", "301,PROTOCOL", "302,PROTOCOL", "303,PROTOCOL",
			"304,PROTOCOL", "307,PROTOCOL",
			"308,PROTOCOL"})
	void a_status_says_how_it_failed(int status, Code code) {
		fixture.server.json(status, "{\"fixedAdapter\":\"offline:a\",\"message\":\"why\"}");
		assertThat(fixture.refusal().code()).isEqualTo(code);
		assertThat(fixture.context.opened).isEmpty();
	}

	@Test
	void a_redirect_is_not_followed_and_nothing_signed_gets_there() throws Exception {
		try (LoginServer canary = new LoginServer()) {
			for (int status : new int[] {301, 302, 303, 307, 308}) {
				fixture.server.json(status, "", "Location: http://127.0.0.1:" + canary.port() + "/login/plaza");
				assertThat(fixture.refusal().code()).isEqualTo(Code.PROTOCOL);
			}
			fixture.server.json(200, "{}", "Refresh: 0; url=http://127.0.0.1:" + canary.port() + "/", "Location: http://127.0.0.1:"
					+ canary.port() + "/");
			assertThat(fixture.refusal().code()).isEqualTo(Code.PROTOCOL);
			assertThat(canary.connections).hasValue(0);
		}
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = {
			"{\"message\":\"Banned\"} | status 403 Status: Banned",
			"{\"error\":\"Forbidden\",\"message\":\"wrong password\"} | status 403 Status: wrong password",
			"{\"error\":\"Access denied\",\"message\":\" \"} | status 403 Status: Access denied",
			"{\"error\":{\"code\":7}} | status 403 Status",
			"<html>no</html> | status 403 Status"})
	void a_no_has_the_server_s_words(String body, String end) {
		fixture.server.json(403, body);
		assertThat(fixture.refusal()).hasMessageEndingWith(end);
	}

	@Test
	void words_are_bounded_and_printable() {
		fixture.server.json(401, "{\"message\":\"\\u001b[31mred\\r\\nnew \\u202eline " + "word ".repeat(1_000) + "\"}");
		String message = fixture.refusal().getMessage();
		assertThat(message).hasSizeLessThan(300).endsWith("…").doesNotContainPattern("[\\p{Cntrl}\\u202e]").contains("red");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = {
			"0 | 0", "17 | 17", "86400 | 86400", "86401 | 86400", "999999999999999999 | 86400",
			"Sun, 22 Nov 2026 10:00:30 GMT | 30", "Sun, 22 Nov 2026 09:59:00 GMT | 0", "Mon, 22 Nov 2027 10:00:00 GMT | 86400",
			"soon | -1", "-1 | -1", "1.5 | -1", "'' | -1", "2026-11-22T10:00:30Z | -1", "9999999999999999999999 | -1"})
	void a_time_to_come_back_is_passed_on(String value, long seconds) {
		for (int status : new int[] {429, 503}) {
			fixture.server.json(status, "{\"error\":\"later\"}", "Date: Sun, 22 Nov 2026 10:00:00 GMT", "Retry-After: " + value);
			TransportException busy = fixture.refusal();
			assertThat(busy.code()).isEqualTo(Code.BUSY);
			if (seconds < 0) {
				assertThat(busy.retryAfter()).isEmpty();
			} else {
				assertThat(busy.retryAfter()).hasValue(Duration.ofSeconds(seconds));
			}
		}
	}

	@Test
	void a_date_is_counted_from_the_server_s_own_clock() {
		fixture.server.json(503, "", "Date: Sun, 22 Nov 2020 10:00:00 GMT", "Retry-After: Sun, 22 Nov 2020 10:01:00 GMT");
		assertThat(fixture.refusal().retryAfter()).hasValue(Duration.ofMinutes(1));
	}

	@Test
	void a_login_that_takes_longer_than_its_time_is_given_up() throws Exception {
		fixture.settings.timeout = 300;
		fixture.server.raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{").hanging();
		assertThat(fixture.refusal().code()).isEqualTo(Code.TIMEOUT);
	}

	@Test
	void a_login_nobody_waits_for_is_given_up() throws Exception {
		fixture.server.raw("").hanging();
		var login = fixture.open(fixture.uri("/x")).toCompletableFuture();
		fixture.context.abandoned.complete(null);
		assertThat(login.handle((link, failure) -> failure).get(Fixture.SECONDS, TimeUnit.SECONDS).getCause())
				.isInstanceOfSatisfying(TransportException.class, failure -> assertThat(failure.code()).isEqualTo(Code.NOT_CONNECTED));
	}

	@Test
	void a_provider_that_stops_ends_its_logins() throws Exception {
		fixture.server.raw("").hanging();
		var login = fixture.open(fixture.uri("/x")).toCompletableFuture();
		fixture.provider().stop();
		assertThat(login.handle((link, failure) -> failure).get(Fixture.SECONDS, TimeUnit.SECONDS).getCause())
				.isInstanceOfSatisfying(TransportException.class, failure -> assertThat(failure.code()).isEqualTo(Code.PROVIDER_GONE));
		assertThat(fixture.refusal().code()).isEqualTo(Code.PROVIDER_GONE);
		assertThat(Thread.getAllStackTraces().keySet()).noneMatch(thread -> thread.getName().startsWith("dcl-signedlogin"));
	}

	@ParameterizedTest
	@ValueSource(strings = {"", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n{\"fixedAdapter\":"})
	void a_connection_that_breaks_is_worth_another_try(String bytes) {
		fixture.server.raw(bytes);
		assertThat(fixture.refusal().code()).isEqualTo(Code.UNREACHABLE);
	}

	@Test
	void nobody_there_is_unreachable() {
		fixture.server.close();
		assertThat(fixture.refusal().code()).isEqualTo(Code.UNREACHABLE);
	}
}
