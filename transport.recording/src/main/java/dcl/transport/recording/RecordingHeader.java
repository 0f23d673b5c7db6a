package dcl.transport.recording;

import java.time.Instant;
import java.util.Objects;

import dcl.transport.TransportUri;

/**
 * The first line of a recording.
 *
 * @param uri     the connection string in its form for logs, without secrets; for people, nobody connects to it
 * @param self    the address or name of who recorded, "" without an identity
 * @param started the moment that entries count from, by the clock of the machine
 */
public record RecordingHeader(String uri, String self, Instant started) {

	/** The version of the format that is written, and the only one that is read. */
	public static final int VERSION = 1;

	/** The longest text in a header, in characters. */
	public static final int MAX_TEXT = 1_024;

	/** @throws IllegalArgumentException if a text is longer than {@link #MAX_TEXT} */
	public RecordingHeader {
		Objects.requireNonNull(started);
		if (uri.length() > MAX_TEXT || self.length() > MAX_TEXT) {
			throw new IllegalArgumentException("a text in the header has at most " + MAX_TEXT + " characters");
		}
	}

	/** Returns a header that names a connection string by its form for logs. */
	public static RecordingHeader of(TransportUri uri, String self, Instant started) {
		return new RecordingHeader(uri.toString(), self, started);
	}
}
