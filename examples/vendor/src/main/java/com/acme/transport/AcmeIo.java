package com.acme.transport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;

/** One thread that moves the bytes of all links, from the first link on and until the last has gone. Thread-safe. */
final class AcmeIo {

	/** Who is called on the thread. */
	interface Handler {

		void ready(SelectionKey key);

		/** The provider is being stopped. */
		void stopped();
	}

	private final Object lock = new Object();
	// Guarded by lock:
	private final Queue<Runnable> tasks = new ArrayDeque<>();
	private final Set<Handler> handlers = new HashSet<>();
	private Selector selector;
	private Thread thread;
	private boolean closed;

	/** Adds a link; false if the provider is stopped. */
	boolean add(Handler handler) {
		synchronized (lock) {
			if (closed) {
				return false;
			}
			handlers.add(handler);
			if (thread == null) {
				try {
					selector = Selector.open();
				} catch (IOException e) {
					handlers.remove(handler);
					throw new UncheckedIOException(e);
				}
				Selector mine = selector;
				thread = new Thread(() -> run(mine), "acme-io");
				thread.setDaemon(true);
				thread.start();
			}
			return true;
		}
	}

	void remove(Handler handler) {
		synchronized (lock) {
			handlers.remove(handler);
			wakeup();
		}
	}

	/** Runs something on the thread; nothing happens when no link is there any more. */
	void execute(Runnable task) {
		synchronized (lock) {
			if (thread != null) {
				tasks.add(task);
				wakeup();
			}
		}
	}

	private void wakeup() {
		if (selector != null && Thread.currentThread() != thread) {
			selector.wakeup();
		}
	}

	/** To be used on the thread alone. */
	Selector selector() {
		synchronized (lock) {
			return selector;
		}
	}

	private void run(Selector mine) {
		try (mine) {
			while (true) {
				Runnable task;
				boolean stopping;
				synchronized (lock) {
					task = tasks.poll();
					stopping = closed;
					if (task == null && handlers.isEmpty()) {
						thread = null;
						selector = null;
						return;
					}
				}
				if (task != null) {
					task.run();
				} else if (stopping) {
					everybody().forEach(Handler::stopped);
				} else {
					mine.select(key -> ((Handler) key.attachment()).ready(key));
				}
			}
		} catch (IOException e) {
			throw new UncheckedIOException("the selector broke", e);
		}
	}

	private Set<Handler> everybody() {
		synchronized (lock) {
			return Set.copyOf(handlers);
		}
	}

	/** Ends all links at once, on the thread, which then ends. */
	void close() {
		synchronized (lock) {
			closed = true;
			wakeup();
		}
	}
}
