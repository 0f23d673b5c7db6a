package dcl.transport.livekit.internal;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import javax.net.ssl.SSLContext;

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
import dcl.transport.spi.Route;

/** A registry's side of a link, which writes down what it is told. */
final class FakeContext implements LinkContext, AutoCloseable {

	volatile SSLContext trust;
	volatile InetSocketAddress proxy;
	volatile Clock clock = Clock.systemUTC();
	TransportOptions options = TransportOptions.none();
	final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
	final BlockingQueue<String> events = new LinkedBlockingQueue<>();
	final List<String> steps = new CopyOnWriteArrayList<>();
	final List<String> details = new CopyOnWriteArrayList<>();
	final CompletableFuture<Disconnection> closed = new CompletableFuture<>();
	final CompletableFuture<Void> abandoned = new CompletableFuture<>();
	volatile CompletableFuture<List<InetAddress>> addresses = CompletableFuture.completedFuture(List.of(InetAddress.getLoopbackAddress()));
	final AtomicLong confirmed = new AtomicLong();
	final AtomicLong unknown = new AtomicLong();
	final AtomicLong invalid = new AtomicLong();
	volatile CompletableFuture<Void> queued = CompletableFuture.completedFuture(null);

	String next() throws InterruptedException {
		String event = events.poll(30, TimeUnit.SECONDS);
		return event == null ? "nothing within 30 s" : event;
	}

	@Override
	public Identity identity() throws TransportException {
		throw new TransportException(TransportException.Code.NO_IDENTITY, "none");
	}

	@Override
	public ScheduledExecutorService executor() {
		return executor;
	}

	@Override
	public TransportOptions options() {
		return options;
	}

	@Override
	public Clock clock() {
		return clock;
	}

	@Override
	public CompletionStage<Link> open(TransportUri next) {
		throw new UnsupportedOperationException("a livekit room leads nowhere else");
	}

	@Override
	public CompletionStage<List<InetAddress>> addresses(String host) {
		return addresses;
	}

	@Override
	public CompletionStage<Route> route(URI target) {
		return proxy == null ? LinkContext.super.route(target) : CompletableFuture.completedFuture(Route.through(proxy, target.getHost()));
	}

	@Override
	public Optional<SSLContext> sslContext() {
		return Optional.ofNullable(trust);
	}

	@Override
	public void step(String name, String detail) {
		steps.add(name);
		details.add(detail);
	}

	@Override
	public CompletionStage<Void> abandoned() {
		return abandoned;
	}

	@Override
	public void peerJoined(PeerId peer) {
		events.add("joined " + peer);
	}

	@Override
	public void peerLeft(PeerId peer) {
		events.add("left " + peer);
	}

	@Override
	public CompletionStage<Void> received(PeerId from, Packet packet, Reliability reliability, String topic) {
		events.add(reliability + " " + new String(packet.toByteArray(), StandardCharsets.US_ASCII) + " from " + (from.equals(PeerId.SERVICE) ? "the service" : from) + (topic.isEmpty() ? "" : " under " + topic));
		return queued;
	}

	@Override
	public void invalid(String why) {
		invalid.incrementAndGet();
		events.add("invalid: " + why);
	}

	@Override
	public void confirmed(long reliablePackets) {
		confirmed.addAndGet(reliablePackets);
	}

	@Override
	public void unknown(long reliablePackets) {
		unknown.addAndGet(reliablePackets);
	}

	@Override
	public void closed(Disconnection why) {
		if (!closed.complete(why)) {
			events.add("closed twice: " + why);
		}
		events.add("closed " + why.reason());
	}

	@Override
	public void close() {
		executor.shutdownNow();
	}
}
