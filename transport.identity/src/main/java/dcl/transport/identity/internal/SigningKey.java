package dcl.transport.identity.internal;

import java.math.BigInteger;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;

import org.bouncycastle.crypto.params.ECPrivateKeyParameters;

/** A private key and the address it stands for. It signs hashes; the key itself cannot be asked for, and is not printed. */
public final class SigningKey {

	private static final SecureRandom RANDOM = new SecureRandom();
	private static final int BYTES = 32;

	private final ECPrivateKeyParameters key;
	private final Address address;

	private SigningKey(BigInteger scalar) {
		key = new ECPrivateKeyParameters(scalar, Secp256k1.DOMAIN);
		address = Address.ofPublicKey(Secp256k1.publicKey(scalar));
	}

	/** Returns a new key. */
	public static SigningKey random() {
		byte[] bytes = new byte[BYTES];
		try {
			BigInteger scalar;
			do {
				RANDOM.nextBytes(bytes);
				scalar = new BigInteger(1, bytes);
			} while (!Secp256k1.isScalar(scalar));
			return new SigningKey(scalar);
		} finally {
			Arrays.fill(bytes, (byte) 0);
		}
	}

	/**
	 * Returns the key of these 32 bytes, big-endian.
	 *
	 * @throws IllegalArgumentException if they are not a private key of secp256k1
	 */
	public static SigningKey of(byte[] bytes) {
		if (bytes.length != BYTES) {
			throw new IllegalArgumentException("a private key has " + BYTES + " bytes, this one has " + bytes.length);
		}
		BigInteger scalar = new BigInteger(1, bytes);
		if (!Secp256k1.isScalar(scalar)) {
			throw new IllegalArgumentException("a private key of secp256k1 is neither 0 nor as great as the order of the curve; this one is");
		}
		return new SigningKey(scalar);
	}

	Address address() {
		return address;
	}

	/** Returns "0x" and the signature in lower-case hexadecimal digits. */
	String sign(byte[] hash) {
		return "0x" + HexFormat.of().formatHex(Secp256k1.sign(key, hash));
	}

	/** Returns the address only. */
	@Override
	public String toString() {
		return "key of " + address;
	}
}
