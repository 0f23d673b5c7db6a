package dcl.transport.identity;

import java.time.Clock;
import java.time.Duration;
import java.util.Objects;

/** How a wallet signs: delegation, memory and clock. Immutable. */
public final class WalletOptions {

	/** How long an ephemeral key is valid, unless told otherwise. */
	public static final Duration DEFAULT_EPHEMERAL_LIFE = Duration.ofMinutes(10);
	/** The shortest life of an ephemeral key. */
	public static final Duration MIN_EPHEMERAL_LIFE = Duration.ofMinutes(1);
	/** The longest life of an ephemeral key. */
	public static final Duration MAX_EPHEMERAL_LIFE = Duration.ofDays(7);
	/** How many challenges a wallet remembers, unless told otherwise. */
	public static final int DEFAULT_REMEMBERED_CHALLENGES = 4_096;
	/** The most challenges a wallet can be told to remember; each takes about 150 bytes. */
	public static final int MAX_REMEMBERED_CHALLENGES = 1_000_000;

	private static final WalletOptions DEFAULTS = new WalletOptions(true, DEFAULT_EPHEMERAL_LIFE, DEFAULT_REMEMBERED_CHALLENGES, Clock.systemUTC());

	private final boolean delegating;
	private final Duration ephemeralLife;
	private final int rememberedChallenges;
	private final Clock clock;

	private WalletOptions(boolean delegating, Duration ephemeralLife, int rememberedChallenges, Clock clock) {
		this.delegating = delegating;
		this.ephemeralLife = ephemeralLife;
		this.rememberedChallenges = rememberedChallenges;
		this.clock = clock;
	}

	/** Returns the defaults: delegating to a key of ten minutes, remembering 4,096 challenges, on the system's clock. */
	public static WalletOptions defaults() {
		return DEFAULTS;
	}

	/**
	 * Returns the same, delegating to ephemeral keys that are valid for this long. A key is replaced when half of its life is over, so that a chain is
	 * always good for the other half, and a server whose clock differs by less than that accepts it.
	 *
	 * @throws IllegalArgumentException if the life is shorter than {@link #MIN_EPHEMERAL_LIFE} or longer than {@link #MAX_EPHEMERAL_LIFE}
	 */
	public WalletOptions withEphemeralLife(Duration life) {
		if (life.compareTo(MIN_EPHEMERAL_LIFE) < 0 || life.compareTo(MAX_EPHEMERAL_LIFE) > 0) {
			throw new IllegalArgumentException("an ephemeral key lives " + MIN_EPHEMERAL_LIFE + " to " + MAX_EPHEMERAL_LIFE + ", not " + life);
		}
		return new WalletOptions(true, life, rememberedChallenges, clock);
	}

	/** Returns the same without delegation: the wallet's own key signs, in chains of two links, which never expire. Guests of some clients do so. */
	public WalletOptions withoutDelegation() {
		return new WalletOptions(false, ephemeralLife, rememberedChallenges, clock);
	}

	/**
	 * Returns the same, remembering this many challenges; the oldest is forgotten first.
	 *
	 * @throws IllegalArgumentException unless it is 1 to {@link #MAX_REMEMBERED_CHALLENGES}
	 */
	public WalletOptions withRememberedChallenges(int challenges) {
		if (challenges < 1 || challenges > MAX_REMEMBERED_CHALLENGES) {
			throw new IllegalArgumentException("a wallet remembers 1 to " + MAX_REMEMBERED_CHALLENGES + " challenges, not " + challenges);
		}
		return new WalletOptions(delegating, ephemeralLife, challenges, clock);
	}

	/** Returns the same on another clock, which dates the ephemeral keys. */
	public WalletOptions withClock(Clock other) {
		return new WalletOptions(delegating, ephemeralLife, rememberedChallenges, Objects.requireNonNull(other));
	}

	/** Returns whether ephemeral keys sign in the wallet's place. */
	public boolean delegating() {
		return delegating;
	}

	/** Returns how long an ephemeral key is valid. */
	public Duration ephemeralLife() {
		return ephemeralLife;
	}

	/** Returns how many challenges are remembered. */
	public int rememberedChallenges() {
		return rememberedChallenges;
	}

	/** Returns the clock that dates the ephemeral keys. */
	public Clock clock() {
		return clock;
	}
}
