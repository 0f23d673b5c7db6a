package dcl.transport.registry.internal;

import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;

/** Turns whatever foreign code throws into our one exception, without keeping any of its classes alive. */
final class Failures {

	private static final int MAX_TEXT = 512;

	private Failures() {
	}

	/**
	 * Returns a new exception with the same code and words. Made anew even if it is ours already: an exception remembers the classes on the stack it
	 * was made on.
	 */
	static TransportException own(Throwable failure, String who) {
		Throwable bare = unwrap(failure);
		if (bare instanceof TransportException ours) {
			String message = plain(ours.getMessage());
			Throwable cause = ours.getCause();
			String text = cause == null ? message : message + " (" + describe(cause) + ")";
			return ours.retryAfter().map(wait -> new TransportException(ours.code(), text, wait)).orElseGet(() -> new TransportException(ours.code(), text));
		}
		return new TransportException(Code.INTERNAL, who + " failed: " + describe(bare));
	}

	static Throwable unwrap(Throwable failure) {
		Throwable bare = failure;
		while ((bare instanceof CompletionException || bare instanceof ExecutionException) && bare.getCause() != null) {
			bare = bare.getCause();
		}
		return bare;
	}

	private static String describe(Throwable failure) {
		return failure.getMessage() == null ? failure.getClass().getName() : failure.getClass().getName() + ": " + plain(failure.getMessage());
	}

	/** Returns a text fit for a log line: bounded, and without control and formatting characters, which may come from a remote side. */
	static String plain(String text) {
		if (text == null) {
			return "";
		}
		StringBuilder plain = new StringBuilder(Math.min(text.length(), MAX_TEXT));
		text.codePoints().limit(MAX_TEXT).forEach(c -> {
			int type = Character.getType(c);
			boolean odd = type == Character.CONTROL || type == Character.FORMAT || type == Character.SURROGATE || type == Character.LINE_SEPARATOR
					|| type == Character.PARAGRAPH_SEPARATOR || type == Character.UNASSIGNED;
			plain.appendCodePoint(odd ? '\uFFFD' : c);
		});
		return plain.append(text.codePointCount(0, text.length()) > MAX_TEXT ? "…" : "").toString();
	}
}
