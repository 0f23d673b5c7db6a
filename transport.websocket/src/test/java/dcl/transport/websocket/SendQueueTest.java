package dcl.transport.websocket;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/** The outgoing queue against a simple model of it. */
@Timeout(30)
class SendQueueTest {

	static byte[] frame(int size, int number) {
		byte[] frame = new byte[size];
		frame[0] = (byte) number;
		return frame;
	}

	@Test
	void a_full_queue_drops_the_oldest_lossy_and_refuses_what_that_cannot_make_room_for() {
		SendQueue queue = new SendQueue(100);
		queue.open();
		assertThat(queue.offer(frame(40, 1), true)).isEqualTo(SendResult.ACCEPTED);
		assertThat(queue.offer(frame(40, 2), false)).isEqualTo(SendResult.ACCEPTED);
		assertThat(queue.offer(frame(61, 3), false)).as("one more than the lossy ones can give").isEqualTo(SendResult.FULL);
		assertThat(queue.dropped()).as("nothing gave way in vain").isZero();
		assertThat(queue.offer(frame(20, 4), false)).isEqualTo(SendResult.ACCEPTED);
		assertThat(queue.bytes()).isEqualTo(100);
		assertThat(queue.offer(frame(1, 5), true)).isEqualTo(SendResult.ACCEPTED);
		assertThat(queue.dropped()).isEqualTo(1);
		assertThat(queue.bytes()).isEqualTo(61);
		assertThat(queue.offer(frame(41, 6), true)).isEqualTo(SendResult.DROPPED);
		assertThat(queue.offer(frame(40, 7), true)).isEqualTo(SendResult.ACCEPTED);
		assertThat(queue.offer(frame(101, 8), true)).isEqualTo(SendResult.TOO_BIG);
		assertThat(queue.dropped()).isEqualTo(3);
		ByteBuffer out = ByteBuffer.allocate(1000);
		queue.take(out);
		assertThat(List.of(out.get(0), out.get(40), out.get(60))).containsExactly((byte) 2, (byte) 4, (byte) 7);
		assertThat(queue.bytes()).as("counts until it is written").isEqualTo(100);
		assertThat(queue.written(100, true)).as("writable").isTrue();
		assertThat(queue.bytes()).isZero();
	}

	@Test
	void lossy_messages_give_way_to_a_reliable_one_the_oldest_first_and_no_more_than_needed() {
		SendQueue queue = new SendQueue(1000);
		queue.open();
		for (int i = 0; i < 100; i++) { // full of lossy ones
			assertThat(queue.offer(frame(10, i), true)).isEqualTo(SendResult.ACCEPTED);
		}
		assertThat(queue.offer(frame(95, 100), false)).isEqualTo(SendResult.ACCEPTED);
		assertThat(queue.dropped()).isEqualTo(10);
		assertThat(queue.bytes()).isEqualTo(995);
		assertThat(queue.offer(frame(900, 101), false)).as("up to the bound").isEqualTo(SendResult.ACCEPTED);
		assertThat(queue.dropped()).isEqualTo(100);
		assertThat(queue.bytes()).isEqualTo(995);
		assertThat(queue.offer(frame(6, 102), false)).as("full of reliable ones").isEqualTo(SendResult.FULL);
		assertThat(queue.offer(frame(5, 103), false)).isEqualTo(SendResult.ACCEPTED);
		ByteBuffer out = ByteBuffer.allocate(1000);
		queue.take(out);
		assertThat(List.of(out.get(0), out.get(95), out.get(995))).containsExactly((byte) 100, (byte) 101, (byte) 103);
	}

	@Test
	void what_the_loop_has_taken_does_not_give_way_to_a_reliable_message() {
		SendQueue queue = new SendQueue(100);
		queue.open();
		queue.offer(frame(60, 1), true);
		queue.offer(frame(40, 2), true);
		queue.take(ByteBuffer.allocate(10));
		assertThat(queue.offer(frame(41, 3), false)).isEqualTo(SendResult.FULL);
		assertThat(queue.offer(frame(40, 4), false)).isEqualTo(SendResult.ACCEPTED);
		assertThat(queue.dropped()).isEqualTo(1);
	}

