package dcl.transport.registry.internal;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

import dcl.transport.PeerId;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;
import dcl.transport.spi.Link;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One try at connecting: who takes part, how much time is left, which connection strings have been opened, and which links came of it. It owns the links:
 * each is asked to close once, whoever ends the try. It knows its providers only as long as it needs them, so that the bundle of a login that is over can
 * go.
 */
final class Attempt {

	private static final Logger LOG = LoggerFactory.getLogger(Attempt.class);

	/** A link has a second to close; a little more is given before nobody waits for it any longer. */
	static final long CLOSE_MILLIS = 1_500;
	private static final int MAX_STEPS = 64;
	/** How long after the end a link's timers may still fire. */
	private static final long RETIRE_MILLIS = 2_000;

	private final Registry registry;
	private final Conversation conversation;
	private final TransportUri uri;
	private final TransportOptions options;
	private final long begunNanos = System.nanoTime();

	// Guarded by this:
	private final Set<String> opened = new HashSet<>();
	private final Set<Candidate> users = new HashSet<>();
	private final Map<Link, Candidate.Code> links = new IdentityHashMap<>();
	private final Set<Link> asked = Collections.newSetFromMap(new IdentityHashMap<>());
	private final List<Context> contexts = new ArrayList<>();
	private boolean taken;
	private CompletableFuture<Void> goodbye;
	private long remainingNanos;
	private long startedNanos;
	private int signing;
	private int steps;
	private Future<?> deadline;

	Attempt(Registry registry, Conversation conversation, TransportUri uri, TransportOptions options) {
		this.registry = registry;
		this.conversation = conversation;
		this.uri = uri;
		this.options = options;
	}

	void start() {
		synchronized (this) {
			if (goodbye != null) {
				return;
			}
			remainingNanos = TimeUnit.MILLISECONDS.toNanos(registry.settings().connectTimeoutMillis());
			arm();
			opened.add(uri.text());
		}
		// Not in the conversation's own queue: a provider that hangs in here must not keep it from timing out.
		registry.workers().execute(() -> open(uri, options, 0, false)
				.whenComplete((link, failure) -> registry.workers().execute(() -> arrived(link, failure))));
	}

	/** Tells whoever listens how far it has come. */
	void step(String name, String detail) {
		step(() -> name, () -> detail);
	}

	/** The same in words that are made only if somebody will hear them: a provider may have many. */
	void step(Supplier<String> name, Supplier<String> detail) {
		synchronized (this) {
			if (taken || goodbye != null || ++steps > MAX_STEPS) {
				return;
			}
		}
		// Outside: the conversation asks its attempt with its own lock held. They come in order, since one step follows another.
		conversation.step(name.get(), detail.get(), Duration.ofNanos(System.nanoTime() - begunNanos));
	}

	private void arrived(Link link, Throwable failure) {
		if (failure != null) {
			conversation.failed((TransportException) Failures.unwrap(failure));
			return;
		}
		Candidate.Code code;
		synchronized (this) {
			if (goodbye != null) {
				return;
			}
			code = links.get(link);
		}
		Set<PeerId> peers;
		int maxPacketBytes;
		boolean confirms;
		Workers.Callee outer = registry.workers().enter(code);
		try {
			peers = Set.copyOf(link.peers());
			maxPacketBytes = Math.max(0, link.maxPacketBytes());
			confirms = link.confirms();
		} catch (Throwable thrown) { // foreign code
			conversation.failed(code.failure(thrown));
			return;
		} finally {
			registry.workers().exit(outer);
		}
		conversation.opened(this, link, peers, maxPacketBytes, confirms);
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
		step("resolve", next.toString());
		try {
			candidate = registry.choose(next);
			context = new Context(registry, this, conversation, next, with, hops, restricted, new Candidate.Code(candidate, next));
			admit(candidate, context);
		} catch (TransportException e) {
			result.fail(e);
			return result;
		}
		Candidate.Code code = context.code();
		step("connect", candidate.bundle());
		AtomicBoolean answered = new AtomicBoolean();
		Workers.Callee outer = registry.workers().enter(code);
		try {
			candidate.provider().open(next, context).whenComplete((link, failure) -> {
				if (!answered.compareAndSet(false, true)) {
					arrive(link, code); // an answer too many, closed with the others
				} else if (failure != null || link == null) {
					// Passed on from a stack of our own, see Failures.
					Throwable why = failure != null ? failure : new NullPointerException("open answered null");
					registry.workers().execute(() -> result.fail(code.failure(why)));
				} else if (arrive(link, code)) {
					result.finish(link);
				} else {
					registry.workers().execute(() -> result.fail(new TransportException(Code.NOT_CONNECTED, "nobody waits for this link any more")));
				}
			});
		} catch (Throwable failure) { // foreign code
			if (answered.compareAndSet(false, true)) {
				result.fail(code.failure(failure));
			}
		} finally {
			registry.workers().exit(outer);
		}
		return result;
	}

	private void admit(Candidate candidate, Context context) throws TransportException {
		if (registry.isBarred(candidate)) {
			throw new TransportException(Code.INTERNAL, "provider " + candidate + " holds up " + candidate.stuck() + " threads and gets no new transports");
		}
		synchronized (this) {
			if (goodbye != null) {
				throw new TransportException(Code.NOT_CONNECTED, "nobody waits for this link any more");
			}
			users.add(candidate);
			contexts.add(context);
		}
		if (!registry.isInstalled(candidate)) { // it left between the choice and the entry in users, by which it would have been told
			throw new TransportException(Code.PROVIDER_GONE, "provider " + candidate + " left meanwhile");
		}
	}

