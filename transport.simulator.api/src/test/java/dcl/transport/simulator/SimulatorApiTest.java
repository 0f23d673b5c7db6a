package dcl.transport.simulator;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import dcl.transport.Subscription;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

@Timeout(value = 30, unit = TimeUnit.SECONDS)
class SimulatorApiTest {

	@Test
	void a_clock_goes_on_when_it_is_told_and_waits_for_those_who_live_by_it() {
		SimulatedClock clock = new SimulatedClock();
		List<Duration> told = new ArrayList<>();
		CompletableFuture<Void> reached = new CompletableFuture<>();
		Subscription following = clock.follow(now -> {
			told.add(now);
			return reached;
		});

		CompletableFuture<Void> advanced = clock.advance(Duration.ofSeconds(2)).toCompletableFuture();
		assertThat(advanced).isNotDone();
		reached.complete(null);
		assertThat(advanced).isDone();
		following.close();
		assertThat(clock.advance(Duration.ofSeconds(1)).toCompletableFuture()).isDone();

		assertThat(told).containsExactly(Duration.ofSeconds(2));
		assertThat(clock.now()).isEqualTo(Duration.ofSeconds(3));
		assertThatIllegalArgumentException().isThrownBy(() -> clock.advance(Duration.ofNanos(-1)));
	}

	@Test
	void faults_keep_to_their_ranges() {
		assertThatIllegalArgumentException().isThrownBy(() -> SimulatorFault.latency(Duration.ofMillis(-1)));
		assertThatIllegalArgumentException().isThrownBy(() -> SimulatorFault.latency(SimulatorFault.LONGEST.plusNanos(1)));
		assertThatIllegalArgumentException().isThrownBy(() -> SimulatorFault.loss(1.01));
		assertThatIllegalArgumentException().isThrownBy(() -> SimulatorFault.loss(Double.NaN));
		assertThatIllegalArgumentException().isThrownBy(() -> SimulatorFault.burst(0));
		assertThatIllegalArgumentException().isThrownBy(() -> SimulatorFault.garbage(SimulatorFault.MAX_PACKETS + 1));
		assertThatIllegalArgumentException().isThrownBy(() -> SimulatorFault.kick("x".repeat(SimulatorFault.MAX_WORDS + 1)));
		assertThatIllegalArgumentException().isThrownBy(() -> SimulatorFault.kick("x").lasting(Duration.ofSeconds(1)));

		SimulatorFault most = SimulatorFault.loss(1).lasting(SimulatorFault.LONGEST);
		assertThat(most).isEqualTo(SimulatorFault.loss(1).lasting(SimulatorFault.LONGEST)).isNotEqualTo(SimulatorFault.loss(1));
		assertThat(most.lasting()).contains(SimulatorFault.LONGEST);
	}
}
