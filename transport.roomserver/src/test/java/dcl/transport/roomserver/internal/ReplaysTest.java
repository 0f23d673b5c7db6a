package dcl.transport.roomserver.internal;

import dcl.transport.roomserver.internal.Replays.Verdict;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(10)
class ReplaysTest {

	private final Replays replays = new Replays(2);

	@Test
	void a_request_is_taken_once_by_each_owner() {
		assertThat(replays.take("0xa", "post:/x:1:{}", 0)).isEqualTo(Verdict.NEW);
		assertThat(replays.take("0xa", "post:/x:1:{}", 1)).isEqualTo(Verdict.REPLAY);
		assertThat(replays.take("0xb", "post:/x:1:{}", 2)).isEqualTo(Verdict.NEW);
	}

	@Test
	void it_is_remembered_for_as_long_as_any_time_stamp_is_good() {
		replays.take("0xa", "x", 0);
		assertThat(replays.take("0xa", "x", Replays.KEPT_MILLIS)).isEqualTo(Verdict.REPLAY);
		assertThat(replays.take("0xa", "x", Replays.KEPT_MILLIS + 1)).isEqualTo(Verdict.NEW);
	}

	@Test
	void at_the_bound_nothing_is_forgotten_before_its_time() {
		replays.take("0xa", "x", 0);
		replays.take("0xa", "y", 1);
		assertThat(replays.take("0xa", "z", 2)).isEqualTo(Verdict.TOO_MANY);
		assertThat(replays.take("0xa", "x", 3)).isEqualTo(Verdict.REPLAY);
		assertThat(replays.take("0xa", "z", Replays.KEPT_MILLIS + 1)).as("the oldest has had its time").isEqualTo(Verdict.NEW);
	}
}
