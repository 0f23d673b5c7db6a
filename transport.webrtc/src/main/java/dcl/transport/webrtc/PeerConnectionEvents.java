package dcl.transport.webrtc;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * Hears what happens to one peer connection, on the thread that the package speaks of; must not block. What is thrown is logged and goes no
 * further.
 */
@ConsumerType
public interface PeerConnectionEvents {

	/**
	 * A candidate of this side's, for the other one.
	 *
	 * @param sdpMid        the media section
	 * @param sdpMLineIndex its index, from 0
	 * @param candidate     {@code candidate:…} (RFC 8839, section 5.1)
	 */
	void candidate(String sdpMid, int sdpMLineIndex, String candidate);

	/** All candidates of this side were told. */
	default void gathered() {
	}

	/** The connection as a whole, ICE and DTLS together: {@code NEW, CONNECTING, CONNECTED, DISCONNECTED, FAILED, CLOSED}. */
	default void connectionState(PeerConnection.State state) {
	}

	/** ICE alone: {@code NEW, CHECKING, CONNECTED, COMPLETED, DISCONNECTED, FAILED, CLOSED}. */
	default void iceState(PeerConnection.State state) {
	}

	/**
	 * The other side created a channel. Its messages wait for this to return.
	 *
	 * @return what hears of the channel
	 */
	default DataChannelEvents channel(DataChannel channel) {
		return new DataChannelEvents() {
		};
	}
}
