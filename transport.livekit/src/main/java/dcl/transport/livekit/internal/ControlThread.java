package dcl.transport.livekit.internal;

import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread of all rooms, a daemon, that is there while there is something to do. What comes after the end, such as a time-out or a last event of
 * WebRTC, is dropped, since it is of no interest to anybody.
 */
final class ControlThread extends ScheduledThreadPoolExecutor {

	private static final Logger LOG = LoggerFactory.getLogger(ControlThread.class);
	private static final long IDLE_SECONDS = 5;

	ControlThread() {
		super(1, ControlThread::daemon, new DiscardPolicy());
		setKeepAliveTime(IDLE_SECONDS, TimeUnit.SECONDS);
		allowCoreThreadTimeOut(true);
		setRemoveOnCancelPolicy(true);
	}

	private static Thread daemon(Runnable task) {
		Thread thread = new Thread(task, "dcl-livekit-control");
		thread.setDaemon(true);
		return thread;
	}

	/** A task that throws is a defect here; its future would keep that to itself. */
	@Override
	protected void afterExecute(Runnable task, Throwable thrown) {
		if (!(task instanceof Future<?> future) || !future.isDone()) {
			return;
		}
		try {
			future.get();
		} catch (CancellationException e) {
			LOG.trace("cancelled while it ran");
		} catch (ExecutionException e) {
			LOG.error("A task of a room threw", e.getCause());
		} catch (InterruptedException e) {
			Thread.currentThread().interrupt();
		}
	}
}
