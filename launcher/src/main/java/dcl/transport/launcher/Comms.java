package dcl.transport.launcher;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.concurrent.atomic.AtomicBoolean;

import dcl.transport.TransportRegistry;
import dcl.transport.launcher.internal.Container;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.ServiceReference;

/**
 * The runtime inside of a plain Java program.
 * <pre>
 * try (Comms comms = Comms.start()) {
 *     Transport room = comms.registry().create(TransportUri.parse("ws-room:wss://example.org/rooms/lobby"),
 *             TransportOptions.of(Wallets.random()));
 *     …
 * }
 * </pre>
 * The API ({@code dcl.transport}, {@code dcl.transport.spi}) and slf4j are those on the program's class path; everything else lives in an
 * OSGi framework of its own, in a temporary folder. Several may run side by side. Thread-safe.
 */
public final class Comms implements AutoCloseable {

	private final Container container;
	private final ServiceReference<TransportRegistry> reference;
	private final TransportRegistry registry;
	private final AtomicBoolean closed = new AtomicBoolean();

	private Comms(Container container, ServiceReference<TransportRegistry> reference) {
		this.container = container;
		this.reference = reference;
		this.registry = container.context().getService(reference);
	}

	/**
	 * Starts a framework, on the calling thread, in about half a second.
	 *
	 * @throws IllegalStateException if there is no framework on the class path, or a bundle does not start
	 * @throws UncheckedIOException  if the temporary folder cannot be written
	 */
	public static Comms start() {
		Container container;
		try {
			container = Container.embedded(Files.createTempDirectory("comms-"));
		} catch (IOException e) {
			throw new UncheckedIOException("cannot create a temporary folder", e);
		} catch (BundleException e) {
			throw new IllegalStateException("the runtime did not start: " + e.getMessage(), e);
		}
		ServiceReference<TransportRegistry> reference = container.context().getServiceReference(TransportRegistry.class);
		if (reference == null) {
			container.close();
			throw new IllegalStateException("the runtime did not start: its registry is missing");
		}
		return new Comms(container, reference);
	}

	/** Returns the registry of this runtime. */
	public TransportRegistry registry() {
		return registry;
	}

	/** Returns the framework's own context: to install a vendor's bundle, or to register an {@code Identity} for all transports. */
	public BundleContext context() {
		return container.context();
	}

	/** Closes every transport, stops the framework and deletes its folder; waits for that, at most ten seconds. Idempotent. */
	@Override
	public void close() {
		if (closed.compareAndSet(false, true)) {
			container.context().ungetService(reference); // which closes our transports in good order
			container.close();
		}
	}
}
