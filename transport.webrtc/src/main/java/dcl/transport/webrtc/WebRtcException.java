package dcl.transport.webrtc;

/** Something libwebrtc refused, or an operation on what is closed. */
public final class WebRtcException extends Exception {

	private static final long serialVersionUID = 1L;

	/** Makes one that says what was refused; the message holds no secrets. */
	public WebRtcException(String message) {
		super(message);
	}
}
