package dcl.transport.websocket;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The head of an HTTP message and what RFC 6455, section 4, has it hold, read with regular expressions. Written apart from the engine's
 * own reader, to be compared with it.
 */
final class ReferenceHead {

	private static final Pattern LINE = Pattern.compile("([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*", Pattern.DOTALL);
	private static final Pattern CONTROL = Pattern.compile("[\\x00-\\x08\\x0A-\\x1F\\x7F]");

	enum Kind {
		/** The end of the head has not come. */
		MORE,
		TOO_LONG,
		/** Not what HTTP allows, or not what the upgrade asks for. */
		WRONG,
		/** A whole and right head that is no upgrade: a request to answer, or a refusal. */
		PLAIN,
		UPGRADE
	}

	final Kind kind;
	/** Bytes up to the end of the head. */
	final int length;
	String first = "";
	private final List<String[]> fields = new ArrayList<>();

	private ReferenceHead(byte[] wire, int bound, boolean answer, String accept, List<String> offered) {
		String text = new String(wire, StandardCharsets.ISO_8859_1);
		int end = text.indexOf("\r\n\r\n");
		length = end < 0 ? wire.length : end + 4;
		if (end < 0 || length > bound) {
			kind = wire.length >= bound ? Kind.TOO_LONG : Kind.MORE;
			return;
		}
		List<String> lines = Arrays.asList(text.substring(0, end).split("\r\n", -1));
		first = lines.get(0);
		boolean sound = !first.contains("\t") && !CONTROL.matcher(first).find();
		for (String line : lines.subList(1, lines.size())) {
			Matcher matcher = LINE.matcher(line);
			sound &= matcher.matches() && !CONTROL.matcher(line).find();
			if (sound) {
				fields.add(new String[] {matcher.group(1), matcher.group(2)});
			}
		}
		kind = !sound ? Kind.WRONG : answer ? answer(accept, offered) : request();
	}

	static ReferenceHead answer(byte[] wire, int bound, String accept, List<String> offered) {
		return new ReferenceHead(wire, bound, true, accept, offered);
	}

	static ReferenceHead request(byte[] wire, int bound) {
		return new ReferenceHead(wire, bound, false, "", List.of());
	}

	List<String> all(String name) {
		return fields.stream().filter(f -> f[0].equalsIgnoreCase(name)).map(f -> f[1]).toList();
	}

	private List<String> list(String name) {
		return all(name).stream().flatMap(v -> Arrays.stream(v.split("[ \t]*,[ \t]*"))).filter(v -> !v.isBlank()).toList();
	}

	private boolean lists(String name, String element) {
		return list(name).stream().anyMatch(element::equalsIgnoreCase);
	}

	int status() {
		return Integer.parseInt(first.substring(9, 12));
	}

	/** Returns whether so many seconds, or -1 for none, are what the head says; of dates it only knows that they have letters. */
	boolean saysRetryAfter(int seconds) {
		List<String> all = all("Retry-After");
		String value = all.isEmpty() ? "" : all.get(0);
		if (value.matches("[0-9]{1,18}")) {
			return seconds == Math.min(86_400, Long.parseLong(value));
		}
		return seconds == -1 || seconds >= 0 && seconds <= 86_400 && value.matches("(?s).*[A-Za-z].*");
	}

	private Kind answer(String accept, List<String> offered) {
		if (!first.matches("(?s)HTTP/1\\.[01] [1-5][0-9][0-9]( .*)?")) {
			return Kind.WRONG;
		}
		if (status() != 101) {
			return Kind.PLAIN;
		}
		List<String> protocol = all("Sec-WebSocket-Protocol");
		return first.startsWith("HTTP/1.1 ") && lists("Upgrade", "websocket") && lists("Connection", "upgrade")
				&& all("Sec-WebSocket-Accept").equals(List.of(accept)) && all("Sec-WebSocket-Extensions").isEmpty()
				&& (protocol.isEmpty() || protocol.size() == 1 && (protocol.get(0).isEmpty() || offered.contains(protocol.get(0)))) ? Kind.UPGRADE
						: Kind.WRONG;
	}

	private Kind request() {
		boolean upgrade = lists("Upgrade", "websocket");
		boolean sound = first.matches((upgrade ? "GET" : "(GET|HEAD|POST)") + " /[^ ]* HTTP/1\\.1") && all("Host").size() == 1
				&& all("Transfer-Encoding").isEmpty()
				&& all("Content-Length").stream().allMatch("0"::equals)
				&& list("Sec-WebSocket-Protocol").stream().allMatch(p -> p.matches("[!#$%&'*+.^_`|~0-9A-Za-z-]+"));
		if (!sound || !upgrade) {
			return sound ? Kind.PLAIN : Kind.WRONG;
		}
		List<String> key = all("Sec-WebSocket-Key");
		return lists("Connection", "upgrade") && all("Sec-WebSocket-Version").equals(List.of("13")) && key.size() == 1
				&& key.get(0).matches("[A-Za-z0-9+/]{22}==") ? Kind.UPGRADE : Kind.WRONG;
	}
}
