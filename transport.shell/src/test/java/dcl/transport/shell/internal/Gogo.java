package dcl.transport.shell.internal;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.stream.Stream;

import dcl.transport.registry.internal.RealRegistry;
import org.apache.felix.gogo.runtime.CommandProcessorImpl;
import org.apache.felix.gogo.runtime.threadio.ThreadIOImpl;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Version;

/** The commands in a real Gogo, with a real registry and no framework. */
final class Gogo implements AutoCloseable {

	/** The same as in the component's property, which is not kept in the class. */
	private static final String[] FUNCTIONS = {"providers", "list", "resolve", "open", "session", "peers", "events", "watch", "send", "close", "candidates"};

	final EchoProvider echo = new EchoProvider();
	final RealRegistry registry = new RealRegistry(Map.of());
	final CommsCommands commands;
	final ThreadIOImpl streams = new ThreadIOImpl();
	final CommandProcessorImpl processor = new CommandProcessorImpl(streams);
	private final String[] bundleNames;

	Gogo(Map<String, Object> settings, String... bundleNames) {
		this.bundleNames = bundleNames;
		registry.add("echo", echo);
		commands = new CommsCommands(context(), RealRegistry.configuration(CommsCommands.Config.class, settings), registry.host(), registry.status());
		streams.start();
		for (String name : FUNCTIONS) {
			processor.addCommand("comms", commands, name);
		}
		processor.addConverter(new TableConverter());
	}

	private BundleContext context() {
		return proxy(BundleContext.class, Map.of("getBundle", bundle("dcl.transport.shell"),
				"getBundles", Stream.of(bundleNames).map(Gogo::bundle).toArray(Bundle[]::new)));
	}

	private static Bundle bundle(String name) {
		return proxy(Bundle.class, Map.of("getSymbolicName", name, "getVersion", new Version(1, 0, 0)));
	}

	private static <T> T proxy(Class<T> type, Map<String, Object> answers) {
		return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, args) -> {
			if (!answers.containsKey(method.getName())) {
				throw new UnsupportedOperationException(method.getName());
			}
			return answers.get(method.getName());
		}));
	}

	/** What a script printed, and its exit code. */
	record Ran(int code, String out, String err) {
	}

	Ran run(String... lines) {
		ByteArrayOutputStream out = new ByteArrayOutputStream();
		ByteArrayOutputStream err = new ByteArrayOutputStream();
		int code = new Script(processor, new ByteArrayInputStream(String.join("\n", lines).getBytes(StandardCharsets.UTF_8)), out,
				new PrintStream(err, true, StandardCharsets.UTF_8)).run();
		return new Ran(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
	}

	@Override
	public void close() {
		commands.stop();
		registry.close();
		streams.stop();
	}
}
