package dcl.transport.itest.interop;

import java.io.BufferedReader;
import java.io.File;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/** The commands, as they are shipped, in a room of the reference server; {@code connect} with the reference client. */
@Timeout(90)
class CommandLineIT {

	/** What {@code ./comms} runs; the launcher, on which this module depends, has built it. */
	private static final Path EXECUTABLE = Path.of("..", "..", "launcher", "target", "comms-executable.jar");

	@BeforeAll
	static void install() {
		Interop.folder();
	}

	@Test
	void connect_meets_the_reference_client_and_talks_with_it() throws Exception {
		File log = Interop.logs().resolve("comms-connect.log").toFile();
		try (ReferenceServer server = ReferenceServer.start(); NodeProcess node = NodeProcess.start("client.mjs")) {
			ReferenceClient reference = new ReferenceClient(node, "reference");
			String them = reference.connect(server.room("cli")).path("address").asText().toLowerCase(Locale.ROOT);
			String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
			Process comms = new ProcessBuilder(java, "-jar", EXECUTABLE.toString(), "connect", "ws-room:" + server.room("cli"), "--guest", "--json")
					.redirectError(log).start();
			CompletableFuture.delayedExecutor(60, TimeUnit.SECONDS).execute(comms::destroyForcibly); // ends a read of a line that does not come
			try (BufferedReader events = comms.inputReader(StandardCharsets.UTF_8); Writer lines = comms.outputWriter(StandardCharsets.UTF_8)) {
				assertThat(next(events, "connecting").path("uri").asText()).doesNotContain("/rooms/");
				JsonNode connected = next(events, "connected");
				assertThat(connected.path("peers").toString()).isEqualTo("[\"" + them + "\"]");
				String us = connected.path("self").asText();
				assertThat(reference.await("joined").path("address").asText()).isEqualTo(us);

				lines.write("{\"send\":\"chat\",\"message\":\"hi from java\"}\n");
				lines.flush();
				JsonNode received = reference.await("received");
				assertThat(received.path("address").asText()).isEqualTo(us);
				assertThat(received.path("packet").path("chat").path("message").asText()).isEqualTo("hi from java");
				assertThat(next(events, "sent").path("kind").asText()).isEqualTo("chat");

				reference.send(received.path("packet"), true);
				JsonNode back = next(events, "received");
				assertThat(back.path("peer").asText()).isEqualTo(them);
				assertThat(back.path("reliable").asBoolean()).isFalse();
				assertThat(back.path("packet").path("message").asText()).isEqualTo("hi from java");

				reference.close();
				assertThat(next(events, "left").path("peer").asText()).isEqualTo(them);
				lines.close();
				assertThat(next(events, "disconnected").path("reason").asText()).isEqualTo("CLIENT");
				assertThat(comms.waitFor(30, TimeUnit.SECONDS)).isTrue();
				assertThat(comms.exitValue()).isZero();
			} finally {
				comms.destroyForcibly();
			}
		}
	}

	@Test
	void probe_goes_through_each_step_of_the_reference_server_s_login() throws Exception {
		try (ReferenceServer server = ReferenceServer.start()) {
			List<JsonNode> steps = run(0, "probe", "ws-room:" + server.room("cli"), "--json");

			assertThat(steps).extracting(step -> step.path("step").asText())
					.containsExactly("resolve", "dns", "tcp", "upgrade", "challenge", "sign", "welcome");
			assertThat(steps).allMatch(step -> step.path("ok").asBoolean());
		}
	}

	@Test
	void bots_get_every_packet_of_each_other_in_the_reference_server() throws Exception {
		try (ReferenceServer server = ReferenceServer.start()) {
			List<JsonNode> lines = run(0, "bots", "ws-room:" + server.room("cli"), "--count", "20", "--for", "5s", "--reliable", "50", "--json");

			JsonNode report = lines.get(lines.size() - 1);
			assertThat(report.path("connected").asInt()).isEqualTo(20);
			assertThat(report.path("sent").asLong()).isEqualTo(20 * 10 * 5);
			assertThat(report.path("received").asLong() + report.path("lossyDropped").asLong()).isEqualTo(20 * 10 * 5 * 19);
			assertThat(report.path("lost").asLong() + report.path("duplicated").asLong() + report.path("reordered").asLong()).isZero();
		}
	}

	/** Runs a command to its end, and returns what it printed. */
	private static List<JsonNode> run(int exit, String... args) throws Exception {
		List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-jar", EXECUTABLE.toString()));
		command.addAll(List.of(args));
		Process comms = new ProcessBuilder(command).redirectError(Interop.logs().resolve("comms-" + args[0] + ".log").toFile()).start();
		CompletableFuture.delayedExecutor(80, TimeUnit.SECONDS).execute(comms::destroyForcibly); // ends a read of a line that does not come
		try (BufferedReader lines = comms.inputReader(StandardCharsets.UTF_8)) {
			List<JsonNode> read = new ArrayList<>();
			for (String line = lines.readLine(); line != null; line = lines.readLine()) {
				read.add(NodeProcess.JSON.readTree(line));
			}
			assertThat(comms.waitFor()).as(read.toString()).isEqualTo(exit);
			return read;
		} finally {
			comms.destroyForcibly();
		}
	}

	private static JsonNode next(BufferedReader events, String expected) throws Exception {
		String line = events.readLine();
		assertThat(line).as("the event %s", expected).isNotNull();
		JsonNode event = NodeProcess.JSON.readTree(line);
		assertThat(event.path("event").asText()).as(line).isEqualTo(expected);
		return event;
	}
}
