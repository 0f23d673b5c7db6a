package dcl.transport.livekit.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import dcl.transport.PeerId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static dcl.transport.livekit.internal.ScriptedServer.ACTIVE;
import static dcl.transport.livekit.internal.ScriptedServer.participant;
import static org.assertj.core.api.Assertions.assertThat;

@Timeout(30)
class ParticipantsTest {

	private static final PeerId BOB = PeerId.of("bob");

	private final List<String> events = new ArrayList<>();
	private final Participants participants = new Participants(new Participants.Changes() {

		@Override
		public void joined(PeerId peer) {
			events.add("+" + peer);
		}

		@Override
		public void left(PeerId peer) {
			events.add("-" + peer);
		}

		@Override
		public void invalid(String why) {
			events.add("?");
		}
	});

	private static long in(int seconds) {
		return System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
	}

	@Test
	void somebody_who_was_only_heard_is_gone_after_a_while_and_stays_if_the_server_tells_of_it() {
		participants.joined("us", List.of());
		participants.heard(BOB, "bob", "PA_b");
		participants.heard(PeerId.of("carol"), "carol", "PA_c");
		assertThat(participants.active()).containsExactlyInAnyOrder(BOB, PeerId.of("carol"));
		participants.forgetUntold(in(5));
		participants.update(List.of(participant("PA_c", "carol", 1)));
		participants.forgetUntold(in(11));
		assertThat(events).containsExactly("+bob", "+carol", "-bob");
		assertThat(participants.isNews("bob", "PA_b")).isFalse(); // what still comes of that session is late
		assertThat(participants.isNews("bob", "PA_b2")).isTrue();
		participants.forgetUntold(in(100));
		assertThat(participants.active()).containsExactly(PeerId.of("carol"));
	}

	@Test
	void who_was_heard_of_an_older_session_or_is_there_already_is_no_news() {
		participants.joined("us", List.of(participant("PA_b2", "bob", ACTIVE)));
		participants.heard(BOB, "bob", "PA_b1");
		participants.heard(BOB, "bob", "PA_b2");
		assertThat(events).containsExactly("+bob");
		assertThat(participants.isNews("us", "PA_us")).isFalse();
		assertThat(participants.isNews("zed", "")).isFalse(); // the server's API has no session
	}

	@Test
	void only_the_last_departed_are_remembered() {
		participants.joined("us", List.of());
		for (int i = 0; i <= 1_024; i++) {
			participants.update(List.of(participant("PA_" + i, "p" + i, ACTIVE), participant("PA_" + i, "p" + i, 3)));
		}
		assertThat(participants.isNews("p0", "PA_0")).isTrue();
		assertThat(participants.isNews("p1", "PA_1")).isFalse();
		assertThat(participants.size()).isZero();
	}

	@Test
	void what_is_no_participant_is_said() {
		participants.joined("us", List.of(participant("", "a", ACTIVE), participant("PA", "", ACTIVE), participant("PA", "x".repeat(257), ACTIVE)));
		assertThat(events).isNotEmpty().containsOnly("?");
		assertThat(participants.size()).isZero();
	}
}
