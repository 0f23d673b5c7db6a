package dcl.transport.recording;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SpecVersion;
import dcl.transport.Delivery;
import dcl.transport.Delivery.Reliability;
import dcl.transport.Disconnection;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.TransportUri;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class RecordingTest {

	private static final RecordingHeader HEADER = RecordingHeader.of(TransportUri.parse("ws-room:wss://example.org/rooms/canary-token"), "me", Instant.EPOCH);
	private static final String FIRST = "{\"recording\":\"dcl-transport\",\"version\":1,\"uri\":\"\",\"self\":\"\",\"started\":\"2026-01-01T00:00:00Z\"}\n";
	private static final PeerId ANNA = PeerId.of("anna");

	private static byte[] write(long maxBytes, List<RecordingEntry> entries) throws IOException {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		try (RecordingWriter writer = new RecordingWriter(bytes, HEADER, maxBytes)) {
			for (RecordingEntry entry : entries) {
				writer.write(entry);
			}
		}
		return bytes.toByteArray();
	}

	private static List<RecordingEntry> read(byte[] bytes) throws IOException {
		List<RecordingEntry> entries = new ArrayList<>();
		try (RecordingReader reader = new RecordingReader(new ByteArrayInputStream(bytes))) {
			for (RecordingEntry entry = reader.next(); entry != null; entry = reader.next()) {
				entries.add(entry);
			}
		}
		return entries;
	}

	private static List<RecordingEntry> read(String text) throws IOException {
		return read(text.getBytes(StandardCharsets.UTF_8));
	}

	/** One of each kind, and contents that need escapes. */
	private static List<RecordingEntry> everything() {
		Packet packet = Packet.copyOf(new byte[] {0, -1, 34, 92, 10});
		return List.of(
				RecordingEntry.connected(Duration.ZERO, Set.of(ANNA, PeerId.of("0x" + "ab".repeat(20)))),
				RecordingEntry.joined(Duration.ofNanos(1_000), PeerId.of("\"\\\n\u2028ü😀")),
				RecordingEntry.received(Duration.ofMillis(5), ANNA, packet, Reliability.LOSSY, "a \"topic\""),
				RecordingEntry.received(Duration.ofMillis(5), PeerId.SERVICE, packet, Reliability.RELIABLE, ""),
				RecordingEntry.sent(Duration.ofMillis(6), packet, Delivery.reliable()),
				RecordingEntry.sent(Duration.ofMillis(6), packet, Delivery.lossy().to(Set.of(ANNA)).withTopic("t")),
				RecordingEntry.omitted(Duration.ofMillis(7), 5_000_000),
				RecordingEntry.left(Duration.ofMillis(8), ANNA),
				RecordingEntry.disconnected(Duration.ofMillis(9), new Disconnection(Disconnection.Reason.KICKED, "out")));
	}

	@Test
	void what_is_written_is_read_back_and_is_as_the_schema_says() throws IOException {
		byte[] bytes = write(Long.MAX_VALUE, everything());

		assertThat(read(bytes)).isEqualTo(everything());
		JsonSchema schema = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
				.getSchema(SchemaLocation.of(Path.of("schemas", "recording.json").toUri().toString()));
		assertThat(new String(bytes, StandardCharsets.UTF_8).lines()).hasSize(1 + everything().size())
				.allSatisfy(line -> assertThat(schema.validate(line, InputFormat.JSON)).as(line).isEmpty());
		assertThat(schema.validate("{\"t\":0,\"event\":\"joined\",\"peer\":\"x\",\"more\":1}", InputFormat.JSON)).isNotEmpty();
	}

	@Test
	void random_packets_survive() throws IOException {
		Random random = new Random(5);
		List<RecordingEntry> entries = new ArrayList<>();
		for (int i = 0; i < 500; i++) {
			byte[] bytes = new byte[random.nextInt(2_000)];
			random.nextBytes(bytes);
			entries.add(RecordingEntry.received(Duration.ofNanos(i * 1_000_000L), ANNA, Packet.copyOf(bytes), Reliability.RELIABLE, ""));
		}

		assertThat(read(write(Long.MAX_VALUE, entries))).isEqualTo(entries);
	}

	@Test
	void the_header_keeps_the_secrets_of_the_connection_string_out() throws IOException {
		byte[] bytes = write(Long.MAX_VALUE, List.of());

		assertThat(new String(bytes, StandardCharsets.UTF_8)).contains("ws-room:wss://example.org").doesNotContain("canary");
		assertThat(new RecordingReader(new ByteArrayInputStream(bytes)).header()).isEqualTo(HEADER);
	}

	@Test
	void a_full_recording_takes_nothing_more_and_stays_whole() throws IOException {
		byte[] whole = write(Long.MAX_VALUE, everything());
		byte[] cut = write(whole.length - 1, everything());

		assertThat(cut.length).isLessThan(whole.length - 1);
		assertThat(read(cut)).isEqualTo(everything().subList(0, everything().size() - 1));
		assertThat(write(whole.length, everything())).isEqualTo(whole);
	}

	@Test
	void what_is_too_large_for_a_line_is_omitted_and_said_so() throws IOException {
		RecordingEntry largest = RecordingEntry.received(Duration.ZERO, ANNA, Packet.copyOf(new byte[1 << 20]), Reliability.RELIABLE, "");
		RecordingEntry larger = RecordingEntry.received(Duration.ZERO, ANNA, Packet.copyOf(new byte[2 << 20]), Reliability.RELIABLE, "");

		assertThat(read(write(Long.MAX_VALUE, List.of(largest, larger)))).isEqualTo(List.of(largest, RecordingEntry.omitted(Duration.ZERO, 2 << 20)));
	}

	@Test
	void a_last_line_that_was_cut_short_is_left_out() throws IOException {
		byte[] whole = write(Long.MAX_VALUE, everything());
		for (int cut = 1; cut < 30; cut++) {
			byte[] killed = java.util.Arrays.copyOf(whole, whole.length - 1 - cut);
			assertThat(read(killed)).isEqualTo(everything().subList(0, everything().size() - 1));
		}
		assertThat(read(java.util.Arrays.copyOf(whole, whole.length - 1))).isEqualTo(everything());
	}

	@ParameterizedTest
	@CsvSource(delimiter = ';', quoteCharacter = '`', textBlock = """
			{"t":0}; line 2: event: a text
			{"t":0,"event":"danced"}; line 2: event: one of [connected,
			{"t":-1,"event":"left","peer":"x"}; line 2: t: a whole number from 0
			{"t":1.5,"event":"left","peer":"x"}; line 2: texts, whole numbers
			{"t":99999999999999999,"event":"left","peer":"x"}; line 2: t: a whole number from 0
			{"t":0,"event":"left"}; line 2: peer: this member
			{"t":0,"event":"left","peer":""}; line 2: peer: an address or a name
			{"t":0,"event":"left","peer":"x","colour":"canary"}; line 2: a member that is not known
			{"t":0,"event":"left","peer":"x","peer":"y"}; line 2: a JSON object
			{"t":0,"event":"connected","peers":["x",7]}; line 2: a list of texts
			{"t":0,"event":"received","peer":"x","reliable":1,"topic":"","data":""}; line 2: reliable: true or false
			{"t":0,"event":"received","peer":"x","reliable":true,"topic":"","data":"canary%"}; line 2: data: base64
			{"t":0,"event":"sent","reliable":true,"topic":"","to":[],"data":""}; line 2: to: at least one
			{"t":0,"event":"disconnected","reason":"canary","detail":""}; line 2: reason: one of
			["t"]; line 2: a JSON object
			{"t":0,"event":"left","peer":"x"} {}; line 2: one JSON object a line
			root:x:canary:0; line 2: a JSON object
			``; line 2: an entry expected, not an empty line
			""")
	void what_is_not_an_entry_is_refused_with_its_line_and_not_quoted(String entry, String expected) {
		assertThatThrownBy(() -> read(FIRST + entry + "\n")).isInstanceOf(RecordingException.class).hasMessageStartingWith(expected)
				.hasMessageNotContaining("canary");
	}

	@Test
	void times_do_not_run_backwards() {
		String entry = "{\"t\":%d,\"event\":\"left\",\"peer\":\"x\"}\n";
		assertThatThrownBy(() -> read(FIRST + entry.formatted(5) + entry.formatted(4))).isInstanceOfSatisfying(RecordingException.class,
				e -> assertThat(e.line()).isEqualTo(3)).hasMessageContaining("not before");
	}

	@ParameterizedTest
	@CsvSource(delimiter = ';', quoteCharacter = '`', textBlock = """
			root:x:0:0; the header of a recording
			{"recording":"other"}; the header of a recording
			{"recording":"dcl-transport","version":2}; version: 1 expected
			{"recording":"dcl-transport","version":1,"uri":""}; started
			{"recording":"dcl-transport","version":1,"uri":"","self":"","started":"noon"}; started: a time such as
			""")
	void what_does_not_begin_like_a_recording_is_none(String header, String expected) {
		assertThatThrownBy(() -> read(header + "\n")).isInstanceOf(RecordingException.class).hasMessageStartingWith("line 1: ")
				.hasMessageNotContaining("root");
		assertThatThrownBy(() -> read("")).isInstanceOf(RecordingException.class);
		if (!expected.equals("started")) {
			assertThatThrownBy(() -> read(header + "\n")).hasMessageContaining(expected);
		}
	}

	@Test
	void a_line_has_a_bound() {
		String longest = "{\"t\":0,\"event\":\"left\",\"peer\":\"" + "x".repeat(RecordingReader.MAX_LINE_BYTES);
		assertThatThrownBy(() -> read(FIRST + longest)).isInstanceOf(RecordingException.class)
				.hasMessage("line 2: at most " + RecordingReader.MAX_LINE_BYTES + " bytes expected");
	}

	@Test
	void a_reader_says_how_much_it_has_read() throws IOException {
		byte[] whole = write(Long.MAX_VALUE, everything());
		try (RecordingReader reader = new RecordingReader(new ByteArrayInputStream(whole))) {
			String[] lines = new String(whole, StandardCharsets.UTF_8).split("(?<=\n)");
			long bytes = 0;
			for (String line : lines) {
				bytes += line.getBytes(StandardCharsets.UTF_8).length;
				assertThat(reader.bytes()).isEqualTo(bytes);
				reader.next();
			}
			assertThat(reader.bytes()).isEqualTo(whole.length);
		}
	}

	@Test
	void what_is_no_recording_is_closed() {
		AtomicInteger closed = new AtomicInteger();
		assertThatThrownBy(() -> new RecordingReader(new FilterInputStream(new ByteArrayInputStream(new byte[9])) {

			@Override
			public void close() throws IOException {
				closed.incrementAndGet();
				throw new IOException("not closed");
			}
		})).isInstanceOf(RecordingException.class).satisfies(e -> assertThat(e.getSuppressed()).hasSize(1));
		assertThat(closed).hasValue(1);
	}

	@Test
	void ten_thousand_damaged_recordings_are_refused_or_read_and_nothing_else() throws IOException {
		byte[] whole = write(Long.MAX_VALUE, everything());
		Random random = new Random(11);
		int refused = 0;
		for (int i = 0; i < 10_000; i++) {
			byte[] damaged = whole.clone();
			for (int j = random.nextInt(3); j >= 0; j--) {
				damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
			}
			try {
				read(damaged);
			} catch (RecordingException e) {
				refused++;
			}
		}
		assertThat(refused).isBetween(1_000, 10_000);
	}
}
