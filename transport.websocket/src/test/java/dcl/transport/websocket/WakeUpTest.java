package dcl.transport.websocket;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A sender that comes at the worst moment of a turn of the loop. Each test puts it exactly there, so that it fails whenever the look
 * that finds it is missing; StressTest finds the same by chance, and what nobody thought of.
 */
@Timeout(60)
class WakeUpTest {

	static final byte[] MESSAGE = "here".getBytes(StandardCharsets.US_ASCII);

	static void on(long coalesceMillis, Rig.Work work) throws Exception {
		Rig.run(false, Rig.LARGE, false, coalesceMillis, rig -> {
			rig.open();
			rig.hand.pass(Loop.TICK_MILLIS, rig.line);
			work.on(rig);
			rig.end(false);
		});
	}

	static void send(Rig rig) {
		assertThat(rig.connection.send(MESSAGE, SendMode.RELIABLE)).isEqualTo(SendResult.ACCEPTED);
	}

	static String written(Rig rig) {
		return rig.line.out.toString(StandardCharsets.ISO_8859_1);
	}

	/** {@code Connection.turn} clears its flag before it looks at the queue: cleared afterwards, this message would wait for ever. */
	@Test
	void a_message_queued_after_the_loop_looked_at_the_queue_makes_another_turn() throws Exception {
		on(0, WakeUpTest::afterTheLook);
		on(5, WakeUpTest::afterTheLook);
	}

	private static void afterTheLook(Rig rig) throws IOException {
		AtomicInteger looks = new AtomicInteger();
		rig.line.onInterest = () -> { // the last thing a turn does, when all that was queued is written
			if (looks.incrementAndGet() == 1) {
				send(rig);
			}
		};
		send(rig);
		rig.hand.idle(rig.line);
		assertThat(looks).hasValueGreaterThan(1);
		assertThat(written(rig)).isEqualTo("\u0082\4here\u0082\4here");
	}

	/**
	 * {@code Loop.turn} lowers its flag and then looks whether something came while it was up: without that look the message would wait
	 * for the next tick.
	 */
	@Test
	void a_message_queued_between_two_looks_at_the_selector_is_written_without_waiting() throws Exception {
		on(0, rig -> {
			rig.hand.loop.atNextTick(() -> send(rig)); // behind the turns of the connections, with the flag up
			rig.hand.now += Loop.TICK_MILLIS * 1_000_000;
			rig.hand.turn();
			assertThat(rig.hand.wakeUps).as("the flag is up").isZero();
			assertThat(rig.line.out.size()).isZero();
			rig.hand.turn();
			assertThat(rig.hand.waited).isZero();
			assertThat(written(rig)).isEqualTo("\u0082\4here");
		});
	}

	@Test
	void a_task_left_between_two_looks_at_the_selector_is_run_without_waiting() throws Exception {
		on(0, rig -> {
			AtomicInteger runs = new AtomicInteger();
			rig.hand.loop.atNextTick(() -> rig.hand.loop.execute(runs::incrementAndGet));
			rig.hand.now += Loop.TICK_MILLIS * 1_000_000;
			rig.hand.turn();
			assertThat(rig.hand.wakeUps).as("the flag is up").isZero();
			rig.hand.turn();
			assertThat(rig.hand.waited).isZero();
			assertThat(runs).hasValue(1);
		});
	}

	@Test
	void a_task_left_between_the_look_and_the_sleep_wakes_the_selector() throws Exception {
		on(5, rig -> {
			send(rig); // collected, so that the loop asks the clock how long it may sleep
			AtomicInteger runs = new AtomicInteger();
			int before = rig.hand.allWakeUps;
			rig.hand.onClock = () -> {
				rig.hand.onClock = () -> { };
				rig.hand.loop.execute(runs::incrementAndGet);
			};
			rig.hand.turn();
			assertThat(rig.hand.waited).as("it had looked").isEqualTo(5);
			assertThat(rig.hand.allWakeUps).isEqualTo(before + 1);
			assertThat(runs).hasValue(1);
		});
	}

	@Test
	void messages_queued_while_the_loop_sleeps_wake_it_once() throws Exception {
		on(0, rig -> {
			rig.hand.onSleep = () -> {
				rig.hand.onSleep = () -> { };
				for (int i = 0; i < 10; i++) {
					send(rig);
				}
			};
			rig.hand.turn();
			assertThat(rig.hand.wakeUps).isEqualTo(1);
			rig.hand.idle(rig.line);
			assertThat(written(rig)).hasSize(60);
		});
	}

	@Test
	void a_clock_below_zero_is_as_good_as_any() throws Exception {
		Rig.run(false, Rig.LARGE.toBuilder().controlFramesPerSecond(5).build(), false, 7, rig -> {
			rig.hand.now = Long.MIN_VALUE / 4;
			rig.hand.turn();
			rig.open();
			for (int i = 0; i < 20; i++) { // five a second
				rig.hand.pass(i % 5 == 0 ? 1_000 : 0, rig.line);
				rig.say(RawPeer.frame(0x89, new byte[1], true));
				rig.hand.settle(rig.line);
			}
			assertThat(rig.told.ending).isNull();
			rig.end(false);
		});
	}
}
