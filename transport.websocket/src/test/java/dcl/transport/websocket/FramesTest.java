package dcl.transport.websocket;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a peer may send as frames, and what not, against both roles, in one piece and byte by byte (RFC 6455, 5 to 8).
 */
@Timeout(30)
class FramesTest {

	static final int FRAME = 65_536;
	static final int MESSAGE = 100_000;
	static final int FRAGMENTS = 16;
	static final WebSocketLimits LIMITS = WebSocketLimits.defaults().toBuilder()
			.maxFrameBytes(FRAME).maxMessageBytes(MESSAGE).maxFragments(FRAGMENTS).controlFramesPerSecond(20).build();

	/** Collects what a peer of one role sends. */
	static final class Script {

		final boolean masked;
		final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		final List<byte[]> messages = new ArrayList<>();
		final List<byte[]> pongs = new ArrayList<>();
		int pongsSeen;

		Script(boolean masked) {
			this.masked = masked;
		}

		Script frame(int first, byte... payload) {
			bytes.writeBytes(RawPeer.frame(first, payload, masked));
			return this;
		}

		Script otherMasking(int first, byte... payload) {
			bytes.writeBytes(RawPeer.frame(first, payload, !masked));
			return this;
		}

		/** Writes a head with a length in a form of its own, and a zero mask if this side masks. */
		Script head(int first, int length7, long length, int lengthBytes) {
			bytes.write(first);
			bytes.write((masked ? 0x80 : 0) | length7);
			for (int i = 8 * (lengthBytes - 1); i >= 0; i -= 8) {
				bytes.write((int) (length >>> i));
			}
			if (masked) {
				bytes.writeBytes(new byte[4]);
			}
			return this;
		}

		Script payload(int count) {
			bytes.writeBytes(new byte[count]);
			return this;
		}

		Script message(byte... expected) {
			messages.add(expected);
			return this;
		}

		Script message(String expected) {
			messages.add(expected.getBytes(StandardCharsets.UTF_8));
			return this;
		}
	}

	interface Play {

		void on(Script script);
	}

	/** {@code answer} is the close code that must come back, or 0 if the connection stays open; {@code kind} is how it ends then. */
	record Case(String name, Play play, int answer, WebSocketEnding.Kind kind, int endingCode) {

		@Override
		public String toString() {
			return name;
		}
	}

	record Run(Case that, boolean client, boolean drip) {

		@Override
		public String toString() {
			return that + (client ? ", to a client" : ", to a server") + (drip ? ", byte by byte" : "");
		}
	}

	static final List<Case> CASES = new ArrayList<>();

	static void fine(String name, Play play) {
		CASES.add(new Case(name, play, 0, null, 0));
	}

	static void refused(String name, Play play) {
		CASES.add(new Case(name, play, 1002, WebSocketEnding.Kind.PROTOCOL, 1002));
	}

	static void notUtf8(String name, Play play) {
		CASES.add(new Case(name, play, 1007, WebSocketEnding.Kind.PROTOCOL, 1007));
	}

	static void tooBig(String name, Play play) {
		CASES.add(new Case(name, play, 1009, WebSocketEnding.Kind.TOO_BIG, 1009));
	}

	static void closes(String name, int answer, int code, Play play) {
		CASES.add(new Case(name, play, answer, WebSocketEnding.Kind.CLOSED_BY_PEER, code));
	}

