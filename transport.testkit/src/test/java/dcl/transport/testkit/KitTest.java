package dcl.transport.testkit;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;

import static org.assertj.core.api.Assertions.assertThat;

/** The kit, tried on providers that are bad on purpose: each flaw breaks its clause. */
@Timeout(300)
class KitTest {

	/** What the next run is about; the contract is made by JUnit. */
	private static volatile Set<Flaw> flaws = Set.of();

	/** Not found by the build, whose tests end in Test. */
	static class Flawed extends TransportContract {

		@Override
		protected TransportDriver driver() {
			return new MemoryDriver(flaws);
		}
	}

	private static EngineExecutionResults run(Set<Flaw> wrong, DiscoverySelector what) {
		flaws = wrong;
		return EngineTestKit.engine("junit-jupiter").selectors(what).execute();
	}

	/** What fails on purpose takes as long as it is given. */
	private static void patience(int limitSeconds, int promptSeconds) {
		System.setProperty("dcl.testkit.limitSeconds", Integer.toString(limitSeconds));
		System.setProperty("dcl.testkit.promptSeconds", Integer.toString(promptSeconds));
	}

	@BeforeEach
	void be_patient() {
		patience(8, 2);
	}

	@AfterEach
	void be_as_patient_as_usual() {
		System.clearProperty("dcl.testkit.limitSeconds");
		System.clearProperty("dcl.testkit.promptSeconds");
	}

	private static Set<Clause> broken(EngineExecutionResults results) {
		Set<Clause> clauses = new TreeSet<>();
		for (Event failed : results.testEvents().failed().list()) {
			Throwable failure = failed.getRequiredPayload(TestExecutionResult.class).getThrowable().orElseThrow();
			assertThat(failure).isInstanceOf(ContractViolation.class);
			Clause clause = ((ContractViolation) failure).clause();
			assertThat(failure).hasMessageStartingWith(clause + ": ").hasMessageContaining(clause.words());
			clauses.add(clause);
		}
		return clauses;
	}

	private static DiscoverySelector testOf(Clause clause) {
		String number = String.format(Locale.ROOT, "c%02d_", Integer.parseInt(clause.name().substring(1)));
		return Arrays.stream(TransportContract.class.getDeclaredMethods()).filter(method -> method.getName().startsWith(number)).findFirst()
				.map(method -> DiscoverySelectors.selectMethod(Flawed.class, method)).orElseThrow();
	}

	@ParameterizedTest
	@EnumSource
	void each_flaw_breaks_its_clause(Flaw flaw) {
		patience(1, 1);

		EngineExecutionResults results = run(EnumSet.of(flaw), testOf(flaw.clause));

		assertThat(broken(results)).containsExactly(flaw.clause);
	}

	@Test
	void each_clause_has_a_test_and_a_flaw() {
		assertThat(Clause.values()).allSatisfy(clause -> {
			testOf(clause);
			assertThat(Flaw.values()).anyMatch(flaw -> flaw.clause == clause);
		});
	}

	@Test
	void a_careless_provider_fails_where_it_is_careless_and_nowhere_else() {
		EngineExecutionResults results = run(EnumSet.of(Flaw.BROADCASTS_PRIVATE_PACKETS, Flaw.USES_BUFFERS_AGAIN, Flaw.OVERLOOKS_NONSENSE, Flaw.LEAVES_A_THREAD,
				Flaw.SHOWS_THE_TOKEN), DiscoverySelectors.selectClass(Flawed.class));

		assertThat(broken(results)).containsExactly(Clause.C12, Clause.C18, Clause.C19, Clause.C28, Clause.C30);
	}

	@Test
	void a_lying_provider_fails_where_it_lies_and_nowhere_else() {
		EngineExecutionResults results = run(EnumSet.of(Flaw.CONFIRMS_AT_ONCE, Flaw.KICKED_IS_LOST, Flaw.GOODBYE_IS_LOST, Flaw.ENDS_TWICE),
				DiscoverySelectors.selectClass(Flawed.class));

		assertThat(broken(results)).containsExactly(Clause.C17, Clause.C22, Clause.C25, Clause.C27, Clause.C34);
	}

	@Test
	void a_blocking_provider_fails_where_it_blocks_and_nowhere_else() {
		EngineExecutionResults results = run(EnumSet.of(Flaw.BLOCKS_IN_OPEN, Flaw.BLOCKS_IN_SEND, Flaw.NEVER_NOTICES_SILENCE),
				DiscoverySelectors.selectClass(Flawed.class));

		assertThat(broken(results)).containsExactly(Clause.C1, Clause.C15, Clause.C24);
	}

	@Test
	void what_a_driver_cannot_do_is_skipped_by_name() {
		EngineExecutionResults results = EngineTestKit.engine("junit-jupiter").selectors(DiscoverySelectors.selectClass(Poor.class)).execute();

		assertThat(results.testEvents().failed().count()).isZero();
		assertThat(results.testEvents().aborted().list()).isNotEmpty().allSatisfy(aborted -> assertThat(
				aborted.getRequiredPayload(TestExecutionResult.class).getThrowable().orElseThrow())
				.hasMessageMatching("(?s).*C\\d+ is not checked: the driver's server cannot .*"));
		assertThat(results.testEvents().succeeded().count()).isGreaterThan(8);
	}

	/** A driver that can do nothing. */
	static class Poor extends TransportContract {

		@Override
		protected TransportDriver driver() {
			return new PoorDriver();
		}
	}
}
