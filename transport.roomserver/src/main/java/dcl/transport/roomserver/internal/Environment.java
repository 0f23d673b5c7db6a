package dcl.transport.roomserver.internal;

import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

import dcl.transport.roomserver.RoomServerOptions;

/**
 * What the sessions of one server share.
 *
 * @param verifiers  runs what takes time: checking signatures. Rejects what is too much
 * @param challenges each text unpredictable and given once
 * @param replays    the signed requests that were taken
 */
record Environment(RoomServerOptions options, Rooms rooms, Pending pending, Counters counters, Executor verifiers, Timers timers,
		Supplier<String> challenges, Replays replays, Clock clock) {

	/** Runs tasks later. */
	interface Timers {

		/** Returns what cancels the task. */
		Runnable after(Duration time, Runnable task);
	}
}
