package dcl.transport.websocket;

import java.lang.reflect.Field;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** What a connection holds, counted from outside, where a peer would have it hold more. */
@Timeout(60)
class BoundsTest {

	private static final int KIB = 1 << 10;

	@ParameterizedTest
	@ValueSource(booleans = {true, false})
	void a_frame_costs_what_has_arrived_of_it_and_not_what_it_announces(boolean client) throws Exception {
		Rig.run(client, Rig.LARGE, false, 0, rig -> {
			rig.open();
			long before = Held.bytes(rig.connection);
			rig.say(ByteBuffer.allocate(10).put((byte) 0x82).put((byte) (client ? 127 : 255)).putLong(1 << 20).array());
			rig.say(new byte[client ? 100 : 104]);
			rig.hand.settle(rig.line);
			assertThat(Held.bytes(rig.connection) - before).isLessThanOrEqualTo(16 * KIB + 200);
			for (int i = 1; i <= 30; i++) {
				rig.say(new byte[KIB]);
				rig.hand.settle(rig.line);
				assertThat(Held.bytes(rig.connection) - before).isLessThanOrEqualTo(Math.max(16, 2 * i) * KIB + 400);
			}
			assertThat(rig.told.ending).isNull();
			rig.end(false);
		});
	}

	@ParameterizedTest
	@ValueSource(booleans = {true, false})
	void fragments_count_while_they_arrive(boolean client) throws Exception {
		for (int size : new int[] {0, 1, 251}) { // too many, or with these limits of 1 500 bytes in 6 frames too much
			Rig.run(client, Rig.SMALL, false, 0, rig -> {
				rig.open();
				for (int i = 0; i < 3_000 && rig.told.ending == null; i++) {
					rig.say(RawPeer.frame(i == 0 ? 0x02 : 0x00, new byte[size], !client));
					rig.hand.settle(rig.line);
					assertThat(Held.bytes(rig.connection)).isLessThan(8 * KIB);
				}
				assertThat(rig.told.ending.code()).isEqualTo(1009);
				rig.end(false);
			});
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = {true, false})
	void a_handshake_in_pieces_leaves_no_buffer_behind(boolean client) throws Exception {
		Rig.run(client, Rig.LARGE, false, 0, rig -> {
			rig.begin(WebSocketRequest.to(URI.create("ws://localhost:1/")), null);
			String head = client ? RawPeer.accept(rig.line.out.toString(StandardCharsets.US_ASCII)) : RawPeer.request("");
			for (byte b : head.getBytes(StandardCharsets.US_ASCII)) {
				rig.say(new byte[] {b});
				rig.hand.settle(rig.line);
			}
			assertThat(rig.told.connection).isNotNull();
			assertThat(Held.bytes(rig.connection)).isLessThan(KIB);
			for (Class<?> type = rig.connection.getClass(); type != Object.class; type = type.getSuperclass()) { // Java-WebSocket would keep 64 KiB of a head in parts
				for (Field field : type.getDeclaredFields()) {
					field.setAccessible(true);
					assertThat(field.get(rig.connection) instanceof Handshake).as(field.getName()).isFalse();
				}
			}
			rig.end(false);
		});
	}

	@ParameterizedTest
	@ValueSource(booleans = {true, false})
	void a_reason_that_does_not_fit_is_cut_at_a_character(boolean client) throws Exception {
		Rig.run(client, Rig.LARGE, false, 0, rig -> {
			rig.open();
			rig.connection.close(4000, "x" + "\u20ac".repeat(100));
			rig.hand.settle(rig.line);
			Reference written = Reference.read(rig.line.out.toByteArray(), client, Rig.LARGE);
			assertThat(written.end).isEqualTo(Reference.End.CLOSE);
			assertThat(written.code).isEqualTo(4000);
			assertThat(written.reason).isEqualTo("x" + "\u20ac".repeat(40)); // 121 bytes; one more would be 124
			rig.end(false);
		});
	}
}
