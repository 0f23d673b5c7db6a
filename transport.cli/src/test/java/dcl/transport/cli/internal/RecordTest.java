package dcl.transport.cli.internal;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import dcl.transport.Delivery.Reliability;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.TransportUri;
import dcl.transport.recording.RecordingEntry;
import dcl.transport.recording.RecordingEntry.Event;
import dcl.transport.recording.RecordingReader;
import dcl.transport.registry.internal.RealRegistry;
import dcl.transport.rfc4.Rfc4;
import dcl.transport.roomserver.RoomServer;
import dcl.transport.roomserver.RoomServerListener;
import dcl.transport.roomserver.RoomServerOptions;
import dcl.transport.roomserver.internal.LocalRoomServer;
import dcl.transport.simulator.internal.SimulatorProvider;
import dcl.transport.wsroom.internal.WsRoomProvider;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** {@code connect --record}: what is in the file, who may read it, and where it stops. */
@Timeout(value = 90, unit = TimeUnit.SECONDS)
class RecordTest {

	private static final TransportUri ROOM = TransportUri.parse("ws-room:wss://h.example/rooms/S3cr3tT0ken");
	private static final PeerId BOB = PeerId.of("bob");

	@TempDir
	private Path folder;
	private final RealRegistry registry = new RealRegistry(Map.of());
	private final ByteArrayOutputStream err = new ByteArrayOutputStream();

	@AfterEach
	void stop() {
		registry.close();
	}

	private static List<RecordingEntry> read(Path file) throws IOException {
		List<RecordingEntry> entries = new ArrayList<>();
		try (RecordingReader reader = new RecordingReader(Files.newInputStream(file))) {
			for (RecordingEntry entry = reader.next(); entry != null; entry = reader.next()) {
				entries.add(entry);
			}
		}
		return entries;
	}

	private Recorder open(Path file, boolean force, long maxBytes) throws IOException {
		return Recorder.open(file, force, ROOM, "0x1", maxBytes, new PrintStream(err, true, StandardCharsets.UTF_8));
	}

	private static List<String> received(Session session) {
		return session.lines().stream().filter(line -> line.contains("\"event\":\"received\"")).map(line -> line.replaceFirst("\"at\":\"[^\"]+\",", "")).toList();
	}

	@Test
	void a_room_that_was_recorded_is_played_back_packet_by_packet() throws Exception {
		registry.add("ws-room", new WsRoomProvider(RealRegistry.configuration(WsRoomProvider.Config.class, Map.of())));
		registry.add("simulator", new SimulatorProvider(RealRegistry.configuration(SimulatorProvider.Config.class, Map.of())));
		Path file = folder.resolve("room.jsonl");
		Session live;
		try (RoomServer server = new LocalRoomServer(RoomServerOptions.defaults(), new RoomServerListener() {
		}, "1", () -> {
		})) {
			String room = "ws-room:" + server.url() + "S3cr3tT0ken";
			live = Session.of(registry.host(), "connect", room, "--guest", "--json", "--record", file.toString());
			live.await("\"connected\"");
			Session other = Session.of(registry.host(), "connect", room, "--guest", "--json");
			live.await("\"joined\"");
			for (int i = 0; i < 20; i++) {
				other.type("{\"send\":\"movement\",\"packet\":{\"position_x\":" + i + "}}");
				other.type("{\"send\":\"chat\",\"message\":\"number " + i + " \\u202e\"}");
			}
			live.await("number 19");
			live.type("{\"send\":\"chat\",\"message\":\"heard\"}");
			other.await("heard");
			other.endOfInput();
			assertThat(other.exit()).isZero();
			live.await("\"left\"");
			live.endOfInput();
			assertThat(live.exit()).as(live.err()).isZero();
		}
		List<RecordingEntry> entries = read(file);
		Session played = Session.of(registry.host(), "connect", "simulator:file:" + file, "--json", "--for", "60s");
		played.await("\"disconnected\"");
		played.endOfInput();
		played.interrupt();
		played.exit();

		assertThat(received(live)).hasSize(40);
		assertThat(received(played)).isEqualTo(received(live));
		assertThat(entries).extracting(RecordingEntry::event).startsWith(Event.CONNECTED, Event.JOINED).endsWith(Event.DISCONNECTED)
				.contains(Event.SENT, Event.LEFT);
		assertThat(entries).filteredOn(entry -> entry.event() == Event.SENT).singleElement()
				.satisfies(entry -> assertThat(Rfc4.decode(entry.packet()).getChat().getMessage()).isEqualTo("heard"));
		assertThat(entries).extracting(RecordingEntry::at).isSorted();
		assertThat(Files.readString(file)).doesNotContain("S3cr3tT0ken", "signature");
	}

