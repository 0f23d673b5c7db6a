package dcl.transport.cli.internal;

import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.ToIntFunction;

import dcl.transport.TransportRegistry;
import dcl.transport.TransportUri;
import dcl.transport.hotdeploy.DropZones;
import dcl.transport.roomserver.RoomServers;
import dcl.transport.spi.TransportProvider;
import dcl.transport.webrtc.WebRtc;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.util.tracker.ServiceTracker;

/** Offers the command line to the launcher: arguments in, exit code out. The property is what the launcher looks for. */
@Component(service = ToIntFunction.class, property = "dcl.transport.command=comms")
public final class CommandLineComponent implements ToIntFunction<String[]>, Installed {

	private static final String SHELL = "(&(objectClass=java.util.function.ToIntFunction)(dcl.transport.command=shell))";
	private static final long SHELL_MILLIS = 10_000;

	private final BundleContext context;
	private final TransportRegistry registry;
	private final RoomServers servers;
	private final DropZones zones;

	/** Takes what the commands work with. */
	@Activate
	public CommandLineComponent(BundleContext context, @Reference TransportRegistry registry, @Reference RoomServers servers,
			@Reference DropZones zones) {
		this.context = context;
		this.registry = registry;
		this.servers = servers;
		this.zones = zones;
	}

	/** Runs on the caller's thread, with the streams of the process; interrupt it to end the command early. */
	@Override
	public int applyAsInt(String[] args) {
		Io io = new Io(new FileInputStream(FileDescriptor.in), new FileOutputStream(FileDescriptor.out), System.err, isTerminal());
		return new Tool(io, registry, this, servers, zones, this::shell, context.getBundle().getVersion().toString()).run(args);
	}

	/** The shell's component may still be on the way when the framework has started. */
	private Optional<ToIntFunction<String[]>> shell() throws InterruptedException {
		try {
			ServiceTracker<ToIntFunction<String[]>, ToIntFunction<String[]>> tracker = new ServiceTracker<>(context, context.createFilter(SHELL), null);
			tracker.open();
			ToIntFunction<String[]> found = tracker.waitForService(SHELL_MILLIS);
			return Optional.ofNullable(found); // stays in use until this bundle stops
		} catch (InvalidSyntaxException e) {
			throw new IllegalStateException(e);
		}
	}

	/** Whether a person looks on. From Java 22 on there is a console where nobody does, and it says so. */
	private static boolean isTerminal() {
		Console console = System.console();
		if (console == null) {
			return false;
		}
		try {
			return (boolean) Console.class.getMethod("isTerminal").invoke(console);
		} catch (NoSuchMethodException before22) {
			return true;
		} catch (ReflectiveOperationException e) {
			return false;
		}
	}

	@Override
	public List<Candidate> bestFirst() {
		try {
			Collection<ServiceReference<TransportProvider>> references = context.getServiceReferences(TransportProvider.class, null);
			List<Candidate> found = new ArrayList<>();
			references.stream().sorted(Comparator.reverseOrder()).forEach(reference -> found.add(candidate(reference)));
			return found;
		} catch (InvalidSyntaxException e) {
			throw new IllegalStateException("no filter was given", e);
		}
	}

	@Override
	public Optional<WebRtc> webRtc() {
		// Held until this bundle stops: whoever asks is about to end.
		return Optional.ofNullable(context.getServiceReference(WebRtc.class)).map(context::getService);
	}

	private Candidate candidate(ServiceReference<TransportProvider> reference) {
		Object types = reference.getProperty(TransportProvider.TYPE);
		Object ranking = reference.getProperty(Constants.SERVICE_RANKING);
		List<String> served = types instanceof String one ? List.of(one) : types instanceof String[] many ? Arrays.asList(many) : List.of();
		return new Candidate(served, reference.getBundle().getSymbolicName(), reference.getBundle().getVersion().toString(),
				ranking instanceof Integer number ? number : 0, uri -> accepts(reference, uri));
	}

	private boolean accepts(ServiceReference<TransportProvider> reference, TransportUri uri) {
		TransportProvider provider = context.getService(reference);
		try {
			return provider != null && provider.accepts(uri);
		} finally {
			context.ungetService(reference);
		}
	}
}
