package dcl.transport.registry.internal;

import java.net.InetAddress;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;

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

/** What one provider sees of one attempt. A context born of a redirect knows nothing of the one before it, whose provider may leave. */
final class Context implements LinkContext {

	/** How long after the end a link's timers may still fire: it has a second to close. */
	static final long RETIRE_MILLIS = 2_000;

	private final Registry registry;
	private final Attempt attempt;
	private final Conversation conversation;
	private final TransportUri uri;
	private final TransportOptions options;
	private final int hops;
	private final boolean restricted;
	private final Workers.Callee callee;
	private final LinkExecutor executor;
	private volatile boolean loopback;

	Context(Registry registry, Attempt attempt, Conversation conversation, TransportUri uri, TransportOptions options, int hops, boolean restricted,
			Workers.Callee callee) {
		this.registry = registry;
		this.attempt = attempt;
		this.conversation = conversation;
		this.uri = uri;
		this.options = options;
		this.hops = hops;
		this.restricted = restricted;
		this.callee = callee;
		this.executor = new LinkExecutor(registry.workers(), callee, registry.settings().maxLinkTasks());
	}

	Workers.Callee callee() {
		return callee;
	}

	void retire() {
		executor.retire();
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
		Objects.requireNonNull(next);
		try {
			attempt.redirect(next, hops);
		} catch (TransportException e) {
			return Stage.failed(e);
		}
		TransportOptions same = options.identity().map(TransportOptions::of).orElseGet(TransportOptions::none);
		Stage<Link> result = new Stage<>();
		registry.workers().execute(() -> attempt.open(next, same, hops + 1, !loopback).whenComplete((link, failure) -> {
			registry.workers().enter(callee);
			try {
				if (failure != null) {
					result.fail(Failures.unwrap(failure));
				} else {
					result.finish(link);
				}
			} finally {
				registry.workers().exit();
			}
		}));
		return result;
	}

	@Override
	public CompletionStage<List<InetAddress>> addresses(String host) {
		Stage<List<InetAddress>> result = new Stage<>();
		registry.resolve(Objects.requireNonNull(host), found -> {
			List<InetAddress> allowed = found.stream().filter(a -> !restricted || AddressPolicy.isPublic(a)).toList();
			loopback = !allowed.isEmpty() && allowed.stream().allMatch(InetAddress::isLoopbackAddress);
			registry.workers().enter(callee);
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
				registry.workers().exit();
			}
		});
		return result;
	}

	@Override
	public CompletionStage<Void> abandoned() {
		return attempt.abandoned();
	}

	@Override
	public void peerJoined(PeerId peer) {
		conversation.roster(Objects.requireNonNull(peer), true);
	}

	@Override
	public void peerLeft(PeerId peer) {
		conversation.roster(Objects.requireNonNull(peer), false);
	}

	@Override
	public CompletionStage<Void> received(PeerId from, Packet packet, Delivery.Reliability reliability, String topic) {
		return conversation.received(Objects.requireNonNull(from), packet, Objects.requireNonNull(reliability), Objects.requireNonNull(topic));
	}

	@Override
	public void invalid(String why) {
		conversation.invalid(Objects.requireNonNull(why));
	}

	@Override
	public void confirmed(long reliablePackets) {
		conversation.confirmed(reliablePackets);
	}

	@Override
	public void closed(Disconnection why) {
		conversation.linkClosed(Objects.requireNonNull(why));
	}

	/** The host's identity, with the clock stopped while it signs. */
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
			attempt.signing();
			try {
				identity.sign(request).whenComplete((chain, failure) -> {
					attempt.signed();
					if (failure != null || chain == null) {
						result.fail(Failures.own(failure != null ? failure : new NullPointerException("sign answered null"), "the identity"));
					} else {
						result.finish(chain);
					}
				});
			} catch (RuntimeException | LinkageError e) { // the host's code
				attempt.signed();
				result.fail(Failures.own(e, "the identity"));
			}
			return result;
		}
	}
}
