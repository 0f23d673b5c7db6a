package dcl.transport.websocket;

import java.security.SecureRandom;

/** Draws frame masks. They come from a secure generator (RFC 6455, 5.3 and 10.3), in blocks, since a call per mask costs twice as much. */
final class Masks {

	private static final int BLOCK_BYTES = 4096;

	private final SecureRandom random = new SecureRandom();
	private final byte[] block = new byte[BLOCK_BYTES];
	private int used = BLOCK_BYTES;

	synchronized int next() {
		if (used == BLOCK_BYTES) {
			random.nextBytes(block);
			used = 0;
		}
		int mask = (block[used] & 0xFF) << 24 | (block[used + 1] & 0xFF) << 16 | (block[used + 2] & 0xFF) << 8 | block[used + 3] & 0xFF;
		used += 4;
		return mask;
	}
}
