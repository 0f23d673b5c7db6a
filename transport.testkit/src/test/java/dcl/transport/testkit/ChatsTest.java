package dcl.transport.testkit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(60)
class ChatsTest {

	@Test
	void a_chat_has_exactly_the_size_asked_for() {
		for (int bytes = Chats.MIN_BYTES; bytes < 20_000; bytes += bytes < 400 || bytes > 16_300 && bytes < 16_500 ? 1 : 97) {
			assertThat(Chats.say("packet 12345", bytes)).hasSize(bytes);
		}
	}

	@Test
	void a_chat_is_an_rfc4_packet() {
		assertThat(Chats.say("hi")).containsExactly(0x2a, 4, 0x0a, 2, 'h', 'i');
	}
}
