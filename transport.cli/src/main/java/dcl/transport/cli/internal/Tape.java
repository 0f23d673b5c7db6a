package dcl.transport.cli.internal;

import java.time.Duration;
import java.util.function.Function;

import dcl.transport.recording.RecordingEntry;

/** Where what happens is written down. */
interface Tape {

	/** Keeps nothing. */
	Tape NONE = entry -> {
	};

	/**
	 * Takes an entry; never waits.
	 *
	 * @param entry makes it, of the time since the start
	 */
	void add(Function<Duration, RecordingEntry> entry);
}
