package dcl.transport.registry.internal;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.URI;
import java.time.Clock;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;

import javax.net.ssl.SSLContext;

import dcl.transport.AuthChain;
import dcl.transport.Delivery;
import dcl.transport.Disconnection;
import dcl.transport.Identity;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.SigningRequest;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;
import dcl.transport.spi.Route;

/** What one provider sees of one attempt. A context born of a redirect knows nothing of the one before it, whose provider may leave. */
final class Context implements LinkContext {

	private final Registry registry;
	private final Attempt attempt;
	private final Conversation conversation;
	private final TransportUri uri;
	private final TransportOptions options;
	private final int hops;
	private final boolean restricted;
	private final Candidate.Code code;
	private final LinkExecutor executor;
	private final Stage<Void> abandoned = new Stage<>();
	private final Set<Answer> answers = ConcurrentHashMap.newKeySet();
	private volatile boolean muted;
	/** Whether every address looked up so far is this machine's; null before the first. */
	private Boolean loopback;

	Context(Registry registry, Attempt attempt, Conversation conversation, TransportUri uri, TransportOptions options, int hops, boolean restricted,
			Candidate.Code code) {
		this.registry = registry;
		this.attempt = attempt;
		this.conversation = conversation;
		this.uri = uri;
		this.options = options;
		this.hops = hops;
		this.restricted = restricted;
		this.code = code;
		this.executor = new LinkExecutor(registry, code, registry.settings().maxLinkTasks());
	}

	Candidate.Code code() {
		return code;
	}

	/** What it reports counts no longer: the link came from somebody else. */
	void mute() {
		muted = true;
	}

	/** Ends its timers, and what still waits for a signature. */
	void retire() {
		muted = true;
		executor.retire();
		answers.forEach(answer -> answer.tell(null, new TransportException(Code.NOT_CONNECTED, "nobody waits for this link any more")));
	}

	/** Tells the provider to stop trying. Its code runs on the pool. */
	void abandon() {
		registry.workers().execute(() -> {
			Workers.Callee outer = registry.workers().enter(code);
			try {
				abandoned.finish(null);
			} finally {
				registry.workers().exit(outer);
			}
		});
	}

	@Override
	public Identity identity() throws TransportException {
		Identity identity = options.identity().or(registry::identity)
				.orElseThrow(() -> new TransportException(Code.NO_IDENTITY, uri + " needs an Identity to sign with, and there is none"));
		return new Signing(identity);
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
		Stage<Link> result = new Stage<>();
		boolean lenient;
		synchronized (this) {
			lenient = Boolean.TRUE.equals(loopback);
		}
		TransportOptions same = options.identity().map(TransportOptions::of).orElseGet(TransportOptions::none);
		TransportUri bare;
		try {
			bare = Registry.unwrap(Objects.requireNonNull(next));
			Downgrade.check(uri, bare);
			attempt.redirect(bare, hops);
		} catch (TransportException e) {
			result.fail(e);
			return result;
		}
		registry.workers().execute(() -> attempt.open(bare, same, hops + 1, !lenient).whenComplete((link, failure) -> {
			Workers.Callee outer = registry.workers().enter(code);
			try {
				if (failure != null) {
					result.fail(Failures.unwrap(failure));
				} else {
					result.finish(link);
				}
			} finally {
				registry.workers().exit(outer);
			}
		}));
		return result;
	}

	@Override
	public void step(String name, String detail) {
		Objects.requireNonNull(name);
		if (!muted) {
			attempt.step(() -> Failures.plain(name, uri), () -> Failures.plain(detail, uri));
		}
	}

	@Override
	public CompletionStage<List<InetAddress>> addresses(String host) {
		step("dns", host);
		Stage<List<InetAddress>> result = new Stage<>();
		registry.resolve(host, found -> {
			List<InetAddress> allowed = found.stream().filter(a -> !restricted || registry.settings().mayBeReached(a)).toList();
			synchronized (this) {
				loopback = !Boolean.FALSE.equals(loopback) && !allowed.isEmpty() && allowed.stream().allMatch(InetAddress::isLoopbackAddress);
			}
			Workers.Callee outer = registry.workers().enter(code);
			try {
				if (found.isEmpty()) {
					result.fail(new TransportException(Code.UNREACHABLE, "no address is known for the host of " + uri));
				} else if (allowed.isEmpty()) {
					result.fail(new TransportException(Code.UNREACHABLE, "the host of " + uri + " is not on the public internet, "
							+ "and a connection string out of a remote document leads nowhere else"));
				} else {
					result.finish(allowed);
				}
			} finally {
				registry.workers().exit(outer);
			}
		});
		return result;
	}

	@Override
	public CompletionStage<Route> route(URI target) {
		URI question = Proxies.question(target);
		String named = question.getHost();
		String host = named.startsWith("[") ? named.substring(1, named.length() - 1) : named;
		Optional<ProxySelector> selector = registry.lent().proxySelector();
		if (selector.isEmpty()) {
			return addresses(host).thenApply(Route::direct);
		}
		Stage<Route> result = new Stage<>();
		registry.workers().execute(() -> choose(selector.get(), question, host, result));
		return result;
	}

	/** Called on a pool thread. */
	private void choose(ProxySelector selector, URI question, String host, Stage<Route> result) {
		String who = "the proxy selector " + selector.getClass().getName() + " of " + Bundles.nameOf(selector);
		Optional<InetSocketAddress> proxy;
		Workers.Callee outer = registry.workers().enter(() -> who);
		try {
			proxy = Proxies.ask(selector, question, who, uri);
		} catch (TransportException e) {
			registry.workers().execute(() -> tell(result, null, e));
			return;
		} finally {
			registry.workers().exit(outer);
		}
		if (proxy.isEmpty()) {
			addresses(host).whenComplete((found, failure) -> tell(result, found == null ? null : Route.direct(found), failure));
		} else if (proxy.get().isUnresolved()) {
			registry.resolve(proxy.get().getHostString(), found -> {
				if (found.isEmpty()) {
					tell(result, null, new TransportException(Code.UNREACHABLE, "no address is known for the proxy that " + who + " names"));
				} else {
					through(new InetSocketAddress(found.get(0), proxy.get().getPort()), host, result);
				}
			});
		} else {
			through(proxy.get(), host, result);
		}
	}

