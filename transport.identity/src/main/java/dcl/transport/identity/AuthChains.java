package dcl.transport.identity;

import java.time.Instant;
import java.util.List;

import dcl.transport.AuthChain;
import dcl.transport.PeerId;
import dcl.transport.identity.internal.ChainJson;
import dcl.transport.identity.internal.ChainVerifier;

/**
 * Reads and verifies auth chains, for servers. Stateless and thread-safe; nothing blocks; a chain of three links costs about half a millisecond.
 * Whatever the other side sent, the only failure is {@link AuthChainException}.
 * <p>
 * The rules are those of {@code @dcl/crypto} 3.7.0 ({@code Authenticator.validateSignature}), closed where they are open:
 * <ul>
 * <li>2 to 10 links; the first, and only the first, is a SIGNER with an Ethereum address and no signature; the last, and only the last, is an
 * ECDSA_SIGNED_ENTITY; between them any number of ECDSA_EPHEMERAL links. The library also takes a lone SIGNER whose payload is the challenge, a chain
 * that ends at an ephemeral key, and a signed address as a delegation that never expires.
 * <li>An ephemeral link is good until its expiration, not at it. The date is ISO 8601 with an offset; the other forms of JavaScript's Date are refused.
 * <li>Addresses are compared without regard to case, the last payload exactly.
 * <li>Unknown types and contract wallets (EIP-1654) are refused.
 * </ul>
 * Only an ephemeral link expires: whoever verifies a challenge must make it unpredictable and take it once.
 */
public final class AuthChains {

	/** The longest JSON text of a chain, and the longest payload of a link, in characters. */
	public static final int MAX_CHARS = 65_536;

	private AuthChains() {
	}

	/**
	 * Reads the JSON text of a chain, such as rfc5's {@code auth_chain_json}. Properties nobody knows are skipped; one given twice is refused.
	 *
	 * @throws AuthChainException {@code TOO_LARGE} or {@code MALFORMED}; no signature is verified
	 */
	public static AuthChain parse(String json) throws AuthChainException {
		return ChainJson.parse(json);
	}

	/**
	 * Reads a chain whose links are JSON texts of their own, such as those of the headers {@code x-identity-auth-chain-0} and following (ADR-44). A text
	 * holds one link and nothing else.
	 *
	 * @throws AuthChainException {@code TOO_LARGE} or {@code MALFORMED}; no signature is verified
	 */
	public static AuthChain parse(List<String> links) throws AuthChainException {
		return ChainJson.parse(links);
	}

	/** Reads a chain and verifies it; see {@link #verify(AuthChain, String, Instant)}. */
	public static PeerId verify(String json, String expectedFinalAuthority, Instant now) throws AuthChainException {
		return verify(parse(json), expectedFinalAuthority, now);
	}

	/**
	 * Verifies a chain.
	 *
	 * @param expectedFinalAuthority the text the last link must sign: the challenge, or the payload of a signed fetch
	 * @param now                    the time at which ephemeral links must be valid
	 * @return the owner's address
	 * @throws AuthChainException if the chain does not prove that the owner, or a key it delegated to, signed that text
	 */
	public static PeerId verify(AuthChain chain, String expectedFinalAuthority, Instant now) throws AuthChainException {
		return ChainVerifier.verify(chain, expectedFinalAuthority, now);
	}
}
