package dcl.transport.identity;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

import dcl.transport.AuthChain;
import dcl.transport.AuthChain.AuthLink;
import dcl.transport.Identity;
import dcl.transport.PeerId;
import dcl.transport.SigningRequest;
import dcl.transport.TransportUri;
import dcl.transport.identity.AuthChainException.Reason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

@Timeout(120)
class AuthChainsTest {

	private static final TransportUri ROOM = TransportUri.parse("ws-room:wss://example.org/rooms/r");
	private static final String CHALLENGE = "dcl-1234";

	/** Characters that mean something in a chain, so that mutations get past the JSON parser. */
	private static final String TELLING = "0123456789abcdefABCDEFx{}[],:\"\\\n";

	private final Identity owner = Wallets.random();
	private final AuthChain chain = sign(owner, CHALLENGE);

	@Test
	void a_chain_of_our_own_proves_its_owner() throws Exception {
		assertThat(AuthChains.verify(chain.toJson(), CHALLENGE, Instant.now())).isEqualTo(owner.address());
	}

	@Test
	void a_signed_fetch_is_verified_by_the_same_function() throws Exception {
		SigningRequest request = SigningRequest.signedFetch(ROOM, "POST", "/Login", Instant.ofEpochMilli(1), "{\"intent\":\"dcl:explorer:comms-handshake\"}");
		AuthChain signed = owner.sign(request).toCompletableFuture().join();

		assertThat(AuthChains.verify(signed, "post:/login:1:{\"intent\":\"dcl:explorer:comms-handshake\"}", Instant.now())).isEqualTo(owner.address());
	}

	@Test
	void the_last_payload_is_compared_with_regard_to_case() {
		assertThat(refusal(chain, CHALLENGE.toUpperCase())).isEqualTo(Reason.WRONG_AUTHORITY);
	}

	@Test
	void properties_nobody_knows_are_skipped() throws Exception {
		String json = chain.toJson().replace("{\"type\"", "{\"x\":{\"type\":[1e999,true,null]},\"type\"");

		assertThat(AuthChains.verify(json, CHALLENGE, Instant.now())).isEqualTo(owner.address());
	}

	@Test
	void a_signer_may_write_no_signature_as_null_but_nothing_else() throws Exception {
		assertThat(AuthChains.verify(chain.toJson().replaceFirst("\"signature\":\"\"", "\"signature\":null"), CHALLENGE, Instant.now())).isEqualTo(owner.address());
		assertThat(refusal(chain.toJson().replaceFirst("\"signature\":\"\"", "\"signature\":\"0x\""))).isEqualTo(Reason.MALFORMED);
	}

