package dcl.transport.wsroom.internal;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import dcl.transport.PeerId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(value = 10, unit = TimeUnit.SECONDS)
class RosterTest {

	private static final PeerId ALICE = PeerId.of("0x" + "a".repeat(40));
	private static final PeerId BOB = PeerId.of("0x" + "b".repeat(40));

	final Roster roster = new Roster();

	@Test
	void a_peer_under_a_second_alias_neither_joins_again_nor_leaves_with_the_first() {
		assertThat(roster.join(1, ALICE)).isEqualTo(new Roster.Change(null, ALICE));
		assertThat(roster.join(2, ALICE)).isEqualTo(new Roster.Change(null, null));
		assertThat(roster.leave(1)).isEqualTo(new Roster.Change(null, null));
		assertThat(roster.sender(1)).isNull();
		assertThat(roster.sender(2)).isEqualTo(ALICE);
		assertThat(roster.leave(2)).isEqualTo(new Roster.Change(ALICE, null));
	}

	@Test
	void a_leave_of_an_unknown_alias_and_a_second_leave_change_nothing() {
		roster.join(1, ALICE);
		roster.leave(1);

		assertThat(roster.leave(1)).isEqualTo(new Roster.Change(null, null));
		assertThat(roster.leave(99)).isEqualTo(new Roster.Change(null, null));
	}

	@Test
	void a_join_of_a_known_alias_replaces_its_peer() {
		roster.join(1, ALICE);

		assertThat(roster.join(1, BOB)).isEqualTo(new Roster.Change(ALICE, BOB));
		assertThat(roster.join(1, BOB)).isEqualTo(new Roster.Change(null, null));
		assertThat(roster.peers()).containsExactly(BOB);
	}

	@Test
	void joins_and_leaves_pair_whatever_a_server_says() {
		Random random = new Random(7);
		Map<Integer, PeerId> model = new HashMap<>();
		Set<PeerId> present = new HashSet<>();
		for (int i = 0; i < 20_000; i++) {
			int alias = random.nextInt(12);
			Roster.Change change;
			if (random.nextBoolean()) {
				PeerId peer = PeerId.of("peer-" + random.nextInt(5));
				model.put(alias, peer);
				change = roster.join(alias, peer);
			} else {
				model.remove(alias);
				change = roster.leave(alias);
			}
			if (change.left() != null) {
				assertThat(present.remove(change.left())).isTrue();
			}
			if (change.joined() != null) {
				assertThat(present.add(change.joined())).isTrue();
			}
			assertThat(present).isEqualTo(new HashSet<>(model.values()));
			assertThat(roster.size()).isEqualTo(model.size());
		}
	}
}
