package dcl.transport.signedlogin.internal;

import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dcl.transport.AuthChain;
import dcl.transport.AuthChain.AuthLink;
import dcl.transport.Identity;
import dcl.transport.PeerId;
import dcl.transport.SigningRequest;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;
import dcl.transport.identity.AuthChains;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is sent: as {@code decentraland-crypto-fetch} 2.0.1 sends it, byte for byte, and with the metadata that settings and options ask
 * for.
 */
@Timeout(120)
class RequestTest {

	private static final ObjectMapper JSON = new ObjectMapper();
	private static final String KERNEL = "{\"origin\":\"https://play.decentraland.org\",\"intent\":\"dcl:explorer:comms-handshake\",\"signer\":\"dcl:explorer\","
			+ "\"isGuest\":true}";

	@AutoClose
	Fixture fixture;

	@BeforeEach
	void create() throws Exception {
		fixture = new Fixture();
	}

	/** Requests with the metadata of the kernel; other clients write the same members in another order. */
	static Stream<JsonNode> vectors() throws Exception {
		try (InputStream in = RequestTest.class.getResourceAsStream("/vectors/signedfetch.json")) {
			JsonNode cases = JSON.readTree(in).get("cases");
			List<JsonNode> ours = StreamSupport.stream(cases.spliterator(), false)
					.filter(vector -> vector.at("/expected/ok").asBoolean()
							&& vector.at("/request/method").asText().equalsIgnoreCase("POST")
							&& vector.at("/request/headers/x-identity-metadata").asText().equals(KERNEL))
					.toList();
			assertThat(ours).hasSizeGreaterThanOrEqualTo(4);
			return ours.stream();
		}
	}

	/** Signs the one text of a vector, as the vector did. */
	private record Recorded(JsonNode vector) implements Identity {

		@Override
		public PeerId address() {
			return PeerId.of(vector.at("/expected/auth").asText());
		}

		@Override
		public boolean isGuest() {
			return true;
		}

		@Override
		public CompletionStage<AuthChain> sign(SigningRequest request) {
			assertThat(request.payload()).isEqualTo(vector.get("payloadToSign").asText());
			List<AuthLink> links = new ArrayList<>();
			for (int i = 0; vector.at("/request/headers").has("x-identity-auth-chain-" + i); i++) {
				try {
					JsonNode link = JSON.readTree(vector.at("/request/headers/x-identity-auth-chain-" + i).asText());
					links.add(new AuthLink(link.get("type").asText(), link.get("payload").asText(), link.get("signature").asText()));
				} catch (IOException e) {
					return CompletableFuture.failedFuture(e);
				}
			}
			return CompletableFuture.completedFuture(AuthChain.of(links));
		}
	}

	@ParameterizedTest
	@MethodSource("vectors")
	void headers_are_those_of_the_reference_client(JsonNode vector) throws Exception {
		JsonNode expected = vector.at("/request/headers");
		fixture.context.clock = Clock.fixed(Instant.ofEpochMilli(expected.get("x-identity-timestamp").asLong()), ZoneOffset.UTC);
		fixture.settings.origin = "https://play.decentraland.org";
		fixture.context.identity = new Recorded(vector);
		fixture.open(fixture.uri(vector.at("/request/path").asText())).toCompletableFuture()
				.get(Fixture.SECONDS, TimeUnit.SECONDS);

		LoginServer.Request request = fixture.server.requests.get(0);
		assertThat(request.line()).isEqualTo("POST " + vector.at("/request/path").asText() + " HTTP/1.1");
		Map<String, String> sent = request.headers();
		expected.properties().forEach(header -> assertThat(sent).containsEntry(header.getKey(), header.getValue().asText()));
		assertThat(sent).containsEntry("content-length", "0").containsEntry("connection", "close")
				.containsEntry("accept", "application/json");
		assertThat(sent).hasSize(expected.size() + 4);
	}

	private JsonNode metadata() throws Exception {
		fixture.login();
		return JSON.readTree(fixture.server.requests.get(0).headers().get("x-identity-metadata"));
	}