	@ParameterizedTest
	@ValueSource(strings = {
			"", " ", "null", "1", "\"SIGNER\"", "{}", "[", "[]", "[[]]", "[null,null]", "[1,2]", "[{},{}]", "{\"0\":{}}", "[{\"type\":\"SIGNER\"}",
			"[{\"type\":\"SIGNER\",\"payload\":\"x\"},{\"type\":\"SIGNER\"}]",
			"[{\"type\":1,\"payload\":\"x\"},{\"type\":\"SIGNER\",\"payload\":\"x\"}]",
			"[{\"type\":null,\"payload\":\"x\"},{\"type\":\"SIGNER\",\"payload\":\"x\"}]",
			"[{\"type\":\"SIGNER\",\"payload\":[\"x\"]},{\"type\":\"SIGNER\",\"payload\":\"x\"}]",
			"[{\"type\":\"SIGNER\",\"payload\":\"x\",\"signature\":0},{\"type\":\"SIGNER\",\"payload\":\"x\"}]",
			"[{\"type\":\"SIGNER\",\"payload\":\"x\"},{\"type\":\"SIGNER\",\"payload\":\"x\"},]",
			"[{\"type\":\"SIGNER\",\"payload\":\"x\"} {\"type\":\"SIGNER\",\"payload\":\"x\"}]",
			"[{'type':'SIGNER','payload':'x'},{'type':'SIGNER','payload':'x'}]",
			"[{\"type\":\"SIGNER\",\"payload\":\"\\x\"},{\"type\":\"SIGNER\",\"payload\":\"x\"}]",
			"[{\"type\":\"SIGNER\",\"payload\":\"a\nb\"},{\"type\":\"SIGNER\",\"payload\":\"x\"}]",
			"[{\"type\":\"SIGNER\",\"type\":\"SIGNER\",\"payload\":\"x\"},{\"type\":\"SIGNER\",\"payload\":\"x\"}]",
			"[{\"type\":\"SIGNER\",\"payload\":\"x\",\"a\":{\"b\":1,\"b\":2}},{\"type\":\"SIGNER\",\"payload\":\"x\"}]",
			"[{\"type\":\"SIGNER\",\"payload\":\"x\"},{\"type\":\"SIGNER\",\"payload\":\"x\"}] x",
			"[{\"type\":\"SIGNER\",\"payload\":\"x\"},{\"type\":\"SIGNER\",\"payload\":\"x\"}][]"})
	void what_is_not_a_list_of_links_in_strict_json_is_malformed(String json) {
		assertThat(catchThrowableOfType(AuthChainException.class, () -> AuthChains.parse(json)).reason()).isEqualTo(Reason.MALFORMED);
	}

	@Test
	void reading_a_list_of_links_verifies_nothing() throws Exception {
		assertThat(AuthChains.parse(" [ {\"payload\":\"\\u0078\",\"type\":\"a\"} , {\"type\":\"b\",\"payload\":\"y\",\"signature\":\"z\"} ] ").links())
				.containsExactly(new AuthLink("a", "x", ""), new AuthLink("b", "y", "z"));
	}

	@Test
	void links_written_one_by_one_make_the_same_chain() throws Exception {
		List<String> links = chain.links().stream().map(AuthLink::toJson).toList();
		assertThat(AuthChains.parse(links)).isEqualTo(chain);
	}

	@Test
	void a_text_holds_one_link_and_nothing_else() {
		List<String> links = chain.links().stream().map(AuthLink::toJson).toList();
		for (String bad : new String[] {"", " ", "[]", "null", "7", "{", "{}", links.get(0) + "," + links.get(1), links.get(0) + " {}", "[" + links.get(0) + "]",
				links.get(0).replace("{", "{\"x\":" + "[".repeat(20) + "]".repeat(20) + ",")}) {
			assertThat(refusal(List.of(bad, links.get(2)))).as(bad).isEqualTo(Reason.MALFORMED);
		}
		assertThat(refusal(List.of(links.get(0)))).isEqualTo(Reason.MALFORMED);
		assertThat(refusal(List.of())).isEqualTo(Reason.MALFORMED);
		assertThat(refusal(Collections.nCopies(11, links.get(0)))).isEqualTo(Reason.TOO_LARGE);
		assertThat(refusal(List.of(links.get(0) + " ".repeat(AuthChains.MAX_CHARS), links.get(2)))).isEqualTo(Reason.TOO_LARGE);
	}

	private static Reason refusal(List<String> links) {
		return catchThrowableOfType(AuthChainException.class, () -> AuthChains.parse(links)).reason();
	}

	@Test
	void links_are_of_the_type_of_their_place_whatever_they_say() {
		assertThat(refusal(chain.toJson().replace("ECDSA_EPHEMERAL", "ECDSA_SIGNED_ENTITY"))).isEqualTo(Reason.MALFORMED);
		assertThat(refusal(chain.toJson().replace("ECDSA_SIGNED_ENTITY", "ECDSA_EPHEMERAL"))).isEqualTo(Reason.MALFORMED);
	}

	@Test
	void a_property_given_twice_is_refused_even_if_both_are_equal() {
		String json = chain.toJson();
		assertThat(refusal(json.replaceFirst("\"type\":\"SIGNER\"", "\"type\":\"SIGNER\",\"type\":\"SIGNER\""))).isEqualTo(Reason.MALFORMED);
	}

