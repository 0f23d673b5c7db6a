package dcl.transport.hotdeploy.internal;

import dcl.transport.text.Printable;

/** Foreign text as it may be logged and shown. */
final class Texts {

	private static final int MAX = 1_000;

	private Texts() {
	}

	/** Spells out what does not show; cuts what is long. */
	static String printable(String text) {
		String shown = Printable.of(text);
		return shown.codePointCount(0, shown.length()) <= MAX ? shown : shown.substring(0, shown.offsetByCodePoints(0, MAX)) + "…";
	}

	/** What an exception says, or else what it is. */
	static String of(Throwable failure) {
		Throwable root = failure;
		for (int depth = 0; root.getCause() != null && root.getCause() != root && depth < 10; depth++) {
			root = root.getCause();
		}
		String message = message(failure);
		return root == failure ? message : message + ": " + message(root);
	}

	private static String message(Throwable failure) {
		String message = failure.getMessage();
		String name = failure.getClass().getSimpleName();
		return printable(message == null || message.isBlank() ? name : name + ": " + message);
	}
}
