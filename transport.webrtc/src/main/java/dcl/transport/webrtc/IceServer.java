package dcl.transport.webrtc;

import java.util.List;
import java.util.Objects;

/**
 * A STUN or TURN server.
 *
 * @param urls       such as {@code stun:example.org:3478} or {@code turns:example.org:443?transport=tcp} (RFC 7064, RFC 7065); at least one
 * @param username   for TURN; "" for none
 * @param credential for TURN; "" for none. A secret: {@link #toString()} leaves it out
 */
public record IceServer(List<String> urls, String username, String credential) {

	/** @throws IllegalArgumentException without any URL */
	public IceServer {
		urls = List.copyOf(urls);
		Objects.requireNonNull(username);
		Objects.requireNonNull(credential);
		if (urls.isEmpty()) {
			throw new IllegalArgumentException("an ICE server has at least one URL");
		}
	}

	@Override
	public String toString() {
		return "IceServer" + urls;
	}
}
