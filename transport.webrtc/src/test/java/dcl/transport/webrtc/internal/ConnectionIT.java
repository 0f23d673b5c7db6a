package dcl.transport.webrtc.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

/**
 * Pairs of connections over a real network, each test in a JVM of its own, whose crash is a failure. Skipped, saying why, where namespaces
 * cannot be made or
 * libwebrtc cannot be loaded; {@code -Dnetns.required=true} and {@code -Dwebrtc.required=true} make that a failure. {@code
 * -Dwebrtc.times=N} for long runs.
 */
@Timeout(900)
class ConnectionIT {

	private static Namespace namespace;

	@BeforeAll
	static void needs_a_namespace_and_the_library() throws IOException {
		LibraryNeeded.check();
		Namespace.obstacle().ifPresent(reason -> {
			if (Boolean.getBoolean("netns.required")) {
				fail(reason);
			}
			Assumptions.abort(reason);
		});
		namespace = Namespace.make();
	}

	@AfterAll
	static void remove_it() {
		if (namespace != null) {
			namespace.close();
		}
	}

	@Test
	void reliable_messages_both_ways_arrive_all_and_in_order_and_lossy_ones_arrive() throws Exception {
		run("messages");
	}

	@Test
	void messages_of_all_sizes_and_kinds_of_buffers_arrive_as_they_are() throws Exception {
		run("sizes");
	}

	@Test
	void a_full_buffer_refuses_and_tells_when_there_is_room() throws Exception {
		run("pressure");
	}

	@Test
	void whoever_takes_messages_too_slowly_is_told_what_was_lost() throws Exception {
		run("overrun");
	}

	@Test
	void a_connection_finds_another_way_and_survives_garbage() throws Exception {
		run("restart");
	}

	@Test
	void every_end_is_told_once_and_nothing_after_it() throws Exception {
		run("ends");
	}

	@Test
	void closing_at_random_moments_crashes_nothing_and_leaves_no_thread() throws Exception {
		run("storm");
	}

	@Test
	void closing_while_gathering_crashes_nothing() throws Exception {
		run("gathering");
	}

	@Test
	void closed_pairs_keep_little_memory() throws Exception {
		run("memory");
	}

	@RepeatedTest(3)
	void a_jvm_that_exits_with_pairs_in_use_does_not_crash() throws Exception {
		run("exit");
	}

	private static void run(String scenario) throws Exception {
		Path target = Files.createDirectories(Path.of(System.getProperty("basedir", ""), "target").toAbsolutePath());
		Path log = target.resolve("scenario-" + scenario + ".log");
		Process process = new ProcessBuilder(namespace.java(Scenarios.class, scenario, System.getProperty("webrtc.times", "1")))
				.directory(target.toFile()).redirectErrorStream(true).redirectOutput(log.toFile()).start();
		try {
			boolean ended = process.waitFor(800, TimeUnit.SECONDS);
			String said = Files.readString(log);
			assertThat(ended).as("the JVM ended by itself; it said: %s", said).isTrue();
			assertThat(process.exitValue()).as("exit code of the JVM, which said: %s", said).isZero();
			assertThat(said).contains(scenario + ": ").doesNotContain("Exception");
			System.out.println("webrtc " + said.lines().filter(line -> line.startsWith(scenario + ": ")).findFirst().orElseThrow());
		} finally {
			process.destroyForcibly();
		}
	}
}
