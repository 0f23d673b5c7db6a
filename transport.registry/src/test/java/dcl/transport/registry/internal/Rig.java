package dcl.transport.registry.internal;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;

import dcl.transport.Delivery;
import dcl.transport.Identity;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;
import dcl.transport.spi.LinkContext;
import dcl.transport.spi.TransportProvider;

/** A registry with real threads, and what tests need to wait for it. */
final class Rig implements AutoCloseable {

	static final PeerId ALICE = PeerId.of("alice");
	static final PeerId BOB = PeerId.of("bob");

	final AtomicReference<Identity> identity = new AtomicReference<>();
	final FakeLent lent = new FakeLent();
	final Registry registry;
	final HostRegistry host;
	final FakeProvider echo = new FakeProvider();
	final Candidate echoes;
	private long ids;

	/** Makes a registry with a provider of the type {@code echo}. */
	Rig() {
		this(settings -> {
		});
	}

	Rig(Consumer<TestSettings> change) {
		Logs.clear();
		TestSettings settings = new TestSettings();
		change.accept(settings);
		registry = new Registry(settings.make(), () -> Optional.ofNullable(identity.get()), lent);
		host = new HostRegistry(registry, "host 1.0.0");
		echoes = add(echo, "echo");
	}

	Candidate add(TransportProvider provider, String... types) {
		return add(provider, 0, types);
	}

	Candidate add(TransportProvider provider, int ranking, String... types) {
		Candidate candidate = new Candidate(provider, Set.of(types), ranking, ++ids, "bundle " + ids);
		registry.add(candidate);
		return candidate;
	}

	Transport create(String uri) {
		try {
			return host.create(TransportUri.parse(uri));
		} catch (TransportException e) {
			throw new AssertionError(e);
		}
	}

	Transport create(String uri, TransportOptions options) {
		try {
			return host.create(TransportUri.parse(uri), options);
		} catch (TransportException e) {
			throw new AssertionError(e);
		}
	}

	/** A connected transport of type {@code echo}, with its other side. */
	Pair pair() {
		return pair("echo:x");
	}

	Pair pair(String uri) {
		Transport transport = create(uri);
		FakeListener listener = new FakeListener();
		transport.listen(listener);
		await(transport.connect());
		listener.next();
		return new Pair(transport, listener, echo.lastLink(), echo.lastContext());
	}

	/** One conversation seen from both sides. */
	record Pair(Transport transport, FakeListener listener, FakeLink link, LinkContext context) {

		CompletionStage<Void> receive(String text) {
			return context.received(ALICE, packet(text), Delivery.Reliability.RELIABLE, "");
		}

		CompletionStage<Void> receiveLossy(String text) {
			return context.received(ALICE, packet(text), Delivery.Reliability.LOSSY, "");
		}

		CompletionStage<Void> send(String text) {
			return transport.send(packet(text), Delivery.reliable());
		}

		CompletionStage<Void> sendLossy(String text) {
			return transport.send(packet(text), Delivery.lossy());
		}
	}

	static Packet packet(String text) {
		return Packet.copyOf(text.getBytes(StandardCharsets.UTF_8));
	}

	static String text(Packet packet) {
		return new String(packet.toByteArray(), StandardCharsets.UTF_8);
	}

	/** Waits for a result. */
	static <T> T await(CompletionStage<T> stage) {
		try {
			return stage.toCompletableFuture().get(5, TimeUnit.SECONDS);
		} catch (ExecutionException | InterruptedException | TimeoutException e) {
			throw new AssertionError(e);
		}
	}

	/** Waits for a failure. */
	static TransportException failure(CompletionStage<?> stage) {
		try {
			throw new AssertionError("it completed with " + stage.toCompletableFuture().get(5, TimeUnit.SECONDS));
		} catch (ExecutionException e) {
			if (Failures.unwrap(e) instanceof TransportException ours) {
				return ours;
			}
			throw new AssertionError(e);
		} catch (InterruptedException | TimeoutException e) {
			throw new AssertionError(e);
		}
	}

	/** Waits for what nobody tells. */
	static void until(BooleanSupplier condition) {
		until(condition, () -> "it");
	}

	static void until(BooleanSupplier condition, Supplier<String> what) {
		long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(8);
		while (!condition.getAsBoolean()) {
			if (System.nanoTime() > deadline) {
				throw new AssertionError(what.get() + " did not come about within 8 s");
			}
			LockSupport.parkNanos(1_000_000);
		}
	}

	static void await(CountDownLatch latch) {
		try {
			if (!latch.await(10, TimeUnit.SECONDS)) {
				throw new AssertionError("nobody came within 10 s");
			}
		} catch (InterruptedException e) {
			throw new Released(e);
		}
	}

	/** Thrown out of a call that hung when the rig is closed. */
	static final class Released extends RuntimeException {

		private static final long serialVersionUID = 1L;

		Released(Throwable cause) {
			super(cause);
		}
	}

	/** The live threads of any registry whose names begin so. */
	static long threads(String name) {
		return Thread.getAllStackTraces().keySet().stream().filter(t -> t.getName().startsWith(name)).count();
	}

	@Override
	public void close() {
		registry.stop();
	}
}
