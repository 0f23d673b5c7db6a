package dcl.transport.registry.internal;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;

import dcl.transport.Identity;
import dcl.transport.SessionPolicy;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;
import dcl.transport.status.TransportStatus.HoldUp;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The registry without OSGi: who is installed, which transports are open, and who waits for what. Thread-safe. */
final class Registry {

	private static final Logger LOG = LoggerFactory.getLogger(Registry.class);

	private static final long ACCEPTS_MILLIS = 200;
	/** How long a thread to ask on may take to come. */
	private static final long ASK_MILLIS = 2_000;
	private static final String LATE = "did not answer within " + ACCEPTS_MILLIS + " ms";
	private static final Duration LONGEST = Duration.ofDays(365);
	private static final int RESOLVER_THREADS = 4;
	private static final int RESOLVER_QUEUE = 1_000;
	private static final int MAX_ASKERS = 64;
	private static final int MAX_HOLD_UPS = 16;
	/** How many {@code fixed-adapter:} and {@code archipelago:archipelago:} are taken off. */
	private static final int MAX_WRAPPERS = 4;
	private static final String STOPPED = "the transport registry was stopped";
	private static final String FIXED_ADAPTER = "fixed-adapter";
	private static final String ARCHIPELAGO = "archipelago";

	/**
	 * Somebody who waits for a provider. No record: it is kept in a set, each is itself alone, and from JDK 25 on the platform keeps for long (softly) the class of a record it has hashed, and
	 * with it the bundle.
	 */
	private static final class Waiter {

		private final TransportUri uri;
		private final Object owner;
		private final Stage<Void> stage = new Stage<>();
		private final AtomicReference<Future<?>> timer = new AtomicReference<>();

		private Waiter(TransportUri uri, Object owner) {
			this.uri = uri;
			this.owner = owner;
		}

		void end() {
			Future<?> running = timer.getAndSet(null);
			if (running != null) {
				running.cancel(false);
			}
		}
	}

	private final AtomicReference<Providers> providers = new AtomicReference<>(Providers.NONE);
	private final Set<Conversation> open = ConcurrentHashMap.newKeySet();
	private final Set<LastingSession> sessions = ConcurrentHashMap.newKeySet();
	private final Set<HostRegistry> hosts = ConcurrentHashMap.newKeySet();
	/** Guarded by itself. */
	private final ArrayDeque<HoldUp> holdUps = new ArrayDeque<>();
	private final World world = new Here();
	private final Set<Waiter> waiters = ConcurrentHashMap.newKeySet();
	private final Supplier<Optional<Identity>> identities;
	private final Lent lent;
	private final Workers workers;
	private final ThreadPoolExecutor resolver;
	private final ThreadPoolExecutor askers;
	private volatile Settings settings;
	private volatile boolean stopped;

