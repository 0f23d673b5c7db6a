package dcl.transport.testkit;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import dcl.transport.Delivery;
import dcl.transport.PeerId;

/** A service without a network: rooms, on a thread of their own. */
final class MemoryRooms implements AutoCloseable {

	final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(task -> new Thread(task, "memory-rooms"));
	final AtomicInteger wires = new AtomicInteger();
	volatile boolean stopped;
	volatile boolean refusing;
	volatile boolean stalled;
	private final Map<String, Set<MemoryLink>> rooms = new LinkedHashMap<>(); // touched on the thread only

	List<MemoryLink> all() {
		return rooms.values().stream().flatMap(Set::stream).toList();
	}

	/** On the thread: lets somebody in. */
	void enter(String room, MemoryLink link) {
		Set<MemoryLink> there = rooms.computeIfAbsent(room, name -> new LinkedHashSet<>());
		there.forEach(other -> {
			link.knows(other.self());
			other.joined(link.self());
		});
		there.add(link);
		wires.incrementAndGet();
	}

	/** On the thread: lets somebody go. */
	void leave(MemoryLink link) {
		for (Set<MemoryLink> there : rooms.values()) {
			if (there.remove(link)) {
				wires.decrementAndGet();
				there.forEach(other -> other.left(link.self()));
			}
		}
	}

	/** On the thread: passes a packet on. */
	void relay(MemoryLink from, byte[] packet, Delivery delivery) {
		for (Set<MemoryLink> there : rooms.values()) {
			if (there.contains(from)) {
				PeerId self = from.self();
				there.stream().filter(other -> other != from).forEach(other -> other.deliver(self, packet, delivery));
			}
		}
	}

	@Override
	public void close() throws InterruptedException {
		stopped = true;
		thread.shutdownNow();
		if (!thread.awaitTermination(30, TimeUnit.SECONDS)) {
			throw new IllegalStateException("the rooms' thread does not end");
		}
	}
}