	/** Takes note of a link; false if it came too late and has been asked to close. */
	private boolean arrive(Link link, Candidate.Code code) {
		if (link == null) {
			return false;
		}
		synchronized (this) {
			if (goodbye == null) {
				links.putIfAbsent(link, code);
				return true;
			}
			if (!asked.add(link)) {
				return false;
			}
		}
		ask(link, code);
		return false;
	}

	/** Checks a redirect. */
	void redirect(TransportUri next, int hops) throws TransportException {
		int most = registry.settings().maxRedirects();
		if (hops >= most) {
			throw new TransportException(Code.PROTOCOL, "at most " + most + " redirects are followed; the next would lead to " + next);
		}
		if (next.type().equals("signed-login") && hops + 1 >= most) {
			// Refused before anything is signed: the document would choose for which host and path, and the answer could not be followed anyway.
			throw new TransportException(Code.PROTOCOL, "a redirect leads to another login, and at most " + most + " redirects are followed");
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

	/**
	 * The conversation takes the link: the clock stops, and all providers are forgotten that have no link here.
	 *
	 * @return whose link it is; null if it is too late
	 */
	synchronized Candidate.Code take(Link link) {
		if (goodbye != null) {
			return null;
		}
		taken = true;
		deadline.cancel(false);
		users.clear();
		links.values().forEach(code -> users.add(code.candidate()));
		List<Context> over = new ArrayList<>();
		contexts.removeIf(context -> !users.contains(context.code().candidate()) && over.add(context));
		if (!over.isEmpty()) {
			over.forEach(Context::mute);
			registry.workers().after(RETIRE_MILLIS, () -> over.forEach(Context::retire));
		}
		return links.get(link);
	}

	/** Returns whether a provider takes part; null asks for any. */
	synchronized boolean uses(Candidate candidate) {
		return candidate == null || users.contains(candidate);
	}

	/**
	 * Ends the try, or the conversation that came of it: tells providers to stop trying and asks all links to close, on the pool. Links that arrive later
	 * are asked on the spot. Idempotent.
	 *
	 * @return completes when the links of now are closed, or have had their time; never fails
	 */
	CompletableFuture<Void> close() {
		Map<Link, Candidate.Code> goners = new IdentityHashMap<>();
		CompletableFuture<Void> done;
		List<Context> over;
		synchronized (this) {
			if (goodbye != null) {
				return goodbye;
			}
			done = new CompletableFuture<>();
			goodbye = done;
			if (deadline != null) {
				deadline.cancel(false);
			}
			links.forEach((link, code) -> {
				if (asked.add(link)) {
					goners.put(link, code);
				}
			});
			over = List.copyOf(contexts);
		}
		over.forEach(Context::abandon);
		List<CompletableFuture<Void>> each = new ArrayList<>();
		goners.forEach((link, code) -> each.add(ask(link, code)));
		CompletableFuture.allOf(each.toArray(CompletableFuture[]::new)).thenRun(() -> done.complete(null));
		registry.workers().after(RETIRE_MILLIS, () -> {
			over.forEach(Context::retire);
			forget();
		});
		return done;
	}

	private synchronized void forget() {
		users.clear();
		links.clear();
		asked.clear();
		contexts.clear();
	}

	private CompletableFuture<Void> ask(Link link, Candidate.Code code) {
		CompletableFuture<Void> done = new CompletableFuture<>();
		if (registry.isBarred(code.candidate())) {
			LOG.warn("{}: {} holds up {} threads and is not even asked to close a link", code.uri(), code.describe(), code.candidate().stuck());
			done.complete(null);
			return done;
		}
		Future<?> patience = registry.workers().after(CLOSE_MILLIS, () -> done.complete(null));
		done.thenRun(() -> patience.cancel(false));
		registry.workers().execute(() -> {
			Workers.Callee outer = registry.workers().enter(code);
			try {
				link.close().whenComplete((nothing, failure) -> done.complete(null));
			} catch (Throwable failure) { // foreign code: even an Error is its own affair
				LOG.warn("{}: {} failed to close a link: {}", code.uri(), code.describe(), Failures.describe(failure, code.uri()));
				done.complete(null);
			} finally {
				registry.workers().exit(outer);
			}
		});
		return done;
	}

	// ---- the clock, which stands still while somebody signs

	private boolean isOver() {
		return taken || goodbye != null;
	}

	synchronized void signing() {
		if (signing++ == 0 && !isOver()) {
			deadline.cancel(false);
			remainingNanos -= System.nanoTime() - startedNanos;
		}
	}

	synchronized void signed() {
		if (--signing == 0 && !isOver()) {
			arm();
		}
	}

	private void arm() {
		startedNanos = System.nanoTime();
		deadline = registry.workers().after(Math.max(0, TimeUnit.NANOSECONDS.toMillis(remainingNanos)), () -> conversation.failed(
				new TransportException(Code.TIMEOUT, "not connected within " + registry.settings().connectTimeoutMillis() + " ms")));
	}
}
