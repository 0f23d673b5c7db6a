package dcl.transport.roomserver.internal;

import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;

import com.fasterxml.jackson.databind.JsonNode;
import dcl.transport.AuthChain;
import dcl.transport.Identity;
import dcl.transport.SigningRequest;
import dcl.transport.TransportUri;
import dcl.transport.identity.Wallets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * Requests that {@code decentraland-crypto-fetch} 2.0.1 made and {@code @dcl/platform-crypto-middleware} 1.1.0 judged, and requests of our
 * own.
 */
@Timeout(60)
class SignedFetchTest {

	/**
	 * What the middleware takes and we refuse, on purpose: a request made with a fast clock could be replayed for as long as that was fast.
	 */
	private static final Set<String> STRICTER = Set.of("from_the_future");

	private static final Instant NOW = Instant.ofEpochMilli(1_767_225_600_000L);
	private static final String METADATA = "{\"intent\":\"dcl:explorer:comms-handshake\",\"signer\":\"dcl:explorer\"}";

	private final Identity alice = Wallets.random();

	static Stream<JsonNode> vectors() {
		return Vectors.stream(Vectors.load("signedfetch.json").get("cases"));
	}

	private static SignedFetch verify(String method, String path, Map<String, String> headers, Instant now) throws SignedFetch.Refused {
		return SignedFetch.read(method, path, name -> Optional.ofNullable(headers.get(name)), now).verify(now);
	}

	private static SignedFetch.Refused refusal(Map<String, String> headers, Instant now) {
		return catchThrowableOfType(SignedFetch.Refused.class, () -> verify("POST", "/login/a", headers, now));
	}

	private Map<String, String> headers(Instant at, String metadata) {
		SigningRequest request = SigningRequest.signedFetch(TransportUri.parse("signed-login:https://x.example/login/a"), "POST",
				"/login/a", at, metadata);
		return headers(alice.sign(request).toCompletableFuture().join(), at, metadata);
	}

	private static Map<String, String> headers(AuthChain chain, Instant at, String metadata) {
		Map<String, String> headers = new HashMap<>(Map.of("x-identity-timestamp", Long.toString(at.toEpochMilli()),
				"x-identity-metadata", metadata));
		for (int i = 0; i < chain.links().size(); i++) {
			headers.put("x-identity-auth-chain-" + i, chain.links().get(i).toJson());
		}
		return headers;
	}

	@ParameterizedTest
	@MethodSource("vectors")
	void a_request_is_judged_as_by_the_reference_middleware_or_more_strictly(JsonNode vector) throws Exception {
		Map<String, String> headers = new HashMap<>();
		vector.at("/request/headers").properties().forEach(header -> headers.put(header.getKey(), header.getValue().textValue()));
		String method = vector.at("/request/method").textValue();
		String path = vector.at("/request/path").textValue();
		Instant at = Instant.ofEpochMilli(vector.get("verifyAt").longValue());
		if (vector.at("/expected/ok").booleanValue() && !STRICTER.contains(vector.get("name").textValue())) {
			SignedFetch fetch = verify(method, path, headers, at);
			assertThat(fetch.owner().value()).isEqualTo(vector.at("/expected/auth").textValue());
			assertThat(fetch.payload()).isEqualTo(vector.get("payloadToSign").textValue());
			assertThat(fetch.intent()).isEqualTo(vector.at("/expected/authMetadata/intent").asText());
			assertThat(fetch.signer()).isEqualTo(vector.at("/expected/authMetadata/signer").asText());
		} else {
			SignedFetch.Refused refused = catchThrowableOfType(SignedFetch.Refused.class, () -> verify(method, path, headers, at));
			assertThat(refused).as("refused").isNotNull();
			assertThat(refused.status()).isEqualTo(vector.at("/expected/status").asInt(401));
			assertThat(refused).hasMessageStartingWith(vector.at("/expected/message").asText().split(":")[0]);
		}
	}

	@ParameterizedTest
	@CsvSource({"-60000, ", "0, ", "60000, ", "-60001, Expired signature", "60001, Invalid signature", "-86400000, Expired signature",
			"86400000, Invalid signature"})
	void a_time_stamp_is_good_for_a_minute_either_way(long millis, String refusal) throws Exception {
		Map<String, String> headers = headers(NOW.plusMillis(millis), METADATA);
		if (refusal == null) {
			assertThat(verify("POST", "/login/a", headers, NOW).owner()).isEqualTo(alice.address());
		} else {
			assertThat(refusal(headers, NOW)).hasMessageStartingWith(refusal).extracting(SignedFetch.Refused::status).isEqualTo(401);
		}
	}

