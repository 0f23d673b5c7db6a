package dcl.transport.registry.internal;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;
import dcl.transport.spi.Link;

/**
 * One try at connecting: who takes part, how much time is left, and which connection strings have been opened. It knows its providers only as long as it
 * needs them, so that the bundle of a login that is over can go.
 */
final class Attempt {

	/** Foreign code of a provider, which is counted against it while it holds up a thread. */
	private record ProviderCode(Candidate candidate) implements Workers.Callee {

		@Override
		public String describe() {
			return "provider " + candidate;
		}

		@Override
		public void stuck() {
			candidate.stuck().incrementAndGet();
		}

		@Override
		public void unstuck() {
			candidate.stuck().decrementAndGet();
		}
	}

	private static final Workers.Callee NOBODY = () -> "no provider";

	private final Registry registry;
	private final Conversation conversation;
	private final TransportUri uri;
	private final TransportOptions options;
	private final Stage<Void> abandoned = new Stage<>();
	private final AtomicBoolean given = new AtomicBoolean();

	// Guarded by this:
	private final Set<String> opened = new HashSet<>();
	private final Set<Candidate> users = new HashSet<>();
	private final Map<Link, Candidate> links = new IdentityHashMap<>();
	private final List<Context> contexts = new ArrayList<>();
	private Candidate owner;
	private long remainingNanos;
	private long startedNanos;
	private int signing;
	private boolean over;
	private ScheduledFuture<?> deadline;

	Attempt(Registry registry, Conversation conversation, TransportUri uri, TransportOptions options) {
		this.registry = registry;
		this.conversation = conversation;
		this.uri = uri;
		this.options = options;
	}

	void start() {
		synchronized (this) {
			remainingNanos = TimeUnit.MILLISECONDS.toNanos(registry.settings().connectTimeoutMillis());
			arm();
			opened.add(uri.text());
		}
		// Not in the conversation's own queue: a provider that hangs in here must not keep it from timing out.
		registry.workers().execute(() -> open(uri, options, 0, false).whenComplete((link, failure) -> {
			if (failure != null) {
				conversation.failed(this, (TransportException) Failures.unwrap(failure));
			} else {
				conversation.opened(this, link);
			}
		}));
	}

	/**
	 * Resolves and opens one connection string. Called on a pool thread.
	 *
	 * @param hops       how many redirects led here
	 * @param restricted whether it came out of a remote document
	 * @return fails with a {@link TransportException} of ours
	 */
	CompletionStage<Link> open(TransportUri next, TransportOptions with, int hops, boolean restricted) {
		Stage<Link> result = new Stage<>();
		Candidate candidate;
		Context context;
		try {
			candidate = registry.choose(next);
			context = new Context(registry, this, conversation, next, with, hops, restricted, new ProviderCode(candidate));
			admit(candidate, context);
		} catch (TransportException e) {
			result.fail(e);
			return result;
		}
		Workers.Callee callee = context.callee();
		AtomicBoolean answered = new AtomicBoolean();
		registry.workers().enter(callee);
		try {
			candidate.provider().open(next, context).whenComplete((link, failure) -> {
				if (!answered.compareAndSet(false, true)) {
					discard(link, callee);
				} else if (failure != null || link == null) {
					// Passed on from a stack of our own, see Failures.
					Throwable why = failure != null ? failure : new NullPointerException("open answered null");
					registry.workers().execute(() -> result.fail(Failures.own(why, callee.describe())));
				} else {
					synchronized (this) {
						links.putIfAbsent(link, candidate);
					}
					if (!result.finish(link)) {
						discard(link, callee);
					}
				}
			});
		} catch (Throwable failure) { // foreign code
			if (answered.compareAndSet(false, true)) {
				result.fail(Failures.own(failure, callee.describe()));
			}
		} finally {
			registry.workers().exit();
		}
		return result;
	}

