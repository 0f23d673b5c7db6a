package dcl.transport.hotdeploy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The rules of a drop zone. Immutable; each {@code with…} returns a changed copy and throws {@link IllegalArgumentException} for what is out of range.
 */
public final class DropZoneOptions {

	/** What becomes of a jar that no trusted signer signed. May gain constants. */
	public enum Signatures {
		/** It is refused. */
		ENFORCE,
		/** It is let in with a warning; one that was altered after it was signed, or signed by somebody trusted for other types, is refused. */
		WARN,
		/** Signatures are not looked at; each verdict says so. */
		OFF
	}

	private static final DropZoneOptions DEFAULTS = new DropZoneOptions();

	private Signatures signatures = Signatures.ENFORCE;
	private Path trustFile;
	private boolean allowOlder;
	private boolean nativeCode;
	private Set<String> reservedTypes = Set.of("*", "archipelago", "fixed-adapter", "livekit", "offline", "signed-login", "simulator", "ws-room");
	private Duration poll = Duration.ofMillis(250);
	private Duration settle = Duration.ofSeconds(2);
	private Duration start = Duration.ofSeconds(5);
	private int maxFiles = 200;
	private long maxBytes = 1L << 26;
	private long maxUnpackedBytes = 1L << 28;
	private int maxEntries = 10_000;
	private int maxRatio = 100;

	private DropZoneOptions() {
	}

	private DropZoneOptions(DropZoneOptions from) {
		signatures = from.signatures;
		trustFile = from.trustFile;
		allowOlder = from.allowOlder;
		nativeCode = from.nativeCode;
		reservedTypes = from.reservedTypes;
		poll = from.poll;
		settle = from.settle;
		start = from.start;
		maxFiles = from.maxFiles;
		maxBytes = from.maxBytes;
		maxUnpackedBytes = from.maxUnpackedBytes;
		maxEntries = from.maxEntries;
		maxRatio = from.maxRatio;
	}

	/** Returns the defaults, which are those of a released jar. */
	public static DropZoneOptions defaults() {
		return DEFAULTS;
	}

	/** Returns the same with other demands on signatures; {@link Signatures#ENFORCE} by default. */
	public DropZoneOptions withSignatures(Signatures mode) {
		DropZoneOptions changed = new DropZoneOptions(this);
		changed.signatures = Objects.requireNonNull(mode, "mode");
		return changed;
	}

	/** Returns the same with another trust file; {@code trust.json} in the folder by default. */
	public DropZoneOptions withTrustFile(Path file) {
		DropZoneOptions changed = new DropZoneOptions(this);
		changed.trustFile = file.toAbsolutePath().normalize();
		return changed;
	}

	/** Returns the same, taking older versions than were here before; they are refused by default. */
	public DropZoneOptions withAllowOlder(boolean allowed) {
		DropZoneOptions changed = new DropZoneOptions(this);
		changed.allowOlder = allowed;
		return changed;
	}

	/** Returns the same, taking bundles with native code; they are refused by default. */
	public DropZoneOptions withNativeCode(boolean allowed) {
		DropZoneOptions changed = new DropZoneOptions(this);
		changed.nativeCode = allowed;
		return changed;
	}

	/**
	 * Returns the same with other types that only a signer may provide for whom they are named, one by one, in the trust file; by default {@code *} and
	 * those of this runtime's own providers. A type that a running bundle provides is as good as reserved.
	 */
	public DropZoneOptions withReservedTypes(Set<String> types) {
		DropZoneOptions changed = new DropZoneOptions(this);
		changed.reservedTypes = Set.copyOf(types);
		return changed;
	}

	/** Returns the same, looking more or less often; 10 ms to 60 s, 250 ms by default. */
	public DropZoneOptions withPoll(Duration interval) {
		DropZoneOptions changed = new DropZoneOptions(this);
		changed.poll = between(interval, Duration.ofMillis(10), Duration.ofMinutes(1), "poll");
		return changed;
	}

	/** Returns the same with another time for which a file that is not a whole jar must not have changed before it is refused; 0 to 10 min, 2 s by default. */
	public DropZoneOptions withSettle(Duration time) {
		DropZoneOptions changed = new DropZoneOptions(this);
		changed.settle = between(time, Duration.ZERO, Duration.ofMinutes(10), "settle");
		return changed;
	}

