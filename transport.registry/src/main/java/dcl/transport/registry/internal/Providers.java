package dcl.transport.registry.internal;

import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;

import dcl.transport.spi.TransportProvider;

/** An immutable view of who is installed; replaced as a whole, so readers need no lock. */
record Providers(List<Candidate> bestFirst) {

	static final Providers NONE = new Providers(List.of());

	Providers with(Candidate added) {
		return new Providers(Stream.concat(bestFirst.stream().filter(c -> !c.equals(added)), Stream.of(added)).sorted(Candidate.BEST_FIRST).toList());
	}

	/** Takes over a new description of a provider that is installed, and of no other. */
	Providers replace(Candidate changed) {
		return new Providers(bestFirst.stream().map(c -> c.equals(changed) ? changed.succeeding(c) : c).sorted(Candidate.BEST_FIRST).toList());
	}

	Providers without(long id) {
		return new Providers(bestFirst.stream().filter(c -> c.id() != id).toList());
	}

	/** Returns who serves a type, in the order they are asked: those that name it before those that serve any. */
	List<Candidate> serving(String type) {
		return Stream.of(type, TransportProvider.ANY).distinct().flatMap(t -> bestFirst.stream().filter(c -> c.serves(t))).distinct().toList();
	}

	SortedSet<String> types() {
		SortedSet<String> types = new TreeSet<>();
		bestFirst.forEach(c -> types.addAll(c.types()));
		return types;
	}
}