	@Test
	void metadata_says_by_default_what_shipping_clients_say() throws Exception {
		assertThat(metadata()).hasToString("{\"origin\":\"http://127.0.0.1:" + fixture.server.port()
				+ "\",\"intent\":\"dcl:explorer:comms-handshake\",\"signer\":\"dcl:explorer\",\"isGuest\":true}");
	}

	@Test
	void settings_and_options_add_to_it_and_options_win() throws Exception {
		fixture.settings.origin = "https://a.example";
		fixture.settings.realm = "from-settings";
		fixture.settings.metadata = "{\"sceneId\":\"b64\",\"more\":[1,{\"x\":null}]}";
		fixture.context.options = TransportOptions.none().with("realm", "main").with("secret", "pass\u00e9\u007f\n");
		assertThat(metadata()).hasToString("{\"origin\":\"https://a.example\",\"intent\":\"dcl:explorer:comms-handshake\",\"signer\":\"dcl:explorer\",\"isGuest\":true,"
				+ "\"realmName\":\"main\",\"realm\":{\"serverName\":\"main\"},\"secret\":\"pass\u00e9\u007f\\n\",\"sceneId\":\"b64\",\"more\":[1,{\"x\":null}]}");
		assertThat(fixture.server.requests.get(0).headers().get("x-identity-metadata")).matches("[ -~]+");
	}

	@ParameterizedTest
	@ValueSource(strings = {"x", "[]", "{", "{} {}", "{\"a\":1,\"a\":2}", "{\"intent\":\"x\"}",
			"{\"signer\":\"decentraland-kernel-scene\"}", "{\"origin\":\"x\"}",
			"{\"isGuest\":false}", "{\"realm\":{}}", "{\"realmName\":\"x\"}", "{\"secret\":\"x\"}"})
	void metadata_that_cannot_be_is_refused_before_anything_is_signed(String metadata) {
		fixture.context.options = TransportOptions.none().with("realm", "main").with("secret", "canary").with("metadata", metadata);
		assertThat(fixture.refusal().code()).isEqualTo(Code.INVALID_PARAMS);
		assertThat(fixture.context.hosts).isEmpty();
		assertThat(fixture.server.connections).hasValue(0);
	}

	@Test
	void metadata_is_as_long_as_the_limit_and_no_longer() throws Exception {
		int rest = Metadata.MAX_CHARS - new Metadata("o", "", "", "{\"a\":\"\"}")
				.json(LoginUrl.of("https://a.example").orElseThrow(), true).length();
		fixture.context.options = TransportOptions.none().with("origin", "o").with("metadata", "{\"a\":\"" + "x".repeat(rest) + "\"}");
		assertThat(metadata().get("a").asText()).hasSize(rest);
		fixture.context.options = fixture.context.options.with("metadata", "{\"a\":\"" + "x".repeat(rest + 1) + "\"}");
		assertThat(fixture.refusal().code()).isEqualTo(Code.INVALID_PARAMS);
	}

	@Test
	void settings_that_cannot_be_are_reported_and_left_out() throws Exception {
		Logs.clear();
		fixture.settings.metadata = "{\"intent\":\"x\"}";
		fixture.settings.timeout = 1;
		fixture.settings.answerBytes = 10;
		assertThat(metadata().get("intent").asText()).isEqualTo("dcl:explorer:comms-handshake");
		assertThat(Logs.text()).contains("Setting timeoutMillis is from 100 to 600000, not 1", "Setting maxAnswerBytes", "cannot be used");
	}

	@Test
	void no_two_requests_are_alike_even_within_a_millisecond() throws Exception {
		fixture.context.clock = Clock.fixed(Instant.ofEpochMilli(1_767_225_600_000L), ZoneOffset.UTC);
		Set<String> times = new HashSet<>();
		for (int i = 0; i < 5; i++) {
			fixture.login();
			times.add(fixture.server.requests.get(i).headers().get("x-identity-timestamp"));
		}
		assertThat(times).hasSize(5);
	}

