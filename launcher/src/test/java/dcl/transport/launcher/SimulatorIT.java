package dcl.transport.launcher;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SpecVersion;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Transport;
import dcl.transport.TransportUri;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** The simulator from the command line, and inside of a Java program. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class SimulatorIT {

	private static final int KICKED = 6;

	@TempDir
	private Path temporary;

	private record Run(int exit, List<String> lines, String err) {
	}

	private Run comms(String... args) throws Exception {
		List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:TieredStopAtLevel=1",
				"-Djava.io.tmpdir=" + temporary, "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-jar", System.getProperty("executable.jar")));
		command.addAll(List.of(args));
		Path err = temporary.resolve("err");
		Process process = new ProcessBuilder(command).redirectError(err.toFile()).redirectInput(ProcessBuilder.Redirect.PIPE).start();
		try (BufferedReader out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
			List<String> lines = out.lines().toList();
			assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
			return new Run(process.exitValue(), lines, Files.readString(err));
		} finally {
			process.destroyForcibly();
		}
	}

	private static void assertValid(List<String> lines) {
		JsonSchema schema = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
				.getSchema(SchemaLocation.of(Path.of("../transport.cli/schemas/connect.json").toUri().toString()));
		assertThat(lines).isNotEmpty().allSatisfy(line -> assertThat(schema.validate(line, InputFormat.JSON)).as(line).isEmpty());
	}

	@Test
	void the_command_line_visits_a_made_up_room() throws Exception {
		Run run = comms("connect", "simulator:?peers=5&scenario=chat", "--guest", "--for", "3s", "--json");

		assertThat(run.exit).as(run.err).isZero();
		assertValid(run.lines);
		assertThat(run.lines.stream().filter(line -> line.contains("\"connected\""))).singleElement()
				.satisfies(line -> assertThat(line.split("0x", -1)).as("me and five peers").hasSize(1 + 6));
		assertThat(run.lines).anyMatch(line -> line.contains("\"received\""));
	}

	@Test
	void people_talk_and_the_command_line_is_put_out_with_the_words_of_the_service() throws Exception {
		Run run = comms("connect", "simulator:?peers=5&scenario=chat&pace=20&kick=20s,enough", "--guest", "--for", "60s", "--json");

		assertThat(run.exit).as(run.lines + run.err).isEqualTo(KICKED);
		assertValid(run.lines);
		assertThat(run.lines.stream().filter(line -> line.contains("\"kind\":\"chat\""))).hasSize(19); // one a second, and the kick comes before the twentieth
		assertThat(run.lines).anyMatch(line -> line.contains("\"reason\":\"KICKED\"") && line.contains("\"detail\":\"enough\""));
	}

	@Test
	void the_scenario_files_of_the_repository_run_as_they_are() throws Exception {
		String scenario = Path.of("../transport.simulator/scenarios/thrown-out.json").toAbsolutePath().normalize().toString();
		Run run = comms("connect", "simulator:?pace=50&scenario=file:" + scenario, "--guest", "--for", "60s", "--json");

		assertThat(run.exit).as(run.lines + run.err).isEqualTo(KICKED);
		assertValid(run.lines);
		assertThat(run.lines).anyMatch(line -> line.contains("\"left\"")).anyMatch(line -> line.contains("\"kind\":\"unknown\""));
	}

	@Test
	void what_the_command_line_records_is_played_back() throws Exception {
		Path tape = temporary.resolve("a tape.jsonl");
		Run recorded = comms("connect", "simulator:?peers=3&scenario=chat&pace=20&kick=10s,enough", "--guest", "--for", "60s", "--json", "--record", tape.toString());
		assertThat(recorded.exit).as(recorded.lines + recorded.err).isEqualTo(KICKED);
		Run played = comms("connect", "simulator:file:" + tape.toString().replace(" ", "%20") + "?pace=2", "--guest", "--for", "60s", "--json");

		assertThat(played.exit).as(played.lines + played.err).isEqualTo(KICKED);
		assertThat(packets(played)).hasSizeGreaterThan(20).isEqualTo(packets(recorded));
	}

	/** What came, in its order, without the times. */
	private static List<String> packets(Run run) {
		return run.lines.stream().filter(line -> line.contains("\"event\":\"received\"")).map(line -> line.replaceAll("\"at\":\"[^\"]*\",", "")).toList();
	}

	@Test
	void a_java_program_has_it_too() throws Exception {
		try (Comms comms = Comms.start()) {
			assertThat(comms.registry().types()).contains("simulator");
			Transport room = comms.registry().create(TransportUri.parse("simulator:?peers=3&pace=100&close=10s&scenario=file:"
					+ Path.of("../transport.simulator/scenarios/bad-wifi.json").toAbsolutePath().normalize()));
			room.connect().toCompletableFuture().get(30, TimeUnit.SECONDS);

			assertThat(room.closed().toCompletableFuture().get(30, TimeUnit.SECONDS).reason()).isEqualTo(Reason.SERVER);
			assertThat(room.stats().received()).isGreaterThan(50);
		}
	}
}
