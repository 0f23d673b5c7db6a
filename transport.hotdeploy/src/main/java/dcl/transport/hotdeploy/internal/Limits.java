package dcl.transport.hotdeploy.internal;

import dcl.transport.hotdeploy.DropZoneOptions;
import dcl.transport.hotdeploy.Rule;

/** What a jar, with the jars in it, may still take. Not thread-safe. */
final class Limits {

	private static final long RATIO_COUNTS_FROM = 1 << 20;

	private final int maxEntries;
	private final long maxUnpacked;
	private final long maxByRatio;
	private final int maxRatio;
	private int entries;
	private long unpacked;

	/** @param packed the size of the file */
	Limits(DropZoneOptions options, long packed) {
		maxEntries = options.maxEntries();
		maxUnpacked = options.maxUnpackedBytes();
		maxRatio = options.maxRatio();
		maxByRatio = Math.max(RATIO_COUNTS_FROM, packed * maxRatio);
	}

	void entry() throws Refusal {
		if (++entries > maxEntries) {
			throw new Refusal(Rule.TOO_LARGE, "more than " + maxEntries + " entries, those of jars in it included");
		}
	}

	void unpacked(long bytes) throws Refusal {
		unpacked += bytes;
		if (unpacked > maxUnpacked) {
			throw new Refusal(Rule.TOO_LARGE, "it unpacks to more than " + maxUnpacked + " bytes");
		}
		if (unpacked > maxByRatio) {
			throw new Refusal(Rule.TOO_LARGE, "it unpacks to more than " + maxRatio + " times its size");
		}
	}
}
