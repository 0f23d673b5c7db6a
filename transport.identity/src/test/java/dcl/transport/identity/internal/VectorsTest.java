package dcl.transport.identity.internal;

import java.math.BigInteger;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import com.fasterxml.jackson.databind.JsonNode;
import dcl.transport.AuthChain;
import dcl.transport.AuthChain.AuthLink;
import dcl.transport.PeerId;
import dcl.transport.identity.AuthChainException;
import dcl.transport.identity.AuthChainException.Reason;
import dcl.transport.identity.AuthChains;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

@Timeout(60)
class VectorsTest {

	/** Chains the reference library takes and we refuse, on purpose. */
	private static final Map<String, Reason> STRICTER = Map.ofEntries(
			// nobody signed anything: the owner is the challenge
			entry("DANGER_single_signer_equals_challenge", Reason.MALFORMED),
			// proves that a key may sign, not that it signed
			entry("signer_ephemeral_authority_is_ephemeral", Reason.MALFORMED),
			// an address signed as an entity, by a chat message say, would be a delegation that never expires
			entry("entity_as_delegation", Reason.MALFORMED),
			// its hex decoder takes a last single digit for a byte, so one signature has two texts of unequal length
			entry("signature_odd_digits", Reason.INVALID_SIGNATURE),
			// only ISO 8601 with an offset means the same moment to everybody
			entry("expires_on_day", Reason.MALFORMED),
			entry("expires_in_local_time", Reason.MALFORMED),
			entry("expires_in_words", Reason.MALFORMED),
			// the schema's limit, which the library leaves to its callers
			entry("eleven_links", Reason.TOO_LARGE));

	/** Chains that both refuse, and why. */
	private static final Map<String, Reason> REFUSED = Map.ofEntries(
			entry("invalid_v_29", Reason.INVALID_SIGNATURE),
			entry("signature_without_0x", Reason.INVALID_SIGNATURE),
			entry("signature_short", Reason.INVALID_SIGNATURE),
			entry("signature_not_hex", Reason.INVALID_SIGNATURE),
			entry("signature_empty", Reason.INVALID_SIGNATURE),
			entry("expired", Reason.EXPIRED),
			entry("expired_old_chain", Reason.EXPIRED),
			entry("tampered_expiration", Reason.WRONG_SIGNER),
			entry("tampered_challenge", Reason.WRONG_SIGNER),
			entry("wrong_final_authority", Reason.WRONG_AUTHORITY),
			entry("wrong_signer", Reason.WRONG_SIGNER),
			entry("wrong_ephemeral_signature", Reason.WRONG_SIGNER),
			entry("no_signer", Reason.MALFORMED),
			entry("empty", Reason.MALFORMED),
			entry("unknown_type", Reason.UNKNOWN_TYPE),
			entry("no_final_link", Reason.MALFORMED),
			entry("ephemeral_bad_date", Reason.MALFORMED),
			entry("eip1654_without_provider", Reason.UNSUPPORTED),
			entry("high_s_without_the_other_v", Reason.WRONG_SIGNER),
			entry("other_v", Reason.WRONG_SIGNER),
			entry("upper_case_prefix", Reason.INVALID_SIGNATURE),
			entry("v_2", Reason.INVALID_SIGNATURE),
			entry("v_26", Reason.INVALID_SIGNATURE),
			entry("v_35", Reason.INVALID_SIGNATURE),
			entry("r_zero", Reason.INVALID_SIGNATURE),
			entry("s_zero", Reason.INVALID_SIGNATURE),
			entry("r_is_n", Reason.INVALID_SIGNATURE),
			entry("s_is_n", Reason.INVALID_SIGNATURE),
			entry("r_all_ones", Reason.INVALID_SIGNATURE),
			entry("r_off_the_curve", Reason.INVALID_SIGNATURE),
			entry("signature_long", Reason.INVALID_SIGNATURE),
			entry("signature_with_blank", Reason.INVALID_SIGNATURE),
			entry("two_delegations_first_expired", Reason.EXPIRED),
			entry("two_delegations_wrong_order", Reason.WRONG_SIGNER),
			entry("delegation_signed_with_cr", Reason.WRONG_SIGNER),
			entry("delegation_of_two_lines", Reason.MALFORMED),
			entry("expires_now", Reason.EXPIRED),
			entry("expired_with_offset", Reason.EXPIRED),
			entry("signer_as_delegation", Reason.MALFORMED),
			entry("signer_not_an_address", Reason.MALFORMED));

	static Stream<Vectors.Case> cases() {
		return Vectors.cases();
	}

	static Stream<Vectors.Signed> signatures() {
		return Vectors.signatures();
	}

	static Stream<Map.Entry<String, JsonNode>> keys() {
		return Vectors.MAIN.get("keys").properties().stream();
	}

