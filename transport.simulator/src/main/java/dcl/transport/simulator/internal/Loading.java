package dcl.transport.simulator.internal;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

import dcl.transport.recording.RecordingEntry;
import dcl.transport.recording.RecordingEntry.Event;
import dcl.transport.recording.RecordingException;
import dcl.transport.recording.RecordingReader;

/**
 * Reads one conversation out of a recording, a part at a time, so that a long one holds up no thread. The rest of the file is looked at, too.
 * What is kept has a bound of its own, since an entry takes a multiple of a short line.
 */
final class Loading implements AutoCloseable {

	private static final String WHERE = "the recording";
	/** A part ends with the line that reaches either. */
	private static final int PART_LINES = 2_000;
	static final int PART_BYTES = 1 << 20;

	private final RecordingReader reader;
	private final long wanted;
	private final int maxEntries;
	private final List<RecordingEntry> entries = new ArrayList<>();
	private long conversations;
	private boolean within;

	/**
	 * Reads the header.
	 *
	 * @param in         is closed with this, and at once if this fails
	 * @param wanted     which conversation, from 1
	 * @param maxEntries how many of its entries are kept at most
	 */
	Loading(InputStream in, long wanted, int maxEntries) {
		this.wanted = wanted;
		this.maxEntries = maxEntries;
		try {
			reader = new RecordingReader(in);
		} catch (IOException e) {
			throw refused(e);
		}
	}

	/** Reads on; returns what is played when all is read, {@code null} before. */
	Replay read() {
		try {
			long until = reader.bytes() + PART_BYTES;
			for (int i = 0; i < PART_LINES && reader.bytes() < until; i++) {
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
			if (entries.size() == maxEntries) {
				throw new Invalid(WHERE, "a conversation of at most " + maxEntries
						+ " entries that are played expected, the setting 'maxRecordingEntries'");
			}
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
