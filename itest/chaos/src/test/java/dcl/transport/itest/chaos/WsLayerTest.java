package dcl.transport.itest.chaos;

import java.net.SocketException;
import java.time.Duration;
import java.util.Arrays;

import dcl.transport.itest.chaos.Wire.End;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** What the proxy knows of WebSocket. */
@Timeout(90)
class WsLayerTest {

	private static byte[] frame(int opcode, int size, boolean masked) {
		byte[] payload = new byte[size];
		for (int i = 0; i < size; i++) {
			payload[i] = (byte) i;
		}
		return WsFrame.of(opcode, payload, masked);
	}

	@ParameterizedTest
	@CsvSource({"0,1", "0,2", "5,1", "5,3", "5,7", "125,64", "126,3", "200,4", "70000,9", "70000,35000"})
	void a_frame_is_cut_at_the_byte_that_was_asked_for(int size, int at) throws Exception {
		try (Wire wire = new Wire("at frame 3 byte " + at + " down of connection 1: rst")) {
			End client = wire.client();
			End server = wire.server();
			Wire.upgrade(client, server);
			byte[] whole = frame(2, 10, false);
			byte[] cut = frame(2, size, false);
			server.out().write(whole);
			server.out().write(frame(9, 0, false));
			server.out().write(cut);
			assertThat(client.read(whole.length + 2 + at)).hasSize(whole.length + 2 + at);
			assertThatThrownBy(() -> client.in().readByte()).isInstanceOf(SocketException.class);
		}
	}

	@Test
	void a_frame_that_is_shorter_is_cut_at_its_end() throws Exception {
		try (Wire wire = new Wire("at frame 1 byte 100 up of connection 1: fin")) {
			End client = wire.client();
			End server = wire.server();
			Wire.upgrade(client, server);
			byte[] whole = frame(2, 10, true);
			client.out().write(whole);
			assertThat(server.readAll()).hasSize(whole.length);
		}
	}

	@Test
	void a_stop_at_a_frame_keeps_it_back() throws Exception {
		try (Wire wire = new Wire("at frame 2 down of connection 1: stop")) {
			End client = wire.client();
			End server = wire.server();
			Wire.upgrade(client, server);
			server.out().write(frame(2, 3, false));
			server.out().write(frame(2, 3, false));
			assertThat(client.frame()).hasSize(5);
			client.socket().setSoTimeout(300);
			assertThatThrownBy(() -> client.in().readByte()).isInstanceOf(java.net.SocketTimeoutException.class);
		}
	}

	@Test
	void a_frame_is_injected_between_two_and_masked_towards_the_server() throws Exception {
		try (Wire wire = new Wire("at frame 2 down of connection 1: inject 9 abcd\nat frame 2 down of connection 1: inject 10 01 up")) {
			End client = wire.client();
			End server = wire.server();
			Wire.upgrade(client, server);
			server.out().write(frame(2, 300, false));
			byte[] second = frame(2, 300, false);
			server.out().write(second, 0, 100);
			assertThat(client.frame()).hasSize(304);
			assertThat(client.frame()).containsExactly(0x89, 2, 0xAB, 0xCD);
			server.out().write(second, 100, second.length - 100);
			assertThat(client.frame()).isEqualTo(second);
			assertThat(server.frame()).hasSize(7).startsWith(0x8A, 0x81);
			server.out().write(second, 0, 50);
			client.in().readNBytes(50);
			wire.proxy.apply(1, "inject 8 03e8 down"); // inside of a frame: waits for its end
			server.out().write(second, 50, second.length - 50);
			client.in().readNBytes(second.length - 50);
			assertThat(client.frame()).containsExactly(0x88, 2, 3, 0xE8);
		}
	}

