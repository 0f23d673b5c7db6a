package dcl.transport.webrtc.internal;

import dev.onvoid.webrtc.RTCDataChannelBuffer;
import dev.onvoid.webrtc.RTCDataChannelObserver;

/**
 * As {@link PeerObserver}, for a channel. libwebrtc-java 0.14 never frees its reference to one, so it must know nothing once it is
 * detached.
 */
final class ChannelObserver implements RTCDataChannelObserver {

	private volatile Channel channel;

	ChannelObserver(Channel channel) {
		this.channel = channel;
	}

	void detach() {
		channel = null;
	}

	@Override
	public void onBufferedAmountChange(long previousAmount) {
		// never called by libwebrtc-java 0.14; the channel looks for itself
	}

	@Override
	public void onStateChange() {
		Channel to = channel;
		if (to != null) {
			to.stateChanged();
		}
	}

	@Override
	public void onMessage(RTCDataChannelBuffer buffer) {
		Channel to = channel;
		if (to != null) {
			byte[] copy = new byte[buffer.data.remaining()];
			buffer.data.get(copy); // valid only now
			to.arrived(copy);
		}
	}
}
