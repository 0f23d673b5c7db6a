package dcl.transport.registry.internal;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;

import dcl.transport.Identity;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The registry without OSGi: who is installed, which transports are open, and who waits for what. Thread-safe. */
final class Registry {

	private static final Logger LOG = LoggerFactory.getLogger(Registry.class);

	private static final long ACCEPTS_MILLIS = 200;
	private static final int RESOLVER_THREADS = 4;
	private static final int RESOLVER_QUEUE = 1_000;

	/** Somebody who waits for a provider. */
	private record Waiter(TransportUri uri, Stage<Void> stage, AtomicReference<ScheduledFuture<?>> timer) {
	}

	private final AtomicReference<Providers> providers = new AtomicReference<>(Providers.NONE);
	private final Set<Conversation> open = ConcurrentHashMap.newKeySet();
	private final Set<Waiter> waiters = ConcurrentHashMap.newKeySet();
	private final Supplier<Optional<Identity>> identities;
	private final Workers workers;
	private final ThreadPoolExecutor resolver;
	private volatile Settings settings;
	private volatile boolean stopped;

	Registry(Settings settings, Supplier<Optional<Identity>> identities) {
		this.settings = settings;
		this.identities = identities;
		this.workers = new Workers(settings.threads(), settings.stuckMillis());
		this.resolver = new ThreadPoolExecutor(RESOLVER_THREADS, RESOLVER_THREADS, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(RESOLVER_QUEUE),
				task -> workers.daemon(task, "dcl-transport-dns"));
		this.resolver.allowCoreThreadTimeOut(true);
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
		await(goodbyes, gone.toString());
	}

	/** Tells that the ranking of a provider has changed; what is open stays. */
	void update(Candidate changed) {
		providers.updateAndGet(p -> p.without(changed.id()).with(changed));
	}

	boolean isInstalled(Candidate candidate) {
		return providers.get().bestFirst().contains(candidate);
	}

	SortedSet<String> types() {
		return providers.get().types();
	}

	private void await(List<CompletableFuture<Void>> goodbyes, String who) {
		try {
			CompletableFuture.allOf(goodbyes.toArray(CompletableFuture[]::new)).get(settings.unbindGraceMillis(), TimeUnit.MILLISECONDS);
		} catch (InterruptedException e) {
			Thread.currentThread().interrupt();
		} catch (TimeoutException e) {
			LOG.warn("{}: not all of {} links closed within {} ms", who, goodbyes.size(), settings.unbindGraceMillis());
		} catch (ExecutionException e) {
			throw new IllegalStateException("a goodbye never fails", e);
		}
	}

	/**
	 * Returns who opens a connection string.
	 *
	 * @throws TransportException {@code NO_PROVIDER} or {@code INVALID_PARAMS}
	 */
	Candidate choose(TransportUri uri) throws TransportException {
		Providers now = providers.get();
		List<Candidate> serving = now.serving(uri.type());
		if (serving.isEmpty()) {
			throw new TransportException(Code.NO_PROVIDER, "no provider for '" + Failures.plain(uri.type()) + "'; installed: " + now.types());
		}
		List<String> no = new ArrayList<>();
		for (Candidate candidate : serving) {
			String why = veto(candidate, uri);
			if (why == null) {
				return candidate;
			}
			no.add(candidate + " " + why);
		}
		throw new TransportException(Code.INVALID_PARAMS, "the params of " + uri + " are of no kind that a provider takes: " + String.join(", ", no));
	}

	/** Returns why a provider does not take a connection string, or null if it does. */
	private String veto(Candidate candidate, TransportUri uri) {
		if (workers.isWorker()) {
			return askHere(candidate, uri);
		}
		CompletableFuture<Optional<String>> answer = new CompletableFuture<>();
		workers.execute(() -> answer.complete(Optional.ofNullable(askHere(candidate, uri))));
		try {
			return answer.get(ACCEPTS_MILLIS, TimeUnit.MILLISECONDS).orElse(null);
		} catch (TimeoutException e) {
			LOG.warn("Provider {} did not say within {} ms whether it accepts {}", candidate, ACCEPTS_MILLIS, uri);
			return "did not answer within " + ACCEPTS_MILLIS + " ms";
		} catch (InterruptedException e) {
			Thread.currentThread().interrupt();
			return "was not waited for";
		} catch (ExecutionException e) {
			throw new IllegalStateException("an answer never fails", e);
		}
	}