	private void admit(Candidate candidate, Context context) throws TransportException {
		if (candidate.stuck().get() > 0 && registry.workers().exhausted()) {
			throw new TransportException(Code.INTERNAL, "provider " + candidate + " holds up " + candidate.stuck() + " threads and gets no new transports");
		}
		synchronized (this) {
			if (over) {
				throw new TransportException(Code.NOT_CONNECTED, "nobody waits for this link any more");
			}
			users.add(candidate);
			contexts.add(context);
		}
		if (!registry.isInstalled(candidate)) { // it left between the choice and the entry in users, by which it would have been told
			throw new TransportException(Code.PROVIDER_GONE, "provider " + candidate + " left meanwhile");
		}
	}

	/** Checks a redirect and returns how many there were before it. */
	void redirect(TransportUri next, int hops) throws TransportException {
		int most = registry.settings().maxRedirects();
		if (hops >= most) {
			throw new TransportException(Code.PROTOCOL, "at most " + most + " redirects are followed; the next would lead to " + next);
		}
		if (next.type().equals("simulator")) {
			throw new TransportException(Code.PROTOCOL, "a redirect does not lead to a simulator");
		}
		synchronized (this) {
			if (!opened.add(next.text())) {
				throw new TransportException(Code.PROTOCOL, "a redirect leads in a circle, to " + next);
			}
		}
	}

	private void discard(Link link, Workers.Callee callee) {
		if (link != null) {
			registry.workers().execute(() -> {
				registry.workers().enter(callee);
				try {
					link.close();
				} catch (Throwable failure) { // foreign code
					conversation.invalid(callee.describe() + " failed to close a link nobody wants: " + failure);
				} finally {
					registry.workers().exit();
				}
			});
		}
	}

	/** The conversation has taken the link: the clock stops, and all providers but the link's own are forgotten. */
	synchronized Candidate connected(Link link) {
		over = true;
		deadline.cancel(false);
		owner = links.get(link);
		links.clear();
		users.clear();
		users.add(owner);
		return owner;
	}

	/** Returns whether a provider takes part; null asks for any. */
	synchronized boolean uses(Candidate candidate) {
		return candidate == null || users.contains(candidate);
	}

	/** Returns whom to name when the link is called. */
	synchronized Workers.Callee callee() {
		Candidate named = owner != null ? owner : users.stream().findFirst().orElse(null);
		return named == null ? NOBODY : new ProviderCode(named);
	}

	boolean isAbandoned() {
		return given.get();
	}

	/** Tells providers to stop trying. Their code runs on the pool. */
	void abandon() {
		synchronized (this) {
			over = true;
			if (deadline != null) {
				deadline.cancel(false);
			}
		}
		if (given.compareAndSet(false, true)) {
			Workers.Callee callee = callee();
			registry.workers().execute(() -> {
				registry.workers().enter(callee);
				try {
					abandoned.finish(null);
				} finally {
					registry.workers().exit();
				}
			});
		}
	}

	CompletionStage<Void> abandoned() {
		return abandoned;
	}

	/** Ends the timers of the links a little later, when whatever they close is closed. */
	void retire() {
		List<Context> all;
		synchronized (this) {
			all = List.copyOf(contexts);
			contexts.clear();
			links.clear();
		}
		registry.workers().after(Context.RETIRE_MILLIS, () -> all.forEach(Context::retire));
	}

	// ---- the clock, which stands still while somebody signs

	synchronized void signing() {
		if (signing++ == 0 && !over) {
			deadline.cancel(false);
			remainingNanos -= System.nanoTime() - startedNanos;
		}
	}

	synchronized void signed() {
		if (--signing == 0 && !over) {
			arm();
		}
	}

	private void arm() {
		startedNanos = System.nanoTime();
		deadline = registry.workers().after(Math.max(0, TimeUnit.NANOSECONDS.toMillis(remainingNanos)), () -> conversation.failed(this,
				new TransportException(Code.TIMEOUT, "not connected within " + registry.settings().connectTimeoutMillis() + " ms")));
	}
}