	@Test
	@DisabledOnOs(OS.WINDOWS) // no modes there
	void the_file_is_its_owner_s_alone_also_where_another_one_was() throws Exception {
		Path file = Files.writeString(folder.resolve("f"), "before");
		Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-rw-"));

		open(file, true, 1_000).close();

		assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo("rw-------");
		assertThat(Files.readString(file)).startsWith("{\"recording\"").doesNotContain("S3cr3tT0ken");
	}

	@Test
	void a_file_that_is_there_is_not_replaced_unasked() throws Exception {
		Path file = Files.writeString(folder.resolve("f"), "before");

		assertThatThrownBy(() -> open(file, false, 1_000)).isInstanceOf(FileAlreadyExistsException.class);
		Session session = Session.of(new FakeRegistry(), "connect", "fake:x", "--record", file.toString());

		assertThat(session.exit()).isEqualTo(2);
		assertThat(session.err()).contains("--force").contains("Usage: comms connect");
		assertThat(file).hasContent("before");
	}

	@Test
	@DisabledOnOs(OS.WINDOWS)
	void a_link_or_a_folder_is_not_replaced_at_all() throws Exception {
		Path target = Files.writeString(folder.resolve("target"), "before");
		Path link = Files.createSymbolicLink(folder.resolve("link"), target);

		assertThatThrownBy(() -> open(link, true, 1_000)).isInstanceOf(FileAlreadyExistsException.class);
		assertThatThrownBy(() -> open(folder, true, 1_000)).isInstanceOf(FileAlreadyExistsException.class);
		assertThatThrownBy(() -> open(folder.resolve("no/such"), true, 1_000)).isInstanceOf(IOException.class);
		assertThat(target).hasContent("before");
	}

	@Test
	void a_recording_that_is_full_stops_with_a_notice_and_stays_readable() throws Exception {
		Path file = folder.resolve("f");
		Recorder recorder = open(file, false, 4_096);
		for (int i = 0; i < 1_000; i++) {
			recorder.add(at -> RecordingEntry.received(at, BOB, Packet.copyOf(new byte[100]), Reliability.LOSSY, ""));
		}
		recorder.close();

		assertThat(Files.size(file)).isBetween(3_500L, 4_096L);
		assertThat(read(file)).hasSizeBetween(10, 30);
		assertThat(err.toString(StandardCharsets.UTF_8)).containsOnlyOnce("comms: ").contains("is full");
	}

	@Test
	void times_are_since_the_start_and_nothing_is_left_out_at_the_end() throws Exception {
		Path file = folder.resolve("f");
		try (Recorder recorder = open(file, false, 1 << 20)) {
			recorder.add(at -> RecordingEntry.connected(at, Set.of(BOB)));
			for (int i = 0; i < 1_000; i++) {
				recorder.add(at -> RecordingEntry.joined(at, BOB));
			}
		}
		assertThat(read(file)).hasSize(1_001).extracting(RecordingEntry::at).isSorted().first().asInstanceOf(
				InstanceOfAssertFactories.DURATION).isBetween(Duration.ZERO, Duration.ofSeconds(60));
		assertThat(err.toString(StandardCharsets.UTF_8)).isEmpty();
	}

	@Test
	void the_bounds_of_a_recording_are_told() throws Exception {
		for (String most : List.of("0", "1023", "1099511627777", "x")) {
			Session session = Session.of(new FakeRegistry(), "connect", "fake:x", "--record", folder.resolve("g").toString(), "--record-max", most);
			assertThat(session.exit()).as(most).isEqualTo(2);
		}
		assertThat(folder.resolve("g")).doesNotExist();
	}
}
