package dcl.transport.simulator.internal;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

import dcl.transport.Delivery;
import dcl.transport.rfc4.Rfc4;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** The same connection string gives the same packets, byte for byte, whatever the machine and its clock do. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class TraceTest {

	private static final String EVERYTHING = "peers=7&latency=40ms&jitter=90ms&loss=0.1&reorder=0.2&duplicate=0.1&burst=2s,30&garbage=3s,9&silence=4s,800ms&kick=11500ms&";
	private static final int MILLIS = 12_000;
	private static final int SEEDS = 12;

	private final Fixture fixture = new Fixture();

	@AfterEach
	void close() {
		fixture.close();
	}

	/** What happens within twelve seconds, told in steps of whatever length, to a listener that is slow or not. */
	private List<String> trace(String params, Random steps, boolean slow) {
		try (Fixture own = new Fixture()) {
			FakeContext context = own.context();
			if (slow) {
				context.stumble(new Random(3));
			}
			Fixture.Opened room = own.openReal(params + "&clock=test", context);
			int left = MILLIS;
			while (left > 0) {
				int step = steps == null ? left : Math.min(left, 1 + steps.nextInt(1_500));
				room.advance(step);
				left -= step;
			}
			return room.trace();
		}
	}

	@ParameterizedTest
	@ValueSource(strings = {"walk", "crowd", "chat", "churn"})
	void the_same_seed_gives_the_same_trace_however_time_passes(String scenario) {
		Random random = new Random(scenario.hashCode());
		for (int i = 0; i < SEEDS; i++) {
			String params = "?scenario=" + scenario + "&" + EVERYTHING + "seed=" + random.nextLong();
			List<String> once = trace(params, null, false);

			assertThat(once).as(params).hasSizeGreaterThan(300);
			assertThat(trace(params, new Random(i), false)).as(params).isEqualTo(once);
			assertThat(trace(params, new Random(i + 1_000), true)).as(params).isEqualTo(once);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = {"walk", "crowd", "chat", "churn"})
	void another_seed_gives_another_trace(String scenario) {
		List<String> one = trace("?scenario=" + scenario + "&peers=5&seed=1", null, false);
		List<String> other = trace("?scenario=" + scenario + "&peers=5&seed=2", null, false);

		assertThat(one).isNotEqualTo(other);
		assertThat(one.get(0)).isNotEqualTo(other.get(0));
	}

	@Test
	void real_time_gives_the_trace_of_the_virtual_clock() throws Exception {
		String params = "?scenario=churn&seed=9&" + EVERYTHING;
		List<String> virtual = trace(params, null, false);

		Fixture.Opened real = fixture.openReal(params + "&pace=50");
		real.context().awaitReports(virtual.size());

		assertThat(real.trace().subList(0, virtual.size())).isEqualTo(virtual);
	}

	@Test
	void what_the_host_says_changes_nothing_of_what_the_bots_do_by_themselves() {
		List<String> alone = trace("?scenario=churn&peers=5&seed=4", null, false);
		Fixture.Opened room = fixture.open("?scenario=churn&peers=5&seed=4");
		for (int i = 0; i < MILLIS / 1_000; i++) {
			room.send(Rfc4.chat("say " + i), Delivery.reliable());
			room.advance(1_000);
		}

		List<String> echoes = room.received().stream().filter(report -> Rfc4.decode(report.packet()).hasChat()).map(FakeContext.Report::toString).toList();
		assertThat(echoes).hasSizeGreaterThan(5);
		List<String> others = room.trace();
		others = others.stream().filter(line -> !echoes.contains(line)).toList();
		assertThat(others).isEqualTo(alone);
	}

	@Test
	void two_transports_share_a_clock_and_nothing_else() {
		Fixture.Opened one = fixture.open("?peers=3&seed=1");
		fixture.clock.advance(Duration.ofMillis(500)).toCompletableFuture().orTimeout(Fixture.LIMIT_SECONDS, TimeUnit.SECONDS).join();
		Fixture.Opened other = fixture.open("?peers=3&seed=1");
		one.advance(500);
		List<String> early = one.trace();
		one.link().close();
		other.advance(500);

		assertThat(other.trace()).isEqualTo(early); // its time began later, and it does not care who left
		assertThat(one.context().closed).isNotDone();
	}

	@Test
	void nothing_happens_unless_the_clock_goes_on() {
		Fixture.Opened room = fixture.open("?peers=3&scenario=crowd");
		room.advance(0);
		int begun = room.context().count();
		room.advance(0);
		assertThat(room.context().count()).isEqualTo(begun);
		room.advance(10_000);
		assertThat(room.context().count()).isGreaterThan(begun);
	}
}
