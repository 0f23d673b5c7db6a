package dcl.transport.cli.internal;

import java.time.Duration;
import java.util.function.Consumer;

import dcl.transport.TransportException;

/**
 * The steps of one login, told when each is over. A step is over when the next begins. The registry's {@code connect}, that a provider has the connection
 * string now, is told only for a provider that says nothing of its own; otherwise its time is that of the provider's first step. Thread-safe.
 */
final class Steps {

	private static final String RESOLVE = "resolve";
	private static final String CONNECT = "connect";
	private static final double MICROS_PER_MILLI = 1_000.0;

	/**
	 * A step that is over.
	 *
	 * @param millis how long it took
	 * @param detail what it was about and, if it failed, why
	 * @param fix    what to do about the failure; "" if there is none
	 */
	record Step(String name, boolean ok, double millis, String detail, String fix) {
	}

	private record Begun(String name, String detail, Duration at) {
	}

	private final Consumer<Step> told;
	private Begun current; // guarded by this, as is the order of what is told
	private boolean over;

	/** @param told must not wait */
	Steps(Consumer<Step> told) {
		this.told = told;
	}

	synchronized void begin(String name, String detail, Duration at) {
		if (over) {
			return;
		}
		if (current == null) {
			current = new Begun(name, detail, at);
		} else if (current.name.equals(RESOLVE) && name.equals(CONNECT)) {
			tell(new Begun(RESOLVE, current.detail + ", by " + detail, current.at), at);
			current = new Begun(CONNECT, detail, at);
		} else if (current.name.equals(CONNECT)) {
			current = new Begun(name, detail, current.at);
		} else {
			tell(current, at);
			current = new Begun(name, detail, at);
		}
	}

	/** Connected. */
	synchronized void done(Duration at) {
		if (!over && current != null) {
			tell(current, at);
		}
		over = true;
	}

	/** The step that was the last to begin has failed. */
	synchronized void failed(TransportException failure, Duration at) {
		if (!over) {
			Begun step = current == null ? new Begun(CONNECT, "", Duration.ZERO) : current;
			String why = failure.code() + ": " + failure.getMessage();
			told.accept(new Step(step.name, false, millis(step, at), step.detail.isEmpty() ? why : step.detail + ": " + why,
					Advice.on(step.name, failure)));
		}
		over = true;
	}

	private void tell(Begun step, Duration end) {
		told.accept(new Step(step.name, true, millis(step, end), step.detail, ""));
	}

	/** To a microsecond, and never negative: two clocks are read. */
	private static double millis(Begun step, Duration end) {
		return Math.max(0, end.minus(step.at).toNanos() / 1_000) / MICROS_PER_MILLI;
	}
}
