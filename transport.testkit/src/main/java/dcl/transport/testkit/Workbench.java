package dcl.transport.testkit;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import dcl.transport.Identity;
import dcl.transport.PeerId;
import dcl.transport.TransportException;
import dcl.transport.TransportUri;
import dcl.transport.spi.Link;
import dcl.transport.spi.TransportProvider;

/** What one clause is tried on: a server, a provider, and everything that is said meanwhile. */
final class Workbench implements AutoCloseable {

	private static final AtomicInteger ROOMS = new AtomicInteger();
	private static final int POOL_THREADS = 2;

	final TransportDriver driver;
	final TransportProvider provider;
	final Map<String, TransportProvider> others;
	final ScheduledExecutorService pool;
	final String room = "kit" + ROOMS.incrementAndGet();
	private final List<KitContext> contexts = new CopyOnWriteArrayList<>();
	private final List<Talker> talkers = new CopyOnWriteArrayList<>();
	private final List<Peer> peers = new ArrayList<>();
	private final List<Throwable> failures = new CopyOnWriteArrayList<>();
	private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
	private final PrintStream out = System.out;
	private final PrintStream err = System.err;
	private boolean active = true;

	/** Starts the driver's server. */
	Workbench(TransportDriver driver) throws Exception {
		this.driver = driver;
		PrintStream collecting = new PrintStream(printed, true, StandardCharsets.UTF_8);
		System.setOut(collecting);
		System.setErr(collecting);
		ScheduledThreadPoolExecutor threads = new ScheduledThreadPoolExecutor(POOL_THREADS, task -> {
			Thread thread = new Thread(task, "testkit-pool");
			thread.setDaemon(true);
			return thread;
		});
		threads.prestartAllCoreThreads();
		threads.setRemoveOnCancelPolicy(true);
		pool = Executors.unconfigurableScheduledExecutorService(threads);
		try {
			driver.start();
			provider = driver.activate();
			others = driver.others();
		} catch (Throwable e) {
			threads.shutdownNow();
			release();
			throw e;
		}
	}

	boolean can(Ability ability) {
		return driver.abilities().contains(ability);
	}

	KitContext context(Identity identity) {
		KitContext context = new KitContext(pool, others, identity);
		contexts.add(context);
		return context;
	}

	KitContext context() {
		return context(driver.identity());
	}

	/** Opens, which must not throw; notes what it fails with. */
	CompletionStage<Link> opening(TransportUri uri, KitContext context) {
		CompletableFuture<CompletionStage<Link>> returned = new CompletableFuture<>();
		CompletableFuture<Void> call = aside(() -> returned.complete(provider.open(uri, context)));
		if (!Waits.settles(call, Waits.prompt())) {
			throw new ContractViolation(Clause.C1, "open() has not returned after " + Waits.prompt().toSeconds() + " s", null);
		}
		if (call.isCompletedExceptionally()) {
			Throwable thrown = Waits.thrown(call);
			throw new ContractViolation(Clause.C3, "open() threw " + thrown, thrown);
		}
		CompletionStage<Link> stage = returned.join();
		if (stage == null) {
			throw new ContractViolation(Clause.C3, "open() answered null", null);
		}
		stage.whenComplete((link, failure) -> {
			if (failure != null) {
				failures.add(Waits.bare(failure));
			} else if (link != null) {
				talkers.add(new Talker(link, context));
			}
		});
		return stage;
	}

	TransportException refusal(TransportUri uri, KitContext context, String what) {
		return Waits.failure(opening(uri, context), Waits.limit(), what);
	}

	/** Enters the room. */
	Talker enter() {
		return enter(context());
	}

	Talker enter(KitContext context) {
		return enter(room, context);
	}

	Talker enter(String into, KitContext context) {
		Link link = Waits.await(opening(driver.uri(into), context), "open()");
		if (link == null) {
			throw new AssertionError("open() completed with null");
		}
		Set<PeerId> there = link.peers();
		if (there == null || there.stream().anyMatch(Objects::isNull)) {
			throw new AssertionError("peers() is " + there);
		}
		context.begin(there);
		return new Talker(link, context);
	}