	@Test
	void a_time_stamp_that_is_not_good_saves_verifying_the_signatures() {
		Map<String, String> headers = headers(NOW.minusMillis(60_001), METADATA);
		headers.put("x-identity-auth-chain-2", headers.get("x-identity-auth-chain-2").replaceFirst("0x[0-9a-f]{8}", "0x00000000"));
		assertThat(refusal(headers, NOW)).hasMessageStartingWith("Expired signature").extracting(SignedFetch.Refused::status).isEqualTo(401);
		headers.put("x-identity-timestamp", Long.toString(NOW.toEpochMilli()));
		assertThat(refusal(headers, NOW)).as("what verifying says").hasMessageNotContaining("time stamp");
	}

	@ParameterizedTest
	@ValueSource(strings = {"", " ", "+1767225600000", "1767225600000.0", "1.7672256e12", "0x19b7c0a8000", "-1",
			"17672256000001767225600000", "soon"})
	void a_time_stamp_is_written_in_digits(String text) {
		Map<String, String> headers = headers(NOW, METADATA);
		headers.put("x-identity-timestamp", text);
		assertThat(refusal(headers, NOW)).hasMessageStartingWith("Invalid chain timestamp").extracting(SignedFetch.Refused::status)
				.isEqualTo(400);
	}

	@ParameterizedTest
	@ValueSource(strings = {"[]", "1", "null", "\"x\"", "{", "{} {}", "{\"a\":}", "{'a':1}", "{\"intent\":\"a\",\"intent\":\"b\"}",
			"{\"a\":[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]}"})
	void metadata_is_a_json_object(String metadata) {
		assertThat(refusal(headers(NOW, metadata), NOW)).hasMessageStartingWith("Invalid chain metadata")
				.extracting(SignedFetch.Refused::status).isEqualTo(400);
	}

	@Test
	void intent_and_signer_are_texts_of_the_object_itself() throws Exception {
		SignedFetch fetch = verify("POST", "/login/a", headers(NOW, "{\"a\":{\"intent\":\"x\"},\"signer\":7,\"intent\":[\"y\"]}"), NOW);
		assertThat(fetch.intent() + fetch.signer()).isEmpty();
	}

	@Test
	void a_header_holds_one_link() {
		Map<String, String> headers = headers(NOW, METADATA);
		headers.put("x-identity-auth-chain-0", headers.get("x-identity-auth-chain-0") + "," + headers.get("x-identity-auth-chain-1"));
		headers.put("x-identity-auth-chain-1", headers.remove("x-identity-auth-chain-2"));
		assertThat(refusal(headers, NOW)).hasMessageStartingWith("Invalid chain format").extracting(SignedFetch.Refused::status)
				.isEqualTo(400);
	}

	@Test
	void eleven_links_are_no_chain() {
		Map<String, String> headers = headers(NOW, METADATA);
		for (int i = 0; i < 11; i++) {
			headers.put("x-identity-auth-chain-" + i, "{\"type\":\"SIGNER\",\"payload\":\"x\"}");
		}
		assertThat(refusal(headers, NOW)).hasMessage("Invalid Auth Chain");
	}

	@Test
	void a_chain_of_somebody_else_s_words_is_refused() {
		Map<String, String> headers = headers(NOW, METADATA);
		headers.put("x-identity-metadata", METADATA.replace("handshake", "handshakes"));
		assertThat(refusal(headers, NOW).status()).isEqualTo(401);
	}

	@Test
	void whatever_is_changed_it_is_refused_with_a_status() {
		Map<String, String> good = headers(NOW, METADATA);
		Random random = new Random(7);
		String[] names = good.keySet().stream().sorted().toArray(String[]::new);
		for (int i = 0; i < 5_000; i++) {
			Map<String, String> headers = new HashMap<>(good);
			String name = names[random.nextInt(names.length)];
			StringBuilder value = new StringBuilder(good.get(name));
			value.setCharAt(random.nextInt(value.length()), (char) (random.nextInt(95) + 32));
			headers.put(name, value.toString());
			try {
				// what nobody signs: letter case, the SIGNER's and hexadecimal digits', and JSON's own freedoms
				assertThat(verify("POST", "/login/a", headers, NOW).owner()).isEqualTo(alice.address());
			} catch (SignedFetch.Refused refused) {
				assertThat(refused.status()).isIn(400, 401);
			}
		}
	}
}
