package dcl.transport.webrtc.internal;

import dev.onvoid.webrtc.PeerConnectionObserver;
import dev.onvoid.webrtc.RTCDataChannel;
import dev.onvoid.webrtc.RTCIceCandidate;
import dev.onvoid.webrtc.RTCIceConnectionState;
import dev.onvoid.webrtc.RTCIceGatheringState;
import dev.onvoid.webrtc.RTCPeerConnectionState;

/**
 * What libwebrtc holds a global reference to for as long as it likes, and calls on its own thread: it knows a connection until it is
 * detached, and only
 * queues. Calling back into libwebrtc from here, or waiting, would hold up every connection of the factory.
 */
final class PeerObserver implements PeerConnectionObserver {

	private volatile Connection connection;

	PeerObserver(Connection connection) {
		this.connection = connection;
	}

	void detach() {
		connection = null;
	}

	@Override
	public void onIceCandidate(RTCIceCandidate candidate) {
		Connection to = connection;
		if (to != null) {
			to.gathered(candidate);
		}
	}

	@Override
	public void onIceGatheringChange(RTCIceGatheringState state) {
		Connection to = connection;
		if (to != null && state == RTCIceGatheringState.COMPLETE) {
			to.gatheredAll();
		}
	}

	@Override
	public void onConnectionChange(RTCPeerConnectionState state) {
		Connection to = connection;
		if (to != null) {
			to.connectionState(state);
		}
	}

	@Override
	public void onIceConnectionChange(RTCIceConnectionState state) {
		Connection to = connection;
		if (to != null) {
			to.iceState(state);
		}
	}

	@Override
	public void onDataChannel(RTCDataChannel channel) {
		Connection to = connection;
		if (to != null) {
			to.remoteChannel(channel);
		}
	}
}
