package dcl.transport.webrtc.internal;

import java.lang.reflect.Field;

import dev.onvoid.webrtc.RTCPeerConnection;
import dev.onvoid.webrtc.internal.NativeObject;
import dev.onvoid.webrtc.internal.RefCountedObject;

/**
 * The reference that webrtc-java 0.14 takes to each peer connection and never gives back, which keeps some 60 KiB of every closed one
 * (later versions give it back in
 * {@code close}). {@link #release()} does.
 */
final class PeerReference extends RefCountedObject {

	private static final Field HANDLE = handle();

	private PeerReference() {
	}

	private static Field handle() {
		try {
			Field handle = NativeObject.class.getDeclaredField("nativeHandle");
			handle.setAccessible(true); // of a class in this bundle
			return handle;
		} catch (NoSuchFieldException e) {
			throw new LinkageError("not webrtc-java 0.14", e);
		}
	}

	/** Returns that of a connection that is open; to be released once, after it was closed. */
	static PeerReference of(RTCPeerConnection open) {
		PeerReference reference = new PeerReference();
		try {
			HANDLE.setLong(reference, HANDLE.getLong(open));
		} catch (IllegalAccessException e) {
			throw new LinkageError("not webrtc-java 0.14", e);
		}
		return reference;
	}
}
