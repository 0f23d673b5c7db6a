package dcl.transport.websocket;

/** Makes foreign text fit for a log line. */
final class Text {

	private static final int MAX_CHARS = 200;

	private Text() {
	}

	/** Returns what a failure and the root of it say. */
	static String causes(Throwable failure) {
		Throwable root = failure;
		for (int i = 0; i < 10 && root.getCause() != null; i++) {
			root = root.getCause();
		}
		String first = line(failure.getMessage());
		String last = line(root.getMessage());
		return first.contains(last) ? first : first + ": " + last;
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
