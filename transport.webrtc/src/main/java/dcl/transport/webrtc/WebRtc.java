package dcl.transport.webrtc;

import java.util.List;
import java.util.concurrent.CompletionStage;

import org.osgi.annotation.versioning.ProviderType;

/**
 * Opens peer connections. A service; it is there also where libwebrtc cannot be loaded, so that whoever needs it can say why.
 * <p>
 * Nothing native is loaded before the first call of {@link #load()} or {@link #open}. A load that failed is tried anew by the next call:
 * after the missing library was
 * installed, nothing has to be restarted.
 */
@ProviderType
public interface WebRtc {

	/**
	 * Loads libwebrtc and starts its threads, unless that was done.
	 *
	 * @return completes when connections can be opened; fails with {@link WebRtcUnavailableException} where they cannot, or with {@link
	 *         WebRtcException} once the
	 *         bundle stops
	 */
	CompletionStage<Void> load();

	/**
	 * Opens a peer connection. It connects to nothing before descriptions were exchanged.
	 *
	 * @param servers   STUN and TURN servers; may be empty: then only addresses of this host are offered
	 * @param relayOnly true: only candidates of TURN servers are used ({@code iceTransportPolicy: "relay"})
	 * @param events    what happens to it
	 * @return completes with the connection; fails with {@link WebRtcUnavailableException} where libwebrtc cannot be loaded, and with
	 *         {@link WebRtcException} where it
	 *         refuses the servers, at {@code maxConnections} (a setting, by default 500), or once the bundle stops
	 */
	CompletionStage<PeerConnection> open(List<IceServer> servers, boolean relayOnly, PeerConnectionEvents events);
}
