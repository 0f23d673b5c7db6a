package dcl.transport.registry.internal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(30)
class LossyQueueTest {

	/** An entry that shows in a failure what it is. */
	private static final class Item extends LossyQueue.Entry {

		private final int number;

		Item(int number, int bytes, boolean lossy) {
			super(bytes, lossy);
			this.number = number;
		}

		@Override
		public String toString() {
			return number + (lossy ? "~" : "") + "(" + bytes + ")";
		}
	}

	/** The rules, as plainly as they can be written. */
	private static final class Model {

		private final List<Item> items = new ArrayList<>();

		private int size() {
			return (int) items.stream().filter(i -> i.bytes >= 0).count();
		}

		private long bytes() {
			return items.stream().mapToLong(i -> Math.max(0, i.bytes)).sum();
		}

		private int offer(Item item, int maxEntries, long maxBytes) {
			List<Item> before = List.copyOf(items);
			int dropped = 0;
			while (size() + 1 > maxEntries || bytes() + item.bytes > maxBytes) {
				Item oldest = items.stream().filter(i -> i.lossy).findFirst().orElse(null);
				if (oldest == null) {
					items.clear();
					items.addAll(before);
					return item.lossy ? 1 : LossyQueue.REFUSED;
				}
				items.remove(oldest);
				dropped++;
			}
			items.add(item);
			return dropped;
		}
	}

	@ParameterizedTest
	@ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
	void it_does_what_the_plain_model_does(long seed) {
		Random random = new Random(seed);
		LossyQueue<Item> queue = new LossyQueue<>();
		Model model = new Model();
		int maxEntries = 1 + random.nextInt(200);
		long maxBytes = 50 + random.nextInt(5_000);
		double lossyShare = random.nextDouble();
		double offers = 0.4 + random.nextDouble() / 2;
		for (int i = 0; i < 6_000; i++) {
			double what = random.nextDouble();
			int slots = queue.slots();
			if (what < offers) {
				Item item = new Item(i, random.nextInt(100), random.nextDouble() < lossyShare);
				assertThat(queue.offer(item, maxEntries, maxBytes)).isEqualTo(model.offer(item, maxEntries, maxBytes));
			} else if (what < offers + 0.02) {
				Item item = new Item(i, -1, false);
				queue.add(item);
				model.items.add(item);
			} else if (what > 0.9999) {
				queue.clear();
				model.items.clear();
			} else if (what > 0.99) {
				LossyQueue.Entry[] taken = new LossyQueue.Entry[1 + random.nextInt(64)];
				int used = queue.take(taken);
				assertThat(Arrays.stream(taken, used, taken.length)).allMatch(Objects::isNull);
				List<LossyQueue.Entry> whole = Stream.of(taken).filter(Objects::nonNull).toList();
				List<Item> expected = model.items.subList(0, whole.size());
				assertThat(whole).isEqualTo(expected);
				assertThat(used).isEqualTo(Math.min(taken.length, slots));
				expected.clear();
			} else {
				assertThat(queue.poll()).isSameAs(model.items.isEmpty() ? null : model.items.remove(0));
			}
			assertThat(queue.isEmpty()).isEqualTo(model.items.isEmpty());
			assertThat(queue.size()).isEqualTo(model.size()).isLessThanOrEqualTo(maxEntries);
			assertThat(queue.bytes()).isEqualTo(model.bytes()).isLessThanOrEqualTo(maxBytes);
			assertThat(queue.slots()).isLessThanOrEqualTo(2 * model.items.size() + 66);
		}
	}

	@Test
	void nothing_is_dropped_for_a_packet_that_does_not_fit_anyway() {
		LossyQueue<Item> queue = new LossyQueue<>();
		queue.offer(new Item(1, 10, true), 10, 100);
		queue.offer(new Item(2, 60, false), 10, 100);
		assertThat(queue.offer(new Item(3, 50, false), 10, 100)).isEqualTo(LossyQueue.REFUSED);
		assertThat(queue.offer(new Item(4, 50, true), 10, 100)).isEqualTo(1);
		assertThat(queue.size()).isEqualTo(2);
	}

	@Test
	void a_flood_of_lossy_entries_takes_no_more_room_than_twice_the_bound() {
		LossyQueue<Item> queue = new LossyQueue<>();
		queue.offer(new Item(0, 1, false), 100, 1_000);
		for (int i = 1; i < 100_000; i++) {
			queue.offer(new Item(i, 1, true), 100, 1_000);
			assertThat(queue.slots()).isLessThanOrEqualTo(266);
		}
	}
}
