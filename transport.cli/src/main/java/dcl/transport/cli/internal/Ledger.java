package dcl.transport.cli.internal;

import java.util.Arrays;

/**
 * What one receiver got of one stream of each sender, by the numbers of the packets: counted from 0, one after the other. What comes a second time is told
 * from what comes late as long as it is at most 63 behind; later than that it counts as late, and as missing still. Not thread-safe.
 */
final class Ledger {

	private static final int UNKNOWN = -2;

	private final int[] last;
	private final int[] first;
	private final long[] seen; // bit n: the packet n before the last
	private long missing;
	private long duplicated;
	private long reordered;

	/** Expects everything of everybody, from number 0. */
	Ledger(int senders) {
		last = new int[senders];
		first = new int[senders];
		seen = new long[senders];
		Arrays.fill(last, -1);
		Arrays.fill(seen, -1); // nothing before 0 is missing
	}

	/** One of the two was away: counts on from whatever comes next. */
	void forget(int sender) {
		last[sender] = UNKNOWN;
	}

	void forgetAll() {
		Arrays.fill(last, UNKNOWN);
	}

	void received(int sender, int number) {
		int before = last[sender];
		if (before == UNKNOWN) {
			last[sender] = number;
			first[sender] = number;
			seen[sender] = -1;
		} else if (number > before) {
			int ahead = number - before;
			missing += ahead - 1;
			last[sender] = number;
			seen[sender] = (ahead < Long.SIZE ? seen[sender] << ahead : 0) | 1;
		} else {
			late(sender, number, before - number);
		}
	}

	private void late(int sender, int number, int behind) {
		if (number < first[sender]) {
			return; // from before one of the two was away
		}
		long bit = behind < Long.SIZE ? 1L << behind : 0;
		if ((seen[sender] & bit) != 0) {
			duplicated++;
			return;
		}
		reordered++;
		if (bit != 0) {
			seen[sender] |= bit;
			missing--;
		}
	}

	/** Returns how many are missing, given how many a sender has sent; those after an absence that nothing came after are not known. */
	long missing(int sender, int sent) {
		return last[sender] == UNKNOWN ? 0 : Math.max(0, sent - 1 - last[sender]);
	}

	/** Returns how many are missing before the last that came. */
	long missing() {
		return missing;
	}

	long duplicated() {
		return duplicated;
	}

	long reordered() {
		return reordered;
	}
}
