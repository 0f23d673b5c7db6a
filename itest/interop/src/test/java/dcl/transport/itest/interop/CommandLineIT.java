package dcl.transport.itest.interop;

import java.io.BufferedReader;
import java.io.File;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/** {@code comms connect}, as it is shipped, in a room of the reference server, with the reference client. */
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

	private static JsonNode next(BufferedReader events, String expected) throws Exception {
		String line = events.readLine();
		assertThat(line).as("the event %s", expected).isNotNull();
		JsonNode event = NodeProcess.JSON.readTree(line);
		assertThat(event.path("event").asText()).as(line).isEqualTo(expected);
		return event;
	}
}
