package dcl.transport;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

@Timeout(value = 10, unit = TimeUnit.SECONDS)
class SessionPolicyTest {

	private final SessionPolicy defaults = SessionPolicy.defaults();

	@Test
	void each_change_leaves_everything_else_as_it_was() {
		assertThat(defaults).hasToString("waits PT1S to PT30S, steady after PT10S, 1000 packets or 1048576 bytes waiting, 10000 unconfirmed");
		assertThat(defaults.withWaits(Duration.ofMillis(1), Duration.ofMillis(1)).withSteadyAfter(Duration.ZERO).withFirstRetried(false)
				.withWaiting(1, 2).withUnconfirmed(3))
				.hasToString("waits PT0.001S to PT0.001S, steady after PT0S, first attempt not retried, 1 packets or 2 bytes waiting, 3 unconfirmed");
		assertThat(defaults.isFirstRetried()).isTrue();
	}

	@ParameterizedTest
	@CsvSource({"PT0S,PT1S", "PT-1S,PT1S", "PT2S,PT1S", "PT1S,PT24H1S"})
	void waits_out_of_range_are_refused(Duration first, Duration longest) {
		assertThatIllegalArgumentException().isThrownBy(() -> defaults.withWaits(first, longest)).withMessageContaining("expected PT0.001S <= first");
	}

	@ParameterizedTest
	@CsvSource({"0,1", "1000001,1", "1,0", "1,1073741825"})
	void bounds_out_of_range_are_refused(int packets, long bytes) {
		assertThatIllegalArgumentException().isThrownBy(() -> defaults.withWaiting(packets, bytes)).withMessageContaining("expected 1 to 1000000");
	}

	@Test
	void what_cannot_be_is_refused() {
		assertThatIllegalArgumentException().isThrownBy(() -> defaults.withSteadyAfter(Duration.ofSeconds(-1)));
		assertThatIllegalArgumentException().isThrownBy(() -> defaults.withUnconfirmed(0));
		assertThatIllegalArgumentException().isThrownBy(() -> defaults.withUnconfirmed(1_000_001));
	}
}
