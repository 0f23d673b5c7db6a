package dcl.transport.registry.internal;

import java.util.Comparator;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

import dcl.transport.spi.TransportProvider;

/**
 * An installed provider, as its service properties describe it.
 *
 * @param id     the service id: smaller is older
 * @param bundle name and version of its bundle, for messages
 * @param stuck  how many threads are held up inside it now
 */
record Candidate(TransportProvider provider, Set<String> types, int ranking, long id, String bundle, AtomicInteger stuck) {

	/** As the framework orders services: higher ranking first, then the oldest. */
	static final Comparator<Candidate> BEST_FIRST = Comparator.comparingInt(Candidate::ranking).reversed().thenComparingLong(Candidate::id);

	Candidate {
		types = Set.copyOf(types);
	}

	Candidate(TransportProvider provider, Set<String> types, int ranking, long id, String bundle) {
		this(provider, types, ranking, id, bundle, new AtomicInteger());
	}

	boolean serves(String type) {
		return types.contains(type);
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