	private void through(InetSocketAddress proxy, String host, Stage<Route> result) {
		if (restricted) { // the proxy would look the name up without our policy
			addresses(host).whenComplete((found, failure) -> tell(result, found == null ? null : Route.through(proxy, textOf(found.get(0))), failure));
			return;
		}
		synchronized (this) {
			loopback = false; // nobody here knows where the name leads
		}
		tell(result, Route.through(proxy, host), null);
	}

	private static String textOf(InetAddress address) {
		return address.getHostAddress().replaceFirst("%.*", ""); // the zone means something on this machine alone
	}

	private <T> void tell(Stage<T> result, T value, Throwable failure) {
		Workers.Callee outer = registry.workers().enter(code);
		try {
			if (failure != null) {
				result.fail(Failures.unwrap(failure));
			} else {
				result.finish(value);
			}
		} finally {
			registry.workers().exit(outer);
		}
	}

	@Override
	public Optional<SSLContext> sslContext() {
		return registry.lent().sslContext();
	}

	@Override
	public Clock clock() {
		return registry.lent().clock();
	}

	@Override
	public CompletionStage<Void> abandoned() {
		return abandoned;
	}

	@Override
	public void peerJoined(PeerId peer) {
		Objects.requireNonNull(peer);
		if (!muted) {
			conversation.roster(peer, true);
		}
	}

	@Override
	public void peerLeft(PeerId peer) {
		Objects.requireNonNull(peer);
		if (!muted) {
			conversation.roster(peer, false);
		}
	}

	@Override
	public CompletionStage<Void> received(PeerId from, Packet packet, Delivery.Reliability reliability, String topic) {
		Incoming.Received message = new Incoming.Received(Objects.requireNonNull(from), packet, Objects.requireNonNull(reliability),
				Objects.requireNonNull(topic));
		return muted ? Stage.DONE : conversation.received(message);
	}

	@Override
	public void invalid(String why) {
		Objects.requireNonNull(why);
		if (!muted) {
			conversation.invalid(why, uri);
		}
	}

	@Override
	public void confirmed(long reliablePackets) {
		if (!muted) {
			conversation.confirmed(reliablePackets);
		}
	}

	@Override
	public void unknown(long reliablePackets) {
		if (!muted) {
			conversation.unknown(reliablePackets);
		}
	}

	@Override
	public void closed(Disconnection why) {
		Disconnection plain = new Disconnection(why.reason(), Failures.plain(why.detail(), uri));
		if (!muted) {
			conversation.linkClosed(plain);
		}
	}

	/** The host's identity, called on the pool, with the clock stopped while it signs. */
	private final class Signing implements Identity {

		private final Identity identity;

		Signing(Identity identity) {
			this.identity = identity;
		}

		@Override
		public PeerId address() {
			return identity.address();
		}

		@Override
		public boolean isGuest() {
			return identity.isGuest();
		}

		@Override
		public CompletionStage<AuthChain> sign(SigningRequest request) {
			Objects.requireNonNull(request);
			Stage<AuthChain> result = new Stage<>();
			Answer answer = new Answer(registry.workers(), (chain, failure) -> signed(result, chain, failure));
			answers.add(answer);
			attempt.signing();
			answer.ask(identity, request);
			return result;
		}
	}

	private void signed(Stage<AuthChain> result, AuthChain chain, Throwable failure) {
		answers.removeIf(Answer::isOver);
		attempt.signed();
		Workers.Callee outer = registry.workers().enter(code);
		try {
			if (failure != null || chain == null) {
				result.fail(Failures.own(failure != null ? failure : new NullPointerException("sign answered null"), "the identity", uri));
			} else {
				result.finish(chain);
			}
		} finally {
			registry.workers().exit(outer);
		}
	}

	/**
	 * What an identity will answer. The host holds on to it as long as a person thinks, and lets go of the provider when the attempt is over: so it is
	 * static, and forgets whom to tell.
	 */
	private static final class Answer implements BiConsumer<AuthChain, Throwable> {

		private final Workers workers;
		private final AtomicReference<BiConsumer<AuthChain, Throwable>> then;

		Answer(Workers workers, BiConsumer<AuthChain, Throwable> then) {
			this.workers = workers;
			this.then = new AtomicReference<>(then);
		}

		void ask(Identity identity, SigningRequest request) {
			workers.execute(() -> {
				Workers.Callee outer = workers.enter(() -> "identity " + identity.getClass().getName() + " of " + Bundles.nameOf(identity));
				try {
					identity.sign(request).whenComplete(this);
				} catch (Throwable thrown) { // the host's code
					accept(null, thrown);
				} finally {
					workers.exit(outer);
				}
			});
		}

		/** Comes on whatever thread the host likes; a provider's code goes on with it, so it changes to the pool. */
		@Override
		public void accept(AuthChain chain, Throwable failure) {
			workers.execute(() -> tell(chain, failure));
		}

		void tell(AuthChain chain, Throwable failure) {
			BiConsumer<AuthChain, Throwable> once = then.getAndSet(null);
			if (once != null) {
				once.accept(chain, failure);
			}
		}

		boolean isOver() {
			return then.get() == null;
		}
	}
}