	/** Returns the same with another time in which a bundle has to start and show its services; 100 ms to 10 min, 5 s by default. */
	public DropZoneOptions withStart(Duration limit) {
		DropZoneOptions changed = new DropZoneOptions(this);
		changed.start = between(limit, Duration.ofMillis(100), Duration.ofMinutes(10), "start");
		return changed;
	}

	/** Returns the same for more or fewer jars; 1 to 10000, 200 by default. More in the folder are left out, by name, and logged. */
	public DropZoneOptions withMaxFiles(int files) {
		DropZoneOptions changed = new DropZoneOptions(this);
		changed.maxFiles = (int) between(files, 1, 10_000, "maxFiles");
		return changed;
	}

	/** Returns the same for jars of other sizes; 1 KiB to 1 GiB, 64 MiB by default. */
	public DropZoneOptions withMaxBytes(long bytes) {
		DropZoneOptions changed = new DropZoneOptions(this);
		changed.maxBytes = between(bytes, 1 << 10, 1 << 30, "maxBytes");
		return changed;
	}

	/** Returns the same for jars that unpack to other sizes, jars in them included; 1 KiB to 8 GiB, 256 MiB by default. */
	public DropZoneOptions withMaxUnpackedBytes(long bytes) {
		DropZoneOptions changed = new DropZoneOptions(this);
		changed.maxUnpackedBytes = between(bytes, 1 << 10, 1L << 33, "maxUnpackedBytes");
		return changed;
	}

	/** Returns the same for jars of other numbers of entries, those of jars in them included; 1 to 65534, 10000 by default. */
	public DropZoneOptions withMaxEntries(int entries) {
		DropZoneOptions changed = new DropZoneOptions(this);
		changed.maxEntries = (int) between(entries, 1, 65_534, "maxEntries");
		return changed;
	}

	/** Returns the same for other ratios of unpacked to packed size; 2 to 1100, 100 by default. It counts from 1 MiB of unpacked size. */
	public DropZoneOptions withMaxRatio(int ratio) {
		DropZoneOptions changed = new DropZoneOptions(this);
		changed.maxRatio = (int) between(ratio, 2, 1_100, "maxRatio");
		return changed;
	}

	private static Duration between(Duration value, Duration least, Duration most, String name) {
		if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
			throw new IllegalArgumentException(name + " has to be " + least + " to " + most + ", not " + value);
		}
		return value;
	}

	private static long between(long value, long least, long most, String name) {
		if (value < least || value > most) {
			throw new IllegalArgumentException(name + " has to be " + least + " to " + most + ", not " + value);
		}
		return value;
	}

	/** See {@link #withSignatures}. */
	public Signatures signatures() {
		return signatures;
	}

	/** See {@link #withTrustFile}; empty for the one in the folder. */
	public Optional<Path> trustFile() {
		return Optional.ofNullable(trustFile);
	}

	/** See {@link #withAllowOlder}. */
	public boolean allowOlder() {
		return allowOlder;
	}

	/** See {@link #withNativeCode}. */
	public boolean nativeCode() {
		return nativeCode;
	}

	/** See {@link #withReservedTypes}; sorted. */
	public Set<String> reservedTypes() {
		return new TreeSet<>(reservedTypes);
	}

	/** See {@link #withPoll}. */
	public Duration poll() {
		return poll;
	}

	/** See {@link #withSettle}. */
	public Duration settle() {
		return settle;
	}

	/** See {@link #withStart}. */
	public Duration start() {
		return start;
	}

	/** See {@link #withMaxFiles}. */
	public int maxFiles() {
		return maxFiles;
	}

	/** See {@link #withMaxBytes}. */
	public long maxBytes() {
		return maxBytes;
	}

	/** See {@link #withMaxUnpackedBytes}. */
	public long maxUnpackedBytes() {
		return maxUnpackedBytes;
	}

	/** See {@link #withMaxEntries}. */
	public int maxEntries() {
		return maxEntries;
	}

	/** See {@link #withMaxRatio}. */
	public int maxRatio() {
		return maxRatio;
	}
}
