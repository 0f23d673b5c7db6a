package dcl.transport.launcher;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.ToIntFunction;
import java.util.logging.Level;
import java.util.logging.Logger;

import dcl.transport.launcher.internal.Container;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceListener;
import org.osgi.framework.ServiceReference;

/**
 * Starts the framework, hands the arguments to the command line, which is a service of one of the bundles, and exits with what it returns.
 * <p>
 * SIGINT and SIGTERM interrupt the command, which leaves its room and returns; the framework is stopped and its cache deleted in
 * either case.
 */
public final class Main {

	/** The service, a {@code ToIntFunction<String[]>}: takes the arguments, returns the exit code; interrupted to end it. */
	private static final String COMMAND = "(dcl.transport.command=comms)";
	/** The command that needs the bundles of a shell, which others do not wait for. */
	private static final String SHELL = "shell";
	private static final long COMMAND_SECONDS = 10;
	private static final long CLEANUP_SECONDS = 15;
	private static final int DEFECT = 1;
	private static final int INTERRUPTED = 130;

	private final CountDownLatch cleaned = new CountDownLatch(1);

	private Main() {
	}

	/** Runs a command; {@code --help} lists them. */
	public static void main(String[] args) {
		setUpLogging();
		System.exit(new Main().run(args));
	}

	/** Standard output is the command's alone: what others print there, and all logs, go to standard error. */
	private static void setUpLogging() {
		System.setOut(System.err);
		setDefault("org.slf4j.simpleLogger.defaultLogLevel", "warn");
		setDefault("org.slf4j.simpleLogger.showThreadName", "false");
		if (System.getProperty("java.util.logging.config.file") == null) {
			Logger.getLogger("").setLevel(Level.WARNING); // SPI-Fly logs here
		}
	}

	private static void setDefault(String property, String value) {
		if (System.getProperty(property) == null) {
			System.setProperty(property, value);
		}
	}

	private int run(String[] args) {
		Path cache;
		try {
			cache = Files.createTempDirectory("comms-"); // for its owner alone
		} catch (IOException e) {
			System.err.println("comms: cannot create a temporary folder in " + System.getProperty("java.io.tmpdir") + ": " + e);
			return DEFECT;
		}
		Thread main = Thread.currentThread();
		Runtime.getRuntime().addShutdownHook(new Thread(() -> end(main, cache), "comms-shutdown"));
		try (Container container = args.length > 0 && args[0].equals(SHELL) ? Container.withShell(cache) : Container.whole(cache)) {
			int code = command(container.context()).applyAsInt(args);
			Thread.interrupted(); // closing is to be complete
			return code;
		} catch (BundleException | IllegalStateException e) {
			if (Thread.interrupted()) {
				return INTERRUPTED;
			}
			System.err.println("comms: cannot start: " + e.getMessage());
			e.printStackTrace();
			return DEFECT;
		} catch (InterruptedException e) {
			return INTERRUPTED;
		} finally {
			Container.delete(cache);
			closeStandardOutput();
			cleaned.countDown();
		}
	}

	/**
	 * Everything was said. libwebrtc, where it was loaded, has more to say when the JVM exits: two lines about a thread it cannot attach,
	 * which do not belong to a
	 * command's output.
	 */
	private static void closeStandardOutput() {
		try (FileOutputStream out = new FileOutputStream(FileDescriptor.out)) {
			out.flush();
		} catch (IOException e) {
			System.err.println("comms: standard output: " + e.getMessage());
		}
	}

	/** Runs when the JVM exits, after a normal end or on a signal. */
	private void end(Thread main, Path cache) {
		if (cleaned.getCount() == 0) {
			return;
		}
		main.interrupt();
		try {
			if (cleaned.await(CLEANUP_SECONDS, TimeUnit.SECONDS)) {
				return;
			}
			System.err.println("comms: did not end within " + CLEANUP_SECONDS + " s");
		} catch (InterruptedException e) {
			Thread.currentThread().interrupt();
		}
		Container.delete(cache);
	}

	/** Returns the command line; waits for it, since its component may still be on the way when the framework has started. */
	private static ToIntFunction<String[]> command(BundleContext context) throws InterruptedException {
		CountDownLatch there = new CountDownLatch(1);
		ServiceListener listener = event -> there.countDown();
		try {
			context.addServiceListener(listener, COMMAND);
			ToIntFunction<String[]> command = find(context);
			if (command == null && there.await(COMMAND_SECONDS, TimeUnit.SECONDS)) {
				command = find(context);
			}
			if (command == null) {
				throw new IllegalStateException("no bundle brings the service " + COMMAND);
			}
			return command;
		} catch (InvalidSyntaxException e) {
			throw new IllegalStateException(e);
		} finally {
			context.removeServiceListener(listener);
		}
	}

	@SuppressWarnings("unchecked") // a JDK type, so there is one class of it; the property says what it is a function of
	private static ToIntFunction<String[]> find(BundleContext context) throws InvalidSyntaxException {
		@SuppressWarnings("rawtypes")
		Collection<ServiceReference<ToIntFunction>> found = context.getServiceReferences(ToIntFunction.class, COMMAND);
		return found.isEmpty() ? null : context.getService(found.iterator().next());
	}
}
