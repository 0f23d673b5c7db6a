package dcl.transport.simulator.internal;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A simulator's connection string, taken apart: {@code [<name>|file:<path>][?]<name>=<value>&…}. What stands before the question mark is the name of a
 * behaviour, or {@code file:} and a path; without a question mark it is parameters if there is an equals sign in it, as it was in the first web explorer.
 *
 * @param target     {@code ""}, a name, or {@code file:} and a path, decoded
 * @param parameters in their order, decoded
 */
record Query(String target, Map<String, String> parameters) {

	static final String FILE = "file:";

	private static final int MAX_PARAMETERS = 64;

	static Query parse(String params) {
		int mark = params.indexOf('?');
		boolean bare = mark < 0 && params.indexOf('=') >= 0 && !params.startsWith(FILE);
		String target = bare ? "" : mark < 0 ? params : params.substring(0, mark);
		String query = bare ? params : mark < 0 ? "" : params.substring(mark + 1);
		return new Query(decode("what stands before the question mark", target, false), parameters(query));
	}

	private static Map<String, String> parameters(String query) {
		Map<String, String> parameters = new LinkedHashMap<>();
		int number = 0;
		for (String part : query.split("&", -1)) {
			if (part.isEmpty()) {
				continue;
			}
			number++;
			if (number > MAX_PARAMETERS) {
				throw new Invalid("parameters", "at most " + MAX_PARAMETERS + " expected");
			}
			int equals = part.indexOf('=');
			String where = "parameter " + number;
			String name = decode(where, equals < 0 ? part : part.substring(0, equals), true);
			if (name.isEmpty()) {
				throw new Invalid(where, "a name expected before the equals sign");
			}
			if (parameters.putIfAbsent(name, equals < 0 ? "" : decode(where, part.substring(equals + 1), true)) != null) {
				throw new Invalid(where + ", '" + name + "'", "given once expected, it is there before");
			}
		}
		return parameters;
	}

	/** In a path a plus is a plus. */
	private static String decode(String where, String text, boolean plus) {
		try {
			return URLDecoder.decode(plus ? text : text.replace("+", "%2B"), StandardCharsets.UTF_8);
		} catch (IllegalArgumentException e) {
			throw new Invalid(where, "two hexadecimal digits after each percent sign expected");
		}
	}

	/** Returns the place of a parameter in words. The registry blackens what it finds of the connection string in a message, so there is a number too. */
	String where(String name) {
		int number = 1;
		for (String one : parameters.keySet()) {
			if (one.equals(name)) {
				break;
			}
			number++;
		}
		return "parameter " + number + ", '" + name + "'";
	}
}
