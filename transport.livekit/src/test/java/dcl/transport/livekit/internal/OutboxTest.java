package dcl.transport.livekit.internal;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(30)
class OutboxTest {

	private static Outbox of(int maxPackets, int maxBytes, int... sizes) {
		Outbox outbox = new Outbox(maxPackets, maxBytes);
		for (int size : sizes) {
			outbox.sent(new byte[size]);
		}
		return outbox;
	}

	@Test
	void what_has_left_is_what_the_channel_does_not_hold_any_more() {
		Outbox outbox = of(10, 1_000, 10, 20, 30);
		assertThat(outbox.left(0)).isEqualTo(3);
		assertThat(outbox.left(1)).isEqualTo(2);
		assertThat(outbox.left(30)).isEqualTo(2);
		assertThat(outbox.left(50)).isEqualTo(1);
		assertThat(outbox.left(60)).isZero();
		assertThat(outbox.left(1_000)).isZero();
		outbox.confirm(2);
		assertThat(outbox.left(0)).isEqualTo(3);
		assertThat(outbox.left(30)).isZero();
	}

	@Test
	void each_packet_is_confirmed_once() {
		Outbox outbox = of(10, 1_000, 1, 1, 1);
		assertThat(outbox.confirm(2)).isEqualTo(2);
		assertThat(outbox.confirm(1)).isZero();
		assertThat(outbox.confirm(0xFFFFFFFFL)).isEqualTo(1); // a server may say anything
		assertThat(outbox.isEmpty()).isTrue();
		assertThat(outbox.next()).isEqualTo(4);
		assertThat(outbox.replay()).isEmpty();
	}

	@Test
	void it_is_full_at_its_bound_and_keeps_the_newest_messages_for_which_there_is_room() {
		Outbox outbox = of(3, 50, 30, 20, 25);
		assertThat(outbox.isFull()).isTrue();
		assertThat(outbox.replay()).extracting(message -> message.length).containsExactly(20, 25);
		assertThat(outbox.confirm(1)).isEqualTo(1); // its message is gone, it is not
		assertThat(outbox.isFull()).isFalse();
		outbox.sent(new byte[60]);
		assertThat(outbox.replay()).isEmpty();
		assertThat(outbox.confirm(4)).isEqualTo(3);
	}

	@Test
	void what_was_not_confirmed_is_in_doubt_when_numbers_begin_anew() {
		Outbox outbox = of(10, 1_000, 1, 1, 1);
		outbox.confirm(1);
		assertThat(outbox.reset()).isEqualTo(2);
		assertThat(outbox.next()).isEqualTo(1);
		assertThat(outbox.left(0)).isZero();
		assertThat(outbox.reset()).isZero();
	}

	@Test
	void the_senders_heard_are_remembered_up_to_a_bound() {
		Heard heard = new Heard(2);
		assertThat(heard.isNew("a", 5)).isTrue();
		assertThat(heard.isNew("b", -1)).isTrue(); // unsigned: the largest number
		assertThat(heard.isNew("b", 7)).isFalse();
		assertThat(heard.isNew("a", 5)).isFalse();
		assertThat(heard.isNew("c", 1)).isTrue(); // in the place of b, who was not heard for longest
		assertThat(heard.states()).extracting(state -> state.getPublisherSid()).containsExactlyInAnyOrder("a", "c");
		assertThat(heard.isNew("", 1)).isTrue();
		assertThat(heard.isNew("a", 0)).isTrue();
	}
}
