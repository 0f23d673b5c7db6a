package dcl.transport.simulator.internal;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/** The named services of hosts, best first. Thread-safe. */
final class Services<T> {

	private record Named<T>(String name, int ranking, long id, T service) {
	}

	private List<Named<T>> bestFirst = List.of(); // guarded by this; replaced as a whole

	synchronized void add(String name, int ranking, long id, T service) {
		List<Named<T>> all = new ArrayList<>(bestFirst);
		all.add(new Named<>(name, ranking, id, service));
		all.sort(Comparator.<Named<T>>comparingInt(Named::ranking).reversed().thenComparingLong(Named::id));
		bestFirst = List.copyOf(all);
	}

	/** Returns what was there under this service id. */
	synchronized Optional<T> remove(long id) {
		Optional<T> gone = bestFirst.stream().filter(one -> one.id == id).map(Named::service).findFirst();
		bestFirst = bestFirst.stream().filter(one -> one.id != id).toList();
		return gone;
	}

	synchronized Optional<T> find(String name) {
		return bestFirst.stream().filter(one -> one.name.equals(name)).map(Named::service).findFirst();
	}

	synchronized boolean contains(T service) {
		return bestFirst.stream().anyMatch(one -> one.service == service);
	}

	synchronized List<String> names() {
		return List.copyOf(new TreeSet<>(bestFirst.stream().map(Named::name).toList()));
	}
}
