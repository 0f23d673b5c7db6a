package dcl.transport.websocket;

/** Makes foreign text fit for a log line. */
final class Text {

	private static final int MAX_CHARS = 200;

	private Text() {
	}

	/** Returns one line without control characters, cut to 200 characters. */
	static String line(String text) {
		if (text == null) {
			return "";
		}
		StringBuilder line = new StringBuilder(Math.min(text.length(), MAX_CHARS));
		text.codePoints().limit(MAX_CHARS).map(c -> Character.isISOControl(c) ? ' ' : c).forEach(line::appendCodePoint);
		return line.toString();
	}
}
