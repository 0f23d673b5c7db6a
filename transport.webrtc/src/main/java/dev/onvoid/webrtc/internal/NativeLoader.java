package dev.onvoid.webrtc.internal;

import dcl.transport.webrtc.internal.NativeLibrary;

/**
 * Takes the place of webrtc-java's class of this name, which leaves a copy of the library in the temporary folder when it cannot be loaded,
 * says
 * {@code NullPointerException} when it is not there, and cannot be asked twice. {@link NativeLibrary} loads it, before any class that needs
 * it is used.
 */
public final class NativeLoader {

	private NativeLoader() {
	}

	/** Called by the static initializers of webrtc-java. */
	public static void loadLibrary(String name) {
		if (!NativeLibrary.isLoaded()) {
			throw new IllegalStateException("used before " + name + " was loaded");
		}
	}
}
