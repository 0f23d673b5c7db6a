package dcl.transport.hotdeploy.internal;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

import dcl.transport.hotdeploy.Rule;

/** The framework, as the drop zone needs it. A bundle is known by its location. Thread-safe. */
interface Platform {

	/** The bytes of a bundle. */
	interface Content {

		InputStream open() throws IOException;
	}

	/** Why a bundle did not come up. */
	final class Failure extends Exception {

		private static final long serialVersionUID = 1;

		private final Rule rule;

		/** Keeps the text and no foreign exception, whose class would keep its bundle. */
		Failure(Rule rule, String why) {
			super(why);
			this.rule = rule;
		}

		/** What came of a deed that nobody thought of, such as an interruption that a bundle left behind. */
		static Failure of(Throwable why) {
			return why instanceof Failure failure ? failure : new Failure(Rule.NOT_STARTED, "it does not start: " + Texts.of(why));
		}

		static String text(Throwable why) {
			return why instanceof Failure ? why.getMessage() : Texts.of(why);
		}

		Rule rule() {
			return rule;
		}
	}

	/** Says of which type there is a provider too many. */
	static String surplus(String type, Set<String> declared) {
		return "it provides '" + Texts.printable(type) + "', which it does not declare: its capability dcl.transport says " + declared;
	}

	/** Says in words what a bundle needs and nobody offers; empty if it will resolve. */
	List<String> missing(Facts facts, String location);

	/** Who provides a transport type, apart from one bundle. */
	Optional<String> providerOf(String type, String exceptLocation);

	/** The types for which bundles have providers now, by location. */
	Map<String, Set<String>> provided();

	/** Who has a symbolic name, apart from one bundle. */
	Optional<String> bundleNamed(String name, String exceptLocation);

	/**
	 * Installs a bundle or updates it in place, starts it and waits for its services. Afterwards nothing starts it but this: not even the framework, when
	 * that is started again.
	 *
	 * @param facts what it declares
	 * @param limit how long its services may take from the start on
	 * @return its number
	 * @throws Failure if it does not come up; it may be there all the same
	 */
	long bring(String location, Content content, Facts facts, Duration limit) throws Failure, InterruptedException;

	/** Stops and uninstalls a bundle, if it is there. */
	void remove(String location) throws Failure, InterruptedException;

	/** When the framework last changed a bundle, in its own milliseconds; 0 if there is none. */
	long modified(String location);

	/** The number of a bundle that runs, and was not changed since a time that {@link #modified} told; or -1. */
	long running(String location, long modified);

	/** The locations of bundles that begin so. */
	Collection<String> locations(String prefix);
}
