package dcl.transport.cli.internal;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

import dcl.transport.Delivery;
import dcl.transport.Delivery.Reliability;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.cli.internal.FakeRegistry.FakeTransport;
import dcl.transport.cli.internal.FakeRegistry.Sent;
import dcl.transport.rfc4.Kind;
import dcl.transport.rfc4.Rfc4;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(value = 30, unit = TimeUnit.SECONDS)
class ConnectTest {

	private static final String ALICE = "0x1111111111111111111111111111111111111111";
	private static final String BOB = "0x2222222222222222222222222222222222222222";
	/** A private key of no value, from the vectors of the identity bundle's neighbours: any 32 bytes will do. */
	private static final String KEY = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

	private final FakeRegistry registry = new FakeRegistry();

	private Session connect(String... args) throws Exception {
		String[] all = new String[args.length + 2];
		all[0] = "connect";
		all[1] = "fake:wss://h.example/secret";
		System.arraycopy(args, 0, all, 2, args.length);
		return Session.of(registry, all);
	}

	private static String timeless(String line) {
		return line.replaceAll("\"at\":\"[^\"]*\",", "");
	}

	private static TransportException failure(Code code) {
		return new TransportException(code, "it went wrong");
	}

	// ---- what is printed

	@Test
	void everything_that_happens_is_a_line_that_the_schema_knows() throws Exception {
		Session session = connect("--json", "--guest");
		FakeTransport room = registry.next().connected(BOB, ALICE);
		room.joins("authoritative-server");
		room.hears(BOB, Rfc4.encode(Rfc4.chat("hé")), Reliability.RELIABLE);
		room.hears("", Packet.copyOf(new byte[] {1, 2, 3}), Reliability.LOSSY);
		room.leaves(BOB);
		session.await("\"left\"");
		session.type("{\"send\":\"chat\",\"message\":\"hi\"}");
		session.await("\"sent\"");
		session.endOfInput();

		assertThat(session.exit()).isZero();
		Schemas.assertValid("connect", session.lines());
		PeerId self = registry.options.get(0).identity().orElseThrow().address();
		assertThat(session.lines()).extracting(line -> timeless(line).replaceAll("\"timestamp\":[0-9.E]+", "\"timestamp\":0"))
				.containsExactly("{\"event\":\"connecting\",\"uri\":\"fake:wss://h.example/\\u2026\"}",
						"{\"event\":\"connected\",\"self\":\"" + self + "\",\"peers\":[\"" + ALICE + "\",\"" + BOB + "\"]}",
						"{\"event\":\"joined\",\"peer\":\"authoritative-server\"}",
						"{\"event\":\"received\",\"peer\":\"" + BOB + "\",\"kind\":\"chat\",\"reliable\":true,\"topic\":\"\",\"bytes\":18,"
								+ "\"packet\":{\"message\":\"h\\u00E9\",\"timestamp\":0}}",
						"{\"event\":\"received\",\"peer\":\"\",\"kind\":\"unknown\",\"reliable\":false,\"topic\":\"\",\"bytes\":3}",
						"{\"event\":\"left\",\"peer\":\"" + BOB + "\"}",
						"{\"event\":\"sent\",\"kind\":\"chat\",\"reliable\":true,\"topic\":\"\",\"bytes\":17,"
								+ "\"packet\":{\"message\":\"hi\",\"timestamp\":0}}",
						"{\"event\":\"disconnected\",\"reason\":\"CLIENT\",\"detail\":\"\",\"retryable\":false}");
	}

	@Test
	void people_read_words_and_nothing_of_what_others_write_reaches_their_terminal_as_a_command() throws Exception {
		Session session = connect();
		FakeTransport room = registry.next().connected();
		room.joins("evil\u001b]0;title\u0007");
		room.hears(BOB, Rfc4.encode(Rfc4.chat("a\u001b[2Jb\nc\u202ed\u009be")), Reliability.RELIABLE);
		room.ends(Reason.KICKED, "go\u001b[31m away\r");

		assertThat(session.exit()).isEqualTo(6);
		assertThat(session.lines()).containsExactly("connecting to fake:wss://h.example/…",
				"connected without an identity; nobody else is here",
				"evil\\u{1b}]0;title\\u{7} joined", BOB + ": a\\u{1b}[2Jb\\u{a}c\\u{202e}d\\u{9b}e", "disconnected: KICKED (go\\u{1b}[31m away\\u{d})");
	}

