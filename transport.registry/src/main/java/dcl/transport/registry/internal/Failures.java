package dcl.transport.registry.internal;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import java.util.regex.Pattern;

import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportUri;

import static java.util.stream.Collectors.toSet;

/** Turns whatever foreign code throws or says into our words, without keeping any of its classes alive and without the secrets of a connection string. */
final class Failures {

	private static final int MAX_TEXT = 512;
	private static final int MAX_CAUSES = 4;

	/** The shortest part of a connection string that is taken for a secret when it turns up in a text. */
	private static final int MIN_SECRET = 8;
	private static final Pattern DELIMITERS = Pattern.compile("[/?#&=@:;,+\\s]+");

	private Failures() {
	}

	/** What stands in a log for something foreign that was thrown: its name, words and stack, but none of its classes. */
	private static final class Foreign extends Exception {

		private static final long serialVersionUID = 1L;

		private final String shown;

		Foreign(String shown, Throwable cause, StackTraceElement[] stack) {
			super(shown, cause);
			this.shown = shown;
			setStackTrace(stack);
		}

		@Override
		public String toString() {
			return shown;
		}
	}

	/**
	 * Returns a new exception with the same code and words. Made anew even if it is ours already: an exception remembers the classes on the stack it
	 * was made on.
	 */
	static TransportException own(Throwable failure, String who, TransportUri uri) {
		Throwable bare = unwrap(failure);
		if (bare instanceof TransportException ours) {
			String message = plain(ours.getMessage(), uri);
			Throwable cause = ours.getCause();
			String text = cause == null ? message : message + " (" + describe(cause, uri) + ")";
			return ours.retryAfter().map(wait -> new TransportException(ours.code(), text, wait)).orElseGet(() -> new TransportException(ours.code(), text));
		}
		return new TransportException(Code.INTERNAL, who + " failed: " + describe(bare, uri));
	}

	static Throwable unwrap(Throwable failure) {
		Throwable bare = failure;
		while ((bare instanceof CompletionException || bare instanceof ExecutionException) && bare.getCause() != null) {
			bare = bare.getCause();
		}
		return bare;
	}

	/** Returns something to log in place of a foreign exception: logs are kept, and the words may quote a connection string. */
	static Throwable forLog(Throwable failure, TransportUri uri) {
		return forLog(failure, uri, MAX_CAUSES);
	}

	private static Throwable forLog(Throwable failure, TransportUri uri, int depth) {
		Throwable cause = quietly(failure::getCause);
		StackTraceElement[] stack = quietly(failure::getStackTrace);
		return new Foreign(describe(failure, uri), cause == null || cause == failure || depth == 0 ? null : forLog(cause, uri, depth - 1),
				stack == null ? new StackTraceElement[0] : stack);
	}

	/** Returns the name and words of something thrown. */
	static String describe(Throwable failure, TransportUri uri) {
		String message = quietly(failure::getMessage);
		return message == null ? failure.getClass().getName() : failure.getClass().getName() + ": " + plain(message, uri);
	}

	/** An exception of foreign make may throw when asked. */
	private static <T> T quietly(Supplier<T> question) {
		try {
			return question.get();
		} catch (Throwable worse) { // foreign code; the name of the class has to do
			return null;
		}
	}

	/**
	 * Returns a text fit for a log line or a host: bounded, without control and formatting characters, which may come from a remote side, and without
	 * what the connection string keeps secret.
	 */
	static String plain(String text, TransportUri uri) {
		if (text == null) {
			return "";
		}
		String bounded = text.length() > 4 * MAX_TEXT ? wholeWords(text.substring(0, 4 * MAX_TEXT)) : text;
		return printable(text.length() < MIN_SECRET ? text : withoutSecrets(bounded, uri), text.length() > bounded.length());
	}

	/** Takes off the last word, which was cut in two and is recognised no longer. */
	private static String wholeWords(String text) {
		int end = text.length();
		while (end > 0 && !DELIMITERS.matcher(text).region(end - 1, end).matches()) {
			end--;
		}
		return text.substring(0, end);
	}

	private static String printable(String text, boolean cut) {
		StringBuilder plain = new StringBuilder(Math.min(text.length(), MAX_TEXT));
		text.codePoints().limit(MAX_TEXT).forEach(c -> {
			int type = Character.getType(c);
			boolean odd = type == Character.CONTROL || type == Character.FORMAT || type == Character.SURROGATE || type == Character.LINE_SEPARATOR
					|| type == Character.PARAGRAPH_SEPARATOR || type == Character.UNASSIGNED;
			plain.appendCodePoint(odd ? '\uFFFD' : c);
		});
		return plain.append(cut || text.codePointCount(0, text.length()) > MAX_TEXT ? "…" : "").toString();
	}

	/** Takes out every longer part of the params that {@link TransportUri#toString()} does not show, as it stands and decoded. */
	private static String withoutSecrets(String text, TransportUri uri) {
		String shown = uri.toString();
		Set<String> secrets = DELIMITERS.splitAsStream(uri.params()).collect(toSet());
		secrets.addAll(DELIMITERS.splitAsStream(decoded(uri.params())).collect(toSet()));
		secrets.removeIf(part -> part.length() < MIN_SECRET || shown.contains(part));
		String clean = text;
		for (String secret : secrets.stream().sorted(Comparator.comparingInt(String::length).reversed()).toList()) {
			clean = clean.replace(secret, "…");
		}
		return clean;
	}

	private static String decoded(String params) {
		try {
			return URLDecoder.decode(params, StandardCharsets.UTF_8);
		} catch (IllegalArgumentException notEncoded) {
			return params;
		}
	}
}
