package dcl.transport.itest.chaos;

import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

import dcl.transport.itest.chaos.History.Outcome;
import dcl.transport.itest.chaos.History.Stamp;
import dcl.transport.itest.chaos.HistoryChecker.Clause;
import dcl.transport.itest.chaos.HistoryChecker.Guarantee;
import dcl.transport.itest.chaos.HistoryChecker.Violation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/** Histories that are well, and the same ones doctored. */
@Timeout(30)
class HistoryCheckerTest {

	static Stamp message(int session, long sequence) {
		return new Stamp("alice", session, sequence, true);
	}

	/** Alice sends, Bob receives; both are there from the begin. */
	static History begun() {
		History history = new History();
		history.connected("alice", 1, Set.of());
		history.connected("bob", 1, Set.of("alice"));
		history.joined("alice", 1, "bob");
		return history;
	}

	static void delivered(History history, Stamp stamp, int receiver) {
		history.accepted(stamp);
		history.outcome(stamp, Outcome.CONFIRMED);
		history.received("bob", receiver, stamp);
	}

	static List<Violation> check(History history, Guarantee guarantee) {
		return HistoryChecker.check(history.events(), guarantee, Set.of());
	}

	static List<Violation> check(History history) {
		return check(history, Guarantee.AT_MOST_ONCE);
	}

	@Test
	void a_history_with_breaks_drops_and_late_comers_is_well() {
		History history = begun();
		for (int i = 1; i <= 5; i++) {
			delivered(history, message(1, i), 1);
		}
		Stamp lossy = new Stamp("alice", 1, 6, false);
		history.accepted(lossy);
		history.outcome(lossy, Outcome.DROPPED);
		history.connected("carol", 1, Set.of("alice", "bob"));
		history.joined("alice", 1, "carol");
		history.accepted(message(1, 7));
		history.received("carol", 1, message(1, 7));
		history.outcome(message(1, 7), Outcome.UNKNOWN); // it broke before Bob got it
		history.enter("bob", 1, "disconnected");
		history.disconnected("bob", 1, "LOST", true);
		history.exit("bob", 1, "disconnected");
		history.disconnected("alice", 1, "LOST", true);
		history.left("carol", 1, "alice");
		history.connected("alice", 2, Set.of("carol"));
		history.joined("carol", 1, "alice");
		history.connected("bob", 2, Set.of("alice", "carol"));
		history.accepted(message(2, 1));
		history.received("bob", 2, message(2, 1));
		history.received("carol", 1, message(2, 1));
		history.outcome(message(2, 1), Outcome.WRITTEN);

		HistoryChecker.require(history.events(), Guarantee.AT_MOST_ONCE, Set.of("carol"));
	}

	/** What is done to a good history, the clause that has to notice, and what the window shows. */
	static Stream<Arguments> doctored() {
		return Stream.of(
				doctored(Clause.C1, "no outcome", 1, history -> history.accepted(message(1, 4))),
				doctored(Clause.C1, "two outcomes", 2, history -> history.outcome(message(1, 2), Outcome.FAILED)),
				doctored(Clause.C1, "accepted twice", 2, history -> history.accepted(message(1, 2))),
				doctored(Clause.C1, "not accepted", 1, history -> history.outcome(message(1, 9), Outcome.WRITTEN)),
				doctored(Clause.C1, "nobody was said to send", 1, history -> history.received("bob", 1, message(1, 9))),
				doctored(Clause.C1, "said not to be sent", 3, history -> {
					history.accepted(message(1, 4));
					history.outcome(message(1, 4), Outcome.DROPPED);
					history.received("bob", 1, message(1, 4));
				}),
				doctored(Clause.C2, "arrives twice", 2, history -> history.received("bob", 1, message(1, 2))),
				doctored(Clause.C2, "after a later one", 2, history -> {
					for (int i = 4; i <= 5; i++) {
						history.accepted(message(1, i));
						history.outcome(message(1, i), Outcome.WRITTEN);
					}
					history.received("bob", 1, message(1, 5));
					history.received("bob", 1, message(1, 4));
				}),
				doctored(Clause.C2, "missing at bob/1", 3, history -> { // a gap
					history.accepted(message(1, 4));
					history.outcome(message(1, 4), Outcome.CONFIRMED);
					delivered(history, message(1, 5), 1);
				}),
				doctored(Clause.C2, "missing at bob/1", 2, history -> { // the last one
					history.accepted(message(1, 4));
					history.outcome(message(1, 4), Outcome.CONFIRMED);
				}),
				doctored(Clause.C3, "again after a break", 2, history -> {
					history.disconnected("bob", 1, "LOST", true);
					history.connected("bob", 2, Set.of("alice"));
					history.received("bob", 2, message(1, 3));
				}),
				doctored(Clause.C5, "after the end", 2, history -> {
					history.disconnected("bob", 1, "LOST", true);
					history.joined("bob", 1, "carol");
				}),
				doctored(Clause.C5, "after the end", 2, history -> {
					history.disconnected("bob", 1, "LOST", true);
					history.disconnected("bob", 1, "LOST", true);
				}),
				doctored(Clause.C5, "begins twice", 2, history -> history.connected("bob", 1, Set.of())),
				doctored(Clause.C5, "did not begin", 1, history -> history.disconnected("dave", 1, "LOST", true)),
				doctored(Clause.C5, "that is there", 2, history -> history.joined("bob", 1, "alice")),
				doctored(Clause.C5, "that is not there", 1, history -> history.left("bob", 1, "carol")),
				doctored(Clause.C5, "before the session began", 1, history -> history.joined("dave", 1, "bob")),
				doctored(Clause.C5, "while another runs", 2, history -> {
					history.enter("bob", 1, "peerJoined");
					history.enter("bob", 1, "received");
				}));
	}