	@Test
	void a_deep_text_is_malformed() {
		String json = chain.toJson();
		assertThat(refusal(json.replaceFirst("\\{", "{\"x\":" + "[".repeat(14) + "]".repeat(14) + ","))).isNull();
		assertThat(refusal(json.replaceFirst("\\{", "{\"x\":" + "[".repeat(15) + "]".repeat(15) + ","))).isEqualTo(Reason.MALFORMED);
		assertThat(refusal("[".repeat(AuthChains.MAX_CHARS))).isEqualTo(Reason.MALFORMED);
	}

	@Test
	void a_text_may_be_as_long_as_the_limit_and_no_longer() {
		String json = chain.toJson();
		String longest = json + " ".repeat(AuthChains.MAX_CHARS - json.length());

		assertThat(refusal(longest)).isNull();
		assertThat(refusal(longest + " ")).isEqualTo(Reason.TOO_LARGE);
	}

	@Test
	void a_payload_may_be_as_long_as_the_limit_and_no_longer() {
		List<AuthLink> links = new ArrayList<>(chain.links());
		links.set(2, new AuthLink("ECDSA_SIGNED_ENTITY", "x".repeat(AuthChains.MAX_CHARS), links.get(2).signature()));
		assertThat(refusal(AuthChain.of(links), links.get(2).payload())).isEqualTo(Reason.WRONG_SIGNER);

		links.set(2, new AuthLink("ECDSA_SIGNED_ENTITY", "x".repeat(AuthChains.MAX_CHARS + 1), links.get(2).signature()));
		assertThat(refusal(AuthChain.of(links), links.get(2).payload())).isEqualTo(Reason.TOO_LARGE);
	}

	@Test
	void an_eleventh_link_is_too_many() {
		String link = "{\"type\":\"SIGNER\",\"payload\":\"x\"}";

		assertThat(refusal("[" + String.join(",", Collections.nCopies(10, link)) + "]")).isEqualTo(Reason.MALFORMED); // for its second SIGNER
		assertThat(refusal("[" + String.join(",", Collections.nCopies(11, link)) + "]")).isEqualTo(Reason.TOO_LARGE);
	}

	@Test
	void every_kind_of_contract_wallet_is_unsupported() {
		String json = chain.toJson();

		assertThat(refusal(json.replace("ECDSA_EPHEMERAL", "ECDSA_EIP_1654_EPHEMERAL"))).isEqualTo(Reason.UNSUPPORTED);
		assertThat(refusal(json.replace("ECDSA_SIGNED_ENTITY", "ECDSA_EIP_1654_SIGNED_ENTITY"))).isEqualTo(Reason.UNSUPPORTED);
	}

	@Test
	void half_a_surrogate_pair_is_not_taken_for_the_sign_that_replaces_it() {
		AuthChain question = sign(owner, "dcl-?");
		List<AuthLink> links = new ArrayList<>(question.links());
		links.set(2, new AuthLink(links.get(2).type(), "dcl-\ud800", links.get(2).signature()));

		assertThat(refusal(AuthChain.of(links), "dcl-\ud800")).isEqualTo(Reason.MALFORMED);
	}

	@Test
	void a_refusal_quotes_nothing_that_was_sent() {
		String canary = "canary\u001b[31m";
		for (AuthLink evil : List.of(new AuthLink(canary, "x", "x"), new AuthLink("SIGNER", canary, canary), new AuthLink("ECDSA_EPHEMERAL", canary, canary))) {
			for (int i = 0; i < 3; i++) {
				List<AuthLink> links = new ArrayList<>(chain.links());
				links.set(i, evil);
				AuthChainException refused = catchThrowableOfType(AuthChainException.class,
						() -> AuthChains.verify(AuthChain.of(links), CHALLENGE, Instant.now()));
				assertThat(refused).hasNoCause();
				assertThat(refused.getMessage()).doesNotContain("canary").doesNotContain("\u001b");
			}
		}
		assertThat(catchThrowableOfType(AuthChainException.class, () -> AuthChains.parse("[" + canary))).hasNoCause().message().doesNotContain("canary");
	}

