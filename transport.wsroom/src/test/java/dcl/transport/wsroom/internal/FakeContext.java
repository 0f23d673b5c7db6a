package dcl.transport.wsroom.internal;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
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
import dcl.transport.identity.Wallets;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;
import dcl.transport.spi.Route;

/** A registry's side of a link, which writes down what it is told. */
final class FakeContext implements LinkContext, AutoCloseable {

	final Identity identity;
	final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
	final BlockingQueue<String> events = new LinkedBlockingQueue<>();
	final List<String> steps = new CopyOnWriteArrayList<>();
	final CompletableFuture<Disconnection> closed = new CompletableFuture<>();
	final CompletableFuture<Void> abandoned = new CompletableFuture<>();
	final AtomicLong confirmed = new AtomicLong();
	final AtomicLong invalid = new AtomicLong();
	volatile InetSocketAddress proxy;
	volatile CompletableFuture<Route> route;
	volatile SSLContext trust;
	volatile CompletableFuture<Void> queued = CompletableFuture.completedFuture(null);

	FakeContext() {
		this(Wallets.random());
	}

	FakeContext(Identity identity) {
		this.identity = identity;
	}

	String next() throws InterruptedException {
		String event = events.poll(5, TimeUnit.SECONDS);
		return event == null ? "nothing within 5 s" : event;
	}

	@Override
	public Identity identity() throws TransportException {
		if (identity == null) {
			throw new TransportException(TransportException.Code.NO_IDENTITY, "none");
		}
		return identity;
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
		throw new UnsupportedOperationException("a ws-room leads nowhere else");
	}

	@Override
	public CompletionStage<List<InetAddress>> addresses(String host) {
		return CompletableFuture.completedFuture(List.of(InetAddress.getLoopbackAddress()));
	}

	@Override
	public CompletionStage<Route> route(URI target) {
		if (route != null) {
			return route;
		}
		return proxy == null ? LinkContext.super.route(target) : CompletableFuture.completedFuture(Route.through(proxy, target.getHost()));
	}

	@Override
	public Optional<SSLContext> sslContext() {
		return Optional.ofNullable(trust);
	}

	@Override
	public void step(String name, String detail) {
		steps.add(name);
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
		events.add(reliability + " " + new String(packet.toByteArray(), StandardCharsets.US_ASCII) + " from " + from);
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
