package dcl.transport.livekit.internal;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** What was logged, at debug and above, which the tests keep off the console: slf4j-simple writes to whatever System.err is. */
final class Logs {

	private static final ByteArrayOutputStream TEXT = new ByteArrayOutputStream();

	static {
		System.setErr(new PrintStream(TEXT, true, StandardCharsets.UTF_8));
	}

	private Logs() {
	}

	static void clear() {
		TEXT.reset();
	}

	static String text() {
		return TEXT.toString(StandardCharsets.UTF_8);
	}
}
