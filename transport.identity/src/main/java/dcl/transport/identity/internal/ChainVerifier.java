package dcl.transport.identity.internal;

import java.nio.charset.CharacterCodingException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;

import dcl.transport.AuthChain;
import dcl.transport.AuthChain.AuthLink;
import dcl.transport.PeerId;
import dcl.transport.identity.AuthChainException;
import dcl.transport.identity.AuthChainException.Reason;
import dcl.transport.identity.AuthChains;

/** Walks a chain: what costs nothing is checked for all links before the first signature is recovered. */
public final class ChainVerifier {

	static final String SIGNER = "SIGNER";
	static final String EPHEMERAL = "ECDSA_EPHEMERAL";
	static final String SIGNED_ENTITY = "ECDSA_SIGNED_ENTITY";

	private static final int SIGNATURE_CHARS = 2 + 2 * Secp256k1.SIGNATURE_BYTES;

	private ChainVerifier() {
	}

	/** Returns the owner of a chain that signs the text; see {@link AuthChains#verify(AuthChain, String, Instant)}. */
	public static PeerId verify(AuthChain chain, String expected, Instant now) throws AuthChainException {
		Objects.requireNonNull(expected);
		Objects.requireNonNull(now);
		List<AuthLink> links = chain.links();
		int last = links.size() - 1;
		EphemeralMessage[] delegations = new EphemeralMessage[links.size()];
		for (int i = 0; i <= last; i++) {
			checkShape(links.get(i), i, last);
			if (i > 0 && i < last) {
				delegations[i] = delegation(links.get(i), i, now);
			}
		}
		if (!links.get(last).payload().equals(expected)) {
			throw new AuthChainException(Reason.WRONG_AUTHORITY, "the last link signs another text than the expected one");
		}

		Address owner = Address.parse(links.get(0).payload())
				.orElseThrow(() -> malformed("the payload of link 0 is not an Ethereum address"));
		Address authority = owner;
		for (int i = 1; i <= last; i++) {
			AuthLink link = links.get(i);
			checkSigner(link, i, i < last ? EphemeralMessage.signedText(link.payload()) : link.payload(), authority);
			if (i < last) {
				authority = delegations[i].address();
			}
		}
		return owner.toPeerId();
	}

	private static void checkShape(AuthLink link, int index, int last) throws AuthChainException {
		if (link.payload().length() > AuthChains.MAX_CHARS) {
			throw new AuthChainException(Reason.TOO_LARGE, "the payload of link " + index + " has more than " + AuthChains.MAX_CHARS + " characters");
		}
		switch (link.type()) {
			case SIGNER -> {
				if (index != 0 || !link.signature().isEmpty()) {
					throw malformed("link " + index + " is a SIGNER; only the first link is, and it has no signature");
				}
			}
			case EPHEMERAL -> {
				if (index == 0 || index == last) {
					throw malformed("link " + index + " is a delegation; the first link is a SIGNER and the last an " + SIGNED_ENTITY);
				}
			}
			case SIGNED_ENTITY -> {
				if (index != last) {
					throw malformed("link " + index + " is an " + SIGNED_ENTITY + "; only the last link is");
				}
			}
			case "ECDSA_EIP_1654_EPHEMERAL", "ECDSA_EIP_1654_SIGNED_ENTITY" -> throw new AuthChainException(Reason.UNSUPPORTED,
					"link " + index + " is of a contract wallet (EIP-1654), which only its blockchain can verify");
			default -> throw new AuthChainException(Reason.UNKNOWN_TYPE, "link " + index + " is of an unknown type");
		}
	}

	private static EphemeralMessage delegation(AuthLink link, int index, Instant now) throws AuthChainException {
		EphemeralMessage message = EphemeralMessage.parse(link.payload())
				.orElseThrow(() -> malformed("link " + index + " has no ephemeral address in its second or no ISO 8601 expiration in its third line"));
		if (!message.expiration().isAfter(now)) {
			throw new AuthChainException(Reason.EXPIRED, "the ephemeral key of link " + index + " expired at " + message.expiration() + "; it is " + now);
		}
		return message;
	}

	private static void checkSigner(AuthLink link, int index, String text, Address authority) throws AuthChainException {
		byte[] hash;
		try {
			hash = Keccak.personalHash(text);
		} catch (CharacterCodingException e) {
			throw malformed("the payload of link " + index + " is not well-formed Unicode");
		}
		Address signer = Secp256k1.recover(hash, signature(link, index))
				.orElseThrow(() -> new AuthChainException(Reason.INVALID_SIGNATURE, "no key makes the signature of link " + index));
		if (!signer.equals(authority)) {
			throw new AuthChainException(Reason.WRONG_SIGNER, "link " + index + " is signed by " + signer + ", not by " + authority);
		}
	}

	private static byte[] signature(AuthLink link, int index) throws AuthChainException {
		String text = link.signature();
		if (text.length() == SIGNATURE_CHARS && text.startsWith("0x")) {
			try {
				return HexFormat.of().parseHex(text, 2, text.length());
			} catch (IllegalArgumentException e) {
				// said below, as for a wrong length
			}
		}
		throw new AuthChainException(Reason.INVALID_SIGNATURE, "the signature of link " + index + " is not '0x' and "
				+ 2 * Secp256k1.SIGNATURE_BYTES + " hexadecimal digits");
	}

	private static AuthChainException malformed(String message) {
		return new AuthChainException(Reason.MALFORMED, message);
	}
}