	static byte[] utf8(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	static byte[] bytes(int... values) {
		byte[] bytes = new byte[values.length];
		for (int i = 0; i < values.length; i++) {
			bytes[i] = (byte) values[i];
		}
		return bytes;
	}

	static byte[] closeBody(int code, byte... reason) {
		byte[] body = Arrays.copyOf(bytes(code >> 8, code), 2 + reason.length);
		System.arraycopy(reason, 0, body, 2, reason.length);
		return body;
	}

	static {
		for (int rsv : new int[] {0x40, 0x20, 0x10, 0x70}) {
			for (int opcode : new int[] {1, 2, 8, 9, 10}) {
				refused("reserved bits " + Integer.toHexString(rsv) + " with opcode " + opcode, s -> s.frame(0x80 | rsv | opcode, bytes(3, 0xE8)));
			}
		}
		for (int opcode : new int[] {3, 4, 5, 6, 7, 11, 12, 13, 14, 15}) {
			refused("opcode " + opcode, s -> s.frame(0x80 | opcode));
		}
		for (int opcode : new int[] {1, 2, 8, 9, 10}) {
			refused("the other role's masking with opcode " + opcode, s -> s.otherMasking(0x80 | opcode, bytes(3, 0xE8)));
		}
		refused("the other role's masking in a continuation", s -> s.frame(0x01, bytes('a')).otherMasking(0x80, bytes('b')));
		for (int length : new int[] {0, 1, 125}) {
			refused("length " + length + " in 16 bits", s -> s.head(0x82, 126, length, 2).payload(length));
		}
		for (int length : new int[] {0, 125, 126, 65_535}) {
			refused("length " + length + " in 64 bits", s -> s.head(0x82, 127, length, 8).payload(length));
		}
		refused("a negative length", s -> s.head(0x82, 127, -1, 8));
		refused("the highest bit of a length", s -> s.head(0x82, 127, Long.MIN_VALUE, 8));
		tooBig("a frame one byte too long, its head alone", s -> s.head(0x82, 127, FRAME + 1, 8));
		tooBig("2^31-1 announced", s -> s.head(0x82, 127, Integer.MAX_VALUE, 8));
		tooBig("2^31 announced", s -> s.head(0x82, 127, 1L << 31, 8));
		tooBig("2^32 announced", s -> s.head(0x81, 127, 1L << 32, 8));
		tooBig("2^63-1 announced", s -> s.head(0x02, 127, Long.MAX_VALUE, 8));
		for (int length : new int[] {0, 1, 2, 3, 4, 5, 124, 125, 126, 127, 128, 65_535, FRAME}) {
			fine("binary of " + length, s -> s.frame(0x82, pattern(length)).message(pattern(length)));
			fine("text of " + length, s -> s.frame(0x81, utf8("x".repeat(length))).message("x".repeat(length)));
		}
		controls();
		fragments();
		texts();
		closes();
		refused("what came before a broken frame arrives", s -> s.frame(0x81, utf8("a")).frame(0x82, bytes(1)).frame(0x01, utf8("b")).frame(0x80, utf8("c"))
				.frame(0x83).frame(0x81, utf8("never")).message("a").message(bytes(1)).message("bc"));
		tooBig("what came before a frame too big arrives", s -> s.frame(0x82, bytes(1, 2)).head(0x82, 127, 1 << 20, 8).message(bytes(1, 2)));
		notUtf8("what came before a bad text arrives", s -> s.frame(0x82, bytes(9)).frame(0x81, bytes(0xFF)).frame(0x82, bytes(8)).message(bytes(9)));
	}

	static void controls() {
		for (int length : new int[] {0, 1, 4, 125}) {
			fine("ping of " + length, s -> {
				s.frame(0x89, pattern(length));
				s.pongs.add(pattern(length));
			});
			fine("pong of " + length + " nobody asked for", s -> {
				s.frame(0x8A, pattern(length));
				s.pongsSeen = 1;
			});
		}
		fine("ping between the fragments of a message", s -> {
			s.frame(0x01, utf8("a")).frame(0x89, utf8("p")).frame(0x80, utf8("b")).message("ab");
			s.pongs.add(utf8("p"));
		});
		fine("ten pings at once", s -> {
			for (int i = 0; i < 10; i++) {
				s.frame(0x89, bytes(i));
				s.pongs.add(bytes(i));
			}
		});
		for (int opcode : new int[] {8, 9, 10}) {
			refused("control frame " + opcode + " of 126", s -> s.frame(0x80 | opcode, new byte[126]));
			refused("control frame " + opcode + " of 65 536", s -> s.head(0x80 | opcode, 127, 65_536, 8));
			refused("control frame " + opcode + " without FIN", s -> s.frame(opcode, bytes(3, 0xE8)));
			refused("control frame " + opcode + " without FIN inside a message", s -> s.frame(0x02, bytes(1)).frame(opcode, bytes(3, 0xE8)));
		}
		fine("as many control frames as allowed", s -> {
			for (int i = 0; i < 19; i++) { // one more asks whether it is still open
				s.frame(0x8A);
			}
			s.pongsSeen = 19;
		});
		CASES.add(new Case("more control frames than allowed", s -> {
			for (int i = 0; i < 60; i++) {
				s.frame(0x8A);
			}
		}, 1008, WebSocketEnding.Kind.PROTOCOL, 1008));
	}

	static void fragments() {
		fine("text in two", s -> s.frame(0x01, utf8("Hel")).frame(0x80, utf8("lo")).message("Hello"));
		fine("binary in three", s -> s.frame(0x02, bytes(1)).frame(0x00, bytes(2, 3)).frame(0x80, bytes(4)).message(bytes(1, 2, 3, 4)));
		fine("an empty first fragment", s -> s.frame(0x02).frame(0x80, bytes(1)).message(bytes(1)));
		fine("an empty last fragment", s -> s.frame(0x02, bytes(1)).frame(0x80).message(bytes(1)));
		fine("empty fragments alone", s -> s.frame(0x01).frame(0x00).frame(0x80).message(""));
		fine("two messages in fragments", s -> s.frame(0x01, utf8("a")).frame(0x80, utf8("b")).frame(0x02, bytes(1)).frame(0x80, bytes(2))
				.message("ab").message(bytes(1, 2)));
		fine("as many fragments as allowed", s -> {
			for (int i = 0; i < FRAGMENTS; i++) {
				s.frame(i == 0 ? 0x02 : i == FRAGMENTS - 1 ? 0x80 : 0x00, bytes(i));
			}
			s.message(pattern(FRAGMENTS));
		});
		fine("a message as long as allowed", s -> s.frame(0x02, new byte[50_000]).frame(0x80, new byte[50_000]).message(new byte[MESSAGE]));
		tooBig("one fragment too many", s -> {
			for (int i = 0; i <= FRAGMENTS; i++) {
				s.frame(i == 0 ? 0x02 : i == FRAGMENTS ? 0x80 : 0x00, bytes(i));
			}
		});
		tooBig("endless empty fragments", s -> {
			s.frame(0x01);
			for (int i = 0; i < 1000; i++) {
				s.frame(0x00);
			}
		});
		tooBig("a message one byte too long", s -> s.frame(0x02, new byte[50_000]).frame(0x80, new byte[50_001]));
		tooBig("a message too long on the head of its last fragment", s -> s.frame(0x02, new byte[60_000]).head(0x00, 126, 60_000, 2));
		refused("a continuation of nothing", s -> s.frame(0x80, bytes(1)));
		refused("a continuation of nothing, to be continued", s -> s.frame(0x00, bytes(1)));
		refused("a continuation of a whole message", s -> s.frame(0x82, bytes(1)).frame(0x80, bytes(2)).message(bytes(1)));
		refused("a continuation after the last one", s -> s.frame(0x02, bytes(1)).frame(0x80, bytes(2)).frame(0x80, bytes(3)).message(bytes(1, 2)));
		for (int opcode : new int[] {1, 2}) {
			refused("begin " + opcode + " inside a message", s -> s.frame(0x01, utf8("a")).frame(0x80 | opcode, utf8("b")));
			refused("begin " + opcode + " in fragments inside a message", s -> s.frame(0x02, bytes(1)).frame(opcode, bytes(2)));
		}
	}

	static void texts() {
		for (int codePoint : new int[] {0, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFD, 0xFFFF, 0x10000, 0x10FFFF}) {
			String text = "<" + Character.toString(codePoint) + ">";
			fine("code point " + Integer.toHexString(codePoint), s -> s.frame(0x81, utf8(text)).message(text));
		}
		byte[] euro = utf8("\u20ac");
		fine("a character in two fragments", s -> s.frame(0x01, euro[0]).frame(0x80, euro[1], euro[2]).message("\u20ac"));
		fine("a character in three fragments", s -> s.frame(0x01, euro[0]).frame(0x00, euro[1]).frame(0x80, euro[2]).message("\u20ac"));
		fine("bytes that are no text, as binary", s -> s.frame(0x82, bytes(0xFF, 0xFE, 0x80)).message(bytes(0xFF, 0xFE, 0x80)));
		int[][] broken = {{0x80}, {0xBF}, {0xC0, 0xAF}, {0xC1, 0xBF}, {0xC3}, {0xC3, 0x28}, {0xE0, 0x80, 0xAF}, {0xE0, 0x9F, 0xBF}, {0xE2, 0x82}, {0xE2, 0x28, 0xA1},
				{0xE2, 0x82, 0x28}, {0xED, 0xA0, 0x80}, {0xED, 0xBF, 0xBF}, {0xF0, 0x80, 0x80, 0xAF}, {0xF0, 0x8F, 0xBF, 0xBF}, {0xF0, 0x9F, 0x92},
				{0xF0, 0x9F, 0x28, 0xA9}, {0xF4, 0x90, 0x80, 0x80}, {0xF5, 0x80, 0x80, 0x80}, {0xF8, 0x88, 0x80, 0x80, 0x80}, {0xFE}, {0xFF}};
		for (int[] bad : broken) {
			notUtf8("text " + Arrays.toString(bad), s -> s.frame(0x81, bytes(bad)));
		}
		notUtf8("a broken character in two fragments", s -> s.frame(0x01, bytes(0xC3)).frame(0x80, bytes(0x28)));
		notUtf8("a character that is not finished in fragments", s -> s.frame(0x01, euro[0]).frame(0x80, euro[1]));
	}

	static void closes() {
		closes("an empty close", 1000, 1005, s -> s.frame(0x88));
		for (int code : new int[] {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999}) {
			closes("close " + code, code, code, s -> s.frame(0x88, closeBody(code, utf8("r"))));
		}
		closes("a reason of 123 bytes", 1000, 1000, s -> s.frame(0x88, closeBody(1000, utf8("x".repeat(123)))));
		closes("data after a close", 1000, 1000, s -> s.frame(0x82, bytes(1)).frame(0x88, closeBody(1000)).frame(0x82, bytes(2)).message(bytes(1)));
		closes("a broken frame after a close", 1000, 1000, s -> s.frame(0x88, closeBody(1000)).frame(0xFF, bytes(2)));
		closes("a close inside a message", 1001, 1001, s -> s.frame(0x01, utf8("a")).frame(0x88, closeBody(1001)));
		for (int code : new int[] {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535}) {
			refused("close " + code, s -> s.frame(0x88, closeBody(code)));
		}
		refused("a close of one byte", s -> s.frame(0x88, bytes(3)));
		notUtf8("a reason that is no text", s -> s.frame(0x88, closeBody(1000, bytes(0xC3, 0x28))));
		notUtf8("a reason that is not finished", s -> s.frame(0x88, closeBody(1000, bytes(0xE2, 0x82))));
	}

	static byte[] pattern(int length) {
		byte[] bytes = new byte[length];
		for (int i = 0; i < length; i++) {
			bytes[i] = (byte) i;
		}
		return bytes;
	}

	static Stream<Run> runs() {
		return CASES.stream().flatMap(c -> Stream.of(new Run(c, true, false), new Run(c, false, false), new Run(c, true, true), new Run(c, false, true)))
				.filter(run -> !run.drip || size(run) < 2_000); // the long ones say nothing new
	}

	static int size(Run run) {
		Script script = new Script(!run.client);
		run.that.play.on(script);
		return script.bytes.size();
	}

	static WebSockets sockets;
	static WebSocketServer server;
	static RawPeer.Port port;
	static final LinkedBlockingQueue<Recorder> ACCEPTED = new LinkedBlockingQueue<>();

	@BeforeAll
	static void create() throws Exception {
		sockets = WebSockets.create(WebSocketOptions.defaults().limits(LIMITS));
		server = sockets.listen(WebSocketServerOptions.onLoopback(0), request -> {
			Recorder recorder = new Recorder();
			ACCEPTED.add(recorder);
			return HttpAnswer.accept(recorder);
		});
		port = new RawPeer.Port();
	}

	@AfterAll
	static void close() throws Exception {
		sockets.close();
		port.close();
	}

	@ParameterizedTest
	@MethodSource("runs")
	void frames_are_taken_or_refused(Run run) throws Exception {
		Script script = new Script(!run.client);
		run.that.play.on(script);
		Recorder us = new Recorder();
		if (run.client) {
			sockets.connect(WebSocketRequest.to(port.uri()), us);
		}
		try (RawPeer peer = run.client ? port.upgrade() : RawPeer.client(server)) {
			if (!run.client) {
				us = ACCEPTED.poll(10, TimeUnit.SECONDS);
			}
			byte[] bytes = script.bytes.toByteArray();
			try {
				if (run.drip) {
					peer.drip(bytes);
				} else {
					peer.write(bytes);
				}
			} catch (java.net.SocketException e) {
				assertThat(run.that.answer).as("only a refused peer loses its socket").isNotZero();
			}
			for (byte[] expected : script.messages) {
				assertThat(us.next().payload()).isEqualTo(expected);
			}
			if (run.that.answer == 0) {
				stillOpen(peer, script, us, run);
			} else {
				assertThat(peer.closeCode()).isEqualTo(run.that.answer);
				assertThat(us.ending().kind()).isEqualTo(run.that.kind);
				assertThat(us.ending().code()).isEqualTo(run.that.kind == WebSocketEnding.Kind.CLOSED_BY_PEER ? run.that.endingCode : run.that.answer);
			}
			assertThat(us.messages).isEmpty();
		}
	}

	private static void stillOpen(RawPeer peer, Script script, Recorder us, Run run) throws Exception {
		for (byte[] expected : script.pongs) {
			RawPeer.Frame pong = peer.read();
			assertThat(pong.opcode()).isEqualTo(Frames.PONG);
			assertThat(pong.masked()).isEqualTo(run.client);
			assertThat(pong.payload()).isEqualTo(expected);
		}
		peer.write(peer.frame(0x89, utf8("still here?")));
		assertThat(new String(peer.read().payload(), StandardCharsets.UTF_8)).isEqualTo("still here?");
		for (int i = 0; i < script.pongsSeen; i++) {
			assertThat(us.pongs.poll(10, TimeUnit.SECONDS)).isNotNull();
		}
		assertThat(us.closings).hasValue(0);
		us.open().close(1000, "");
		assertThat(peer.closeCode()).isEqualTo(1000);
	}
}
