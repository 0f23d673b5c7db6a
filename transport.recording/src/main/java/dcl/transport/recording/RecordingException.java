package dcl.transport.recording;

import java.io.IOException;

/** A file is not a recording, or not a whole one. Its text says in which line and what was expected there, and does not quote the file. */
public final class RecordingException extends IOException {

	private static final long serialVersionUID = 1L;

	private final int line;

	RecordingException(int line, String expected) {
		super("line " + line + ": " + expected);
		this.line = line;
	}

	/** Returns the line, counted from 1. */
	public int line() {
		return line;
	}
}
