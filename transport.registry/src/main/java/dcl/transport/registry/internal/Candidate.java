package dcl.transport.registry.internal;

import java.util.Comparator;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

import dcl.transport.TransportException;
import dcl.transport.TransportUri;
import dcl.transport.spi.TransportProvider;

/**
 * An installed provider, as its service properties describe it.
 *
 * @param id     the service id: smaller is older
 * @param bundle name and version of its bundle, for messages
 * @param held   what it holds up now
 */
record Candidate(TransportProvider provider, Set<String> types, int ranking, long id, String bundle, Held held) {

	/** How many threads may be inside {@code accepts} of one provider, so that one that hangs leaves some for the others. */
	private static final int MAX_ASKING = 4;

	/** As the framework orders services: higher ranking first, then the oldest. */
	static final Comparator<Candidate> BEST_FIRST = Comparator.comparingInt(Candidate::ranking).reversed().thenComparingLong(Candidate::id);

	/**
	 * Threads inside a provider.
	 *
	 * @param stuck  pool threads that do not come back
	 * @param asking permits for threads that ask {@code accepts}
	 */
	record Held(AtomicInteger stuck, Semaphore asking) {
	}

	/** Foreign code of a provider, which is counted against it while it holds up a thread. */
	static class Code implements Workers.Callee {

		private final Candidate candidate;
		private final TransportUri uri;

		/** Makes code that works on a connection string, whose secrets are kept out of its words. */
		Code(Candidate candidate, TransportUri uri) {
			this.candidate = candidate;
			this.uri = uri;
		}

		Candidate candidate() {
			return candidate;
		}

		TransportUri uri() {
			return uri;
		}

		/** Returns what it threw, or failed with, in our words. */
		TransportException failure(Throwable failure) {
			return Failures.own(failure, describe(), uri);
		}

		@Override
		public String describe() {
			return "provider " + candidate;
		}

		@Override
		public void stuck() {
			candidate.held.stuck.incrementAndGet();
		}

		@Override
		public void unstuck() {
			candidate.held.stuck.decrementAndGet();
		}
	}

	Candidate {
		types = Set.copyOf(types);
	}

	Candidate(TransportProvider provider, Set<String> types, int ranking, long id, String bundle) {
		this(provider, types, ranking, id, bundle, new Held(new AtomicInteger(), new Semaphore(MAX_ASKING)));
	}

	/** Returns this description of a provider that was known before, with what it holds up. */
	Candidate succeeding(Candidate before) {
		return new Candidate(provider, types, ranking, id, bundle, before.held);
	}

	boolean serves(String type) {
		return types.contains(type);
	}

	/** Returns how many threads it holds up. */
	int stuck() {
		return held.stuck.get();
	}

	@Override
	public boolean equals(Object other) {
		return other instanceof Candidate that && id == that.id;
	}

	@Override
	public int hashCode() {
		return Long.hashCode(id);
	}

	@Override
	public String toString() {
		return bundle;
	}
}
