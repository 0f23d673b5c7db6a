package dcl.transport.itest.faults;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

/**
 * A wire that is cut between two machines, as nearly as one machine can: client and server in network namespaces of their own, one end of
 * the link between them set down. Nobody gets an end or a reset. Both sides have to notice by themselves, not before their time, and to
 * meet again when the link is back. Skipped, saying why, where namespaces cannot be made; {@code -Dnetns.required=true} makes that a
 * failure.
 */
@Timeout(600)
class HalfOpenNetnsIT {

	private static final int CYCLES = 10 * Integer.getInteger("faults.times", 1);
	private static final int ROOMS = 2;
	private static final Duration CLIENT = Duration.ofMillis(500 + 500);
	private static final Duration SERVER = Duration.ofMillis(600 + 500);

	/** One of the two programs, and the lines it says. */
	private static final class Peer {

		private final String name;
		private final Process process;
		private final Writer commands;
		private final BlockingQueue<String> said = new LinkedBlockingQueue<>();

		Peer(String name, Process process) {
			this.name = name;
			this.process = process;
			commands = process.outputWriter(StandardCharsets.UTF_8);
			Thread reader = new Thread(() -> {
				try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
					for (String line = lines.readLine(); line != null; line = lines.readLine()) {
						said.add(line);
					}
				} catch (IOException e) {
					said.add("unreadable " + e);
				}
			}, "lines of the " + name);
			reader.setDaemon(true);
			reader.start();
		}

		void tell(String command) throws IOException {
			commands.write(command + "\n");
			commands.flush();
		}

		/** Takes the next line that begins so; those of other kinds before it are not wanted any more, except a failure. */
		String next(String begin) throws InterruptedException {
			Predicate<String> wanted = line -> line.startsWith(begin + " ") || line.equals(begin);
			long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(2 * Await.SECONDS);
			while (true) {
				String line = said.poll(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
				if (line == null || line.startsWith("failed") || line.startsWith("unreadable")) {
					throw new AssertionError("expected '" + begin + "' of the " + name + ", got " + line + "; alive: " + process.isAlive()
							+ ", standard error in target/" + name + ".log");
				}
				if (wanted.test(line)) {
					return line;
				}
			}
		}
	}

	@BeforeAll
	static void needs_namespaces() {
		Namespaces.obstacle().ifPresent(reason -> {
			if (Boolean.getBoolean("netns.required")) {
				fail(reason);
			}
			Assumptions.abort(reason);
		});
	}

	@Test
	void a_cut_wire_is_noticed_by_both_sides_in_time_and_they_meet_again() throws Exception {
		Path target = Files.createDirectories(Path.of(System.getProperty("basedir", ""), "target").toAbsolutePath());
		try (Namespaces namespaces = Namespaces.make()) {
			Peer server = new Peer("server", namespaces.java(false, NetnsPeer.class, target.resolve("server.log"), "server", Namespaces.SERVER,
					"600", "500"));
			Peer client = new Peer("client", namespaces.java(true, NetnsPeer.class, target.resolve("client.log"), "client", "500", "500"));
			String url = server.next("url").split(" ")[1];
			client.next("ready");
			for (int room = 0; room < ROOMS; room++) {
				server.tell("open room" + room + " " + url);
				server.next("connected");
			}
			long latest = 0;
			for (int cycle = 0; cycle < CYCLES; cycle++) {
				for (int room = 0; room < ROOMS; room++) {
					client.tell("open room" + room + " " + url);
					client.next("heard"); // connected, and the wire carries: also after it was cut
					server.next("heard");
				}
				boolean clientEnd = cycle % 2 == 0;
				namespaces.wire(clientEnd, false);
				for (int room = 0; room < ROOMS; room++) {
					String[] ended = client.next("ended").split(" ", 6);
					assertThat(ended[2]).isEqualTo("LOST");
					assertThat(ended[5]).contains("no answer to a ping"); // half-open, and not an error of the system's
					latest = Math.max(latest, noticed(ended[3], ended[4], CLIENT));
					String[] left = server.next("left").split(" ");
					latest = Math.max(latest, noticed(left[2], left[3], SERVER));
				}
				namespaces.wire(clientEnd, true);
			}
			System.out.println("netns: " + CYCLES + " cuts of " + ROOMS + " rooms noticed by both sides, at most " + latest
					+ " ms over the configured time");
		}
		assertThat(Files.readString(target.resolve("client.log"))).doesNotContain("Exception");
	}

	/** Returns how many milliseconds more than the configured time passed since what was last heard had been sent. */
	private static long noticed(String sent, String now, Duration configured) {
		Duration silence = Duration.ofNanos(Long.parseLong(now) - Long.parseLong(sent));
		assertThat(Long.parseLong(sent)).isPositive();
		assertThat(silence).isBetween(configured, configured.plusSeconds(Await.SECONDS));
		return silence.minus(configured).toMillis();
	}
}
