package dcl.transport.hotdeploy.internal;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

import dcl.transport.hotdeploy.Rule;

/**
 * The main section of a manifest and the headers in it (JAR File Specification, "Notes on Manifest and Signature Files"; OSGi Core 8, 3.2). Stricter than
 * frameworks are, which differ in what they make of oddities: what is odd is refused.
 */
final class Headers {

	/** One part of a header: {@code path;path;attribute=value;directive:=value}. Attributes keep their type: {@code name:Type}. */
	record Clause(List<String> paths, Map<String, String> attributes, Map<String, String> directives) {
	}

	private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,69}");
	private static final Pattern PARAMETER = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]*");
	private static final Pattern TYPE = Pattern.compile("(String|Version|Long|Double|List(<(String|Version|Long|Double)>)?)");
	private static final int MAX_HEADER = 1 << 18;
	private static final int MAX_CLAUSES = 2_000;
	/** Of one clause; each is compared with all before it. */
	private static final int MAX_PARAMETERS = 200;

	private Headers() {
	}

	/** Returns the headers of the main section; their names in any case. */
	static Map<String, String> of(byte[] manifest) throws Refusal {
		String text;
		try {
			text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(manifest)).toString();
		} catch (CharacterCodingException e) {
			// a line may be folded in the middle of a character, which decodes only when it is unfolded
			text = unfolded(manifest);
		}
		Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
		String name = null;
		StringBuilder value = new StringBuilder();
		for (String line : text.split("\r?\n", -1)) {
			if (line.startsWith(" ") && name != null) {
				value.append(line, 1, line.length());
				continue;
			}
			put(headers, name, value);
			if (line.isEmpty()) {
				return headers;
			}
			int colon = line.indexOf(": ");
			if (colon < 0 || !NAME.matcher(line.substring(0, colon)).matches()) {
				throw new Refusal(Rule.NOT_A_BUNDLE, "a line of the manifest that is no header: '" + line + "'");
			}
			name = line.substring(0, colon);
			value.setLength(0);
			value.append(line, colon + 2, line.length());
		}
		throw new Refusal(Rule.NOT_A_BUNDLE, "the manifest does not end its main section with an empty line");
	}

	private static String unfolded(byte[] manifest) throws Refusal {
		byte[] joined = new byte[manifest.length];
		int length = 0;
		for (int i = 0; i < manifest.length; i++) {
			boolean crlf = manifest[i] == '\r' && i + 2 < manifest.length && manifest[i + 1] == '\n' && manifest[i + 2] == ' ';
			boolean lf = manifest[i] == '\n' && i + 1 < manifest.length && manifest[i + 1] == ' ';
			if (crlf || lf) {
				i += crlf ? 2 : 1;
			} else {
				joined[length++] = manifest[i];
			}
		}
		try {
			return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(joined, 0, length)).toString();
		} catch (CharacterCodingException e) {
			throw new Refusal(Rule.NOT_A_BUNDLE, "the manifest is not UTF-8");
		}
	}

	private static void put(Map<String, String> headers, String name, StringBuilder value) throws Refusal {
		if (name == null) {
			return;
		}
		if (value.length() > MAX_HEADER) {
			throw new Refusal(Rule.TOO_LARGE, "a header of more than " + MAX_HEADER + " characters: " + name);
		}
		if (value.chars().anyMatch(c -> c < ' ' && c != '\t' || c == 0x7f)) {
			throw new Refusal(Rule.NOT_A_BUNDLE, "a control character in the header " + name);
		}
		if (headers.put(name, value.toString()) != null) {
			throw new Refusal(Rule.UNSAFE, "the same header twice, of which readers would take one or the other: " + name);
		}
	}

	/** Takes a header apart; "" has no clauses. */
	static List<Clause> clauses(String name, String header) throws Refusal {
		List<Clause> clauses = new ArrayList<>();
		if (header.isBlank()) {
			return clauses;
		}
		for (String clause : split(name, header, ',')) {
			List<String> paths = new ArrayList<>();
			Map<String, String> attributes = new LinkedHashMap<>();
			Map<String, String> directives = new LinkedHashMap<>();
			for (String part : split(name, clause, ';')) {
				int equals = unquoted(part, '=');
				if (equals < 0) {
					paths.add(path(name, part, attributes.isEmpty() && directives.isEmpty()));
				} else {
					boolean directive = equals > 0 && part.charAt(equals - 1) == ':';
					String key = part.substring(0, directive ? equals - 1 : equals).trim();
					put(name, directive ? directives : attributes, key, value(name, part.substring(equals + 1).trim()));
				}
			}
			if (paths.isEmpty()) {
				throw wrong(name, "a clause names nothing: '" + clause + "'");
			}
			clauses.add(new Clause(List.copyOf(paths), attributes, directives));
			if (clauses.size() > MAX_CLAUSES) {
				throw new Refusal(Rule.TOO_LARGE, "more than " + MAX_CLAUSES + " clauses in " + name);
			}
		}
		return clauses;
	}

	private static String path(String header, String part, boolean first) throws Refusal {
		String path = part.trim();
		if (path.isEmpty() || !first || path.indexOf('"') >= 0) {
			throw wrong(header, "'" + part + "' is out of place");
		}
		return path;
	}

	private static void put(String header, Map<String, String> into, String key, String value) throws Refusal {
		int colon = key.indexOf(':');
		String bare = colon < 0 ? key : key.substring(0, colon).trim();
		if (!PARAMETER.matcher(bare).matches() || colon >= 0 && !TYPE.matcher(key.substring(colon + 1).trim()).matches()) {
			throw wrong(header, "'" + key + "' is no name of an attribute or directive");
		}
		String plain = colon < 0 ? bare : bare + ":" + key.substring(colon + 1).trim();
		if (into.size() >= MAX_PARAMETERS) {
			throw new Refusal(Rule.TOO_LARGE, "more than " + MAX_PARAMETERS + " attributes or directives in one clause of " + header);
		}
		String typed = bare + ":";
		boolean twice = into.keySet().stream().anyMatch(other -> other.equals(bare) || other.startsWith(typed));
		if (twice || into.put(plain, value) != null) {
			throw wrong(header, "'" + bare + "' stands twice in one clause");
		}
	}

	private static String value(String header, String text) throws Refusal {
		if (!text.startsWith("\"")) {
			if (text.isEmpty() || text.indexOf('"') >= 0) {
				throw wrong(header, "a value is missing or badly quoted: '" + text + "'");
			}
			return text;
		}
		StringBuilder value = new StringBuilder();
		for (int i = 1; i < text.length(); i++) {
			char c = text.charAt(i);
			if (c == '"') {
				if (i + 1 < text.length()) {
					break;
				}
				return value.toString();
			}
			if (c == '\\' && i + 1 < text.length() && (text.charAt(i + 1) == '"' || text.charAt(i + 1) == '\\')) {
				i++;
				// a list keeps the mark of what is not a separator
				value.append(text.charAt(i));
			} else {
				value.append(c);
			}
		}
		throw wrong(header, "a quoted value does not end where it should: " + text);
	}

	private static List<String> split(String header, String text, char separator) throws Refusal {
		List<String> parts = new ArrayList<>();
		boolean quoted = false;
		int begin = 0;
		for (int i = 0; i < text.length(); i++) {
			char c = text.charAt(i);
			if (c == '\\' && quoted) {
				i++;
			} else if (c == '"') {
				quoted = !quoted;
			} else if (c == separator && !quoted) {
				parts.add(text.substring(begin, i));
				begin = i + 1;
			}
		}
		if (quoted) {
			throw wrong(header, "a quotation does not end");
		}
		parts.add(text.substring(begin));
		return parts;
	}

	private static int unquoted(String text, char wanted) {
		int quote = text.indexOf('"');
		int at = text.indexOf(wanted);
		return quote >= 0 && at > quote ? -1 : at;
	}

	private static Refusal wrong(String header, String how) {
		return new Refusal(Rule.NOT_A_BUNDLE, "the header " + header + " is wrong: " + how);
	}

	/** Lower case, for comparing names of files. */
	static String lower(String text) {
		return text.toLowerCase(Locale.ROOT);
	}
}