	@Test
	void json_is_ascii_whatever_others_write() throws Exception {
		Session session = connect("--json");
		FakeTransport room = registry.next().connected();
		room.hears(BOB, Rfc4.encode(Rfc4.chat("a\u001b[2Jb\nc\u202ed\u009be\ud83d\ude00")), Reliability.RELIABLE);
		session.await("received");
		session.endOfInput();

		assertThat(session.exit()).isZero();
		assertThat(session.lines()).allMatch(line -> line.chars().allMatch(c -> c >= ' ' && c < 127));
	}

	// ---- exit codes

	@ParameterizedTest
	@CsvSource({"NO_PROVIDER,3", "INVALID_PARAMS,3", "PROVIDER_GONE,3", "UNREACHABLE,4", "PROTOCOL,4", "NO_IDENTITY,5",
			"REFUSED,5", "BUSY,5", "TIMEOUT,7", "TLS,8", "INTERNAL,1"})
	void a_first_connection_that_fails_ends_it_with_the_code_of_the_failure(Code code, int exit) throws Exception {
		Session session = connect("--json");
		registry.next().fails(failure(code));

		assertThat(session.exit()).isEqualTo(exit);
		Schemas.assertValid("connect", session.lines());
		assertThat(session.lines()).hasSize(2).last().asString().contains("\"failed\"", "\"code\":\"" + code + "\"", "it went wrong");
	}

	@ParameterizedTest
	@CsvSource({"KICKED,6", "PROTOCOL,4"})
	void an_ending_that_is_final_ends_it(Reason reason, int exit) throws Exception {
		Session session = connect("--json", "--retry");
		registry.next().connected().ends(reason, "because");

		assertThat(session.exit()).isEqualTo(exit);
		assertThat(session.lines()).last().asString().contains("\"reason\":\"" + reason + "\"").contains("because");
	}

	@Test
	void an_interrupt_leaves_the_room_and_is_130() throws Exception {
		Session session = connect("--json");
		FakeTransport room = registry.next().connected();
		session.await("connected");
		session.interrupt();

		assertThat(session.exit()).isEqualTo(130);
		assertThat(room.closed()).isCompletedWithValueMatching(why -> why.reason() == Reason.CLIENT);
		assertThat(session.lines()).last().asString().contains("\"reason\":\"CLIENT\"");
	}

	@Test
	void an_interrupt_while_connecting_gives_up() throws Exception {
		Session session = connect();
		FakeTransport room = registry.next();
		session.await("connecting");
		session.interrupt();

		assertThat(session.exit()).isEqualTo(130);
		assertThat(room.closed()).isCompleted();
	}

	@Test
	void when_nobody_reads_the_output_any_more_it_leaves() throws Exception {
		Session session = connect("--json");
		FakeTransport room = registry.next().connected();
		session.await("connected");
		session.closeOutput();
		room.joins(ALICE);

		assertThat(session.exit()).isEqualTo(130);
		assertThat(room.closed()).isCompleted();
	}

	// ---- when it ends