	static Stream<JsonNode> addressValidation() {
		return Vectors.stream(Vectors.MAIN.get("addressValidation"));
	}

	@ParameterizedTest
	@MethodSource("cases")
	void a_chain_is_judged_as_by_the_reference_library_or_more_strictly(Vectors.Case vector) throws Exception {
		if (vector.ok() && !STRICTER.containsKey(vector.name())) {
			AuthChain chain = AuthChains.parse(vector.json());
			assertThat(AuthChains.verify(chain, vector.authority(), vector.now())).isEqualTo(PeerId.of(chain.links().get(0).payload()));
			return;
		}
		AuthChainException refused = catchThrowableOfType(AuthChainException.class,
				() -> AuthChains.verify(vector.json(), vector.authority(), vector.now()));
		assertThat(refused).as("refused").isNotNull();
		assertThat(refused.reason()).isEqualTo((vector.ok() ? STRICTER : REFUSED).get(vector.name()));
	}

	@Test
	void every_deliberate_difference_is_a_case_the_library_accepts() {
		List<String> accepted = Vectors.cases().filter(Vectors.Case::ok).map(Vectors.Case::name).toList();
		assertThat(accepted).containsAll(STRICTER.keySet());
	}

	@ParameterizedTest
	@MethodSource("signatures")
	void a_signature_is_the_reference_librarys_byte_for_byte(Vectors.Signed vector) throws Exception {
		byte[] hash = Keccak.personalHash(vector.message());

		assertThat("0x" + HexFormat.of().formatHex(hash)).isEqualTo(vector.hash());
		assertThat(vector.key().sign(hash)).isEqualTo(vector.signature());
		assertThat(Secp256k1.recover(hash, Vectors.hex(vector.signature()))).contains(vector.key().address());
	}

	@ParameterizedTest
	@MethodSource("keys")
	void a_private_key_gives_its_public_key_and_address(Map.Entry<String, JsonNode> key) {
		BigInteger scalar = new BigInteger(1, Vectors.privateKey(key.getKey()));

		assertThat(Secp256k1.publicKey(scalar)).startsWith(4).endsWith(Vectors.hex(key.getValue().get("publicKey").textValue()));
		assertThat(Vectors.key(key.getKey()).address().checksummed()).isEqualTo(key.getValue().get("address").textValue());
	}

	@Test
	void addresses_are_printed_with_their_checksum() {
		assertThat(Vectors.stream(Vectors.MORE.get("signatures"))).isNotEmpty().allSatisfy(node -> {
			String address = node.get("address").textValue();
			assertThat(SigningKey.of(Vectors.hex(node.get("privateKey").textValue())).address().checksummed()).isEqualTo(address);
			assertThat(Address.parse(address.toLowerCase()).orElseThrow().checksummed()).isEqualTo(address);
		});
	}

	@ParameterizedTest
	@MethodSource("addressValidation")
	void an_address_is_valid_as_the_schema_has_it(JsonNode vector) {
		assertThat(Address.parse(vector.get("address").textValue()).isPresent()).isEqualTo(vector.get("valid").booleanValue());
	}

	@Test
	void the_ephemeral_message_is_the_reference_librarys_byte_for_byte() {
		JsonNode identity = Vectors.MAIN.get("identity");
		Instant expiration = Instant.parse(identity.get("expiration").textValue());

		assertThat(new EphemeralMessage(Vectors.key("ephemeral").address(), expiration).text())
				.isEqualTo(identity.get("ephemeralMessage").textValue());
	}

	@Test
	void a_whole_chain_is_the_reference_librarys_byte_for_byte() throws Exception {
		JsonNode identity = Vectors.MAIN.get("identity");
		String challenge = Vectors.MAIN.get("challenge").get("challengeToSign").textValue();
		SigningKey owner = Vectors.key("owner");
		SigningKey ephemeral = Vectors.key("ephemeral");
		String message = new EphemeralMessage(ephemeral.address(), Instant.parse(identity.get("expiration").textValue())).text();

		AuthChain chain = AuthChain.of(List.of(
				new AuthLink(ChainVerifier.SIGNER, owner.address().checksummed(), ""),
				new AuthLink(ChainVerifier.EPHEMERAL, message, owner.sign(Keccak.personalHash(message))),
				new AuthLink(ChainVerifier.SIGNED_ENTITY, challenge, ephemeral.sign(Keccak.personalHash(challenge)))));

		assertThat(chain.toJson()).isEqualTo(Vectors.MAIN.get("authChainJson").textValue());
		assertThat(AuthChains.parse(chain.toJson())).isEqualTo(chain);
		assertThat(AuthChains.verify(Vectors.MAIN.get("authChainJsonLowercase").textValue(), challenge, Instant.EPOCH)).isEqualTo(owner.address().toPeerId());
	}
}
