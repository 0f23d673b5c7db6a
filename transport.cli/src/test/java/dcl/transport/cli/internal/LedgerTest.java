package dcl.transport.cli.internal;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(value = 30, unit = TimeUnit.SECONDS)
class LedgerTest {

	private final Ledger ledger = new Ledger(2);

	private void received(int... numbers) {
		for (int number : numbers) {
			ledger.received(1, number);
		}
	}

	private void assertCounts(long missing, long duplicated, long reordered) {
		assertThat(List.of(ledger.missing(), ledger.duplicated(), ledger.reordered())).containsExactly(missing, duplicated, reordered);
	}

	@Test
	void what_comes_in_order_is_all_there() {
		received(0, 1, 2, 3);
		assertCounts(0, 0, 0);
		assertThat(ledger.missing(1, 4)).isZero();
	}

	@Test
	void gaps_at_the_start_inside_and_at_the_end_are_missing() {
		received(2, 3, 7);
		assertCounts(2 + 3, 0, 0);
		assertThat(ledger.missing(1, 10)).isEqualTo(2);
		assertThat(ledger.missing(0, 10)).as("a sender who was not heard at all").isEqualTo(10);
	}

	@Test
	void what_comes_late_is_not_missing_but_out_of_order_and_once_only() {
		received(0, 3, 1, 2, 1);
		assertCounts(0, 1, 2);
	}

	@Test
	void what_comes_twice_is_a_duplicate() {
		received(0, 0, 1, 0, 1);
		assertCounts(0, 3, 0);
	}

	@Test
	void what_comes_later_than_63_behind_stays_missing() {
		received(0, 2);
		for (int number = 3; number <= 64; number++) {
			ledger.received(1, number);
		}
		received(1);
		assertCounts(0, 0, 1);

		received(65 + 1, 65 + 64 + 1, 65);
		assertCounts(1 + 63, 0, 2);
	}

	@Test
	void after_an_absence_it_counts_on_from_what_comes() {
		received(0, 1);
		ledger.forget(1);
		assertThat(ledger.missing(1, 100)).as("nobody knows").isZero();
		received(50, 52, 40);
		assertCounts(1, 0, 0);
		assertThat(ledger.missing(1, 54)).isEqualTo(1);

		ledger.forgetAll();
		assertThat(ledger.missing(0, 100)).isZero();
	}

	@ParameterizedTest
	@ValueSource(ints = {1, 2, 3, 4, 5})
	void it_agrees_with_counting_by_hand(int seed) {
		Random random = new Random(seed);
		List<Integer> order = new ArrayList<>();
		int lost = 0;
		int twice = 0;
		for (int number = 0; number < 5_000; number++) {
			int times = random.nextInt(10) == 0 ? 0 : random.nextInt(10) == 0 ? 2 : 1;
			lost += times == 0 ? 1 : 0;
			twice += times == 2 ? 1 : 0;
			order.addAll(Collections.nCopies(times, number));
		}
		for (int at = 0; at + 20 < order.size(); at += 20) { // within the window
			Collections.shuffle(order.subList(at, at + 20), random);
		}
		int newest = -1;
		int late = 0;
		List<Integer> seen = new ArrayList<>(Collections.nCopies(5_000, 0));
		for (int number : order) {
			boolean first = seen.set(number, 1) == 0;
			late += first && number < newest ? 1 : 0;
			newest = Math.max(newest, number);
			ledger.received(1, number);
		}
		assertThat(ledger.missing() + ledger.missing(1, 5_000)).isEqualTo(lost);
		assertThat(ledger.duplicated()).isEqualTo(twice);
		assertThat(ledger.reordered()).isEqualTo(late);
	}
}
