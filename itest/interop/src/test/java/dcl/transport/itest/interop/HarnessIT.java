package dcl.transport.itest.interop;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** What the other tests of this module stand on: the reference software runs, and its harness tells the truth. */
@Timeout(60)
class HarnessIT {

	private static final Duration SELF_TEST_LIMIT = Duration.ofSeconds(50);

	@AutoClose
	ReferenceServer server;
	@AutoClose
	NodeProcess node;

	@BeforeAll
	static void install() {
		Interop.folder();
	}

	@BeforeEach
	void start() throws Exception {
		server = ReferenceServer.start();
		node = NodeProcess.start("client.mjs");
	}

	@Test
	void two_reference_clients_meet_in_the_reference_server() throws Exception {
		ReferenceClient alice = new ReferenceClient(node, "alice");
		ReferenceClient bob = new ReferenceClient(node, "bob");
		JsonNode first = alice.connect(server.room("harness"));
		JsonNode second = bob.connect(server.room("harness"), Map.of("delegated", false));
		assertThat(second.path("peers").path(first.path("alias").asText()).asText()).isEqualToIgnoringCase(first.path("address").asText());
		assertThat(alice.await("joined").path("alias")).isEqualTo(second.path("alias"));

		JsonNode packet = NodeProcess.JSON.readTree("{\"chat\":{\"message\":\"olá\",\"timestamp\":1.5},\"protocolVersion\":100}");
		alice.send(packet, true);
		JsonNode received = bob.await("received");
		assertThat(received.path("packet")).isEqualTo(packet);
		assertThat(received.path("unreliable").asBoolean()).isTrue();
		assertThat(alice.untaken("received")).isEmpty();

		assertThat(bob.close().path("code").asInt()).isEqualTo(1005);
		assertThat(alice.await("left").path("alias")).isEqualTo(second.path("alias"));
	}

	@Test
	void a_killed_server_ends_its_rooms() throws Exception {
		ReferenceClient alice = new ReferenceClient(node, "alice");
		alice.connect(server.room("harness"));
		server.kill();
		assertThat(alice.await("closed").path("code").asInt()).isEqualTo(1006);
	}

	@Test
	void a_login_that_fails_is_told_at_once() throws Exception {
		server.kill();
		ReferenceClient alice = new ReferenceClient(node, "alice");
		assertThatThrownBy(() -> alice.connect(server.room("harness")))
			.isInstanceOf(AssertionError.class).hasMessageContaining("instead of connected").hasMessageContaining("ECONNREFUSED");
		assertThatThrownBy(() -> alice.sendText("x")).isInstanceOf(AssertionError.class).hasMessageContaining("there is no client alice");
	}

	@Test
	void an_attack_is_judged_by_what_the_server_does() throws Exception {
		ReferenceClient intruder = new ReferenceClient(node, "intruder");
		assertThat(intruder.attacks()).contains("impersonation", "other-challenge", "forged-alias");
		assertThat(intruder.attack("other-challenge", server.room("harness"), Map.of()).path("refused").asBoolean()).isTrue();
		server.kill();
		assertThatThrownBy(() -> intruder.attack("other-challenge", server.room("harness"), Map.of()))
			.isInstanceOf(AssertionError.class).hasMessageContaining("instead of attacked").hasMessageContaining("ECONNREFUSED");
	}

	@Test
	void an_event_that_does_not_come_is_missed_within_its_limit() throws Exception {
		ReferenceClient alice = new ReferenceClient(node, "alice");
		alice.connect(server.room("harness"));
		assertThatThrownBy(() -> alice.await("joined", Duration.ofMillis(200)))
			.isInstanceOf(AssertionError.class).hasMessageContaining("no joined of alice within 200 ms");
	}

	@Test
	void a_script_that_ends_is_told_with_what_it_said() throws Exception {
		try (NodeProcess broken = NodeProcess.start("server.mjs", "no-port")) {
			assertThatThrownBy(() -> broken.await("listening", event -> event.has("port"), NodeProcess.LIMIT))
				.isInstanceOf(AssertionError.class).hasMessageContaining("ended before listening").hasMessageContaining("HTTP_SERVER_PORT");
		}
	}

	@Test
	void a_closed_harness_leaves_no_process() throws Exception {
		ProcessHandle handle = node.handle();
		assertThat(handle.isAlive()).isTrue();
		node.close();
		assertThat(handle.isAlive()).isFalse();
	}

	@Test
	void the_reference_software_passes_its_own_tests() throws Exception {
		Path output = Interop.logs().resolve("self-test.log");
		int code = Interop.run(SELF_TEST_LIMIT, output, "npm", "test");
		assertThat(code).withFailMessage(() -> readable(output)).isZero();
	}

	private static String readable(Path file) {
		try {
			return Files.readString(file);
		} catch (IOException e) {
			return file + " cannot be read: " + e;
		}
	}
}