	@ParameterizedTest
	@ValueSource(longs = {1, 2, 3, 4, 5})
	void hostile_text_is_refused_in_typed_form_or_proves_the_same_owner(long seed) {
		Random random = new Random(seed);
		String original = chain.toJson();
		Instant now = Instant.now();
		int refused = 0;
		for (int i = 0; i < 4_000; i++) {
			String json = mutate(original, random);
			try {
				PeerId proven = AuthChains.verify(json, CHALLENGE, now);
				assertThat(proven).as("seed %d, text %d: %s", seed, i, json).isEqualTo(owner.address());
			} catch (AuthChainException e) {
				refused++;
			}
		}
		assertThat(refused).isGreaterThan(2_000);
	}

	@ParameterizedTest
	@ValueSource(longs = {1, 2, 3})
	void hostile_links_are_refused_in_typed_form_or_prove_the_same_owner(long seed) throws Exception {
		Random random = new Random(seed);
		List<AuthLink> others = sign(Wallets.random(), CHALLENGE).links();
		List<AuthLink> pool = new ArrayList<>(chain.links());
		pool.addAll(others);
		pool.add(new AuthLink("SIGNER", CHALLENGE, ""));
		Instant now = Instant.now();
		int proven = 0;
		for (int i = 0; i < 3_000; i++) {
			List<AuthLink> links = new ArrayList<>();
			for (int n = 2 + random.nextInt(3); n > 0; n--) {
				links.add(pool.get(random.nextInt(pool.size())));
			}
			try {
				PeerId owned = AuthChains.verify(AuthChain.of(links), CHALLENGE, now);
				// two unbroken chains are in the pool, and nothing else in it proves anything
				assertThat(links).as("seed %d, chain %d", seed, i).isIn(chain.links(), others);
				assertThat(owned).isEqualTo(PeerId.of(links.get(0).payload()));
				proven++;
			} catch (AuthChainException e) {
				assertThat(links).as("seed %d, chain %d", seed, i).isNotIn(chain.links(), others);
			}
		}
		assertThat(proven).isPositive();
	}

	private static String mutate(String text, Random random) {
		StringBuilder json = new StringBuilder(text);
		for (int n = 1 + random.nextInt(3); n > 0 && json.length() > 2; n--) {
			int at = random.nextInt(json.length() - 1);
			int to = Math.min(json.length(), at + 1 + random.nextInt(40));
			switch (random.nextInt(6)) {
				case 0 -> json.setCharAt(at, (char) random.nextInt(0x80));
				case 1 -> json.setCharAt(at, (char) random.nextInt(0x10000));
				case 2 -> json.delete(at, to);
				case 3 -> json.insert(random.nextInt(json.length()), json.substring(at, to));
				case 4 -> json.setCharAt(at, TELLING.charAt(random.nextInt(TELLING.length())));
				default -> json.setLength(at);
			}
		}
		return json.toString();
	}

	private static AuthChain sign(Identity identity, String challenge) {
		return identity.sign(SigningRequest.roomChallenge(ROOM, challenge)).toCompletableFuture().join();
	}

	/** Returns why the chain is refused, or null if it is not. */
	private static Reason refusal(String json) {
		AuthChainException refused = catchThrowableOfType(AuthChainException.class, () -> AuthChains.verify(json, CHALLENGE, Instant.now()));
		return refused == null ? null : refused.reason();
	}

	private static Reason refusal(AuthChain links, String expected) {
		AuthChainException refused = catchThrowableOfType(AuthChainException.class, () -> AuthChains.verify(links, expected, Instant.now()));
		return refused == null ? null : refused.reason();
	}
}
