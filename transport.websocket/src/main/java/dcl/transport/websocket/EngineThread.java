package dcl.transport.websocket;

import java.security.AccessController;
import java.security.PrivilegedAction;

/** A daemon thread of one engine that remembers nothing of whoever happened to start it. */
final class EngineThread extends Thread {

	private final Object engine;

	private EngineThread(Object engine, Runnable work, String name) {
		super(null, work, name, 0, false);
		this.engine = engine;
		setDaemon(true);
		setContextClassLoader(EngineThread.class.getClassLoader());
	}

	/**
	 * Makes a thread, not started. Up to Java 23 a thread keeps the access control context of its maker, and with it the class loaders of all bundles
	 * on that stack; a privileged action leaves only this one.
	 */
	@SuppressWarnings("removal")
	static Thread make(Object engine, Runnable work, String name) {
		return AccessController.doPrivileged((PrivilegedAction<Thread>) () -> new EngineThread(engine, work, name));
	}

	/** Returns whether the calling thread is one of that engine. */
	static boolean isOf(Object engine) {
		return Thread.currentThread() instanceof EngineThread thread && thread.engine == engine;
	}
}
