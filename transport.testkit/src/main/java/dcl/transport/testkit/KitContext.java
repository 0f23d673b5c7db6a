package dcl.transport.testkit;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import dcl.transport.Delivery.Reliability;
import dcl.transport.Disconnection;
import dcl.transport.Identity;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.TransportException;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;
import dcl.transport.spi.TransportProvider;

/** The registry's side of one link, strict: it writes down what it is told, and every breach of the rules with it. */
final class KitContext implements LinkContext {

	/** What came, with a copy of the bytes as they were then. */
	record Heard(PeerId from, Packet heldOn, byte[] packet, Reliability reliability, String topic) implements Peer.Received {
	}

	/** A rule that was broken while something else was looked at. */
	record Breach(Clause clause, String what) {
	}

	private static final CompletableFuture<Void> DONE = CompletableFuture.completedFuture(null);

	final Identity identity;
	final CompletableFuture<Void> abandoned = new CompletableFuture<>();
	final CompletableFuture<Disconnection> closed = new CompletableFuture<>();
	final BlockingQueue<Heard> heard = new LinkedBlockingQueue<>();
	final List<Heard> all = new CopyOnWriteArrayList<>();
	final List<String> roster = new CopyOnWriteArrayList<>();
	final List<String> invalid = new CopyOnWriteArrayList<>();
	final List<Breach> breaches = new CopyOnWriteArrayList<>();
	final List<String> words = new CopyOnWriteArrayList<>();
	final AtomicLong confirmed = new AtomicLong();
	volatile boolean asked;
	/** What {@link #received} answers. */
	volatile CompletableFuture<Void> room = DONE;
	/** What happens within {@link #received}, on the wire's thread. */
	volatile Runnable within = () -> { };
	private final ScheduledExecutorService pool;
	private final Map<String, TransportProvider> others;
	private final Set<PeerId> present = new LinkedHashSet<>(); // guarded by itself
	private final Object order = new Object();
	// Guarded by order:
	private boolean ended;
	private boolean over;

	KitContext(ScheduledExecutorService pool, Map<String, TransportProvider> others, Identity identity) {
		this.pool = pool;
		this.others = others;
		this.identity = identity;
	}

	/** The link has been handed over. */
	void begin(Set<PeerId> peers) {
		synchronized (present) {
			present.addAll(peers);
		}
	}

	/** close() has completed: nothing may come any more. */
	void over() {
		synchronized (order) {
			over = true;
		}
	}

	Set<PeerId> present() {
		synchronized (present) {
			return Set.copyOf(present);
		}
	}

	Heard next(Duration limit) {
		try {
			return heard.poll(limit.toMillis(), TimeUnit.MILLISECONDS);
		} catch (InterruptedException e) {
			Thread.currentThread().interrupt();
			throw new AssertionError("interrupted", e);
		}
	}

	private void report(String what) {
		synchronized (order) {
			if (over) {
				breaches.add(new Breach(Clause.C27, what + " was reported after close() had completed"));
			} else if (ended) {
				breaches.add(new Breach(Clause.C27, what + " was reported after closed()"));
			}
		}
	}

	private static void given(Object... arguments) {
		if (Arrays.asList(arguments).contains(null)) {
			throw new NullPointerException("null is never accepted by a context");
		}
	}

	@Override
	public Identity identity() throws TransportException {
		if (identity == null) {
			throw new TransportException(TransportException.Code.NO_IDENTITY, "there is nobody to sign");
		}
		asked = true;
		return identity;
	}

	@Override
	public ScheduledExecutorService executor() {
		return pool;
	}

	@Override
	public TransportOptions options() {
		return identity == null ? TransportOptions.none() : TransportOptions.of(identity);
	}

	@Override
	public CompletionStage<Link> open(TransportUri next) {
		TransportProvider other = others.get(next.type());
		return other == null
				? CompletableFuture.failedFuture(new TransportException(TransportException.Code.NO_PROVIDER, "no provider for '" + next.type() + "'; the driver has " + others.keySet()))
				: other.open(next, this);
	}

	@Override
	public CompletionStage<List<InetAddress>> addresses(String host) {
		given(host);
		CompletableFuture<List<InetAddress>> found = new CompletableFuture<>();
		pool.execute(() -> {
			try {
				found.complete(List.of(InetAddress.getAllByName(host)));
			} catch (UnknownHostException e) {
				found.completeExceptionally(new TransportException(TransportException.Code.UNREACHABLE, "no address is known for the host"));
			}
		});
		return found;
	}

	@Override
	public void step(String name, String detail) {
		given(name, detail);
		words.add(name + " " + detail);
	}

	@Override
	public CompletionStage<Void> abandoned() {
		return abandoned;
	}

	@Override
	public void peerJoined(PeerId peer) {
		given(peer);
		report("a join");
		if (identity != null && peer.equals(identity.address())) {
			breaches.add(new Breach(Clause.C9, "our own join was reported"));
		}
		synchronized (present) {
			if (present.add(peer)) {
				roster.add("+" + peer);
			}
		}
	}

	@Override
	public void peerLeft(PeerId peer) {
		given(peer);
		report("a leave");
		synchronized (present) {
			if (present.remove(peer)) {
				roster.add("-" + peer);
			}
		}
	}

	@Override
	public CompletionStage<Void> received(PeerId from, Packet packet, Reliability reliability, String topic) {
		given(from, packet, reliability, topic);
		report("a packet");
		Heard one = new Heard(from, packet, packet.toByteArray(), reliability, topic);
		all.add(one);
		heard.add(one);
		within.run();
		return room;
	}

	@Override
	public void invalid(String why) {
		given(why);
		report("something invalid");
		words.add(why);
		invalid.add(why);
	}

	@Override
	public void confirmed(long reliablePackets) {
		report("a confirmation");
		if (reliablePackets <= 0) {
			breaches.add(new Breach(Clause.C17, "confirmed(" + reliablePackets + ")"));
		}
		confirmed.addAndGet(reliablePackets);
	}

	@Override
	public void unknown(long reliablePackets) {
		report("an unknown fate");
		if (reliablePackets <= 0) {
			breaches.add(new Breach(Clause.C17, "unknown(" + reliablePackets + ")"));
		}
	}

	@Override
	public void closed(Disconnection why) {
		given(why);
		words.add(why.detail());
		synchronized (order) {
			if (ended) {
				breaches.add(new Breach(Clause.C27, "closed() was reported twice, the second time as " + why.reason()));
			}
			ended = true;
		}
		closed.complete(why);
	}

	/** Returns those who have changed since they were reported. */
	List<Heard> changed() {
		List<Heard> changed = new ArrayList<>();
		for (Heard one : all) {
			if (!Arrays.equals(one.packet, one.heldOn.toByteArray())) {
				changed.add(one);
			}
		}
		return changed;
	}
}
