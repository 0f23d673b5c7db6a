package dcl.transport.registry.internal;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;

import dcl.transport.Subscription;
import dcl.transport.TransportUri;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Listeners, each known by its bundle: one that throws is logged and disturbs no other. Thread-safe; whoever tells them does so one at a time. */
final class Ears<L> {

	private static final Logger LOG = LoggerFactory.getLogger(Ears.class);

	/** Says whose code is about to run, see {@link Workers#enter}. */
	interface Watch {

		Workers.Callee enter(Workers.Callee callee);

		void exit(Workers.Callee outer);
	}

	private static final class Ear<L> implements Workers.Callee {

		private final L listener;
		private final String bundle;
		private volatile boolean gone;

		private Ear(L listener) {
			this.listener = listener;
			this.bundle = Bundles.nameOf(listener);
		}

		@Override
		public String describe() {
			return "listener " + listener.getClass().getName() + " of " + bundle;
		}
	}

	private final List<Ear<L>> ears = new CopyOnWriteArrayList<>();
	private final Watch watch;
	private final TransportUri uri;

	/** @param uri what is said of in logs */
	Ears(Watch watch, TransportUri uri) {
		this.watch = watch;
		this.uri = uri;
	}

	Subscription add(L listener) {
		Ear<L> ear = new Ear<>(listener);
		ears.add(ear);
		return () -> {
			ear.gone = true;
			ears.remove(ear);
		};
	}

	void clear() {
		ears.clear();
	}

	/** Calls a method of every listener; a method reference that captures nothing costs nothing. */
	<A> void tell(BiConsumer<L, A> event, A argument) {
		for (Ear<L> ear : ears) {
			if (ear.gone) {
				continue;
			}
			Workers.Callee outer = watch.enter(ear);
			try {
				event.accept(ear.listener, argument);
			} catch (Throwable failure) { // foreign code
				LOG.warn("{}: {} threw", uri, ear.describe(), Failures.forLog(failure, uri));
			} finally {
				watch.exit(outer);
			}
		}
	}
}
