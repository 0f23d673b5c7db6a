package dcl.transport.webrtc;

import java.nio.ByteBuffer;

import org.osgi.annotation.versioning.ProviderType;

/**
 * One data channel of a peer connection. Thread-safe; {@link #send} and {@link #bufferedAmount} take some tens of microseconds and wait for
 * nothing but libwebrtc's threads.
 */
@ProviderType
public interface DataChannel extends AutoCloseable {

	/** What became of a message. */
	enum Sent {
		/** It is on its way, or waits in the channel's buffer. */
		QUEUED,
		/** The buffer is full; nothing was sent. {@link DataChannelEvents#bufferedLow} tells when there is room again. */
		CONGESTED,
		/** The channel is not open, or no longer; nothing was sent. */
		CLOSED
	}

	/** Returns the label it was created with. */
	String label();

	/** Returns whether it repeats what was lost until it arrives. */
	boolean isReliable();

	/**
	 * Returns the bytes of the largest message: what the other side's description says ({@code a=max-message-size}, RFC 8841), at most
	 * 262144; without it 65536.
	 */
	int maxMessageBytes();

	/** Returns how many bytes wait to be sent, 0 if it is closed. Asks libwebrtc, which costs as much as sending. */
	long bufferedAmount();

	/**
	 * Sends the remaining bytes as one binary message. They are copied; the buffer's position does not move.
	 *
	 * @throws IllegalArgumentException for more than {@link #maxMessageBytes()}; libwebrtc would lose it, or close the channel
	 */
	Sent send(ByteBuffer message);

	/** Closes it in good order: what waits is sent, then {@link DataChannelEvents#closed()} comes. Idempotent. */
	@Override
	void close();
}
