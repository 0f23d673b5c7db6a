package dcl.transport.shell.internal;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

import dcl.transport.Delivery;
import dcl.transport.PeerId;
import dcl.transport.Transport;
import dcl.transport.TransportUri;
import dcl.transport.rfc4.Rfc4;
import dcl.transport.shell.internal.Gogo.Ran;
import dcl.transport.spi.LinkContext;
import org.apache.felix.service.command.CommandSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

@Timeout(60)
class CommsCommandsTest {

	private static final String SECRET = "s3cr3t";

	private final Gogo gogo = new Gogo(Map.of("maxOpen", 3, "maxEvents", 5), "org.example.one", "evil\u001b[2J", "dcl.transport.api");

	@AfterEach
	void close() {
		gogo.close();
	}

	private LinkContext context() throws InterruptedException {
		LinkContext context = gogo.echo.contexts.poll(30, TimeUnit.SECONDS);
		assertThat(context).isNotNull();
		return context;
	}

	private static void until(String what, BooleanSupplier happened) {
		long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
		while (!happened.getAsBoolean()) {
			assertThat(System.nanoTime()).as(what).isLessThan(end);
			LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
		}
	}

	@Test
	void providers_are_a_table_to_people_and_objects_to_scripts() {
		Ran table = gogo.run("comms:providers");
		Ran object = gogo.run("((comms:providers) get 0) type", "(comms:providers) size");

		assertThat(table.out()).isEqualTo("type  bundle          ranking  stuck\necho  bundle of echo  0        0\n");
		assertThat(object.out()).isEqualTo("echo\n1\n");
		assertThat(table.err() + object.err()).isEmpty();
		assertThat(table.code()).isZero();
	}

	@Test
	void a_room_is_opened_spoken_in_and_closed() {
		Ran ran = gogo.run("comms:open echo:x", "comms:send 1 hello there", "comms:list", "comms:peers 1", "comms:close 1", "comms:list");

		assertThat(ran.err()).isEmpty();
		assertThat(ran.out().lines().toList()).contains("id        1", "kind      transport", "uri       echo:…", "sent", "closed 1", "nothing is open", "peer");
		assertThat(ran.out()).containsPattern("1   transport  echo:…  CONNECTED  1      1     [01]  ").contains("e\\u{1b}[31mcho");
		assertThat(ran.code()).isZero();
	}

	@Test
	void commands_take_the_object_of_another_command() {
		Ran ran = gogo.run("room = (open echo:x)", "send $room hello", "$room state", "close $room");

		assertThat(ran.out()).contains("sent\nCONNECTED\nclosed 1\n");
		assertThat(ran.err()).isEmpty();
	}

	@Test
	void a_session_says_what_became_of_a_packet() {
		Ran ran = gogo.run("session echo:x", "send 1 hello", "(list) size", "close all");

		assertThat(ran.out()).contains("kind      session").contains("HANDED_OVER\n1\nclosed 1\n");
		assertThat(ran.err()).isEmpty();
	}

	@Test
	void guests_have_a_wallet_and_others_need_an_identity() {
		Ran ran = gogo.run("open guest:x", "open echo:guest", "open --guest echo:guest");

		assertThat(ran.err().lines()).hasSize(2).first().asString().startsWith("comms: NO_PROVIDER: no provider for 'guest'");
		assertThat(ran.err()).contains("comms: NO_IDENTITY: ");
		assertThat(ran.out()).contains("state     CONNECTED");
		assertThat(ran.code()).isZero();
	}

	@Test
	void lossy_addressed_and_raw_packets_are_sent_as_they_were_asked_for() throws Exception {
		Ran ran = gogo.run("open echo:x", "send --lossy 1 a", "send --to alice,bob --topic t 1 b", "send --hex 1 2a020a00", "send --hex 1 xyz", "send --to ,, 1 x");

		assertThat(ran.out().lines().filter("sent"::equals)).hasSize(3);
		assertThat(ran.err().lines().toList()).hasSize(2).first().asString().contains("pairs of hexadecimal digits");
		Delivery lossy = gogo.echo.deliveries.poll(30, TimeUnit.SECONDS);
		assertThat(lossy.reliability()).isEqualTo(Delivery.Reliability.LOSSY);
		Delivery addressed = gogo.echo.deliveries.poll(30, TimeUnit.SECONDS);
		assertThat(addressed.peers()).containsExactlyInAnyOrder(PeerId.of("alice"), PeerId.of("bob"));
		assertThat(addressed.topic()).isEqualTo("t");
	}

	@Test
	void what_others_say_is_shown_with_every_control_character_spelled_out() throws Exception {
		gogo.run("open echo:x");
		LinkContext context = context();
		context.peerJoined(PeerId.of("m\u202eallory"));
		context.received(EchoProvider.ECHO, Rfc4.encode(Rfc4.chat("\u001b]0;owned\u0007")), Delivery.Reliability.RELIABLE, "t\u001b");
		EchoProvider.kick(context);
		gogo.commands.watch("", 0, "1"); // returns when all is told
		Ran ran = gogo.run("events 1");

		assertThat(ran.out()).contains("m\\u{202e}allory", "\\u{1b}]0;owned\\u{7}", "t\\u{1b}", "KICKED: out");
		assertThat(ran.out().chars().filter(c -> c < ' ' && c != '\n')).isEmpty();
	}

