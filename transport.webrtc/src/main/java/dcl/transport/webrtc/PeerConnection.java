package dcl.transport.webrtc;

import java.util.concurrent.CompletionStage;

import org.osgi.annotation.versioning.ProviderType;

/**
 * One peer connection. Thread-safe; nothing blocks.
 * <p>
 * After {@link #close()} every operation fails with {@link WebRtcException}, and so do those that were under way.
 */
@ProviderType
public interface PeerConnection extends AutoCloseable {

	/**
	 * What {@code RTCPeerConnectionState} and {@code RTCIceConnectionState} may be; {@code COMPLETED} is of ICE alone, {@code CONNECTING}
	 * of the connection alone.
	 */
	enum State { NEW, CONNECTING, CHECKING, CONNECTED, COMPLETED, DISCONNECTED, FAILED, CLOSED }

	/**
	 * Makes an offer and sets it as the local description; candidates follow as {@link PeerConnectionEvents#candidate}.
	 *
	 * @param iceRestart true: with new ICE credentials, to find another way to the same peer
	 * @return completes with the SDP; fails with {@link WebRtcException}
	 */
	CompletionStage<String> createOffer(boolean iceRestart);

	/**
	 * Sets the answer to the last offer.
	 *
	 * @return completes when it is set; fails with {@link WebRtcException} where it cannot be understood or nothing was offered
	 */
	CompletionStage<Void> setAnswer(String sdp);

	/**
	 * Sets somebody's offer, makes an answer to it and sets it as the local description.
	 *
	 * @return completes with the SDP of the answer; fails with {@link WebRtcException}
	 */
	CompletionStage<String> answer(String offerSdp);

	/**
	 * Adds a candidate of the other side. It is held until a remote description is there, and while one is being set; at most 256 are held.
	 *
	 * @param sdpMid        the media section, "" if not known
	 * @param sdpMLineIndex its index, from 0
	 * @param candidate     {@code candidate:…} (RFC 8839, section 5.1); "" (end of candidates) is ignored
	 * @return completes with whether it was taken: false for one that cannot be parsed, one too many, or after {@link #close()}; never
	 *         fails
	 */
	CompletionStage<Boolean> addCandidate(String sdpMid, int sdpMLineIndex, String candidate);

	/**
	 * Creates a data channel of this side. The first one has to be there before the offer is made.
	 *
	 * @return completes with the channel, which is not open yet; fails with {@link WebRtcException}
	 */
	CompletionStage<DataChannel> createChannel(String label, DataChannelOptions options, DataChannelEvents events);

	/**
	 * Ends the connection and its channels. No event begins after this returned, except one that another thread was about to deliver; none
	 * refers to the events object
	 * any more, whose class may go. What is native is freed soon after, on the bundle's thread. Idempotent.
	 */
	@Override
	void close();
}