	@Test
	void time_stamps_follow_a_clock_that_is_set_back() throws Exception {
		AtomicLong now = new AtomicLong(1_767_225_600_000L);
		InstantSource source = () -> Instant.ofEpochMilli(now.get());
		fixture.context.clock = source.withZone(ZoneOffset.UTC);
		List<Long> steps = List.of(86_400_000L, -86_400_000L, 0L, -999L, -1_003L);
		for (long step : steps) {
			now.addAndGet(step);
			fixture.login();
		}
		List<Long> offsets = fixture.server.requests.stream()
				.map(request -> Long.parseLong(request.headers().get("x-identity-timestamp")) - 1_767_225_600_000L).toList();
		assertThat(offsets).containsExactly(86_400_000L, 0L, 1L, 2L, -2_002L);
	}

	@ParameterizedTest
	@CsvSource({"/Login/A, /Login/A", "'', /", "/a/../b/./c, /b/c", "/b%C3%BChne, /b%C3%BChne", "/b\u00fchne, /b%C3%BChne",
			"/a?x=1&y=2, /a?x=1&y=2",
			"/a&param=value, /a&param=value", "?x=1, /?x=1"})
	void the_path_is_signed_as_it_is_sent_and_without_the_query(String path, String sent) throws Exception {
		fixture.open(fixture.uri(path)).toCompletableFuture().get(Fixture.SECONDS, TimeUnit.SECONDS);
		LoginServer.Request request = fixture.server.requests.get(0);
		assertThat(request.line()).isEqualTo("POST " + sent + " HTTP/1.1");
		List<String> links = List.of(request.headers().get("x-identity-auth-chain-0"), request.headers().get("x-identity-auth-chain-1"),
				request.headers().get("x-identity-auth-chain-2"));
		String payload = "post:" + sent.replaceAll("\\?.*", "") + ":" + request.headers().get("x-identity-timestamp") + ":"
				+ request.headers().get("x-identity-metadata");
		assertThat(AuthChains.verify(AuthChains.parse(links), payload.toLowerCase(Locale.ROOT), Instant.now()))
				.isEqualTo(fixture.context.identity.address());
	}

	@ParameterizedTest
	@ValueSource(strings = {"", "example.org/login", "//example.org/login", "/login", "ftp://example.org/", "file:///etc/passwd",
			"ws://example.org/", "https:/login",
			"https://", "https://user:pass@example.org/", "https://example.org/#x", "https://example.org:0/", "https://example.org:65536/",
			"https://exa mple.org/",
			"https://example.org\\@evil.example/", "https:\\\\example.org/", " https://example.org/", "https://example.org/\n",
			"https://[::1/", "jar:https://example.org/!/x"})
	void anything_but_the_url_of_a_host_is_vetoed(String params) {
		TransportUri uri = TransportUri.parse("signed-login:" + params);
		assertThat(fixture.provider().accepts(uri)).isFalse();
		assertThat(fixture.refusal(uri).code()).isEqualTo(Code.INVALID_PARAMS);
	}

	@ParameterizedTest
	@ValueSource(strings = {"https://example.org", "HTTPS://Example.org/x", "https://example.org:8443/a?b=c", "https://[2001:db8::1]/",
			"http://127.0.0.1:1/login/x",
			"https://comms.example.com/auth&param=value"})
	void the_url_of_a_host_is_accepted(String params) {
		assertThat(fixture.provider().accepts(TransportUri.parse("signed-login:" + params))).isTrue();
	}

	@ParameterizedTest
	@CsvSource({"https://Example.org/x, https://example.org", "HTTPS://example.org:443/, https://example.org",
			"https://example.org:8443/, https://example.org:8443",
			"http://[::1]:80/, http://[::1]"})
	void an_origin_is_written_as_browsers_do(String url, String origin) {
		assertThat(LoginUrl.of(url).orElseThrow().origin()).isEqualTo(origin);
	}

	@Test
	void without_an_identity_nobody_is_asked() {
		fixture.context.identity = null;
		assertThat(fixture.refusal().code()).isEqualTo(Code.NO_IDENTITY);
		assertThat(fixture.server.connections).hasValue(0);
	}

	@Test
	void the_steps_are_told() throws Exception {
		fixture.login();
		assertThat(fixture.context.steps).containsExactly("sign", "tcp", "request");
	}
}