	@Test
	void watching_prints_what_happens_for_a_time_and_a_number_of_events() {
		Ran counted = gogo.run("room = (open echo:x)", "send $room before", "watch --for 1ms $room");
		assertThat(counted.err()).isEmpty();
		until("before is heard", () -> gogo.run("events 1").out().contains(": before"));
		Thread speaker = new Thread(() -> {
			while (!Thread.currentThread().isInterrupted()) {
				try {
					gogo.commands.send(false, false, "", "", "1", "tick");
				} catch (CommandException | InterruptedException e) {
					return;
				}
			}
		});
		speaker.start();
		Ran ran = gogo.run("watch --count 3 1", "watch --for never 1");
		speaker.interrupt();

		assertThat(ran.out().lines()).hasSize(3).allMatch(line -> line.contains("received") && line.contains("chat") && line.contains(": tick"));
		assertThat(ran.err()).contains("such as 30s");
	}

	@Test
	void a_pipe_gets_the_table_line_by_line() {
		gogo.processor.addCommand("test", new Object() {
			@SuppressWarnings("unused") // Gogo calls it
			public String upper(CommandSession session) throws Exception {
				return new String(System.in.readAllBytes(), StandardCharsets.UTF_8).toUpperCase(Locale.ROOT);
			}
		}, "upper");
		assertThat(gogo.run("providers | upper").out()).contains("ECHO  BUNDLE OF ECHO");
	}

	@Test
	void no_secret_of_a_connection_string_is_printed_whatever_goes_wrong() {
		Ran ran = gogo.run("open 'echo:https://h.example/?t=" + SECRET + "'", "open echo:https://h.example/?t=" + SECRET, "list", "open echo:no" + SECRET, "open unknown:" + SECRET, "open " + SECRET,
				"resolve echo:" + SECRET, "resolve unknown:" + SECRET, "open --guest", "open echo:" + SECRET + " and more", "session --guest Echo:" + SECRET,
				"send 1 " + "x", "events 1", "watch --for 1ms 1", "close " + SECRET);

		assertThat(ran.out()).contains("echo:https://h.example/…").contains("resolvable  true");
		assertThat(ran.err()).contains("REFUSED: not today").contains("NO_PROVIDER");
		assertThat(ran.out() + ran.err()).doesNotContain(SECRET);
	}

	@Test
	void others_transports_are_listed_and_cannot_be_closed_here() throws Exception {
		try (Transport theirs = gogo.registry.neighbour().create(TransportUri.parse("echo:" + SECRET))) {
			Ran ran = gogo.run("list", "close -", "close all");

			assertThat(ran.out()).contains("-   transport  echo:…  NEW").contains("neighbour 2.0.0").contains("nothing is open here").doesNotContain(SECRET);
			assertThat(ran.err()).contains("no room of that number");
			assertThat(theirs.state()).isEqualTo(Transport.State.NEW);
		}
	}

	@Test
	void rooms_are_bounded_and_one_that_is_over_makes_place() throws Exception {
		Ran full = gogo.run("open echo:1", "open echo:2", "open echo:3", "open echo:4");
		assertThat(full.err()).isEqualTo("comms: at most 3 rooms can be open here at once; close one\n");
		EchoProvider.kick(context());
		gogo.commands.watch("", 0, "1");

		Ran again = gogo.run("open echo:5", "(list) size", "close 1");
		assertThat(again.out()).contains("id        4").contains("3\n");
		assertThat(again.err()).contains("no room of that number was opened here; there are 2, 3, 4");
	}

	@Test
	void events_are_bounded_and_the_oldest_go() {
		Ran ran = gogo.run("open echo:x", "send 1 a", "send 1 b", "send 1 c", "send 1 d", "send 1 e", "send 1 f", "send 1 g");
		assertThat(ran.err()).isEmpty();
		until("the last is heard", () -> gogo.run("events 1").out().contains(": g"));
		assertThat(gogo.run("(events 1) size").out()).isEqualTo("5\n");
	}

	@Test
	void completion_offers_types_rooms_and_bundles_that_can_be_typed() {
		gogo.run("open echo:x");
		assertThat(gogo.commands.candidates("types")).containsExactly("echo:");
		assertThat(gogo.commands.candidates("rooms")).containsExactly("1");
		assertThat(gogo.commands.candidates("bundles")).containsExactly("dcl.transport.api", "org.example.one");
	}

	@Test
	void completion_never_throws() {
		Random random = new Random(7);
		for (int i = 0; i < 2_000; i++) {
			String what = random.ints(random.nextInt(20), 0, 0x300).collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append).toString();
			assertThatCode(() -> assertThat(gogo.commands.candidates(what)).isEmpty()).as(what).doesNotThrowAnyException();
		}
	}

	@Test
	void a_bad_setting_is_replaced_by_its_default() {
		assertThat(Limits.of("maxOpen", 0, 10_000, 100)).isEqualTo(100);
		assertThat(Limits.of("maxOpen", 10_001, 10_000, 100)).isEqualTo(100);
		assertThat(Limits.of("maxOpen", 10_000, 10_000, 100)).isEqualTo(10_000);
	}

	@Test
	void wide_cells_are_cut_but_for_the_last_column() {
		Rows<EventRow> rows = new Rows<>(List.of(new EventRow(Instant.EPOCH, "received", "x".repeat(100), "y".repeat(100))), "");
		assertThat(rows.toString().lines().toList().get(1)).isEqualTo("00:00:00.000  received  " + "x".repeat(59) + "…  " + "y".repeat(100));
	}
}