	Registry(Settings settings, Supplier<Optional<Identity>> identities, Lent lent) {
		this.settings = settings;
		this.identities = identities;
		this.lent = lent;
		this.workers = new Workers(settings.threads(), settings.stuckMillis());
		this.resolver = new ThreadPoolExecutor(RESOLVER_THREADS, RESOLVER_THREADS, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(RESOLVER_QUEUE),
				task -> workers.daemon(task, "dcl-transport-dns"));
		this.resolver.allowCoreThreadTimeOut(true);
		this.askers = new ThreadPoolExecutor(0, MAX_ASKERS, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), task -> workers.daemon(task, "dcl-transport-ask"));
	}

	Settings settings() {
		return settings;
	}

	void configure(Settings changed) {
		settings = changed;
		workers.configure(changed.threads(), changed.stuckMillis());
	}

	Workers workers() {
		return workers;
	}

	Optional<Identity> identity() {
		return identities.get();
	}

	Lent lent() {
		return lent;
	}

	// ---- providers

	void add(Candidate candidate) {
		providers.updateAndGet(p -> p.with(candidate));
		LOG.info("Provider {} serves {}", candidate, candidate.types());
		waiters.forEach(this::look);
	}

	/**
	 * Takes a provider out, and ends every transport whose link came from it while it is still alive. Waits for those links to close, within the
	 * configured grace, and for nothing else.
	 */
	void remove(long id) {
		Optional<Candidate> found = providers.get().bestFirst().stream().filter(c -> c.id() == id).findFirst();
		if (found.isEmpty()) {
			return;
		}
		Candidate gone = found.get();
		providers.updateAndGet(p -> p.without(id));
		LOG.info("Provider {} left", gone);
		List<CompletableFuture<Void>> goodbyes = new ArrayList<>();
		for (Conversation conversation : open) {
			CompletableFuture<Void> goodbye = conversation.leave(gone, "the provider " + gone + " was stopped or updated");
			if (goodbye != null) {
				goodbyes.add(goodbye);
			}
		}
		long begun = System.nanoTime();
		long patience = Math.min(settings.unbindGraceMillis(), Attempt.CLOSE_MILLIS);
		await(goodbyes, gone.toString(), settings.unbindGraceMillis());
		if (!goodbyes.isEmpty() && System.nanoTime() - begun >= TimeUnit.MILLISECONDS.toNanos(patience)) {
			heldUp(new Status.HoldUpView(gone.bundle(), Instant.now(), goodbyes.size()));
		}
	}

	private void heldUp(HoldUp one) {
		synchronized (holdUps) {
			if (holdUps.size() == MAX_HOLD_UPS) {
				holdUps.removeFirst();
			}
			holdUps.addLast(one);
		}
	}

	/** Tells that the properties of a provider have changed; what is open stays. */
	void update(Candidate changed) {
		providers.updateAndGet(p -> p.replace(changed));
		waiters.forEach(this::look);
	}

	boolean isInstalled(Candidate candidate) {
		return providers.get().bestFirst().contains(candidate);
	}

	SortedSet<String> types() {
		return providers.get().types();
	}

	/** Returns whether a provider holds up so many threads that it is not called any more. */
	boolean isBarred(Candidate candidate) {
		return workers.exhausted() && candidate.stuck() > 0;
	}

	private static void await(List<CompletableFuture<Void>> goodbyes, String who, long millis) {
		try {
			CompletableFuture.allOf(goodbyes.toArray(CompletableFuture[]::new)).get(millis, TimeUnit.MILLISECONDS);
		} catch (InterruptedException e) {
			Thread.currentThread().interrupt();
		} catch (TimeoutException e) {
			LOG.warn("{}: not all of {} closed within {} ms", who, goodbyes.size(), millis);
		} catch (ExecutionException e) {
			throw new IllegalStateException("a goodbye never fails", e);
		}
	}

	/**
	 * Takes off what realms put around a connection string: {@code fixed-adapter:}, and one {@code archipelago:} of two.
	 *
	 * @throws TransportException {@code INVALID_PARAMS}
	 */
	static TransportUri unwrap(TransportUri uri) throws TransportException {
		TransportUri bare = uri;
		for (int wrappers = 0; isWrapper(bare); wrappers++) {
			if (wrappers == MAX_WRAPPERS) {
				throw new TransportException(Code.INVALID_PARAMS, "at most " + MAX_WRAPPERS + " wrappers are taken off a connection string");
			}
			try {
				bare = TransportUri.parse(bare.params());
			} catch (IllegalArgumentException e) {
				throw new TransportException(Code.INVALID_PARAMS, "what " + bare.type() + " wraps is no connection string: " + e.getMessage());
			}
		}
		return bare;
	}

	private static boolean isWrapper(TransportUri uri) {
		return uri.type().equals(FIXED_ADAPTER) || uri.type().equals(ARCHIPELAGO) && uri.params().startsWith(ARCHIPELAGO + ":");
	}

	/**
	 * Returns who opens a connection string.
	 *
	 * @throws TransportException {@code NO_PROVIDER}, {@code INVALID_PARAMS}, or {@code TIMEOUT} if nobody said yes and somebody was late
	 */
	Candidate choose(TransportUri uri) throws TransportException {
		Providers now = providers.get();
		List<Candidate> serving = now.serving(uri.type());
		if (serving.isEmpty()) {
			throw new TransportException(Code.NO_PROVIDER, "no provider for '" + uri.type() + "'; installed: " + now.types());
		}
		List<String> no = new ArrayList<>();
		boolean late = false;
		for (Candidate candidate : serving) {
			String why = veto(candidate, uri);
			if (why == null) {
				return candidate;
			}
			late |= why.equals(LATE);
			no.add(candidate + " " + why);
		}
		throw new TransportException(late ? Code.TIMEOUT : Code.INVALID_PARAMS,
				"the params of " + uri + " are of no kind that a provider takes: " + String.join(", ", no));
	}

	/**
	 * Returns why a provider does not take a connection string, or null if it does. It is asked on a thread of its own: whoever wants to know, a listener
	 * perhaps, waits no longer than the time for an answer, and one that hangs holds up no thread of the pool. The time counts from when it is asked, so
	 * that a machine that is busy with something else does not make it late.
	 */
	private String veto(Candidate candidate, TransportUri uri) {
		Semaphore asking = candidate.held().asking();
		CompletableFuture<Void> asked = new CompletableFuture<>();
		CompletableFuture<Optional<String>> answer = new CompletableFuture<>();
		try {
			if (asking.tryAcquire(ACCEPTS_MILLIS, TimeUnit.MILLISECONDS)) {
				ask(asking, () -> {
					asked.complete(null);
					answer.complete(Optional.ofNullable(vetoOf(candidate, uri)));
				});
				asked.get(ASK_MILLIS, TimeUnit.MILLISECONDS);
				return answer.get(ACCEPTS_MILLIS, TimeUnit.MILLISECONDS).orElse(null);
			}
		} catch (TimeoutException | RejectedExecutionException e) {
			LOG.debug("{} is too late", candidate);
		} catch (InterruptedException e) {
			Thread.currentThread().interrupt();
			return LATE;
		} catch (ExecutionException e) {
			throw new IllegalStateException("an answer never fails", e);
		}
		LOG.warn("Provider {} did not say within {} ms whether it accepts {}", candidate, ACCEPTS_MILLIS, uri);
		return LATE;
	}

	private void ask(Semaphore asking, Runnable question) {
		try {
			askers.execute(() -> {
				try {
					question.run();
				} finally {
					asking.release();
				}
			});
		} catch (RejectedExecutionException e) {
			asking.release();
			throw e;
		}
	}

	private static String vetoOf(Candidate candidate, TransportUri uri) {
		try {
			return candidate.provider().accepts(uri) ? null : "does not accept them";
		} catch (Throwable failure) { // foreign code
			LOG.warn("Provider {} threw when asked whether it accepts {}", candidate, uri, Failures.forLog(failure, uri));
			return "threw " + failure.getClass().getName();
		}
	}

	// ---- for the status

	List<Candidate> candidates() {
		return providers.get().bestFirst();
	}

	Set<Conversation> open() {
		return Set.copyOf(open);
	}

	Set<HostRegistry> hosts() {
		return Set.copyOf(hosts);
	}

	List<HoldUp> holdUps() {
		synchronized (holdUps) {
			return List.copyOf(holdUps);
		}
	}

	void opened(HostRegistry host) {
		hosts.add(host);
	}

	void closed(HostRegistry host) {
		hosts.remove(host);
	}

	// ---- transports

	Transport create(TransportUri uri, TransportOptions options, Consumer<Conversation> whenClosed) throws TransportException {
		TransportUri bare = unwrap(uri);
		refuseIfStopped();
		choose(bare);
		Conversation conversation = new Conversation(this, uri, bare, options, whenClosed);
		open.add(conversation);
		if (stopped) { // meanwhile, and may not have seen this one
			open.remove(conversation);
			refuseIfStopped();
		}
		return conversation;
	}

	private void refuseIfStopped() throws TransportException {
		if (stopped) {
			throw new TransportException(Code.NO_PROVIDER, STOPPED);
		}
	}

	// ---- sessions

	/** Returns a session that nobody has asked to connect. */
	LastingSession session(TransportUri uri, TransportOptions options, SessionPolicy policy, Consumer<LastingSession> whenClosed) throws TransportException {
		refuseIfStopped();
		LastingSession session = new LastingSession(world, uri, options, policy, over -> {
			sessions.remove(over);
			whenClosed.accept(over);
		});
		sessions.add(session);
		if (stopped) { // meanwhile, and may not have seen this one
			sessions.remove(session);
			refuseIfStopped();
		}
		return session;
	}

	/** The real world. */
	private final class Here implements World {

		@Override
		public Transport create(TransportUri uri, TransportOptions options) throws TransportException {
			return Registry.this.create(uri, options, over -> {
			});
		}

		@Override
		public CompletionStage<Void> whenAvailable(TransportUri uri, Duration timeout, Object owner) {
			return Registry.this.whenAvailable(uri, timeout, owner);
		}

		@Override
		public void abandon(Object owner) {
			Registry.this.abandon(owner, "nobody waits any longer");
		}

		@Override
		public void execute(Runnable task) {
			workers.execute(task);
		}

		@Override
		public Future<?> after(Duration time, Runnable task) {
			return workers.after(time.toMillis(), task);
		}

		@Override
		public long nanoTime() {
			return System.nanoTime();
		}

		@Override
		public Instant now() {
			try {
				return lent.clock().instant();
			} catch (RuntimeException e) { // the host's code; this is for display
				LOG.warn("The clock that a host lends failed: {}", e.getClass().getName());
				return Instant.now();
			}
		}

		@Override
		public long random(long bound) {
			return ThreadLocalRandom.current().nextLong(bound + 1);
		}

		@Override
		public Workers.Callee enter(Workers.Callee callee) {
			return workers.enter(callee);
		}

		@Override
		public void exit(Workers.Callee outer) {
			workers.exit(outer);
		}
	}

	/** A conversation is over and its link closed. */
	void forget(Conversation over) {
		open.remove(over);
	}

	/**
	 * Waits for a provider.
	 *
	 * @param owner for {@link #abandon}
	 */
	CompletionStage<Void> whenAvailable(TransportUri uri, Duration timeout, Object owner) {
		Waiter waiter;
		try {
			waiter = new Waiter(unwrap(uri), owner);
			refuseIfStopped();
		} catch (TransportException e) {
			return Stage.failed(e);
		}
		if (waiters.size() >= settings.maxWaiters()) {
			return Stage.failed(new TransportException(Code.CONGESTED, settings.maxWaiters() + " callers wait for a provider already"));
		}
		waiters.add(waiter);
		if (!timeout.isNegative() && !timeout.isZero()) {
			look(waiter);
		}
		long millis = timeout.isNegative() ? 0 : timeout.compareTo(LONGEST) > 0 ? LONGEST.toMillis() : timeout.toMillis();
		waiter.timer.set(workers.after(millis, () -> lookOnceMore(waiter, timeout)));
		if (!waiters.contains(waiter)) {
			waiter.end();
		}
		if (stopped) {
			release(waiter, new TransportException(Code.NO_PROVIDER, STOPPED));
		}
		return waiter.stage;
	}

	private void look(Waiter waiter) {
		workers.execute(() -> {
			try {
				choose(waiter.uri);
				release(waiter, null);
			} catch (TransportException notYet) {
				LOG.debug("{} is still not available: {}", waiter.uri, notYet.getMessage());
			}
		});
	}

	/** The time is up, but an earlier look may be under way still, and one that waits no time has had none. */
	private void lookOnceMore(Waiter waiter, Duration timeout) {
		try {
			choose(waiter.uri);
			release(waiter, null);
		} catch (TransportException not) {
			release(waiter, new TransportException(Code.NO_PROVIDER, "no provider for '" + waiter.uri.type() + "' after " + timeout + ": " + not.getMessage()));
		}
	}

	/** Tells a waiter, once. */
	private void release(Waiter waiter, TransportException failure) {
		if (!waiters.remove(waiter)) {
			return;
		}
		waiter.end();
		if (failure == null) {
			waiter.stage.finish(null);
		} else {
			waiter.stage.fail(failure);
		}
	}

	/** Lets everybody go who waits on behalf of an owner; null stands for all. */
	void abandon(Object owner, String why) {
		for (Waiter waiter : waiters) {
			if (owner == null || waiter.owner == owner) {
				workers.execute(() -> release(waiter, new TransportException(Code.NO_PROVIDER, why)));
			}
		}
	}

	/**
	 * Looks up a name on threads of its own and tells the addresses, none if there are none, on a pool thread. The empty name, which would be this machine,
	 * has none.
	 */
	void resolve(String host, Consumer<List<InetAddress>> then) {
		workers.execute(() -> { // since it may make a thread, which is not to remember the provider that asks
			try {
				resolver.execute(() -> {
					List<InetAddress> found = lookUp(host);
					workers.execute(() -> then.accept(found));
				});
			} catch (RejectedExecutionException e) {
				LOG.warn("More than {} names are being looked up; one was left out", RESOLVER_QUEUE);
				then.accept(List.of());
			}
		});
	}

	private static List<InetAddress> lookUp(String host) {
		try {
			return host.isBlank() ? List.of() : List.of(InetAddress.getAllByName(host));
		} catch (UnknownHostException | RuntimeException e) {
			LOG.debug("No address for a host: {}", e.getClass().getSimpleName());
			return List.of();
		}
	}

	/** Returns whether it has begun to end: what hosts give back now is ended by it. */
	boolean isStopping() {
		return stopped;
	}

	/** Refuses new transports. */
	void stopping() {
		stopped = true;
	}

	/** Ends every transport, then the threads. Waits for links to close and for the last events, within the configured grace each. */
	void stop() {
		stopping();
		List<CompletableFuture<Void>> goodbyes = new ArrayList<>();
		List<LastingSession> staying = List.copyOf(sessions);
		staying.forEach(session -> session.leave(STOPPED)); // first, so that none comes back
		open.forEach(conversation -> goodbyes.add(conversation.leave(null, STOPPED)));
		await(goodbyes, "registry", settings.unbindGraceMillis());
		goodbyes.forEach(goodbye -> goodbye.complete(null)); // nobody waits any longer, and there will be no thread to tell it
		await(staying.stream().map(session -> session.closed().<Void>thenApply(why -> null).toCompletableFuture()).toList(), "registry", settings.unbindGraceMillis());
		abandon(null, STOPPED);
		resolver.shutdownNow();
		askers.shutdownNow();
		workers.stop(settings.unbindGraceMillis());
		providers.set(Providers.NONE);
	}
}
