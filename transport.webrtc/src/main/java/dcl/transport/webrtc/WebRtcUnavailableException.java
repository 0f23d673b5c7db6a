package dcl.transport.webrtc;

import java.util.Objects;

/** libwebrtc cannot be loaded on this machine. The message says why, and what to do. */
public final class WebRtcUnavailableException extends Exception {

	private static final long serialVersionUID = 1L;

	private final String library;
	private final String fix;

	/**
	 * Makes one.
	 *
	 * @param library the file name of the system library that is missing, or "" where it is not that
	 * @param fix     what to do about it, or "" where nothing is known
	 */
	public WebRtcUnavailableException(String message, String library, String fix) {
		super(message);
		this.library = Objects.requireNonNull(library);
		this.fix = Objects.requireNonNull(fix);
	}

	/** Returns the file name of the system library that is missing, such as {@code libpulse.so.0}; "" where it is not that. */
	public String library() {
		return library;
	}

	/** Returns what to do about it, such as {@code apt-get install libpulse0}; "" where nothing is known. */
	public String fix() {
		return fix;
	}
}
