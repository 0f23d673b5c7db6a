package dcl.transport.identity.internal;

import java.math.BigInteger;
import java.util.Optional;

import org.bouncycastle.asn1.x9.X9ECParameters;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.ec.CustomNamedCurves;
import org.bouncycastle.crypto.params.ECDomainParameters;
import org.bouncycastle.crypto.params.ECPrivateKeyParameters;
import org.bouncycastle.crypto.signers.ECDSASigner;
import org.bouncycastle.crypto.signers.HMacDSAKCalculator;
import org.bouncycastle.math.ec.ECAlgorithms;
import org.bouncycastle.math.ec.ECMultiplier;
import org.bouncycastle.math.ec.ECPoint;
import org.bouncycastle.math.ec.FixedPointCombMultiplier;
import org.bouncycastle.util.BigIntegers;

/** ECDSA over secp256k1 with recoverable public keys, as Ethereum uses it: r, s and a last byte that tells which of the two points with that r was meant. */
final class Secp256k1 {

	/** Bytes of r and s and the recovery byte. */
	static final int SIGNATURE_BYTES = 65;

	/** The curve with arithmetic of its own: five times faster than the generic one. */
	private static final X9ECParameters CURVE = CustomNamedCurves.getByName("secp256k1");
	static final ECDomainParameters DOMAIN = new ECDomainParameters(CURVE);
	static final BigInteger N = CURVE.getN();
	private static final BigInteger HALF_N = N.shiftRight(1);
	private static final int COORDINATE_BYTES = 32;

	private Secp256k1() {
	}

	/** Returns both coordinates of the public key, after the byte 4. */
	static byte[] publicKey(BigInteger privateKey) {
		return new FixedPointCombMultiplier().multiply(DOMAIN.getG(), privateKey).normalize().getEncoded(false);
	}

	/** Signs a hash: RFC 6979, low S, recovery byte 27 or 28. */
	static byte[] sign(ECPrivateKeyParameters key, byte[] hash) {
		RememberingSigner signer = new RememberingSigner();
		signer.init(true, key);
		BigInteger[] rs = signer.generateSignature(hash);
		BigInteger s = rs[1];
		// An x of N or more, which 27 and 28 cannot tell, is as likely as guessing a key.
		boolean odd = signer.point().getAffineYCoord().testBitZero();
		if (s.compareTo(HALF_N) > 0) {
			s = N.subtract(s);
			odd = !odd;
		}
		byte[] signature = new byte[SIGNATURE_BYTES];
		BigIntegers.asUnsignedByteArray(rs[0], signature, 0, COORDINATE_BYTES);
		BigIntegers.asUnsignedByteArray(s, signature, COORDINATE_BYTES, COORDINATE_BYTES);
		signature[SIGNATURE_BYTES - 1] = (byte) (odd ? 28 : 27);
		return signature;
	}

	/** Returns who signed the hash, or nothing if no key makes that signature. High S is accepted, as everywhere in this ecosystem. */
	static Optional<Address> recover(byte[] hash, byte[] signature) {
		int last = signature[SIGNATURE_BYTES - 1] & 0xff;
		int odd = last >= 27 ? last - 27 : last;
		BigInteger r = new BigInteger(1, signature, 0, COORDINATE_BYTES);
		BigInteger s = new BigInteger(1, signature, COORDINATE_BYTES, COORDINATE_BYTES);
		if (odd > 1 || !isScalar(r) || !isScalar(s)) {
			return Optional.empty();
		}
		byte[] compressed = new byte[1 + COORDINATE_BYTES];
		compressed[0] = (byte) (2 + odd);
		System.arraycopy(signature, 0, compressed, 1, COORDINATE_BYTES);
		ECPoint point;
		try {
			point = DOMAIN.getCurve().decodePoint(compressed);
		} catch (IllegalArgumentException e) { // half of all numbers are no x of a point
			return Optional.empty();
		}
		BigInteger inverse = BigIntegers.modOddInverseVar(N, r);
		BigInteger g = N.subtract(new BigInteger(1, hash).mod(N)).multiply(inverse).mod(N);
		BigInteger p = s.multiply(inverse).mod(N);
		ECPoint key = ECAlgorithms.sumOfTwoMultiplies(DOMAIN.getG(), g, point, p).normalize();
		return key.isInfinity() ? Optional.empty() : Optional.of(Address.ofPublicKey(key.getEncoded(false)));
	}

	/** Returns whether this is a private key, or half of a signature: 1 to N - 1. */
	static boolean isScalar(BigInteger value) {
		return value.signum() > 0 && value.compareTo(N) < 0;
	}

	/** Keeps the point that r was taken from, which spares recovering the key only to learn the recovery byte. */
	private static final class RememberingSigner extends ECDSASigner {

		private ECPoint last;

		RememberingSigner() {
			super(new HMacDSAKCalculator(new SHA256Digest()));
		}

		@Override
		protected ECMultiplier createBasePointMultiplier() {
			return new FixedPointCombMultiplier() {
				@Override
				protected ECPoint multiplyPositive(ECPoint point, BigInteger k) {
					last = super.multiplyPositive(point, k);
					return last;
				}
			};
		}

		ECPoint point() {
			return last.normalize();
		}
	}
}
