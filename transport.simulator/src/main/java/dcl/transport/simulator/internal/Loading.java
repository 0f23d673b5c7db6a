package dcl.transport.simulator.internal;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

import dcl.transport.recording.RecordingEntry;
import dcl.transport.recording.RecordingEntry.Event;
import dcl.transport.recording.RecordingException;
import dcl.transport.recording.RecordingReader;

/** Reads one conversation out of a recording, a part at a time, so that a long one holds up no thread. The rest of the file is looked at, too. */
final class Loading implements AutoCloseable {

	private static final String WHERE = "the recording";
	private static final int LINES = 2_000;

	private final RecordingReader reader;
	private final long wanted;
	private final List<RecordingEntry> entries = new ArrayList<>();
	private long conversations;
	private boolean within;

	/**
	 * Reads the header.
	 *
	 * @param wanted which conversation, from 1
	 */
	Loading(InputStream in, long wanted) {
		this.wanted = wanted;
		try {
			reader = new RecordingReader(in);
		} catch (IOException e) {
			throw refused(e);
		}
	}

	/** Reads on; returns what is played when all is read, {@code null} before. */
	Replay read() {
		try {
			for (int i = 0; i < LINES; i++) {
				RecordingEntry entry = reader.next();
				if (entry == null) {
					return replay();
				}
				take(entry);
			}
			return null;
		} catch (IOException e) {
			throw refused(e);
		}
	}

	private void take(RecordingEntry entry) {
		if (entry.event() == Event.CONNECTED) {
			conversations++;
			within = conversations == wanted;
		}
		// what was sent then, or was too large to be kept, is not played
		if (within && entry.event() != Event.SENT && entry.event() != Event.OMITTED) {
			entries.add(entry);
		}
		if (entry.event() == Event.DISCONNECTED) {
			within = false;
		}
	}

	private Replay replay() {
		if (entries.isEmpty()) {
			throw new Invalid(WHERE, wanted + " or more conversations expected, there are " + conversations);
		}
		return new Replay(entries);
	}

	private static Invalid refused(IOException e) {
		return new Invalid(WHERE, e instanceof RecordingException ? e.getMessage() : "a file that can be read expected (" + e.getClass().getSimpleName() + ")");
	}

	@Override
	public void close() throws IOException {
		reader.close();
	}
}
