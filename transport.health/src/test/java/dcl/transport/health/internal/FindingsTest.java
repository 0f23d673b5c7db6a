package dcl.transport.health.internal;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;

import dcl.transport.Session;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(30)
class FindingsTest {

	private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");

	private final FakeStatus status = new FakeStatus();

	private List<String> warnings(String... types) {
		return new Findings(Set.of(types), Duration.ofMinutes(15)).warnings(status, NOW);
	}

	@Test
	void nothing_open_and_nothing_asked_for_is_well() {
		assertThat(warnings()).isEmpty();
	}

	@Test
	void a_configured_type_needs_a_provider_of_it_or_of_any() {
		assertThat(warnings("ws-room")).containsExactly("no provider for ws-room, which has to be there");
		status.provider("a 1.0.0", 0, "ws-room");
		assertThat(warnings("ws-room")).isEmpty();
		assertThat(warnings("ws-room", "acme")).containsExactly("no provider for acme, which has to be there");
		status.provider("b 1.0.0", 0, "*");
		assertThat(warnings("ws-room", "acme")).isEmpty();
	}

	@Test
	void sessions_that_wait_for_a_type_are_a_warning_once_for_all() {
		status.session("acme", Session.State.WAITING).session("acme", Session.State.CONNECTING).session("idle", Session.State.NEW);
		assertThat(warnings()).containsExactly("no provider for acme; sessions that wait for it: 2");
	}

	@Test
	void queues_are_full_from_three_quarters_on() {
		status.transport("a:…", "host 1.0.0", 749, 749);
		assertThat(warnings()).isEmpty();
		status.transport("b:…", "host 1.0.0", 750, 0);
		status.transport("c:…", "", 0, 750);
		assertThat(warnings()).containsExactly("a slow wire: 750 of 1000 packets of host 1.0.0 wait for it in b:…",
				"slow listeners of a host that has gone: 750 of 1000 packets wait for them in c:…");
	}

	@Test
	void a_provider_that_holds_up_threads_or_an_unbind_is_named() {
		status.provider("slow 1.0.0", 2, "slow").holdUp("late 1.0.0", NOW.minusSeconds(60)).holdUp("old 1.0.0", NOW.minusSeconds(901));
		assertThat(warnings()).containsExactly("slow 1.0.0 holds up threads of the registry: 2",
				"late 1.0.0 held up the framework when it left, at 2026-01-01T11:59:00Z, with links open: 3");
	}

	@Test
	void names_of_bundles_cannot_move_the_cursor() {
		status.provider("evil\u001b[2J 1.0.0", 1, "x");
		assertThat(warnings()).containsExactly("evil\\u{1b}[2J 1.0.0 holds up threads of the registry: 1");
	}
}
