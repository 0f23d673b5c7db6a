package dcl.transport.signedlogin.internal;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Function;

import javax.net.ssl.SSLContext;

import dcl.transport.Delivery;
import dcl.transport.Delivery.Reliability;
import dcl.transport.Disconnection;
import dcl.transport.Identity;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;
import dcl.transport.identity.Wallets;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;
import dcl.transport.spi.Route;

/** A registry's side of a login, which looks names up as a test wants and writes down where it leads. */
final class FakeContext implements LinkContext, AutoCloseable {

	/** What every connection string that is opened leads to. */
	static final Link LINK = new Link() {

		@Override
		public Set<PeerId> peers() {
			return Set.of();
		}

		@Override
		public CompletionStage<Void> send(Packet packet, Delivery delivery) {
			return CompletableFuture.completedFuture(null);
		}

		@Override
		public CompletionStage<Void> close() {
			return CompletableFuture.completedFuture(null);
		}
	};

	final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
	final List<TransportUri> opened = new CopyOnWriteArrayList<>();
	final List<String> hosts = new CopyOnWriteArrayList<>();
	final List<String> steps = new CopyOnWriteArrayList<>();
	final CompletableFuture<Void> abandoned = new CompletableFuture<>();
	volatile Identity identity = Wallets.random();
	volatile TransportOptions options = TransportOptions.none();
	volatile Clock clock = Clock.systemUTC();
	volatile Optional<SSLContext> trust = Optional.empty();
	volatile InetSocketAddress proxy;
	volatile Function<String, CompletionStage<List<InetAddress>>> addresses =
			host -> CompletableFuture.completedFuture(List.of(InetAddress.getLoopbackAddress()));

	@Override
	public Identity identity() throws TransportException {
		if (identity == null) {
			throw new TransportException(Code.NO_IDENTITY, "none");
		}
		return identity;
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
	public CompletionStage<Link> open(TransportUri next) {
		opened.add(next);
		return CompletableFuture.completedFuture(LINK);
	}

	@Override
	public CompletionStage<List<InetAddress>> addresses(String host) {
		hosts.add(host);
		return addresses.apply(host);
	}

	@Override
	public CompletionStage<Route> route(URI target) {
		return proxy == null ? LinkContext.super.route(target) : CompletableFuture.completedFuture(Route.through(proxy, target.getHost()));
	}

	@Override
	public Optional<SSLContext> sslContext() {
		return trust;
	}

	@Override
	public Clock clock() {
		return clock;
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
		throw new AssertionError("a login has no peers");
	}

	@Override
	public void peerLeft(PeerId peer) {
		throw new AssertionError("a login has no peers");
	}

	@Override
	public CompletionStage<Void> received(PeerId from, Packet packet, Reliability reliability, String topic) {
		throw new AssertionError("a login has no packets");
	}

	@Override
	public void invalid(String why) {
		throw new AssertionError("a login has no packets");
	}

	@Override
	public void confirmed(long reliablePackets) {
		throw new AssertionError("a login has no packets");
	}

	@Override
	public void closed(Disconnection why) {
		throw new AssertionError("a login has no wire");
	}

	@Override
	public void close() {
		executor.shutdownNow();
	}
}
