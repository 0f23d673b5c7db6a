package dcl.transport.shell.internal;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;

import dcl.transport.text.Printable;
import org.apache.felix.service.command.CommandProcessor;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.wiring.BundleWiring;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/**
 * Gogo on the terminal of this process, or reading a script from its standard input; never on a network port. The command line runs it
 * ({@code comms shell}), as a function from arguments to an exit code.
 * <p>
 * With the argument {@code --interactive} it starts the bundle of Gogo's JLine shell, which reads the terminal and stops the framework when the person
 * leaves. Before it does, it is given its profile, in a folder of the launcher's ({@code gosh.home}), since it would otherwise run one that lies about in the
 * folder the person is in.
 */
@Component(service = ToIntFunction.class, property = "dcl.transport.command=shell")
public final class LocalShell implements ToIntFunction<String[]> {

	private static final String INTERACTIVE = "--interactive";
	private static final String JLINE_SHELL = "org.apache.felix.gogo.jline";
	private static final String JLINE = "org.jline";
	private static final String HOME = "gosh.home";
	private static final String PROFILE = "gosh_profile";
	private static final int DONE = 0;
	private static final int DEFECT = 1;
	private static final int INTERRUPTED = 130;

	private final BundleContext context;
	private final CommandProcessor processor;
	private final CompletableFuture<Integer> stopped = new CompletableFuture<>();

	/** Takes what runs the commands. */
	@Activate
	public LocalShell(BundleContext context, @Reference CommandProcessor processor) {
		this.context = context;
		this.processor = processor;
	}

	@Deactivate
	void stop() {
		stopped.complete(DONE);
	}

	/** Runs until the input ends, the person leaves, the framework stops or the calling thread is interrupted. */
	@Override
	public int applyAsInt(String[] args) {
		PrintStream err = System.err;
		try {
			if (List.of(args).contains(INTERACTIVE)) {
				startTerminal();
			} else {
				Script script = new Script(processor, new FileInputStream(FileDescriptor.in), new FileOutputStream(FileDescriptor.out), err);
				Thread reader = new Thread(() -> stopped.complete(script.run()), "comms-shell"); // reading cannot be interrupted
				reader.setDaemon(true);
				reader.start();
			}
			return stopped.get();
		} catch (InterruptedException e) {
			return INTERRUPTED;
		} catch (ExecutionException e) {
			throw new IllegalStateException("an exit code never fails", e);
		} catch (IOException | BundleException e) {
			err.println("comms: cannot open a shell: " + Printable.of(e.toString()));
			return DEFECT;
		}
	}

	private void startTerminal() throws IOException, BundleException {
		Bundle shell = bundle(JLINE_SHELL);
		Bundle jline = bundle(JLINE);
		String home = context.getProperty(HOME);
		if (home == null) {
			throw new IOException("no folder for its profile: the framework property " + HOME + " is not set");
		}
		Path folder = Files.createDirectories(Path.of(home).resolve("etc"));
		try (InputStream profile = LocalShell.class.getResourceAsStream("/" + PROFILE)) {
			Files.copy(profile, folder.resolve(PROFILE));
		}
		Thread thread = Thread.currentThread();
		ClassLoader before = thread.getContextClassLoader();
		thread.setContextClassLoader(jline.adapt(BundleWiring.class).getClassLoader()); // where it looks for what drives the terminal
		try {
			shell.start(Bundle.START_TRANSIENT);
		} finally {
			thread.setContextClassLoader(before);
		}
	}

	private Bundle bundle(String name) throws IOException {
		return Stream.of(context.getBundles()).filter(bundle -> name.equals(bundle.getSymbolicName())).findFirst()
				.orElseThrow(() -> new IOException("the bundle " + name + " is not installed"));
	}
}