	@Test
	void a_closed_socket_leaves_nothing_in_the_queue() {
		SendQueue queue = new SendQueue(100);
		queue.open();
		queue.offer(frame(60, 1), false);
		queue.offer(frame(40, 2), true);
		queue.take(ByteBuffer.allocate(30)); // in mid-frame, and nothing of it written
		queue.clear();
		assertThat(queue.bytes()).isZero();
		assertThat(queue.isEmpty()).isTrue();
		assertThat(queue.midFrame()).isFalse();
		assertThat(queue.written(30, true)).isFalse();
		assertThat(queue.bytes()).isZero();
		assertThat(queue.offer(frame(1, 3), false)).isEqualTo(SendResult.NOT_OPEN);
	}

	@Test
	void a_frame_that_is_half_written_neither_gives_way_nor_goes_with_a_truncation() {
		SendQueue queue = new SendQueue(100);
		queue.open();
		queue.offer(frame(60, 1), true);
		queue.offer(frame(40, 2), true);
		queue.take(ByteBuffer.allocate(10));
		assertThat(queue.midFrame()).isTrue();
		assertThat(queue.offer(frame(41, 3), true)).isEqualTo(SendResult.DROPPED);
		queue.truncate();
		assertThat(queue.offer(frame(1, 4), true)).isEqualTo(SendResult.NOT_OPEN);
		ByteBuffer out = ByteBuffer.allocate(100);
		queue.take(out);
		assertThat(out.position()).isEqualTo(50);
		assertThat(queue.isEmpty()).isTrue();
		queue.written(60, true);
		assertThat(queue.bytes()).isZero();
	}

	private record Modelled(byte[] frame, boolean lossy) {
	}

	@RepeatedTest(20)
	void it_does_what_the_model_does(RepetitionInfo repetition) {
		Random random = new Random(repetition.getCurrentRepetition());
		int bound = 256 + random.nextInt(2000);
		SendQueue queue = new SendQueue(bound);
		queue.open();
		List<Modelled> model = new ArrayList<>();
		int taken = 0; // of the first
		int flight = 0;
		long dropped = 0;
		for (int i = 0; i < 3_000; i++) {
			if (random.nextInt(3) > 0) {
				Modelled next = new Modelled(frame(1 + random.nextInt(bound / 3), i), random.nextBoolean());
				int first = taken > 0 ? 1 : 0;
				int bytes = flight - taken + model.stream().mapToInt(m -> m.frame.length).sum();
				int lossy = model.subList(Math.min(first, model.size()), model.size()).stream().filter(Modelled::lossy).mapToInt(m -> m.frame.length)
						.sum();
				SendResult expected = bytes - lossy + next.frame.length <= bound ? SendResult.ACCEPTED : next.lossy ? SendResult.DROPPED
						: SendResult.FULL;
				if (expected == SendResult.ACCEPTED) {
					while (bytes + next.frame.length > bound) {
						int oldest = first;
						while (!model.get(oldest).lossy) {
							oldest++;
						}
						bytes -= model.remove(oldest).frame.length;
						dropped++;
					}
					model.add(next);
				}
				dropped += expected == SendResult.DROPPED ? 1 : 0;
				assertThat(queue.offer(next.frame, next.lossy)).isEqualTo(expected);
			} else {
				ByteBuffer out = ByteBuffer.allocate(random.nextInt(bound));
				queue.take(out);
				out.flip();
				flight += out.remaining();
				while (out.hasRemaining()) {
					byte[] head = model.get(0).frame;
					int part = Math.min(out.remaining(), head.length - taken);
					for (int k = 0; k < part; k++) {
						if (out.get() != head[taken + k]) {
							throw new AssertionError("another frame than expected");
						}
					}
					taken += part;
					if (taken == head.length) {
						taken = 0;
						model.remove(0);
					}
				}
				boolean all = random.nextBoolean();
				int written = all ? flight : random.nextInt(flight + 1);
				queue.written(written, all);
				flight -= written;
			}
			int expected = flight - taken + model.stream().mapToInt(m -> m.frame.length).sum();
			if (queue.bytes() != expected || queue.dropped() != dropped || queue.isEmpty() != model.isEmpty() || queue.midFrame() != taken > 0) {
				throw new AssertionError("bytes " + queue.bytes() + " for " + expected + ", dropped " + queue.dropped() + " for " + dropped);
			}
		}
	}
}
