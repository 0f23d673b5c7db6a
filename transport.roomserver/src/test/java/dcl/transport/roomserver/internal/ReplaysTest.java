package dcl.transport.roomserver.internal;

import java.util.concurrent.TimeUnit;

import dcl.transport.roomserver.internal.Replays.Verdict;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(10)
class ReplaysTest {

	private static final long WINDOW = SignedFetch.WINDOW_MILLIS;
	private static final long DAY = TimeUnit.DAYS.toMillis(1);

	/** The system clock, which may be set, and the one that is not. */
	private long wallMillis;
	private long runningMillis = Long.MAX_VALUE / 1_000_000; // wraps round in nanoseconds, as nanoTime may
	private final Replays replays = new Replays(2, () -> TimeUnit.MILLISECONDS.toNanos(1) * runningMillis);

	private Verdict take(String owner, String text, long stampMillis) {
		return replays.take(owner, "post:/x:" + stampMillis + ":" + text, stampMillis, wallMillis);
	}

	private boolean knows(String text, long stampMillis) {
		return replays.knows("0xa", "post:/x:" + stampMillis + ":" + text, stampMillis);
	}

	private void pass(long millis) {
		wallMillis += millis;
		runningMillis += millis;
	}

	@Test
	void a_request_is_taken_once_by_each_owner() {
		assertThat(take("0xa", "", 1)).isEqualTo(Verdict.NEW);
		assertThat(take("0xa", "", 1)).isEqualTo(Verdict.REPLAY);
		assertThat(take("0xb", "", 1)).isEqualTo(Verdict.NEW);
	}

	@Test
	void whoever_asks_takes_nothing() {
		assertThat(knows("x", 1)).isFalse();
		assertThat(take("0xa", "x", 1)).isEqualTo(Verdict.NEW);
		assertThat(knows("x", 1)).isTrue();
		assertThat(knows("y", 1)).isFalse();
	}

	@Test
	void it_is_remembered_for_as_long_as_any_time_stamp_is_good() {
		take("0xa", "x", WINDOW);
		pass(Replays.KEPT_MILLIS);
		assertThat(take("0xa", "x", WINDOW)).isEqualTo(Verdict.REPLAY);
		pass(1);
		assertThat(take("0xa", "x", WINDOW)).isEqualTo(Verdict.NEW);
	}

	@Test
	void at_the_bound_nothing_is_forgotten_before_its_time() {
		take("0xa", "x", 0);
		take("0xa", "y", 1);
		assertThat(take("0xa", "z", 2)).isEqualTo(Verdict.TOO_MANY);
		assertThat(take("0xa", "x", 0)).isEqualTo(Verdict.REPLAY);
		pass(Replays.KEPT_MILLIS);
		assertThat(take("0xa", "z", wallMillis)).isEqualTo(Verdict.TOO_MANY);
		pass(1);
		assertThat(take("0xa", "z", wallMillis)).as("the oldest has had its time").isEqualTo(Verdict.NEW);
	}

	@Test
	void what_was_taken_while_the_clock_was_ahead_stops_nobody() {
		wallMillis = DAY;
		assertThat(take("0xa", "ahead", DAY)).isEqualTo(Verdict.NEW);
		wallMillis = 0;
		for (int i = 0; i < 10; i++) {
			assertThat(take("0xa", "x", wallMillis)).as("pruned by its time, whatever is ahead").isEqualTo(Verdict.NEW);
			assertThat(take("0xa", "x", wallMillis)).isEqualTo(Verdict.REPLAY);
			pass(Replays.KEPT_MILLIS + 1);
		}
		assertThat(knows("ahead", DAY)).as("it will be good again").isTrue();
		take("0xa", "y", wallMillis);
		assertThat(take("0xa", "z", wallMillis)).as("where room is needed, it goes").isEqualTo(Verdict.NEW);
		assertThat(knows("ahead", DAY)).isFalse();
		assertThat(take("0xa", "more", wallMillis)).as("and nothing else").isEqualTo(Verdict.TOO_MANY);
	}

	@Test
	void a_clock_that_is_ahead_for_a_while_makes_nothing_forgotten() {
		take("0xa", "x", WINDOW);
		wallMillis += DAY;
		take("0xa", "y", DAY);
		pass(WINDOW);
		take("0xa", "y", DAY);
		wallMillis -= DAY;
		assertThat(take("0xa", "x", WINDOW)).isEqualTo(Verdict.REPLAY);
	}
}
