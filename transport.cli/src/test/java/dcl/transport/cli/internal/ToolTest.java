package dcl.transport.cli.internal;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(value = 30, unit = TimeUnit.SECONDS)
class ToolTest {

	private static final String SECRET = "S3cr3tT0ken";

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = {
			"''                            | a command is missing",
			"dance                         | unknown: dance",
			"connect                       | Missing required parameter: '<uri>'",
			"connect fake:x --loud         | unknown: --loud",
			"connect fake:x --for soon     | expected a time above zero such as 500ms, 30s, 5m or 2h",
			"connect fake:x --for 0s       | expected a time above zero",
			"connect fake:x --guest --key-file f | are mutually exclusive",
			"room --port http              | 'http' is not an int",
			"room --port 65536             | port is from 0 to 65535, not 65536",
			"room --capacity 0             | capacity is from",
			"room --coalesce 51            | coalesce",
			"room --host example.org       | host is an IP address or localhost"})
	void what_is_no_command_says_so_and_how_to_do_it_on_standard_error(String line, String message) throws Exception {
		Session session = Session.of(new FakeRegistry(), line.isEmpty() ? new String[0] : line.split(" +"));

		assertThat(session.exit()).isEqualTo(2);
		assertThat(session.err()).startsWith("comms: ").contains(message).contains("Usage: comms");
		assertThat(session.lines()).isEmpty();
	}

	@ParameterizedTest
	@ValueSource(strings = {
			"dance ws-room:wss://h.example/" + SECRET,
			"connect ws-room:wss://h.example/x?token=" + SECRET + " ws-room:wss://h.example/" + SECRET,
			"connect --guest=ws-room:" + SECRET + " ws-room:wss://h.example/" + SECRET,
			"connect --for ws-room:" + SECRET + " livekit:wss://h.example?access_token=" + SECRET,
			"connect --for --key-file --loud=ws-room:" + SECRET,
			"connect ws-room:wss://u:" + SECRET + "@h.example/ --key-file",
			"resolve " + SECRET + ":x extra",
			"resolve no-such-type:" + SECRET,
			"resolve UPPER:" + SECRET,
			"connect no-such-type:wss://h.example/" + SECRET,
			"connect no-such-type:" + SECRET + " --json",
			"connect x" + SECRET,
			"room --port ws-room:" + SECRET})
	void no_message_shows_what_a_connection_string_holds(String line) throws Exception {
		Session session = Session.of(new FakeRegistry(), line.split(" "));

		assertThat(session.exit()).isBetween(2, 3);
		assertThat(session.err() + session.lines()).doesNotContain(SECRET);
	}

	@Test
	void help_lists_what_works_and_nothing_else() throws Exception {
		Session session = Session.of(new FakeRegistry(), "--help");

		assertThat(session.exit()).isZero();
		assertThat(session.lines().stream().filter(line -> line.matches("  [a-z]+ {2,}\\S.*")).map(line -> line.trim().split(" ")[0]))
				.containsExactly("demo", "room", "connect", "providers", "resolve", "probe", "bots", "run", "deploy", "doctor", "shell");
		assertThat(session.err()).isEmpty();
	}

	@ParameterizedTest
	@ValueSource(strings = {"demo", "room", "connect", "providers", "resolve", "probe", "bots", "run", "deploy", "doctor", "shell"})
	void each_command_has_its_own_help(String command) throws Exception {
		Session session = Session.of(new FakeRegistry(), command, "--help");

		assertThat(session.exit()).isZero();
		assertThat(session.lines().get(0)).startsWith("Usage: comms " + command);
	}

	@Test
	void the_version_is_the_bundle_s() throws Exception {
		Session session = Session.of(new FakeRegistry(), "--version");

		assertThat(session.exit()).isZero();
		assertThat(session.lines()).containsExactly("comms 1.2.3");
	}

	@Test
	void a_connection_string_can_stand_in_a_file(@TempDir Path folder) throws Exception {
		FakeRegistry registry = new FakeRegistry();
		Path file = Files.writeString(folder.resolve("room.txt"), "fake:" + SECRET + "\n");

		Session session = Session.of(registry, "connect", "@" + file, "--json");
		registry.next().connected();
		session.await("connected");
		session.endOfInput();

		assertThat(session.exit()).isZero();
		assertThat(session.err() + session.lines()).doesNotContain(SECRET).contains("fake:");
	}
}
