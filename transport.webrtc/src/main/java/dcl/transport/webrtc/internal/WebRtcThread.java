package dcl.transport.webrtc.internal;

import java.security.AccessController;
import java.security.PrivilegedAction;

/** The daemon thread of one {@link Rtc}, which remembers nothing of whoever happened to start it. */
final class WebRtcThread extends Thread {

	private final Rtc owner;

	private WebRtcThread(Rtc owner, Runnable work) {
		super(null, work, "dcl-webrtc", 0, false);
		this.owner = owner;
		setDaemon(true);
		setContextClassLoader(WebRtcThread.class.getClassLoader());
	}

	/**
	 * Makes a thread, not started. Up to Java 23 a thread keeps the access control context of its maker, and with it the class loaders of
	 * all bundles
	 * on that stack; a privileged action leaves only this one.
	 */
	@SuppressWarnings("removal")
	static Thread make(Rtc owner, Runnable work) {
		return AccessController.doPrivileged((PrivilegedAction<Thread>) () -> new WebRtcThread(owner, work));
	}

	/** Returns whether the calling thread is that one's. */
	static boolean isOf(Rtc owner) {
		return Thread.currentThread() instanceof WebRtcThread thread && thread.owner == owner;
	}
}
