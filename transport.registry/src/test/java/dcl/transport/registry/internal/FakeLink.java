package dcl.transport.registry.internal;

import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;

import dcl.transport.Delivery;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.spi.Link;

/** A link that does what it is told, and notes every call that breaks the rules of {@link Link}. */
final class FakeLink implements Link {

	static final CompletionStage<Void> DONE = CompletableFuture.completedFuture(null);

	final BlockingQueue<Packet> sent = new LinkedBlockingQueue<>();
	final BlockingQueue<String> breaches = new LinkedBlockingQueue<>();
	final CompletableFuture<Void> closeAsked = new CompletableFuture<>();
	final AtomicInteger closes = new AtomicInteger();
	private final AtomicInteger inside = new AtomicInteger();

	volatile Supplier<Set<PeerId>> peers = Set::of;
	volatile int maxPacketBytes = Integer.MAX_VALUE;
	volatile boolean confirms;
	volatile Function<Packet, CompletionStage<Void>> sending = packet -> DONE;
	volatile Supplier<CompletionStage<Void>> closing = () -> DONE;

	@Override
	public Set<PeerId> peers() {
		return call("peers", peers);
	}

	@Override
	public int maxPacketBytes() {
		return call("maxPacketBytes", () -> maxPacketBytes);
	}

	@Override
	public boolean confirms() {
		return call("confirms", () -> confirms);
	}

	@Override
	public CompletionStage<Void> send(Packet packet, Delivery delivery) {
		return call("send", () -> {
			sent.add(packet);
			return sending.apply(packet);
		});
	}

	@Override
	public CompletionStage<Void> close() {
		if (closes.incrementAndGet() > 1) {
			breaches.add("close a second time");
		}
		closeAsked.complete(null);
		return closing.get();
	}

	private <T> T call(String name, Supplier<T> work) {
		if (closes.get() > 0) {
			breaches.add(name + " after close");
		}
		if (inside.incrementAndGet() > 1) {
			breaches.add(name + " beside another call");
		}
		try {
			return work.get();
		} finally {
			inside.decrementAndGet();
		}
	}
}
