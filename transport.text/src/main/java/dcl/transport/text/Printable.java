package dcl.transport.text;

/** Makes what others wrote fit for a terminal. Stateless. */
public final class Printable {

	/** The longest text, in characters (code points). */
	public static final int MAX = 4_096;

	private Printable() {
	}

	/**
	 * Returns a text whose characters all show: control characters (so no ANSI sequence survives), formatting ones (so none that turns the
	 * direction of writing), line ends, lone surrogates, private and unassigned ones become <code>&#92;u{hex}</code>; what exceeds {@link #MAX}
	 * characters becomes "…".
	 */
	public static String of(String text) {
		StringBuilder printable = new StringBuilder(Math.min(text.length(), MAX));
		text.codePoints().limit(MAX).forEach(c -> {
			switch (Character.getType(c)) {
				case Character.CONTROL :
				case Character.FORMAT :
				case Character.SURROGATE :
				case Character.PRIVATE_USE :
				case Character.UNASSIGNED :
				case Character.LINE_SEPARATOR :
				case Character.PARAGRAPH_SEPARATOR :
					printable.append("\\u{").append(Integer.toHexString(c)).append('}');
					break;
				default :
					printable.appendCodePoint(c);
			}
		});
		return printable.append(text.codePointCount(0, text.length()) > MAX ? "…" : "").toString();
	}
}
