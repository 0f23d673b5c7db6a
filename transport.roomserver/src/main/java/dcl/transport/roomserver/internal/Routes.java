package dcl.transport.roomserver.internal;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import dcl.transport.websocket.HttpAnswer;
import dcl.transport.websocket.HttpRequest;
import dcl.transport.websocket.WebSocketAcceptor;

/**
 * What is behind which path: rooms, logins, and what ws-room-service tells about itself.
 * <p>
 * A room's name is the one segment after {@code /rooms/}, or {@code /mini-comms/} as in the SDK's preview, with its percent-escapes decoded
 * as UTF-8. Both lead to the same room.
 */
final class Routes implements WebSocketAcceptor {

	static final String ROOMS = "/rooms/";
	static final String JSON = "application/json";

	private static final List<String> PREFIXES = List.of(ROOMS, "/mini-comms/");
	private static final int MOST_NAME_CHARS = 255;
	private static final int MOST_DETAILS_BYTES = HttpAnswer.MAX_BODY_BYTES - 4_096;
	/** The sub-protocols that clients offer; in a browser the connection fails unless one of those offered is answered. */
	private static final List<String> SUBPROTOCOLS = List.of("rfc5", "rfc4");

	private final Environment environment;
	private final Logins logins;
	private final String version;

	Routes(Environment environment, String version) {
		this.environment = environment;
		this.logins = new Logins(environment);
		this.version = version;
	}

	@Override
	public HttpAnswer answer(HttpRequest request) {
		if (request.path().startsWith(Logins.PATH)) {
			return logins.answer(request, request.path().substring(Logins.PATH.length()));
		}
		if (request.method().equals("POST")) {
			return HttpAnswer.reply(405, "logins are at " + Logins.PATH + "{name}").header("Allow", "GET, HEAD");
		}
		Optional<String> segment = PREFIXES.stream().filter(request.path()::startsWith).map(prefix -> request.path().substring(prefix.length()))
				.filter(rest -> !rest.isEmpty() && rest.indexOf('/') < 0).findFirst();
		if (request.isUpgrade() && segment.isPresent()) {
			return room(request, segment.get());
		}
		return switch (request.path()) {
			case "/status", "/rooms/status" -> HttpAnswer.reply(200, JSON, utf8(status()));
			case "/health/live" -> HttpAnswer.reply(200, "alive");
			default -> segment.isPresent()
					? HttpAnswer.reply(426, "a room is a WebSocket")
					: HttpAnswer.reply(404, "rooms are at " + ROOMS + "{name}, logins at " + Logins.PATH + "{name}");
		};
	}

	private HttpAnswer room(HttpRequest request, String segment) {
		Optional<String> name = name(segment);
		if (name.isEmpty()) {
			return HttpAnswer.reply(400, "a room's name has 1 to " + MOST_NAME_CHARS
					+ " characters, percent-encoded UTF-8, without slashes and control characters");
		}
		if (!environment.pending().hasRoom(request.remoteAddress().getAddress())) {
			return HttpAnswer.reply(503, "too many connections are logging in").header("Retry-After", "1");
		}
		String subprotocol = SUBPROTOCOLS.stream().filter(request.subprotocols()::contains).findFirst().orElse("");
		return HttpAnswer.accept(new Session(environment, name.get(), request.remoteAddress().getAddress()), subprotocol);
	}

	/** Returns the name that a path segment stands for, if it is one. */
	static Optional<String> name(String segment) {
		ByteBuffer bytes = ByteBuffer.allocate(segment.length());
		for (int i = 0; i < segment.length(); i++) {
			char c = segment.charAt(i);
			if (c == '%') {
				int high = i + 2 < segment.length() ? Character.digit(segment.charAt(i + 1), 16) : -1;
				int low = i + 2 < segment.length() ? Character.digit(segment.charAt(i + 2), 16) : -1;
				if (high < 0 || low < 0) {
					return Optional.empty();
				}
				bytes.put((byte) (high << 4 | low));
				i += 2;
			} else if (c < 0x80) {
				bytes.put((byte) c);
			} else {
				return Optional.empty();
			}
		}
		try {
			String name = StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
			boolean good = !name.isEmpty() && name.length() <= MOST_NAME_CHARS && name.chars().noneMatch(c -> c == '/' || Character.isISOControl(c));
			return good ? Optional.of(name) : Optional.empty();
		} catch (CharacterCodingException e) {
			return Optional.empty();
		}
	}

	/** The members of ws-room-service's status; {@code details} stops where the answer would be too long. */
	String status() {
		Map<String, Integer> sizes = environment.rooms().sizes();
		StringBuilder json = new StringBuilder(256).append("{\"version\":").append(quoted(version))
				.append(",\"currentTime\":").append(environment.clock().millis())
				.append(",\"commitHash\":\"\",\"users\":").append(sizes.values().stream().mapToInt(Integer::intValue).sum())
				.append(",\"rooms\":").append(sizes.size()).append(",\"details\":[");
		String separator = "";
		int bytes = 0;
		for (Map.Entry<String, Integer> room : sizes.entrySet()) {
			String detail = separator + "{\"roomName\":" + quoted(room.getKey()) + ",\"count\":" + room.getValue() + "}";
			bytes += detail.getBytes(StandardCharsets.UTF_8).length;
			if (bytes > MOST_DETAILS_BYTES) {
				break;
			}
			json.append(detail);
			separator = ",";
		}
		return json.append("]}").toString();
	}

	static byte[] utf8(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	/** Names have no control characters, nor have our own words, so this is all that JSON wants. */
	static String quoted(String text) {
		return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
	}
}
