package dcl.transport.webrtc;

import java.nio.ByteBuffer;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * Hears what happens to one data channel, on the thread that the package speaks of; must not block. What is thrown is logged and goes no
 * further.
 */
@ConsumerType
public interface DataChannelEvents {

	/** Messages can be sent. First, once. */
	default void open() {
	}

	/** A message, binary or the UTF-8 bytes of a text; a read-only buffer of its own, which may be kept. */
	default void message(ByteBuffer message) {
	}

	/**
	 * Fewer bytes than {@link DataChannelOptions#bufferedLowBytes()} wait again, after a message was {@link DataChannel.Sent#CONGESTED}.
	 * libwebrtc-java does not say so by
	 * itself: it is looked up every 5 ms while a refused sender waits, every 50 ms once that has taken 200 ms.
	 */
	default void bufferedLow() {
	}

	/**
	 * Messages came faster than they were taken: {@code maxWaitingMessages} or {@code maxWaitingBytes} of the connection were waiting
	 * (settings). A lossy channel goes on
	 * without them; a reliable one, whose promise is broken, is closed.
	 *
	 * @param messages how many were lost since the last such call
	 */
	default void overrun(long messages) {
	}

	/** It is closed, by either side or with its connection. Last, once; not after {@link PeerConnection#close()}. */
	default void closed() {
	}
}
