package dcl.transport.websocket;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/** The parser of frames alone, on random splits and random bytes. */
@Timeout(60)
class FrameReaderTest {

	static final class Log implements FrameReader.Sink {

		final List<String> lines = new ArrayList<>();
		int broken;

		@Override
		public void message(byte[] payload, boolean text) {
			lines.add((text ? "text " : "binary ") + payload.length + " " + java.util.Arrays.hashCode(payload));
		}

		@Override
		public void pinged(byte[] payload) {
			lines.add("ping " + payload.length + " " + java.util.Arrays.hashCode(payload));
		}

		@Override
		public void ponged(byte[] payload) {
			lines.add("pong " + payload.length + " " + java.util.Arrays.hashCode(payload));
		}

		@Override
		public void peerClosed(int code, String reason) {
			lines.add("close " + code + " " + reason);
		}

		@Override
		public void broken(WebSocketEnding.Kind kind, int code, String detail) {
			lines.add("broken " + kind + " " + code + " " + detail);
			broken++;
		}
	}

	static FrameReader reader(Log log, boolean client) {
		return new FrameReader(log, client, FramesTest.LIMITS);
	}

	static List<String> parse(byte[] bytes, boolean client, Random random) {
		Log log = new Log();
		FrameReader reader = reader(log, client);
		for (int at = 0; at < bytes.length;) {
			int part = random == null ? bytes.length : Math.min(bytes.length - at, 1 + random.nextInt(random.nextInt(4) == 0 ? 3_000 : 20));
			reader.read(ByteBuffer.wrap(bytes, at, part));
			at += part;
		}
		assertThat(log.broken).isLessThanOrEqualTo(1);
		return log.lines;
	}

	@RepeatedTest(50)
	void any_split_gives_the_same(RepetitionInfo repetition) {
		Random random = new Random(repetition.getCurrentRepetition());
		boolean client = random.nextBoolean();
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		int fragments = 0;
		for (int i = 0; i < 60; i++) {
			byte[] payload = new byte[random.nextInt(4) == 0 ? random.nextInt(5_000) : random.nextInt(130)];
			random.nextBytes(payload);
			switch (random.nextInt(5)) {
				case 0 -> bytes.writeBytes(RawPeer.frame(0x89, java.util.Arrays.copyOf(payload, Math.min(125, payload.length)), !client));
				case 1 -> bytes.writeBytes(RawPeer.frame(0x8A, new byte[payload.length % 126], !client));
				default -> {
					boolean fin = random.nextInt(3) > 0 || fragments > 10;
					bytes.writeBytes(RawPeer.frame((fin ? 0x80 : 0) | (fragments > 0 ? 0 : 2), payload, !client));
					fragments = fin ? 0 : fragments + 1;
				}
			}
		}
		if (random.nextBoolean()) {
			bytes.writeBytes(RawPeer.frame(0x83, new byte[3], !client)); // and something broken at the end
		}
		List<String> whole = parse(bytes.toByteArray(), client, null);
		assertThat(whole).hasSizeGreaterThan(20);
		assertThat(parse(bytes.toByteArray(), client, random)).isEqualTo(whole);
	}

	@RepeatedTest(20)
	void random_bytes_break_it_once_and_in_the_same_place(RepetitionInfo repetition) {
		Random random = new Random(repetition.getCurrentRepetition());
		for (int i = 0; i < 500; i++) {
			boolean client = random.nextBoolean();
			byte[] bytes = new byte[1 + random.nextInt(300)];
			random.nextBytes(bytes);
			for (int k = 0; k < bytes.length; k += 1 + random.nextInt(8)) { // often enough a frame that may be
				bytes[k] = (byte) (random.nextBoolean() ? 0x80 | random.nextInt(11) : random.nextInt(16));
			}
			assertThat(parse(bytes, client, random)).isEqualTo(parse(bytes, client, null));
		}
	}
}
