package dcl.transport.webrtc.internal;

import dcl.transport.webrtc.WebRtcUnavailableException;
import org.junit.jupiter.api.Assumptions;

/** Whether libwebrtc can be loaded on this machine. */
final class LibraryNeeded {

	private LibraryNeeded() {
	}

	/** Skips where it cannot be loaded, or fails with {@code -Dwebrtc.required=true}. */
	static void check() {
		try {
			NativeLibrary.load();
		} catch (WebRtcUnavailableException e) {
			if (Boolean.getBoolean("webrtc.required")) {
				throw new AssertionError(e.getMessage() + "; " + e.fix(), e);
			}
			Assumptions.abort(e.getMessage() + "; " + e.fix());
		}
	}
}