	/** Lets somebody else in, and waits until we are seen. */
	Peer join(Talker me) throws Exception {
		Peer peer = join();
		Waits.until(() -> peer.sees().contains(me.id()), Waits.limit(), () -> "the other side, " + peer.id() + ", does not see " + me.id() + " but " + peer.sees());
		Waits.until(() -> me.sees().contains(peer.id()), Waits.limit(), () -> "we see " + me.sees() + ", but not " + peer.id());
		return peer;
	}

	Peer join() throws Exception {
		Peer peer = driver.join(room).orElseGet(this::enter);
		peers.add(peer);
		return peer;
	}

	/** Waits a little for a failure, if there is to be one, to look at its words. */
	void sayFailure(CompletionStage<?> stage) {
		if (Waits.settles(stage, Waits.prompt()) && stage.toCompletableFuture().isCompletedExceptionally()) {
			failures.add(Waits.thrown(stage));
		}
	}

	/** Keeps a failure, to look at its words. */
	void heard(Throwable failure) {
		failures.add(failure);
	}

	void deactivate() throws Exception {
		if (active) {
			active = false;
			driver.deactivate(provider);
			for (TransportProvider other : new LinkedHashSet<>(others.values())) {
				driver.deactivate(other);
			}
		}
	}

	/** Looks for what was broken beside what the clause is about. */
	void inspect() {
		for (KitContext context : contexts) {
			for (KitContext.Breach breach : context.breaches) {
				throw new ContractViolation(breach.clause(), breach.what(), null);
			}
		}
		for (String secret : driver.secrets()) {
			String shown = shown();
			int at = shown.toLowerCase(Locale.ROOT).indexOf(secret.toLowerCase(Locale.ROOT));
			if (at >= 0) {
				String around = shown.substring(Math.max(0, at - 80), at).strip();
				throw new ContractViolation(Clause.C30, "a secret was shown, after '" + around + "'", null);
			}
		}
	}

	private String shown() {
		StringWriter all = new StringWriter();
		PrintWriter print = new PrintWriter(all);
		contexts.forEach(context -> context.words.forEach(print::println));
		failures.forEach(failure -> failure.printStackTrace(print));
		print.println(printed.toString(StandardCharsets.UTF_8));
		return all.toString();
	}

	/** Closes links, then the provider, then the server, whatever becomes of it. */
	@Override
	public void close() throws Exception {
		Throwable trouble = null;
		try {
			for (Talker talker : talkers) {
				talker.context.abandoned.complete(null);
				CompletionStage<Void> closing = talker.link.close();
				if (closing != null) {
					Waits.settles(closing, Waits.prompt());
				}
			}
			for (Peer peer : peers) {
				if (!(peer instanceof Talker)) {
					peer.leave();
				}
			}
			deactivate();
		} catch (Exception | AssertionError e) {
			trouble = e;
		}
		try {
			driver.stop();
		} finally {
			pool.shutdownNow();
			boolean ended = pool.awaitTermination(Waits.limit().toMillis(), TimeUnit.MILLISECONDS);
			release();
			if (!ended && trouble == null) {
				trouble = new ContractViolation(Clause.C1, "a task holds up a thread of the context's executor, even now that everything is over", null);
			}
		}
		if (trouble instanceof Error e) {
			throw e;
		} else if (trouble instanceof Exception e) {
			throw e;
		}
	}

	private void release() {
		System.setOut(out);
		System.setErr(err);
		err.write(printed.toByteArray(), 0, printed.size());
		err.flush();
	}

	/** Runs something on a thread of its own, and tells how it ended. */
	CompletableFuture<Void> aside(Runnable task) {
		CompletableFuture<Void> done = new CompletableFuture<>();
		Thread thread = new Thread(() -> {
			try {
				task.run();
				done.complete(null);
			} catch (Throwable e) { // told to whoever waits
				done.completeExceptionally(e);
			}
		}, "testkit-aside");
		thread.setDaemon(true);
		thread.start();
		return done;
	}
}
