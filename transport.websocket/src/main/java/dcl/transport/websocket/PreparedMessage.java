package dcl.transport.websocket;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A message framed once, to be sent on many connections of the server role without copying. Immutable.
 */
public final class PreparedMessage {

	private final byte[] frame;
	private final int payloadBytes;
	private final boolean text;

	private PreparedMessage(byte[] frame, int payloadBytes, boolean text) {
		this.frame = frame;
		this.payloadBytes = payloadBytes;
		this.text = text;
	}

	/**
	 * Frames a binary message.
	 *
	 * @param payload copied
	 * @return the message
	 */
	public static PreparedMessage binary(byte[] payload) {
		return new PreparedMessage(Frames.encode(Frames.BINARY, payload, null), payload.length, false);
	}

	/**
	 * Frames a text message.
	 *
	 * @param text a lone surrogate becomes {@code ?}
	 * @return the message
	 */
	public static PreparedMessage text(String text) {
		byte[] payload = text.getBytes(StandardCharsets.UTF_8);
		return new PreparedMessage(Frames.encode(Frames.TEXT, payload, null), payload.length, true);
	}

	/**
	 * Returns the size of the message.
	 *
	 * @return bytes, without the frame header
	 */
	public int payloadBytes() {
		return payloadBytes;
	}

	/** Returns the whole unmasked frame, shared: never to be changed. */
	byte[] frame() {
		return frame;
	}

	byte[] payload() {
		return Arrays.copyOfRange(frame, frame.length - payloadBytes, frame.length);
	}

	boolean isText() {
		return text;
	}
}