	@Test
	void an_opcode_is_altered_once() throws Exception {
		try (Wire wire = new Wire("at frame 1 up of connection 1: opcode 3")) {
			End client = wire.client();
			End server = wire.server();
			Wire.upgrade(client, server);
			client.out().write(frame(2, 3, true));
			client.out().write(frame(2, 3, true));
			assertThat(server.frame()).startsWith(0x83);
			assertThat(server.frame()).startsWith(0x82);
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = {false, true})
	void a_message_is_split_into_fragments_that_carry_the_same(boolean masked) throws Exception {
		byte[] payload = new byte[300];
		new java.util.Random(3).nextBytes(payload);
		java.io.ByteArrayOutputStream joined = new java.io.ByteArrayOutputStream();
		java.util.List<byte[]> fragments = WsFrame.split(WsFrame.of(2, payload, masked), 130);
		assertThat(fragments).hasSize(3);
		for (int i = 0; i < 3; i++) {
			byte[] fragment = fragments.get(i);
			assertThat(fragment[0] & 0xFF).isEqualTo(i == 0 ? 0x02 : i == 1 ? 0x00 : 0x80);
			byte[] once = WsFrame.split(fragment, 1_000).get(0);
			int begin = ((fragment[1] & 0x7F) == 126 ? 4 : 2) + (masked ? 4 : 0);
			for (int k = begin; k < once.length; k++) {
				joined.write(once[k] ^ (masked ? once[begin - 4 + (k - begin & 3)] : 0));
			}
		}
		assertThat(joined.toByteArray()).isEqualTo(payload);

		try (Wire wire = new Wire("at frame 1 down of connection 1: split 1")) {
			End client = wire.client();
			End server = wire.server();
			Wire.upgrade(client, server);
			server.out().write(frame(2, 3, false));
			assertThat(client.frame()).containsExactly(2, 1, 0);
			assertThat(client.frame()).containsExactly(0, 1, 1);
			assertThat(client.frame()).containsExactly(0x80, 1, 2);
		}
	}

	@Test
	void frames_are_merged_into_one_write() throws Exception {
		try (Wire wire = new Wire("at frame 1 down of connection 1: merge 3")) {
			End client = wire.client();
			End server = wire.server();
			Wire.upgrade(client, server);
			server.out().write(frame(2, 3, false));
			server.out().write(frame(2, 4, false));
			client.socket().setSoTimeout(300);
			assertThatThrownBy(() -> client.in().readByte()).isInstanceOf(java.net.SocketTimeoutException.class);
			server.out().write(frame(2, 5, false));
			client.socket().setSoTimeout(20_000);
			assertThat(client.frame()).hasSize(5);
			assertThat(client.frame()).hasSize(6);
			assertThat(client.frame()).hasSize(7);
		}
	}

	@Test
	void a_pong_is_late_and_what_comes_after_it_is_not() throws Exception {
		try (Wire wire = new Wire("at 0 ms of connection 1: delay-pong 400 up")) {
			End client = wire.client();
			End server = wire.server();
			Wire.upgrade(client, server);
			long begin = System.nanoTime();
			client.out().write(frame(10, 1, true));
			client.out().write(frame(2, 3, true));
			assertThat(server.frame()).startsWith(0x82);
			assertThat(server.frame()).startsWith(0x8A);
			assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThanOrEqualTo(Duration.ofMillis(400));
		}
	}

	@ParameterizedTest
	@ValueSource(strings = {"301 Location: http://127.0.0.1:1/", "401", "403", "404", "429 Retry-After: 7", "500", "503 Retry-After: 2",
			"503"})
	void an_upgrade_is_answered_with_another_status(String answer) throws Exception {
		try (Wire wire = new Wire("at 0 ms of connection 1: answer " + answer)) {
			End client = wire.client();
			client.write(Wire.REQUEST);
			String[] words = answer.split(" ", 2);
			assertThat(client.readAll()).startsWith("HTTP/1.1 " + words[0] + " ").contains(words.length == 1 ? "" : "\r\n" + words[1] + "\r\n")
					.endsWith("\r\n\r\n");
		}
	}

	@Test
	void headers_without_end_come_as_long_as_they_are_read() throws Exception {
		try (Wire wire = new Wire("at 0 ms of connection 1: endless-headers")) {
			End client = wire.client();
			client.write(Wire.REQUEST);
			byte[] head = client.in().readNBytes(1 << 20);
			assertThat(head).hasSize(1 << 20);
			assertThat(new String(head, java.nio.charset.StandardCharsets.ISO_8859_1)).startsWith("HTTP/1.1 101 ").doesNotContain("\r\n\r\n");
		}
	}

	@Test
	void an_accept_key_is_wrong() throws Exception {
		try (Wire wire = new Wire("at 0 ms of connection 1: wrong-accept")) {
			End client = wire.client();
			client.write(Wire.REQUEST);
			String head = client.read(120);
			assertThat(head).startsWith("HTTP/1.1 101 ").contains("Sec-WebSocket-Accept: ");
		}
	}

	@Test
	void a_frame_that_is_altered_and_cut_goes_as_far_as_the_cut() throws Exception {
		try (Wire wire = new Wire("at 0 ms of connection 1: delay-pong 400 down\nat frame 1 byte 50 down of connection 1: fin")) {
			End client = wire.client();
			End server = wire.server();
			Wire.upgrade(client, server);
			byte[] whole = frame(2, 200, false);
			server.out().write(whole);
			assertThat(client.in().readAllBytes()).isEqualTo(Arrays.copyOf(whole, 50));
		}
	}
}