	@Test
	void its_time_ends_it_and_the_end_of_input_does_not() throws Exception {
		long start = System.nanoTime();
		Session session = connect("--json", "--for", "400ms");
		session.endOfInput();
		registry.next().connected();

		assertThat(session.exit()).isZero();
		assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(390));
	}

	@Test
	void a_connection_that_takes_longer_than_its_time_has_timed_out() throws Exception {
		Session session = connect("--json", "--for", "50ms");
		FakeTransport room = registry.next();

		assertThat(session.exit()).isEqualTo(7);
		assertThat(session.lines()).last().asString().contains("\"code\":\"TIMEOUT\"");
		assertThat(room.closed()).isCompleted();
	}

	@Test
	void input_that_was_there_before_the_connection_is_sent_before_it_leaves() throws Exception {
		Session session = connect();
		session.type("one");
		session.type("");
		session.type("two");
		session.endOfInput();
		FakeTransport room = registry.next().connected();

		assertThat(session.exit()).isZero();
		assertThat(room.sent).extracting(sent -> Rfc4.decode(sent.packet()).getChat().getMessage()).containsExactly("one", "two");
	}

	// ---- coming back

	@ParameterizedTest
	@EnumSource(value = Reason.class, names = {"SERVER", "LOST", "OVERRUN", "PROVIDER_GONE"})
	void once_connected_it_comes_back_after_an_ending_that_is_not_final(Reason reason) throws Exception {
		Session session = connect("--json");
		registry.next().connected().ends(reason, "");
		registry.next().fails(failure(Code.UNREACHABLE));
		registry.next().connected();
		session.await("\"after\":\"UNREACHABLE\"");
		session.type("{\"send\":\"chat\",\"message\":\"back\"}");
		session.await("\"sent\"");
		session.endOfInput();

		assertThat(session.exit()).isZero();
		Schemas.assertValid("connect", session.lines());
		assertThat(session.lines()).filteredOn(line -> line.contains("reconnecting")).extracting(ConnectTest::timeless)
				.containsExactly("{\"event\":\"reconnecting\",\"attempt\":1,\"inMillis\":0,\"after\":\"" + reason + "\"}",
						"{\"event\":\"reconnecting\",\"attempt\":2,\"inMillis\":0,\"after\":\"UNREACHABLE\"}");
	}

	@Test
	void coming_back_ends_when_it_is_refused() throws Exception {
		Session session = connect("--json");
		registry.next().connected().ends(Reason.LOST, "");
		registry.next().fails(failure(Code.REFUSED));

		assertThat(session.exit()).isEqualTo(5);
	}

	@Test
	void with_retry_the_first_connection_is_tried_again_too() throws Exception {
		Session session = connect("--json", "--retry");
		registry.next().fails(failure(Code.UNREACHABLE));
		registry.next().fails(failure(Code.TIMEOUT));
		registry.next().connected();
		session.await("\"connected\"");
		session.endOfInput();

		assertThat(session.exit()).isZero();
	}

	@ParameterizedTest
	@CsvSource({"NO_IDENTITY,5", "TLS,8", "INVALID_PARAMS,3"})
	void with_retry_what_will_not_get_better_still_ends_it(Code code, int exit) throws Exception {
		Session session = connect("--json", "--retry");
		registry.next().fails(failure(code));

		assertThat(session.exit()).isEqualTo(exit);
	}

	@Test
	void the_wait_is_at_least_what_the_service_asked_for_and_its_time_ends_that_too() throws Exception {
		Session session = connect("--json", "--retry", "--for", "300ms");
		registry.next().fails(new TransportException(Code.BUSY, "come back later", Duration.ofMinutes(1)));

		assertThat(session.exit()).isEqualTo(5);
		assertThat(session.lines()).last().asString().contains("\"inMillis\":60000");
	}

	// ---- input

	@Test
	void a_chat_message_is_reliable_and_to_everybody() throws Exception {
		Session session = connect();
		FakeTransport room = registry.next().connected();
		session.type("hello\u001b");
		Sent sent = room.nextSent();
		session.endOfInput();

		assertThat(session.exit()).isZero();
		assertThat(sent.delivery()).isEqualTo(Delivery.reliable());
		assertThat(Rfc4.decode(sent.packet()).getProtocolVersion()).isEqualTo(100);
		assertThat(Rfc4.decode(sent.packet()).getChat().getMessage()).isEqualTo("hello\u001b");
		assertThat(session.lines()).contains("you: hello\\u{1b}");
	}

	@Test
	void every_kind_of_packet_can_be_sent_as_json() throws Exception {
		Session session = connect("--json");
		FakeTransport room = registry.next().connected();
		session.type("{\"send\":\"movement\",\"packet\":{\"position_x\":1.5,\"is_grounded\":true}}");
		session.type("{\"send\":\"movement\",\"packet\":{},\"reliable\":true}");
		session.type("{\"send\":\"scene\",\"packet\":{\"scene_id\":\"s\",\"data\":\"AWhp\"},\"to\":[\"" + ALICE + "\"],\"topic\":\"t\"}");
		session.type("{\"send\":\"raw\",\"hex\":\"2a020a00\",\"reliable\":false}");
		Sent movement = room.nextSent();
		Sent reliable = room.nextSent();
		Sent scene = room.nextSent();
		Sent raw = room.nextSent();
		session.endOfInput();

		assertThat(session.exit()).isZero();
		Schemas.assertValid("connect", session.lines());
		assertThat(Rfc4.decode(movement.packet()).getMovement().getPositionX()).isEqualTo(1.5f);
		assertThat(movement.delivery()).isEqualTo(Delivery.lossy());
		assertThat(reliable.delivery()).isEqualTo(Delivery.reliable());
		assertThat(Rfc4.kind(scene.packet())).isEqualTo(Kind.SCENE);
		assertThat(scene.delivery()).isEqualTo(Delivery.lossy().to(Set.of(PeerId.of(ALICE))).withTopic("t"));
		assertThat(raw.packet().toByteArray()).isEqualTo(HexFormat.of().parseHex("2a020a00"));
		assertThat(raw.delivery()).isEqualTo(Delivery.lossy());
	}

	@ParameterizedTest
	@ValueSource(strings = {
			"hello",
			"[]",
			"{}",
			"{\"send\":\"chat\"}",
			"{\"send\":\"chat\",\"message\":7}",
			"{\"send\":\"chat\",\"message\":\"x\",\"too\":[]}",
			"{\"send\":\"chat\",\"message\":\"x\",\"to\":[]}",
			"{\"send\":\"chat\",\"message\":\"x\",\"to\":\"" + ALICE + "\"}",
			"{\"send\":\"chat\",\"message\":\"x\",\"to\":[7]}",
			"{\"send\":\"chat\",\"message\":\"x\",\"to\":[\"\"]}",
			"{\"send\":\"chat\",\"message\":\"x\",\"reliable\":\"yes\"}",
			"{\"send\":\"chat\",\"message\":\"x\",\"message\":\"y\"}",
			"{\"send\":\"chat\",\"message\":\"x\"} {}",
			"{\"send\":\"dance\",\"packet\":{}}",
			"{\"send\":\"movement\"}",
			"{\"send\":\"movement\",\"packet\":{\"position_x\":\"far\"}}",
			"{\"send\":\"raw\",\"hex\":\"abc\"}",
			"{\"send\":\"raw\",\"hex\":\"zz\"}"})
	void a_line_that_is_not_understood_is_a_failure_and_nothing_is_sent(String line) throws Exception {
		Session session = connect("--json");
		FakeTransport room = registry.next().connected();
		session.type(line);
		String failed = session.await("\"failed\"");
		session.endOfInput();

		assertThat(session.exit()).isZero();
		Schemas.assertValid("connect", session.lines());
		assertThat(failed).contains("\"code\":\"INVALID_PARAMS\"");
		assertThat(room.sent).isEmpty();
	}

	@Test
	void what_the_wire_refuses_is_a_failure_and_the_room_goes_on() throws Exception {
		Session session = connect("--json");
		FakeTransport room = registry.next().connected();
		room.wire = stage -> stage.completeExceptionally(failure(Code.UNSUPPORTED));
		session.type("{\"send\":\"chat\",\"message\":\"x\",\"to\":[\"" + ALICE + "\"]}");
		String failed = session.await("\"failed\"");
		room.wire = stage -> stage.complete(null);
		session.type("{\"send\":\"chat\",\"message\":\"x\"}");
		session.await("\"sent\"");
		session.endOfInput();

		assertThat(failed).contains("\"code\":\"UNSUPPORTED\"");
		assertThat(session.exit()).isZero();
	}

	@Test
	void a_packet_that_was_on_the_wire_when_it_broke_is_told() throws Exception {
		Session session = connect("--json");
		FakeTransport room = registry.next().connected();
		room.wire = stage -> stage.completeExceptionally(failure(Code.UNKNOWN));
		session.type("{\"send\":\"chat\",\"message\":\"x\"}");
		String failed = session.await("\"failed\"");
		session.endOfInput();

		assertThat(failed).contains("\"code\":\"UNKNOWN\"", "it may have arrived");
		assertThat(session.exit()).isZero();
		Schemas.assertValid("connect", session.lines());
	}

	@Test
	void no_more_lines_are_read_than_may_be_on_their_way() throws Exception {
		Session session = connect("--json");
		FakeTransport room = registry.next().connected();
		List<CompletableFuture<Void>> pending = new CopyOnWriteArrayList<>();
		room.wire = pending::add;
		for (int i = 0; i < 260; i++) {
			session.type("{\"send\":\"raw\",\"hex\":\"2a020a00\"}");
		}
		for (int i = 0; i < 256; i++) {
			room.nextSent();
		}
		assertThat(pending).hasSize(256);
		assertThat(room.sent).isEmpty();
		for (int i = 0; i < 4; i++) {
			pending.get(i).complete(null);
			room.nextSent();
		}
		session.endOfInput();
		assertThat(session.exit()).isZero();
	}

	@Test
	void a_line_of_the_greatest_length_is_read_and_a_longer_one_left_out() throws Exception {
		Session session = connect("--json");
		FakeTransport room = registry.next().connected();
		String frame = "{\"send\":\"raw\",\"hex\":\"\"}";
		int digits = Input.MAX_LINE_BYTES - frame.length();
		String longest = frame.replace("\"\"", "\"" + "ab".repeat(digits / 2) + "\"") + " ".repeat(digits % 2);
		session.type(longest);
		Sent sent = room.nextSent();
		session.type(longest + "  ");
		String failed = session.await("\"failed\"");
		session.type("{\"send\":\"raw\",\"hex\":\"0a\"}");
		Sent next = room.nextSent();
		session.endOfInput();

		assertThat(session.exit()).isZero();
		assertThat(sent.packet().size()).isEqualTo(digits / 2);
		assertThat(failed).contains("at most 262144 bytes");
		assertThat(next.packet().size()).isEqualTo(1);
	}

	// ---- identity

	@Test
	void without_an_option_there_is_no_identity() throws Exception {
		Session session = connect("--json");
		registry.next().connected();
		session.await("\"self\":\"\"");
		session.endOfInput();

		assertThat(session.exit()).isZero();
		assertThat(registry.options.get(0).identity()).isEmpty();
	}

	@Test
	void a_key_file_is_the_identity(@TempDir Path folder) throws Exception {
		Path file = Files.createFile(folder.resolve("key"), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
		Files.writeString(file, KEY + "\n");
		Session session = connect("--json", "--key-file", file.toString());
		registry.next().connected();
		session.endOfInput();

		assertThat(session.exit()).isZero();
		assertThat(registry.options.get(0).identity().orElseThrow().isGuest()).isFalse();
		assertThat(session.lines().toString()).contains(registry.options.get(0).identity().orElseThrow().address().value()).doesNotContain(KEY);
	}

	@Test
	void a_key_file_that_others_can_read_is_no_identity(@TempDir Path folder) throws Exception {
		Path file = Files.createFile(folder.resolve("key"), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-r--r--")));
		Files.writeString(file, KEY + "\n");
		Session session = connect("--json", "--key-file", file.toString());

		assertThat(session.exit()).isEqualTo(5);
		assertThat(session.lines()).hasSize(1).first().asString().contains("\"code\":\"NO_IDENTITY\"").doesNotContain(KEY);
		assertThat(registry.connecting).isEmpty();
		assertThat(List.of(session.err())).containsExactly("");
	}
}
