package dcl.transport.identity.internal;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

import org.bouncycastle.crypto.digests.KeccakDigest;

/** Keccak-256, as Ethereum uses it (not the later SHA-3), and the hash of a personal message (EIP-191, version 0x45). */
final class Keccak {

	private static final byte[] PREFIX = "\u0019Ethereum Signed Message:\n".getBytes(StandardCharsets.US_ASCII);

	private Keccak() {
	}

	static byte[] hash(byte[] bytes, int offset, int length) {
		KeccakDigest digest = new KeccakDigest(256);
		digest.update(bytes, offset, length);
		byte[] hash = new byte[32];
		digest.doFinal(hash, 0);
		return hash;
	}

	/**
	 * Returns the hash that is signed for a text. The length in the prefix counts bytes of UTF-8, not characters.
	 *
	 * @throws CharacterCodingException if the text is not well-formed: replacing half a surrogate pair would let two texts share a signature
	 */
	static byte[] personalHash(String text) throws CharacterCodingException {
		ByteBuffer utf8 = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
		KeccakDigest digest = new KeccakDigest(256);
		digest.update(PREFIX, 0, PREFIX.length);
		byte[] length = Integer.toString(utf8.remaining()).getBytes(StandardCharsets.US_ASCII);
		digest.update(length, 0, length.length);
		digest.update(utf8.array(), utf8.arrayOffset() + utf8.position(), utf8.remaining());
		byte[] hash = new byte[32];
		digest.doFinal(hash, 0);
		return hash;
	}
}
