package dcl.transport.cli.internal;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import dcl.transport.cli.internal.Installed.Candidate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/** {@code providers} and {@code resolve}. */
@Timeout(value = 30, unit = TimeUnit.SECONDS)
class ListsTest {

	private static Candidate candidate(String bundle, int ranking, boolean accepts, String... types) {
		return new Candidate(List.of(types), bundle, "1.0.0", ranking, uri -> accepts);
	}

	private static Session run(List<Candidate> installed, String... args) throws Exception {
		return new Session(new FakeRegistry(), () -> installed, null, args);
	}

	@Test
	void providers_are_listed_by_type_and_the_best_of_a_type_first() throws Exception {
		Candidate best = candidate("b.best", 7, true, "ws-room", "fake");
		Session session = run(List.of(best, candidate("b.other", 0, true, "fake")), "providers", "--json");

		assertThat(session.exit()).isZero();
		assertThat(session.lines()).containsExactly(
				"{\"type\":\"fake\",\"bundle\":\"b.best\",\"version\":\"1.0.0\",\"ranking\":7}",
				"{\"type\":\"fake\",\"bundle\":\"b.other\",\"version\":\"1.0.0\",\"ranking\":0}",
				"{\"type\":\"ws-room\",\"bundle\":\"b.best\",\"version\":\"1.0.0\",\"ranking\":7}");
		Schemas.assertValid("providers", session.lines());
	}

	@Test
	void without_a_provider_people_are_told_and_programs_get_no_line() throws Exception {
		Session people = run(List.of(), "providers");
		Session programs = run(List.of(), "providers", "--json");

		assertThat(people.exit()).isZero();
		assertThat(people.lines()).containsExactly("no provider is installed");
		assertThat(programs.exit()).isZero();
		assertThat(programs.lines()).isEmpty();
	}

	@Test
	void resolve_tells_who_is_chosen_and_why() throws Exception {
		Candidate any = candidate("b.any", 100, true, "*");
		Session session = run(List.of(any, candidate("b.vetoes", 9, false, "fake"), candidate("b.yes", 3, true, "fake")),
				"resolve", "--json", "fake:wss://h.example/token");

		assertThat(session.exit()).isZero();
		Schemas.assertValid("resolve", session.lines());
		assertThat(session.lines().get(0)).isEqualTo("{\"type\":\"fake\",\"uri\":\"fake:wss://h.example/\\u2026\",\"provider\":\"b.yes\","
				+ "\"why\":\"the first in rank that accepts the params\",\"candidates\":["
				+ "{\"bundle\":\"b.vetoes\",\"version\":\"1.0.0\",\"ranking\":9,\"accepts\":false},"
				+ "{\"bundle\":\"b.yes\",\"version\":\"1.0.0\",\"ranking\":3,\"accepts\":true},"
				+ "{\"bundle\":\"b.any\",\"version\":\"1.0.0\",\"ranking\":100,\"accepts\":true}],\"warnings\":[]}");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = {
			"fake:ws://h.example/x    | without TLS: everybody on the way can read and change what is sent",
			"fake:HTTP://u@h.example  | without TLS: everybody on the way can read and change what is sent",
			"fake:wss://h.example/x   | ''",
			"fake:ws://127.0.0.1:1/x  | ''",
			"fake:ws://u@localhost/x  | ''",
			"fake:ws://[::1]:80/x     | ''"})
	void resolve_warns_of_clear_text_beyond_this_machine(String uri, String warning) throws Exception {
		Session session = run(List.of(candidate("b", 0, true, "fake")), "resolve", uri);

		assertThat(session.exit()).isZero();
		assertThat(session.lines()).hasSize(warning.isEmpty() ? 3 : 4).last().asString().endsWith(warning);
	}

	@Test
	void resolve_warns_of_providers_of_equal_rank() throws Exception {
		Session session = run(List.of(candidate("b.first", 5, true, "fake"), candidate("b.second", 5, true, "fake")), "resolve", "fake:x");

		assertThat(session.exit()).isZero();
		assertThat(session.lines()).containsExactly("type      fake", "uri       fake:…", "provider  b.first: the oldest of ranking 5",
				"warning   several providers have ranking 5, so the order of their installation decides");
	}

	@Test
	void a_provider_that_does_not_answer_counts_as_no() throws Exception {
		CountDownLatch never = new CountDownLatch(1);
		Candidate hangs = new Candidate(List.of("fake"), "b.hangs", "1.0.0", 9, uri -> {
			try {
				return never.await(1, TimeUnit.MINUTES);
			} catch (InterruptedException e) {
				throw new IllegalStateException(e);
			}
		});

		Session session = run(List.of(hangs, candidate("b.yes", 0, true, "fake")), "resolve", "fake:x", "--json");

		assertThat(session.exit()).isZero();
		assertThat(session.lines().get(0)).contains("\"provider\":\"b.yes\"");
		never.countDown();
	}

	@ParameterizedTest
	@CsvSource({"nothing:x, NO_PROVIDER, true", "no colon, INVALID_PARAMS, false", "UPPER:x, INVALID_PARAMS, false"})
	void what_cannot_be_resolved_is_an_event_and_exit_code_3(String uri, String code, boolean retryable) throws Exception {
		Session programs = run(List.of(), "resolve", uri, "--json");
		Session people = run(List.of(), "resolve", uri);

		assertThat(programs.exit()).isEqualTo(3);
		assertThat(programs.lines()).hasSize(1).first().asString().contains("\"code\":\"" + code + "\"").contains("\"retryable\":" + retryable);
		Schemas.assertValid("event", programs.lines());
		assertThat(people.exit()).isEqualTo(3);
		assertThat(people.lines()).isEmpty();
		assertThat(people.err()).startsWith("failed: " + code);
	}
}
