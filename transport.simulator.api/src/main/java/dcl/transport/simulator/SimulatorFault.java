package dcl.transport.simulator;

import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/**
 * Something that goes wrong, as a wire would show it. Immutable.
 * <p>
 * Latency, jitter, loss, reordering and duplicates hold until another of the same kind takes their place, or for a time ({@link #lasting}); zero ends them.
 */
public final class SimulatorFault {

	/** What kind; gains constants. */
	public enum Kind {
		/** Everything comes this much later, both ways; the order stays. */
		LATENCY,
		/** Everything comes up to this much later still, at random; the order stays. */
		JITTER,
		/** Lossy packets are lost with this probability, both ways. */
		LOSS,
		/** Lossy packets come 20 to 120 ms late with this probability, and so after others that were sent later. */
		REORDER,
		/** Packets come twice with this probability. */
		DUPLICATE,
		/** So many movements come at once, of everybody in turn. */
		BURST,
		/** Nothing comes and nothing is read, for a time or for good. After the half-open limit the transport ends with {@code LOST}. */
		SILENCE,
		/** So much comes that makes no sense, by turns of a kind that the wire itself cannot read ({@code invalid}) and of a kind that is no rfc4 packet. */
		GARBAGE,
		/** The service puts the host out: {@code KICKED}, with these words. */
		KICK,
		/** The service closes in good order: {@code SERVER}, with these words. */
		CLOSE,
		/** The service refuses the login: {@code connect()} fails with {@code REFUSED} and these words. Only while connecting, which lasts until then. */
		REFUSE;

		private final String word = name().toLowerCase(Locale.ROOT);

		/** Returns the name in connection strings and scenario files. */
		public String word() {
			return word;
		}
	}

	/** The longest time of a fault. */
	public static final Duration LONGEST = Duration.ofHours(24);

	/** The most packets of a burst, or of garbage. */
	public static final int MAX_PACKETS = 100_000;

	/** The longest words, in characters. */
	public static final int MAX_WORDS = 1_024;

	private final Kind kind;
	private final Duration time;
	private final double probability;
	private final int packets;
	private final String words;
	private final Duration lasting;

	private SimulatorFault(Kind kind, Duration time, double probability, int packets, String words, Duration lasting) {
		this.kind = kind;
		this.time = time;
		this.probability = probability;
		this.packets = packets;
		this.words = words;
		this.lasting = lasting;
	}

	private static SimulatorFault timed(Kind kind, Duration time) {
		return new SimulatorFault(kind, within(time), 0, 0, "", null);
	}

	private static SimulatorFault likely(Kind kind, double probability) {
		if (!(probability >= 0 && probability <= 1)) {
			throw new IllegalArgumentException("a probability is from 0 to 1");
		}
		return new SimulatorFault(kind, Duration.ZERO, probability, 0, "", null);
	}

	private static SimulatorFault counted(Kind kind, int packets) {
		if (packets < 1 || packets > MAX_PACKETS) {
			throw new IllegalArgumentException("a number of packets is from 1 to " + MAX_PACKETS);
		}
		return new SimulatorFault(kind, Duration.ZERO, 0, packets, "", null);
	}

	private static SimulatorFault ending(Kind kind, String words) {
		if (words.length() > MAX_WORDS) {
			throw new IllegalArgumentException("words have at most " + MAX_WORDS + " characters");
		}
		return new SimulatorFault(kind, Duration.ZERO, 0, 0, words, null);
	}

	private static Duration within(Duration time) {
		if (time.isNegative() || time.compareTo(LONGEST) > 0) {
			throw new IllegalArgumentException("a time is from 0 to " + LONGEST);
		}
		return time;
	}

	/** @throws IllegalArgumentException unless the time is from 0 to {@link #LONGEST} */
	public static SimulatorFault latency(Duration time) {
		return timed(Kind.LATENCY, time);
	}

	/** @throws IllegalArgumentException unless the time is from 0 to {@link #LONGEST} */
	public static SimulatorFault jitter(Duration most) {
		return timed(Kind.JITTER, most);
	}

	/** @throws IllegalArgumentException unless the probability is from 0 to 1 */
	public static SimulatorFault loss(double probability) {
		return likely(Kind.LOSS, probability);
	}

	/** @throws IllegalArgumentException unless the probability is from 0 to 1 */
	public static SimulatorFault reorder(double probability) {
		return likely(Kind.REORDER, probability);
	}

	/** @throws IllegalArgumentException unless the probability is from 0 to 1 */
	public static SimulatorFault duplicate(double probability) {
		return likely(Kind.DUPLICATE, probability);
	}

	/** @throws IllegalArgumentException unless there are 1 to {@link #MAX_PACKETS} packets */
	public static SimulatorFault burst(int packets) {
		return counted(Kind.BURST, packets);
	}

	/** @throws IllegalArgumentException unless there are 1 to {@link #MAX_PACKETS} packets */
	public static SimulatorFault garbage(int packets) {
		return counted(Kind.GARBAGE, packets);
	}

	/** Returns silence for good; {@link #lasting} gives it an end. */
	public static SimulatorFault silence() {
		return new SimulatorFault(Kind.SILENCE, Duration.ZERO, 0, 0, "", null);
	}

	/** @throws IllegalArgumentException if the words are longer than {@link #MAX_WORDS} */
	public static SimulatorFault kick(String words) {
		return ending(Kind.KICK, words);
	}

	/** @throws IllegalArgumentException if the words are longer than {@link #MAX_WORDS} */
	public static SimulatorFault close(String words) {
		return ending(Kind.CLOSE, words);
	}

	/** @throws IllegalArgumentException if the words are longer than {@link #MAX_WORDS} */
	public static SimulatorFault refuse(String words) {
		return ending(Kind.REFUSE, words);
	}

	/**
	 * Returns the same for a time only.
	 *
	 * @throws IllegalArgumentException unless the time is from 0 to {@link #LONGEST}, and for kinds that have no time: bursts, garbage and endings
	 */
	public SimulatorFault lasting(Duration forThisLong) {
		switch (kind) {
			case LATENCY, JITTER, LOSS, REORDER, DUPLICATE, SILENCE -> {
				return new SimulatorFault(kind, time, probability, packets, words, within(forThisLong));
			}
			default -> throw new IllegalArgumentException(kind.word() + " does not last");
		}
	}

	/** Returns the kind. */
	public Kind kind() {
		return kind;
	}

	/** Returns the time of a latency or jitter, zero for others. */
	public Duration time() {
		return time;
	}

	/** Returns the probability of loss, reordering or duplicates, 0 for others. */
	public double probability() {
		return probability;
	}

	/** Returns how many packets of a burst, or of garbage, 0 for others. */
	public int packets() {
		return packets;
	}

	/** Returns the words of an ending, "" for others. */
	public String words() {
		return words;
	}

	/** Returns how long it lasts, empty for good. */
	public Optional<Duration> lasting() {
		return Optional.ofNullable(lasting);
	}

	@Override
	public boolean equals(Object other) {
		return other instanceof SimulatorFault that && kind == that.kind && time.equals(that.time) && probability == that.probability
				&& packets == that.packets && words.equals(that.words) && Objects.equals(lasting, that.lasting);
	}

	@Override
	public int hashCode() {
		return Objects.hash(kind, time, probability, packets, words, lasting);
	}

	@Override
	public String toString() {
		return kind.word() + (lasting == null ? "" : " for " + lasting);
	}
}
