package dcl.transport.simulator.internal;

import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(value = 30, unit = TimeUnit.SECONDS)
class PaceTest {

	private static final long MILLI = 1_000_000;
	private static final long CATCH_UP = 250 * MILLI;
	private static final long HOUR = 3_600_000 * MILLI;

	@Test
	void virtual_time_is_real_time_at_its_pace() {
		Pace pace = new Pace(2.5, CATCH_UP, 7);
		assertThat(pace.advance(7 + 100 * MILLI)).isEqualTo(250 * MILLI);
		assertThat(pace.advance(7 + 200 * MILLI)).isEqualTo(500 * MILLI);
	}

	@Test
	void it_comes_back_when_the_next_thing_is_to_happen() {
		Pace pace = new Pace(2, CATCH_UP, 0);
		assertThat(pace.until(60 * MILLI)).isEqualTo(30 * MILLI);
		assertThat(pace.advance(30 * MILLI)).isEqualTo(60 * MILLI);
	}

	@Test
	void who_was_late_catches_up_a_little_and_forgets_the_rest() {
		Pace pace = new Pace(1, CATCH_UP, 0);
		pace.until(60 * MILLI);
		assertThat(pace.advance(160 * MILLI)).isEqualTo(160 * MILLI);
		pace.until(220 * MILLI);
		assertThat(pace.advance(8 * HOUR)).as("a laptop that was asleep").isEqualTo(160 * MILLI + 60 * MILLI + CATCH_UP);
		pace.until(500 * MILLI);
		assertThat(pace.advance(8 * HOUR + 30 * MILLI)).isEqualTo(500 * MILLI);
	}

	@Test
	void a_long_wait_that_was_planned_is_no_delay() {
		Pace pace = new Pace(1, CATCH_UP, 0);
		pace.until(HOUR);
		assertThat(pace.advance(HOUR)).isEqualTo(HOUR);
		pace.idle();
		assertThat(pace.advance(3 * HOUR)).isEqualTo(3 * HOUR);
	}

	@Test
	void time_in_which_nobody_took_anything_does_not_count() {
		Pace pace = new Pace(1, CATCH_UP, 0);
		pace.lost(HOUR);
		assertThat(pace.advance(HOUR + MILLI)).isEqualTo(MILLI);
	}

	@Test
	void it_never_runs_over() {
		Pace pace = new Pace(1_000_000, CATCH_UP, 0);
		long before = 0;
		for (int i = 1; i < 2_000; i++) {
			long now = pace.advance(i * HOUR);
			assertThat(now).isBetween(before, Plan.NEVER / 2);
			before = now;
		}
	}
}
