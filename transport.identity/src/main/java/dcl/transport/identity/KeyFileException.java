package dcl.transport.identity;

import java.util.Objects;

/** A key file was refused. The message names the file and what was expected of it, and never quotes its content. */
public final class KeyFileException extends Exception {

	private static final long serialVersionUID = 1L;

	/** What is wrong with the file. May gain constants. */
	public enum Reason {
		/** There is no such file, or it is not a regular file. */
		NOT_FOUND,
		/** Group or others may do something with it, or the file system cannot tell. */
		NOT_OWNER_ONLY,
		/** It could not be read. */
		UNREADABLE,
		/** It does not hold one private key as hexadecimal digits. */
		MALFORMED
	}

	private final Reason reason;

	/** Creates a failure. */
	public KeyFileException(Reason reason, String message) {
		super(message);
		this.reason = Objects.requireNonNull(reason);
	}

	/** Creates a failure with a cause. */
	public KeyFileException(Reason reason, String message, Throwable cause) {
		super(message, cause);
		this.reason = Objects.requireNonNull(reason);
	}

	/** Returns what is wrong with the file. */
	public Reason reason() {
		return reason;
	}
}
