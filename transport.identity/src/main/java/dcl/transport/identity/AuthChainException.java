package dcl.transport.identity;

import java.util.Objects;

/** An auth chain was refused. The message says which link and why, in plain ASCII, and quotes neither signatures nor texts of the chain. */
public final class AuthChainException extends Exception {

	private static final long serialVersionUID = 1L;

	/** Why a chain was refused. May gain constants. */
	public enum Reason {
		/** Text, payload or number of links above the limit. */
		TOO_LARGE,
		/** Not JSON, not a list of links, or links that do not make a chain. */
		MALFORMED,
		/** A link of a type ADR-44 does not know. */
		UNKNOWN_TYPE,
		/** A link of a contract wallet (EIP-1654), which only its blockchain can verify. */
		UNSUPPORTED,
		/** The delegation is over. */
		EXPIRED,
		/** Not a signature: "0x", 65 bytes in hexadecimal digits, the last of them 00, 01, 1b or 1c, that recovers a key. */
		INVALID_SIGNATURE,
		/** A signature by another key than the one that has the authority. */
		WRONG_SIGNER,
		/** A good chain, for another text than the expected one. */
		WRONG_AUTHORITY
	}

	private final Reason reason;

	/** Creates a failure. */
	public AuthChainException(Reason reason, String message) {
		super(message);
		this.reason = Objects.requireNonNull(reason);
	}

	/** Returns why the chain was refused. */
	public Reason reason() {
		return reason;
	}
}
