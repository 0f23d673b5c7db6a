package dcl.transport.roomserver.internal;

import java.io.EOFException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

import dcl.transport.identity.Wallets;
import dcl.transport.rfc5.WsPacket;
import dcl.transport.roomserver.RoomServerOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/** Clients that do not read, over real sockets. */
@Timeout(120)
class SlowReaderTest {

	private static final int RECEIVE_BUFFER = 16_384;
	/** What the operating system may hold of one loopback connection, generously: both buffers grow to some megabytes. */
	private static final long SYSTEM_BYTES = 16L << 20;
	private static final int BODY_BYTES = 1_024;
	private static final int RELIABLE = 10;

	@Test
	void unreliable_packets_to_a_slow_reader_are_dropped_and_reliable_ones_arrive() throws Exception {
		try (LocalRoomServer server = Server.open(RoomServerOptions.defaults());
				RawClient slow = RawClient.join(Server.room(server, "plaza"), Wallets.random(), RECEIVE_BUFFER);
				RawClient sender = RawClient.join(Server.room(server, "plaza"), Wallets.random(), 0)) {
			int sent = (int) (2 * SYSTEM_BYTES / BODY_BYTES);
			for (int i = 0; i < sent; i++) {
				sender.send(update(i, true));
			}
			for (int i = 0; i < RELIABLE; i++) {
				sender.send(update(sent + i, false));
			}
			// what the reader gets from here on is what was queued, here and in the system
			List<Integer> reliable = new ArrayList<>();
			int unreliable = 0;
			while (reliable.size() < RELIABLE) {
				if (slow.take() instanceof WsPacket.PeerUpdate update) {
					if (update.unreliable()) {
						unreliable++;
					} else {
						reliable.add(update.body().getInt());
					}
				}
			}
			assertThat(reliable).containsExactly(sent, sent + 1, sent + 2, sent + 3, sent + 4, sent + 5, sent + 6, sent + 7, sent + 8, sent + 9);
			assertThat((long) unreliable * BODY_BYTES).isLessThan(SYSTEM_BYTES + 65_536);
			assertThat(server.stats().dropped()).isEqualTo(sent - unreliable);
			assertThat(server.stats().tooSlow()).isZero();
			assertThat(server.stats().users()).isEqualTo(2);
		}
	}

	@Test
	void a_reader_that_cannot_take_its_reliable_packets_is_out() throws Exception {
		try (LocalRoomServer server = Server.open(RoomServerOptions.defaults().withOutgoingBytes(65_536));
				RawClient slow = RawClient.join(Server.room(server, "plaza"), Wallets.random(), RECEIVE_BUFFER);
				RawClient sender = RawClient.join(Server.room(server, "plaza"), Wallets.random(), 0);
				RawClient witness = RawClient.join(Server.room(server, "plaza"), Wallets.random(), 0)) {
			int most = (int) (2 * SYSTEM_BYTES / BODY_BYTES);
			WsPacket next;
			int sent = 0;
			do {
				sender.send(update(sent++, false));
				next = witness.take();
			} while (next instanceof WsPacket.PeerUpdate && sent < most);
			assertThat(next).isEqualTo(new WsPacket.PeerLeave(slow.alias));
			assertThat((long) sent * BODY_BYTES).isLessThan(SYSTEM_BYTES);
			assertThat(((WsPacket.PeerUpdate) witness.take()).body().getInt()).isEqualTo(sent - 1);
			assertThat(server.stats().tooSlow()).isOne();
			assertThat(server.stats().users()).isEqualTo(2);
			assertThatExceptionOfType(EOFException.class).isThrownBy(() -> {
				for (int i = 0; i < most; i++) {
					slow.takeBytes();
				}
			});
		}
	}

	private static byte[] update(int number, boolean unreliable) {
		return WsPacket.PeerUpdate.of(0, ByteBuffer.allocate(BODY_BYTES).putInt(0, number).array(), unreliable).encode();
	}
}