	private static Arguments doctored(Clause clause, String text, int window, Consumer<History> doctor) {
		return arguments(clause, text, window, doctor);
	}

	@ParameterizedTest(name = "{0} {1}")
	@MethodSource("doctored")
	void a_doctored_history_is_found_out_with_its_window(Clause clause, String text, int window, Consumer<History> doctor) {
		History history = begun();
		for (int i = 1; i <= 3; i++) {
			delivered(history, message(1, i), 1);
		}
		assertThat(check(history)).isEmpty();

		doctor.accept(history);

		assertThat(check(history)).anySatisfy(violation -> {
			assertThat(violation.clause()).isEqualTo(clause);
			assertThat(violation.text()).contains(text);
			assertThat(violation.window()).hasSize(window);
			assertThat(violation.window().get(0)).isSameAs(history.events().get(violation.first()));
			assertThat(violation.window().get(window - 1)).isSameAs(history.events().get(violation.last()));
		});
		assertThatThrownBy(() -> HistoryChecker.require(history.events(), Guarantee.AT_MOST_ONCE, Set.of())).isInstanceOf(AssertionError.class)
				.hasMessageContaining(clause + ": ");
	}

	@Test
	void of_two_windows_the_smaller_is_told() {
		History history = begun();
		delivered(history, message(1, 1), 1);
		for (int i = 2; i <= 9; i++) {
			delivered(history, message(1, i), 1);
		}
		history.received("bob", 1, message(1, 1));
		history.received("bob", 1, message(1, 9));

		assertThat(check(history)).singleElement().satisfies(violation -> {
			assertThat(violation.last() - violation.first()).isEqualTo(2);
			assertThat(violation.window()).extracting(event -> event.stamp().sequence()).containsExactly(9L, 9L);
		});
	}

	@Test
	void at_least_once_allows_a_second_time_after_a_break_and_misses_nothing() {
		History history = begun();
		delivered(history, message(1, 1), 1);
		history.accepted(message(1, 2));
		history.outcome(message(1, 2), Outcome.UNKNOWN);
		history.disconnected("bob", 1, "LOST", true);
		history.connected("bob", 2, Set.of("alice"));
		history.received("bob", 2, message(1, 1));
		assertThat(check(history, Guarantee.AT_MOST_ONCE)).extracting(Violation::clause).containsExactly(Clause.C3);
		assertThat(check(history, Guarantee.AT_LEAST_ONCE)).singleElement().satisfies(violation -> {
			assertThat(violation.clause()).isEqualTo(Clause.C3);
			assertThat(violation.text()).contains("never arrives at bob");
		});
		history.received("bob", 2, message(1, 2));
		assertThat(check(history, Guarantee.AT_LEAST_ONCE)).isEmpty();
	}

	@Test
	void a_neighbour_that_breaks_connects_again_or_loses_is_found_out() {
		History broken = begun();
		broken.disconnected("bob", 1, "LOST", true);
		History again = begun();
		again.disconnected("bob", 1, "CLIENT", false);
		again.connected("bob", 2, Set.of("alice"));
		History lost = begun();
		Stamp ofBob = new Stamp("bob", 1, 1, true);
		lost.accepted(ofBob);
		lost.outcome(ofBob, Outcome.UNKNOWN);
		for (History history : List.of(broken, again, lost)) {
			assertThat(check(history)).isEmpty();
			assertThat(HistoryChecker.check(history.events(), Guarantee.AT_MOST_ONCE, Set.of("bob"))).extracting(Violation::clause)
					.containsExactly(Clause.C4);
		}
	}

	@Test
	void who_did_not_know_the_sender_misses_nothing() {
		History history = begun();
		history.left("bob", 1, "alice");
		history.accepted(message(1, 1));
		history.outcome(message(1, 1), Outcome.WRITTEN);
		history.joined("bob", 1, "alice");
		delivered(history, message(1, 2), 1);
		assertThat(check(history)).isEmpty();
	}

	@Test
	void a_stamp_survives_its_payload() {
		Stamp stamp = new Stamp("ålice", 3, 1L << 40, true);
		assertThat(Stamp.decode(stamp.encode(0))).isEqualTo(stamp);
		assertThat(stamp.encode(500)).hasSize(500);
		assertThat(Stamp.decode(stamp.encode(500))).isEqualTo(stamp);
		assertThatThrownBy(() -> Stamp.decode(new byte[3])).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("expected a stamp");
	}
}
