package dcl.transport.itest.livekit;

import java.io.BufferedReader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dcl.transport.Packet;
import dcl.transport.rfc4.Rfc4;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

import static org.assertj.core.api.Assertions.assertThat;

/** The command line as it is shipped, in a room with an official client. */
@ExtendWith(Rig.class)
@Timeout(90)
class CommandLineIT {

	/** What {@code ./comms} runs; the launcher, on which this module depends, has built it. */
	private static final Path EXECUTABLE = Foreign.FOLDER.resolve(Path.of("..", "..", "launcher", "target", "comms-executable.jar"));
	private static final ObjectMapper JSON = new ObjectMapper();

	private final List<String> printed = new ArrayList<>();

	@Test
	void connect_talks_with_an_official_client_and_prints_no_token() throws Exception {
		String room = Rig.unique("room");
		Token token = Token.of(room, Rig.address());
		Path log = Foreign.logs().resolve("comms-connect.log");
		try (Guest guest = Rig.guest(Client.Kind.NODE)) {
			guest.enter(room);
			String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
			Process comms = new ProcessBuilder(java, "-Dorg.slf4j.simpleLogger.defaultLogLevel=debug", "-jar", EXECUTABLE.toString(), "connect", token.uri(), "--json")
					.redirectError(log.toFile()).start();
			CompletableFuture.delayedExecutor(60, TimeUnit.SECONDS).execute(comms::destroyForcibly); // ends a read of a line that does not come
			try (BufferedReader events = comms.inputReader(StandardCharsets.UTF_8); Writer lines = comms.outputWriter(StandardCharsets.UTF_8)) {
				next(events, "connecting");
				assertThat(next(events, "connected").path("peers").toString()).isEqualTo("[\"" + guest.identity() + "\"]");

				lines.write("{\"send\":\"chat\",\"message\":\"hi from java\"}\n");
				lines.flush();
				assertThat(Rfc4.decode(Packet.copyOf(guest.data())).getChat().getMessage()).isEqualTo("hi from java");
				assertThat(next(events, "sent").path("kind").asText()).isEqualTo("chat");

				guest.send(Rfc4.encode(Rfc4.chat("hi from node")).toByteArray(), true, "");
				JsonNode received = next(events, "received");
				assertThat(received.path("peer").asText()).isEqualTo(guest.identity());
				assertThat(received.path("reliable").asBoolean()).isTrue();
				assertThat(received.path("packet").path("message").asText()).isEqualTo("hi from node");

				lines.close();
				assertThat(next(events, "disconnected").path("reason").asText()).isEqualTo("CLIENT");
				assertThat(events.readLine()).isNull();
				assertThat(comms.waitFor(30, TimeUnit.SECONDS)).isTrue();
				assertThat(comms.exitValue()).isZero();
				guest.next("gone");
			} finally {
				comms.destroyForcibly();
			}
		}
		printed.add(Files.readString(log));
		assertThat(printed.get(printed.size() - 1)).as("what was logged, with debug").contains("livekit");
		for (String part : token.text().split("\\.")) {
			assertThat(printed).noneMatch(line -> line.contains(part));
		}
	}

	private JsonNode next(BufferedReader events, String expected) throws Exception {
		String line = events.readLine();
		assertThat(line).as("the event %s", expected).isNotNull();
		printed.add(line);
		JsonNode event = JSON.readTree(line);
		assertThat(event.path("event").asText()).as(line).isEqualTo(expected);
		return event;
	}
}
