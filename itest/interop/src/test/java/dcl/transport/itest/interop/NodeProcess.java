package dcl.transport.itest.interop;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;

/**
 * A script of this folder, run by Node, that takes commands and tells events as JSON lines.
 * <p>
 * For one test thread. The process ends with this object, and with this JVM however that ends, because the scripts stop at the end of
 * their standard input. What the script says on standard error is left in {@code target/interop/}.
 */
final class NodeProcess implements AutoCloseable {

	/** How long anything may take on a busy machine before a test gives up on it. */
	static final Duration LIMIT = Duration.ofSeconds(20);

	static final ObjectMapper JSON = new ObjectMapper();

	private static final int MAX_EVENTS = 10_000;
	private static final int MAX_LOG_CHARS = 4_000;
	private static final JsonNode END = MissingNode.getInstance();
	private static final AtomicInteger STARTED = new AtomicInteger();

	private final String name;
	private final Process process;
	private final Path log;
	private final Thread reader;
	private final Writer commands;
	private final BlockingQueue<JsonNode> arriving = new ArrayBlockingQueue<>(MAX_EVENTS);
	private final List<JsonNode> passedOver = new ArrayList<>();

	private NodeProcess(String name, Process process, Path log) {
		this.name = name;
		this.process = process;
		this.log = log;
		commands = process.outputWriter(StandardCharsets.UTF_8);
		reader = new Thread(this::read, "events of " + name);
		reader.setDaemon(true);
		reader.start();
	}

	/**
	 * Starts a script.
	 *
	 * @throws org.opentest4j.TestAbortedException where Node or the packages are missing and {@code interop.required} is not set
	 */
	static NodeProcess start(String script, String... arguments) throws IOException {
		Path folder = Interop.folder();
		String name = script + "-" + STARTED.incrementAndGet();
		Path log = Interop.logs().resolve(name + ".log");
		List<String> command = new ArrayList<>(List.of("node", script));
		command.addAll(List.of(arguments));
		return new NodeProcess(name, new ProcessBuilder(command).directory(folder.toFile()).redirectError(log.toFile()).start(), log);
	}

	/** Hands a command to the script. */
	void send(JsonNode command) throws IOException {
		commands.write(command + "\n");
		commands.flush();
	}

	/**
	 * Takes the first event, told or to come, that is wanted. Events before it stay for later calls.
	 *
	 * @param what said in the failure when there is none within {@code limit} or before the process ends
	 */
	JsonNode await(String what, Predicate<JsonNode> wanted, Duration limit) throws InterruptedException {
		for (Iterator<JsonNode> events = passedOver.iterator(); events.hasNext();) {
			JsonNode event = events.next();
			if (event != END && wanted.test(event)) {
				events.remove();
				return event;
			}
		}
		long deadline = System.nanoTime() + limit.toNanos();
		while (!passedOver.contains(END)) {
			JsonNode event = arriving.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
			if (event == null) {
				throw new AssertionError("no " + what + " within " + limit.toMillis() + " ms" + situation());
			}
			if (event != END && wanted.test(event)) {
				return event;
			}
			if (passedOver.size() == MAX_EVENTS) {
				throw new AssertionError("no " + what + " among " + MAX_EVENTS + " events" + situation());
			}
			passedOver.add(event);
		}
		isGone();
		throw new AssertionError(name + " ended before " + what + situation());
	}

	/** The events told so far that nobody has taken and that match; they stay. */
	List<JsonNode> untaken(Predicate<JsonNode> wanted) {
		arriving.drainTo(passedOver);
		return passedOver.stream().filter(event -> event != END && wanted.test(event)).toList();
	}

	/** The process, for tests of this class. */
	ProcessHandle handle() {
		return process.toHandle();
	}

	/** Ends the process as a crash would, without a word to its peers, and returns when it is gone. */
	void kill() {
		process.destroyForcibly();
		if (!isGone()) {
			throw new AssertionError(name + " survives being killed");
		}
	}

	/** Closes the script's standard input, which ends it; kills it if it does not. */
	@Override
	public void close() throws IOException {
		try {
			if (process.isAlive()) {
				commands.close();
				isGone();
			}
		} finally {
			kill();
			reader.interrupt();
		}
	}

	private boolean isGone() {
		try {
			return process.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
		} catch (InterruptedException e) {
			Thread.currentThread().interrupt();
			return !process.isAlive();
		}
	}

	private void read() {
		try (BufferedReader events = process.inputReader(StandardCharsets.UTF_8)) {
			for (String line = events.readLine(); line != null; line = events.readLine()) {
				arriving.put(JSON.readTree(line));
			}
			arriving.put(END);
		} catch (IOException e) {
			arriving.clear();
			arriving.add(END);
			// A line that is no JSON is a defect of the script; the stack trace goes where the test's output goes.
			throw new UncheckedIOException(name, e);
		} catch (InterruptedException e) {
			Thread.currentThread().interrupt(); // closed with events that nobody wanted
		}
	}

	private String situation() {
		try {
			String said = Files.readString(log);
			return "\nevents: " + passedOver + "\nalive: " + process.isAlive() + (process.isAlive() ? "" : ", exit code " + process.exitValue())
				+ "\nstandard error:\n" + said.substring(Math.max(0, said.length() - MAX_LOG_CHARS));
		} catch (IOException e) {
			return "\nstandard error cannot be read: " + e;
		}
	}
}
