package dcl.transport.webrtc.internal;

import dev.onvoid.webrtc.CreateSessionDescriptionObserver;
import dev.onvoid.webrtc.RTCSessionDescription;
import dev.onvoid.webrtc.SetSessionDescriptionObserver;

/** As {@link PeerObserver}, for one step of an offer or answer. */
final class DescriptionObserver implements CreateSessionDescriptionObserver, SetSessionDescriptionObserver {

	/** Hears how a step ended, on libwebrtc's thread. */
	interface Step {

		/** It was made, or set: then null. */
		void done(RTCSessionDescription made);

		/** It was refused. */
		void failed(String why);
	}

	private volatile Step step;

	DescriptionObserver(Step step) {
		this.step = step;
	}

	void detach() {
		step = null;
	}

	@Override
	public void onSuccess(RTCSessionDescription description) {
		Step to = step;
		if (to != null) {
			to.done(description);
		}
	}

	@Override
	public void onSuccess() {
		Step to = step;
		if (to != null) {
			to.done(null);
		}
	}

	@Override
	public void onFailure(String error) {
		Step to = step;
		if (to != null) {
			to.failed(error);
		}
	}
}
