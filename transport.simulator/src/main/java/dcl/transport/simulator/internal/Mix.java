package dcl.transport.simulator.internal;

import java.util.Random;

import dcl.transport.PeerId;

/** What follows from a seed: sources of randomness that do not touch each other, and addresses. The mixing function is SplitMix64's. */
final class Mix {

	static final int BEHAVIOUR = 1;
	static final int DOWN = 2;
	static final int UP = 3;
	static final int REPLIES = 4;
	private static final int ADDRESS = 5;

	private static final long GOLDEN = 0x9e3779b97f4a7c15L;
	private static final int ADDRESS_DIGITS = 40;

	private Mix() {
	}

	static Random random(long seed, int stream) {
		return new Random(mix(seed + GOLDEN * stream));
	}

	static PeerId peer(long seed, int index) {
		StringBuilder text = new StringBuilder("0x");
		long state = mix(seed + GOLDEN * ADDRESS) + index * GOLDEN;
		for (int i = 0; text.length() < 2 + ADDRESS_DIGITS; i++) {
			long bits = mix(state + mix(i + 1));
			for (int digit = 0; digit < 16 && text.length() < 2 + ADDRESS_DIGITS; digit++) {
				text.append(Character.forDigit((int) (bits >>> 4 * digit) & 15, 16));
			}
		}
		return PeerId.of(text.toString());
	}

	private static long mix(long value) {
		long z = (value ^ value >>> 30) * 0xbf58476d1ce4e5b9L;
		z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
		return z ^ z >>> 31;
	}
}
