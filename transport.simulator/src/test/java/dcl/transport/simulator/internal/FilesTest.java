package dcl.transport.simulator.internal;

import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SpecVersion;
import dcl.transport.Delivery;
import dcl.transport.Delivery.Reliability;
import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportUri;
import dcl.transport.recording.RecordingEntry;
import dcl.transport.recording.RecordingHeader;
import dcl.transport.recording.RecordingWriter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Scenarios and recordings in files. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class FilesTest {

	private static final Path SCENARIOS = Path.of("scenarios");
	private static final PeerId ANNA = PeerId.of("anna");
	private static final PeerId BERT = PeerId.of("bert");

	@TempDir
	private Path folder;
	private final Fixture fixture = new Fixture();

	@AfterEach
	void close() {
		fixture.close();
	}

	private static JsonSchema schema() {
		return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012).getSchema(SchemaLocation.of(Path.of("schemas", "scenario.json").toUri().toString()));
	}

	private String scenario(String json) throws IOException {
		Path file = Files.writeString(folder.resolve("a scenario.json"), json);
		return "?scenario=file:" + file.toString().replace(" ", "%20");
	}

	// ---- scenarios

	@Test
	void the_scenarios_of_this_folder_are_as_the_schema_says_and_run() throws Exception {
		List<Path> files;
		try (Stream<Path> all = Files.list(SCENARIOS)) {
			files = all.sorted().toList();
		}
		assertThat(files).hasSizeGreaterThanOrEqualTo(4);
		for (Path file : files) {
			assertThat(schema().validate(Files.readString(file), InputFormat.JSON)).as(file.toString()).isEmpty();
			if (!file.endsWith("refused.json")) {
				Fixture.Opened room = fixture.open("?scenario=file:" + file);
				room.advance(20_000);
				assertThat(room.received()).as(file.toString()).hasSizeGreaterThan(300);
			}
		}
		assertThat(fixture.refusal("?pace=100&scenario=file:" + SCENARIOS.resolve("refused.json"))).hasMessage("not on the list");
	}

	@Test
	void a_scenario_says_it_all_and_the_connection_string_has_the_last_word() throws Exception {
		Fixture.Opened thrown = fixture.open("?scenario=file:scenarios/thrown-out.json&peers=5&stay=1s");
		assertThat(thrown.link().peers()).hasSize(5);
		thrown.advance(9_999);
		assertThat(thrown.context().reports().stream().filter(report -> report.what().equals("invalid"))).hasSize(10);
		thrown.advance(1);
		assertThat(thrown.ending()).isEqualTo(new Disconnection(Reason.KICKED, "You came in elsewhere"));
		Fixture.Opened dead = fixture.open("?scenario=file:scenarios/half-open.json&halfOpen=2s");
		dead.advance(5_000);
		assertThat(dead.ending().reason()).isEqualTo(Reason.LOST);
		assertThat(fixture.refusal("?scenario=file:scenarios/half-open.json&every=1s")).hasMessageContaining("'every' (4 of the scenario's own)");
	}

	@Test
	void a_scenario_is_the_same_as_its_parameters() throws Exception {
		Fixture.Opened file = fixture.open(scenario("{\"scenario\":\"churn\",\"peers\":4,\"seed\":\"12\",\"network\":{\"loss\":0.2,\"jitter\":30},\"parameters\":{\"stay\":\"1s\"},"
				+ "\"timeline\":[{\"at\":\"3s\",\"fault\":\"close\",\"words\":\"bye\"}]}"));
		Fixture.Opened string = fixture.open("churn?peers=4&seed=12&loss=0.2&jitter=30&stay=1s&close=3s,bye");
		Fixture.Opened.advance(fixture.clock, Duration.ofSeconds(5));

		assertThat(file.trace()).hasSizeGreaterThan(20).isEqualTo(string.trace());
	}

	@ParameterizedTest
	@CsvSource(delimiter = ';', quoteCharacter = '`', textBlock = """
			{"canary":1}; the scenario file, canary: not known; expected is any of [clock, description,
			{"canary !":1}; the scenario file, a member with an odd name: not known
			{"network":{"speed":1}}; the scenario file, network.speed: not known; expected is any of [duplicate, jitter, latency, loss, reorder]
			{"network":[]}; the scenario file, network: an object expected
			{"network":{"loss":2}}; the scenario file, loss: a number from 0 to 1 expected
			{"peers":"many"}; the scenario file, peers: a whole number
			{"peers":1.5}; the scenario file, peers: a whole number
			{"peers":null}; the scenario file, peers: a text or a number expected
			{"peers":1,"peers":2}; the scenario file: JSON expected
			{"peers":1} {}; the scenario file: JSON expected
			[1]; the scenario file: an object expected
			``; the scenario file: an object expected
			root:x:0; the scenario file: JSON expected
			{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}}}}; the scenario file: JSON expected
			{"timeline":{}}; the scenario file, timeline: a list expected
			{"timeline":[{"at":"1s","fault":"kick"},{"at":"1s"}]}; the scenario file, timeline[1].fault: one of [latency, jitter,
			{"timeline":[{"fault":"kick"}]}; the scenario file, timeline[0].at: a text or a number expected
			{"timeline":[{"at":"soon","fault":"kick"}]}; the scenario file, timeline[0].at: a time such as
			{"timeline":[{"at":1,"fault":"kick","for":"1s"}]}; the scenario file, timeline[0].for: not known; expected is any of [at, fault, words]
			{"timeline":[{"at":1,"fault":"loss"}]}; the scenario file, timeline[0].probability: a text or a number expected
			{"timeline":[{"at":1,"fault":"loss","probability":"1.1"}]}; the scenario file, timeline[0].probability: a number from 0 to 1 expected
			{"timeline":[{"at":1,"fault":"burst","packets":100001}]}; the scenario file, timeline[0].packets: a whole number from 1 to 100000 expected
			{"timeline":[{"at":1,"fault":"latency","time":-1}]}; the scenario file, timeline[0].time: a time such as
			{"parameters":{"speed":true}}; the scenario file, parameters.speed: a text or a number expected
			{"scenario":"file:canary"}; the scenario file, scenario: one of [chat
			""")
	void what_is_not_a_scenario_is_refused_with_its_path_by_reader_and_schema(String json, String expected) throws Exception {
		TransportException refusal = fixture.refusal(scenario(json));

		assertThat(refusal.code()).isEqualTo(Code.INVALID_PARAMS);
		assertThat(refusal.getMessage()).startsWith(expected);
		boolean oneObject = json.startsWith("{") && !json.contains("\"peers\":2") && !json.endsWith("{}");
		if (oneObject) {
			assertThat(schema().validate(json, InputFormat.JSON)).isNotEmpty();
		}
	}

	@Test
	void a_timeline_has_a_bound() throws Exception {
		String entry = "{\"at\":\"1h\",\"fault\":\"garbage\"}";
		String most = IntStream.range(0, 1_000).mapToObj(i -> entry).collect(Collectors.joining(",", "{\"timeline\":[", "]}"));
		String more = most.replace("]}", "," + entry + "]}");

		assertThat(fixture.open(scenario(most)).context().closed).isNotDone();
		assertThat(fixture.refusal(scenario(more))).hasMessage("the scenario file, timeline: at most 1000 entries expected, there are 1001");
	}

	@Test
	void a_scenario_file_has_a_bound() throws Exception {
		String json = "{\"description\":\"\"}";
		try (Fixture small = new Fixture(times -> times.scenario = 1_024)) {
			assertThat(small.open(scenario(json + " ".repeat(1_024 - json.length()))).context().closed).isNotDone();
			assertThat(small.refusal(scenario(json + " ".repeat(1_025 - json.length())))).hasMessageContaining("a file of at most 1024 bytes expected, this one has 1025");
		}
	}

	// ---- which files

	@ParameterizedTest
	@ValueSource(strings = {"?scenario=file:%s", "file:%s"})
	void only_regular_files_that_are_there_are_read(String form) throws Exception {
		Path none = folder.resolve("canary-none");
		Path odd = folder.resolve("odd");

		assertThat(fixture.refusal(form.formatted(none))).hasMessageContaining("a file that is there and can be read expected (NoSuchFileException)")
				.hasMessageNotContaining("canary").extracting(TransportException::code).isEqualTo(Code.INVALID_PARAMS);
		assertThat(fixture.refusal(form.formatted(folder))).hasMessageContaining("a regular file expected");
		assertThat(fixture.refusal(form.formatted(""))).hasMessageContaining("expected");
		assertThat(fixture.refusal(form.formatted("a%00b"))).hasMessageContaining("a file that is there and can be read expected (InvalidPathException)");
		Files.createSymbolicLink(odd, folder);
		assertThat(fixture.refusal(form.formatted(odd))).hasMessageContaining("a regular file expected");
	}

	@Test
	@EnabledOnOs(OS.LINUX)
	void a_device_is_no_file() {
		assertThat(fixture.refusal("file:/dev/zero")).hasMessageContaining("a regular file expected");
		assertThat(fixture.refusal("?scenario=file:/dev/zero")).hasMessageContaining("a regular file expected");
	}

	@Test
	@EnabledOnOs(OS.LINUX)
	void what_is_in_a_file_that_is_neither_is_not_told() {
		assertThat(fixture.refusal("file:/etc/passwd")).hasMessageStartingWith("the recording: line 1: the header of a recording expected")
				.hasMessageNotContaining("root");
		assertThat(fixture.refusal("?scenario=file:/etc/passwd")).hasMessageStartingWith("the scenario file: JSON expected").hasMessageNotContaining("root");
	}

	@Test
	void files_can_be_switched_off() throws Exception {
		try (Fixture none = new Fixture(times -> times.files = false)) {
			assertThat(none.refusal(scenario("{}"))).hasMessageContaining("switched off by the setting 'files'");
			assertThat(none.refusal("file:" + recording(List.of()))).hasMessageContaining("switched off by the setting 'files'");
		}
	}

	// ---- recordings

	private Path recording(List<RecordingEntry> entries) throws IOException {
		Path file = folder.resolve("recording.jsonl");
		try (OutputStream out = Files.newOutputStream(file);
				RecordingWriter writer = new RecordingWriter(out, RecordingHeader.of(TransportUri.parse("offline:"), "me", Instant.EPOCH), Long.MAX_VALUE)) {
			for (RecordingEntry entry : entries) {
				writer.write(entry);
			}
		}
		return file;
	}

	private static Packet packet(int number) {
		return Packet.copyOf(new byte[] {(byte) number});
	}

	private static List<RecordingEntry> conversation(long at, Disconnection why) {
		return List.of(
				RecordingEntry.connected(Duration.ofMillis(at), Set.of(ANNA)),
				RecordingEntry.received(Duration.ofMillis(at + 100), ANNA, packet(1), Reliability.LOSSY, "t"),
				RecordingEntry.sent(Duration.ofMillis(at + 150), packet(9), Delivery.reliable()),
				RecordingEntry.joined(Duration.ofMillis(at + 200), BERT),
				RecordingEntry.omitted(Duration.ofMillis(at + 250), 99),
				RecordingEntry.received(Duration.ofMillis(at + 300), BERT, packet(2), Reliability.RELIABLE, ""),
				RecordingEntry.left(Duration.ofMillis(at + 400), BERT),
				RecordingEntry.disconnected(Duration.ofMillis(at + 500), why));
	}

	private static final List<String> PLAYED = List.of("received anna 01 LOSSY t", "joined bert  null ", "received bert 02 RELIABLE ", "left bert  null ");

	@Test
	void a_recording_is_played_with_its_times_and_ends_as_it_ended() throws Exception {
		Path file = recording(conversation(5_000, new Disconnection(Reason.KICKED, "out")));
		Fixture.Opened room = fixture.open("file:" + file);

		assertThat(room.link().peers()).containsExactly(ANNA);
		for (int i = 1; i <= 4; i++) {
			room.advance(99);
			assertThat(room.trace()).hasSize(i - 1);
			room.advance(1);
			assertThat(room.trace()).isEqualTo(PLAYED.subList(0, i));
		}
		room.send(packet(5), Delivery.reliable());
		room.advance(100);
		assertThat(room.ending()).isEqualTo(new Disconnection(Reason.KICKED, "out"));
	}

	@Test
	void where_the_recorder_hung_up_or_was_killed_the_recording_is_over() throws Exception {
		Path hungUp = recording(conversation(0, new Disconnection(Reason.CLIENT, "")));
		Fixture.Opened room = fixture.open("file:" + hungUp);
		room.advance(500);
		assertThat(room.ending()).isEqualTo(new Disconnection(Reason.SERVER, "the recording is over"));

		Path killed = recording(conversation(0, new Disconnection(Reason.CLIENT, "")).subList(0, 7));
		Fixture.Opened other = fixture.open("file:" + killed);
		other.advance(399);
		assertThat(other.context().closed).isNotDone();
		other.advance(1);
		assertThat(other.trace().subList(0, 4)).isEqualTo(PLAYED);
		assertThat(other.ending()).isEqualTo(new Disconnection(Reason.SERVER, "the recording is over"));
	}

	@Test
	void of_several_conversations_the_one_that_is_asked_for_is_played() throws Exception {
		List<RecordingEntry> two = new ArrayList<>(conversation(0, new Disconnection(Reason.LOST, "1")));
		two.addAll(conversation(60_000, new Disconnection(Reason.LOST, "2")));
		Path file = recording(two);
		Fixture.Opened second = fixture.open("file:" + file + "?connection=2");
		second.advance(500);

		assertThat(second.ending().detail()).isEqualTo("2");
		assertThat(second.trace().subList(0, 4)).isEqualTo(PLAYED);
		assertThat(fixture.refusal("file:" + file + "?connection=3")).hasMessage("the recording: 3 or more conversations expected, there are 2");
		assertThat(fixture.refusal("file:" + file + "?connection=0")).hasMessageContaining("a whole number from 1");
		assertThat(fixture.refusal("file:" + file + "?colour=red")).hasMessageContaining("not known");
		assertThat(fixture.refusal("file:" + recording(List.of()))).hasMessage("the recording: 1 or more conversations expected, there are 0");
	}

	@Test
	void a_recording_can_be_played_faster_and_over_a_worse_network() throws Exception {
		Path file = recording(conversation(0, new Disconnection(Reason.CLIENT, "")));
		Fixture.Opened fast = fixture.openReal("file:" + file + "?pace=1000000");
		assertThat(fast.ending().reason()).isEqualTo(Reason.SERVER);
		assertThat(fast.trace().subList(0, 4)).isEqualTo(PLAYED);

		Fixture.Opened lossy = fixture.open("file:" + file + "?loss=1&latency=1s");
		lossy.advance(1_500);
		assertThat(lossy.received()).hasSize(1);
		assertThat(lossy.context().closed).isCompleted();
	}

	@Test
	void a_long_recording_is_played_to_its_end_even_to_a_slow_listener() throws Exception {
		List<RecordingEntry> entries = new ArrayList<>(List.of(RecordingEntry.connected(Duration.ZERO, Set.of(ANNA))));
		for (int i = 0; i < 30_000; i++) {
			entries.add(RecordingEntry.received(Duration.ofMillis(i / 10), ANNA, packet(i), Reliability.LOSSY, ""));
		}
		FakeContext context = fixture.context();
		context.stumble(new java.util.Random(1));
		Fixture.Opened room = fixture.openReal("file:" + recording(entries) + "?pace=100000", context);

		assertThat(room.ending().reason()).isEqualTo(Reason.SERVER);
		assertThat(room.received()).hasSize(30_000);
		assertThat(room.received().get(29_999).packet()).isEqualTo(packet(29_999));
	}

	@Test
	void a_recording_has_a_bound_and_is_read_to_its_end_before_it_is_played() throws Exception {
		Path file = recording(conversation(0, new Disconnection(Reason.CLIENT, "")));
		Files.writeString(file, Files.readString(file) + "{\"t\":5\n", StandardCharsets.UTF_8);
		assertThat(fixture.refusal("file:" + file)).hasMessage("the recording: line 10: a JSON object expected")
				.extracting(TransportException::code).isEqualTo(Code.INVALID_PARAMS);
		Files.writeString(file, "x".repeat(2_000));
		try (Fixture small = new Fixture(times -> times.recording = 1_999)) {
			assertThat(small.refusal("file:" + file)).hasMessage("file: a file of at most 1999 bytes expected, this one has 2000");
		}
	}

	@Test
	void what_is_kept_of_a_recording_has_a_bound() throws Exception {
		List<RecordingEntry> two = new ArrayList<>(conversation(0, new Disconnection(Reason.LOST, "1")));
		two.addAll(conversation(60_000, new Disconnection(Reason.LOST, "2")));
		Path file = recording(two); // of each, 6 entries are played
		try (Fixture six = new Fixture(times -> times.entries = 6); Fixture five = new Fixture(times -> times.entries = 5)) {
			Fixture.Opened room = six.open("file:" + file + "?connection=2");
			room.advance(500);
			assertThat(room.ending().detail()).isEqualTo("2");
			assertThat(five.refusal("file:" + file))
					.hasMessage("the recording: a conversation of at most 5 entries that are played expected, the setting 'maxRecordingEntries'")
					.extracting(TransportException::code).isEqualTo(Code.INVALID_PARAMS);
		}
	}

	@Test
	void an_unusable_bound_is_the_default() throws Exception {
		Path file = recording(conversation(0, new Disconnection(Reason.LOST, "")));
		for (int unusable : new int[] {0, 10_000_001}) {
			try (Fixture odd = new Fixture(times -> times.entries = unusable)) {
				assertThat(odd.open("file:" + file).context().closed).isNotDone();
			}
		}
	}

	/** A stream that knows whether it is open. */
	private static final class Watched extends FilterInputStream {

		private boolean closed;

		Watched(InputStream in) {
			super(in);
		}

		@Override
		public void close() throws IOException {
			closed = true;
			super.close();
		}
	}

	@Test
	void a_recording_is_read_in_parts_that_are_small_however_long_its_lines_are() throws Exception {
		List<RecordingEntry> entries = new ArrayList<>(List.of(RecordingEntry.connected(Duration.ZERO, Set.of(ANNA))));
		for (int i = 0; i < 40; i++) {
			entries.add(RecordingEntry.received(Duration.ofMillis(i), ANNA, Packet.copyOf(new byte[200_000]), Reliability.LOSSY, ""));
		}
		byte[] file = Files.readAllBytes(recording(entries));
		ByteArrayInputStream in = new ByteArrayInputStream(file);
		try (Loading loading = new Loading(in, 1, 1_000)) {
			int parts = 1;
			int before = in.available();
			while (loading.read() == null) {
				parts++;
				// the last line of a part, and what is buffered, come on top
				assertThat(before - in.available()).isLessThan(Loading.PART_BYTES + 300_000 + (1 << 16));
				before = in.available();
			}
			assertThat(parts).isEqualTo(file.length / Loading.PART_BYTES + 1).isGreaterThan(5);
		}
	}

	@Test
	void a_recording_that_cannot_be_read_is_closed() {
		Watched noRecording = new Watched(new ByteArrayInputStream(new byte[9]));
		Watched broken = new Watched(new InputStream() {

			@Override
			public int read() throws IOException {
				throw new IOException("broken");
			}
		});
		Watched grown = new Watched(new InputStream() {

			@Override
			public int read() {
				throw new Invalid("file", "a smaller one expected");
			}
		});
		for (Watched in : List.of(noRecording, broken, grown)) {
			assertThatThrownBy(() -> new Loading(in, 1, 1)).isInstanceOf(Invalid.class);
			assertThat(in.closed).isTrue();
		}
	}
}