	private String askHere(Candidate candidate, TransportUri uri) {
		workers.enter(new Workers.Callee() {
			@Override
			public String describe() {
				return "accepts of provider " + candidate;
			}
		});
		try {
			return candidate.provider().accepts(uri) ? null : "does not accept them";
		} catch (Throwable failure) { // foreign code
			LOG.warn("Provider {} threw when asked whether it accepts {}", candidate, uri, failure);
			return "threw " + failure.getClass().getName();
		} finally {
			workers.exit();
		}
	}

	// ---- transports

	Transport create(TransportUri uri, TransportOptions options, Consumer<Conversation> whenClosed) throws TransportException {
		if (stopped) {
			throw new TransportException(Code.NO_PROVIDER, "the transport registry was stopped");
		}
		choose(uri);
		Conversation conversation = new Conversation(this, uri, options, closed -> {
			open.remove(closed);
			whenClosed.accept(closed);
		});
		open.add(conversation);
		return conversation;
	}

	CompletionStage<Void> whenAvailable(TransportUri uri, Duration timeout) {
		if (waiters.size() >= settings.maxWaiters()) {
			return Stage.failed(new TransportException(Code.CONGESTED, settings.maxWaiters() + " callers wait for a provider already"));
		}
		Waiter waiter = new Waiter(uri, new Stage<>(), new AtomicReference<>());
		waiters.add(waiter);
		long millis = timeout.isNegative() ? 0 : Math.min(timeout.toMillis(), TimeUnit.DAYS.toMillis(365));
		look(waiter);
		waiter.timer.set(workers.after(millis, () -> {
			if (waiters.remove(waiter)) {
				waiter.stage.fail(new TransportException(Code.NO_PROVIDER, "no provider for '" + uri.type() + "' after " + timeout + "; installed: " + types()));
			}
		}));
		if (!waiters.contains(waiter)) {
			waiter.timer.get().cancel(false);
		}
		return waiter.stage;
	}

	private void look(Waiter waiter) {
		workers.execute(() -> {
			try {
				choose(waiter.uri);
			} catch (TransportException notYet) {
				LOG.debug("{} is still not available: {}", waiter.uri, notYet.getMessage());
				return;
			}
			if (waiters.remove(waiter)) {
				ScheduledFuture<?> timer = waiter.timer.get();
				if (timer != null) {
					timer.cancel(false);
				}
				waiter.stage.finish(null);
			}
		});
	}

	/** Looks up a name on threads of its own and tells the addresses, none if there are none, on a pool thread. */
	void resolve(String host, Consumer<List<InetAddress>> then) {
		try {
			resolver.execute(() -> {
				List<InetAddress> found;
				try {
					found = List.of(InetAddress.getAllByName(host));
				} catch (UnknownHostException | SecurityException e) {
					LOG.debug("No address for a host: {}", e.getClass().getSimpleName());
					found = List.of();
				}
				List<InetAddress> result = found;
				workers.execute(() -> then.accept(result));
			});
		} catch (RejectedExecutionException e) {
			LOG.warn("More than {} names are being looked up; one was left out", RESOLVER_QUEUE);
			workers.execute(() -> then.accept(List.of()));
		}
	}

	Set<Conversation> open() {
		return open;
	}

	/** Ends every transport, then the threads. Waits for links to close and for the last events, within the configured grace. */
	void stop() {
		stopped = true;
		List<CompletableFuture<Void>> goodbyes = new ArrayList<>();
		open.forEach(conversation -> goodbyes.add(conversation.leave("the transport registry was stopped")));
		await(goodbyes, "registry");
		waiters.forEach(waiter -> {
			if (waiters.remove(waiter)) {
				workers.execute(() -> waiter.stage.fail(new TransportException(Code.NO_PROVIDER, "the transport registry was stopped")));
			}
		});
		resolver.shutdownNow();
		workers.stop(settings.unbindGraceMillis());
		providers.set(Providers.NONE);
	}
}
