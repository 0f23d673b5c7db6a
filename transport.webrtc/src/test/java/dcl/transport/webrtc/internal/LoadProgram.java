package dcl.transport.webrtc.internal;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import dcl.transport.webrtc.PeerConnectionEvents;
import dcl.transport.webrtc.WebRtcUnavailableException;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A program for {@link LibraryIT}: what its class path has for a library cannot be loaded, says so each time, and can when it was mended.
 */
public final class LoadProgram {

	private LoadProgram() {
	}

	/** The file that stands in the way, or none. */
	public static void main(String[] arguments) throws Exception {
		Rtc rtc = new Rtc(Settings.DEFAULTS);
		PeerConnectionEvents events = (mid, index, candidate) -> {
		};
		for (Throwable failure : List.of(Await.failure(rtc.load()), Await.failure(rtc.load()), Await.failure(rtc.open(List.of(), false, events)))) {
			assertThat(failure).isInstanceOf(WebRtcUnavailableException.class);
			System.out.println("library=" + ((WebRtcUnavailableException) failure).library() + " message=" + failure.getMessage() + " fix="
					+ ((WebRtcUnavailableException) failure).fix());
		}
		if (arguments.length > 0) {
			Files.delete(Path.of(arguments[0]));
			Await.result(rtc.load());
			Await.result(rtc.open(List.of(), false, events)).close();
			System.out.println("mended");
		}
		rtc.close();
	}
}
