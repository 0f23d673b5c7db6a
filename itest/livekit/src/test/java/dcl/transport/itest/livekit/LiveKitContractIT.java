package dcl.transport.itest.livekit;

import dcl.transport.testkit.TransportContract;
import dcl.transport.testkit.TransportDriver;
import dcl.transport.webrtc.WebRtc;
import dcl.transport.webrtc.internal.WebRtcs;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;

/** What every provider must do, with @livekit/rtc-node as the others in the room. */
@ExtendWith(Rig.class)
class LiveKitContractIT extends TransportContract {

	private static WebRtc webRtc;

	@BeforeAll
	static void load() {
		webRtc = WebRtcs.activate();
	}

	@AfterAll
	static void unload() {
		if (webRtc != null) {
			WebRtcs.deactivate(webRtc);
		}
	}

	@Override
	protected TransportDriver driver() {
		return new LiveKitDriver(webRtc);
	}
}
