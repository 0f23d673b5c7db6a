package dcl.transport.simulator.internal;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

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

/** A registry's side of a link, which writes down what it is told, byte for byte. */
final class FakeContext implements LinkContext, AutoCloseable {

	/** One report. */
	record Report(String what, PeerId peer, Packet packet, Reliability reliability, String text) {

		@Override
		public String toString() {
			return what + " " + peer + " " + (packet == null ? "" : HexFormat.of().formatHex(packet.toByteArray())) + " " + reliability + " " + text;
		}
	}

	private static final CompletableFuture<Void> ROOM = CompletableFuture.completedFuture(null);

	final ScheduledExecutorService executor = Executors.newScheduledThreadPool(2);
	final CompletableFuture<Disconnection> closed = new CompletableFuture<>();
	final CompletableFuture<Void> abandoned = new CompletableFuture<>();
	private final List<Report> reports = new ArrayList<>(); // guarded by this, like what follows
	private long confirmed;
	private Random hurdles;
	private CompletableFuture<Void> full;

	/** Has no room now and then, for a moment. */
	synchronized void stumble(Random random) {
		hurdles = random;
	}

	/** Has no room until {@link #makeRoom}. */
	synchronized void fill() {
		full = new CompletableFuture<>();
	}

	void makeRoom() {
		CompletableFuture<Void> waiting;
		synchronized (this) {
			waiting = full;
			full = null;
		}
		waiting.complete(null);
	}

	synchronized List<Report> reports() {
		return new ArrayList<>(reports);
	}

	synchronized int count() {
		return reports.size();
	}

	synchronized long confirmations() {
		return confirmed;
	}

	List<String> trace() {
		return reports().stream().map(Report::toString).toList();
	}

	/** Waits until there are so many reports. */
	synchronized void awaitReports(int count) throws InterruptedException {
		long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(Fixture.LIMIT_SECONDS);
		while (reports.size() < count) {
			long millis = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
			if (millis <= 0) {
				throw new AssertionError(count + " reports expected, there are " + reports.size());
			}
			wait(millis);
		}
	}

	private synchronized void report(String what, PeerId peer, Packet packet, Reliability reliability, String text) {
		if (closed.isDone()) {
			throw new AssertionError("a report after the last: " + what);
		}
		reports.add(new Report(what, peer, packet, reliability, text));
		notifyAll();
	}

	@Override
	public Identity identity() throws TransportException {
		throw new TransportException(TransportException.Code.NO_IDENTITY, "a simulator needs none");
	}

	@Override
	public ScheduledExecutorService executor() {
		return executor;
	}

	@Override
	public TransportOptions options() {
		return TransportOptions.none();
	}

	@Override
	public CompletionStage<Link> open(TransportUri next) {
		throw new UnsupportedOperationException("a simulator leads nowhere else");
	}

	@Override
	public CompletionStage<List<InetAddress>> addresses(String host) {
		throw new UnsupportedOperationException("a simulator looks nothing up");
	}

	@Override
	public CompletionStage<Void> abandoned() {
		return abandoned;
	}

	@Override
	public void peerJoined(PeerId peer) {
		report("joined", peer, null, null, "");
	}

	@Override
	public void peerLeft(PeerId peer) {
		report("left", peer, null, null, "");
	}

	@Override
	public synchronized CompletionStage<Void> received(PeerId from, Packet packet, Reliability reliability, String topic) {
		report("received", from, packet, reliability, topic);
		if (full != null) {
			return full;
		}
		if (hurdles != null && hurdles.nextInt(5) == 0) {
			CompletableFuture<Void> later = new CompletableFuture<>();
			executor.execute(() -> later.complete(null));
			return later;
		}
		return ROOM;
	}

	@Override
	public void invalid(String why) {
		report("invalid", null, null, null, why);
	}

	@Override
	public synchronized void confirmed(long reliablePackets) {
		confirmed += reliablePackets;
	}

	@Override
	public void closed(Disconnection why) {
		report("closed", null, null, null, why.reason() + " " + why.detail());
		closed.complete(why);
	}

	@Override
	public void close() {
		executor.shutdownNow();
	}
}
