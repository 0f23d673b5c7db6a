package dcl.transport.health.internal;

import java.time.Instant;
import java.util.List;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import dcl.transport.Session;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(30)
class InventoryTest {

	private final FakeStatus status = new FakeStatus().provider("evil\u001b[2J 1.0.0", 1, "b", "a").transport("a:https://h.example/…", "host 1.0.0", 5, 6)
			.session("acme", Session.State.WAITING).holdUp("late 1.0.0", Instant.EPOCH);

	@Test
	void text_has_a_line_for_each_fact_and_no_control_characters() {
		String text = Inventory.text(status, List.of("look at \u001b[2J this"));
		assertThat(text.lines()).contains("warnings: 1", "  look at \\u{1b}[2J this", "providers: 1", "    types = a, b", "    stuckThreads = 1", "transports: 1",
				"    uri = a:https://h.example/…", "    outgoingPackets = 5", "    incomingLimit = 1000", "    sent = 7", "sessions: 1", "    state = WAITING", "holdUps: 1",
				"    at = 1970-01-01T00:00:00Z");
		assertThat(text.chars().filter(c -> c < ' ' && c != '\n' && c != '\r')).isEmpty();
	}

	@Test
	void json_is_one_object_in_ascii_with_the_same_facts() throws Exception {
		String json = Inventory.json(status, List.of("w"));
		try (JsonParser parser = new JsonFactory().createParser(json)) {
			while (parser.nextToken() != null) {
				assertThat(parser.getParsingContext()).isNotNull();
			}
		}
		assertThat(json).startsWith("{\"warnings\":[{\"warning\":\"w\"}],\"providers\":[{\"bundle\":\"evil\\\\u{1b}[2J 1.0.0\",\"types\":\"a, b\",\"ranking\":0,\"stuckThreads\":1}]")
				.contains("\"ofSession\":false", "\"sent\":7", "\"sessions\":[{", "\"holdUps\":[{\"bundle\":\"late 1.0.0\"").endsWith("}]}");
		assertThat(json.chars()).allMatch(c -> c >= ' ' && c < 127);
	}

	@Test
	void an_empty_registry_has_empty_lists() {
		assertThat(Inventory.json(new FakeStatus(), List.of())).isEqualTo("{\"warnings\":[],\"providers\":[],\"transports\":[],\"sessions\":[],\"holdUps\":[]}");
		assertThat(Inventory.text(new FakeStatus(), List.of()).lines()).containsExactly("warnings: 0", "providers: 0", "transports: 0", "sessions: 0", "holdUps: 0");
	}
}
