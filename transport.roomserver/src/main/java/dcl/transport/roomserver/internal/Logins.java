package dcl.transport.roomserver.internal;

import java.net.InetAddress;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.regex.Pattern;

import dcl.transport.websocket.HttpAnswer;
import dcl.transport.websocket.HttpRequest;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The signed-login endpoint: {@code POST /login/{name}}, signed as ADR-44 says, answers the connection string of that room. The room asks
 * for a challenge all the same, so what is answered is no secret.
 */
final class Logins {

	static final String PATH = "/login/";

	/** What ADR-180 demands of a login, so that no request that a scene signed can be used as one. */
	private static final String INTENT = "dcl:explorer:comms-handshake";
	private static final String SIGNER = "dcl:explorer";

	private static final Logger LOG = LoggerFactory.getLogger(Logins.class);
	/** What may stand in a path (RFC 3986, 3.3). */
	private static final Pattern SEGMENT = Pattern.compile("[A-Za-z0-9._~!$&'()*+,;=:@%-]+");
	private static final Pattern HOST = Pattern.compile("([A-Za-z0-9.-]{1,253}|\\[[0-9a-fA-F:.]{2,45}])(:[0-9]{1,5})?");
	private static final int BUSY_SECONDS = 1;
	private static final int FULL_SECONDS = 10;

	private final Environment environment;

	Logins(Environment environment) {
		this.environment = environment;
	}

	/**
	 * Answers a login.
	 *
	 * @param segment what follows {@link #PATH}
	 */
	HttpAnswer answer(HttpRequest request, String segment) {
		if (!request.method().equals("POST")) {
			return error(405, "a login is a POST").header("Allow", "POST");
		}
		Optional<String> name = SEGMENT.matcher(segment).matches() ? Routes.name(segment) : Optional.empty();
		if (name.isEmpty()) {
			return error(400, "a room's name is one path segment of 1 to 255 characters, percent-encoded");
		}
		InetAddress remote = request.remoteAddress().getAddress();
		if (!environment.pending().add(remote)) {
			return busy();
		}
		CompletableFuture<HttpAnswer> answer = new CompletableFuture<>();
		try {
			environment.verifiers().execute(() -> {
				try {
					answer.complete(decide(request, name.get(), segment));
				} catch (RuntimeException | Error e) {
					LOG.error("{}: verifying a login failed", remote, e);
					answer.complete(error(500, "the server failed"));
				} finally {
					environment.pending().remove(remote);
				}
			});
		} catch (RejectedExecutionException e) {
			environment.pending().remove(remote);
			return busy();
		}
		return HttpAnswer.later(answer);
	}

	private HttpAnswer decide(HttpRequest request, String room, String segment) {
		Instant now = environment.clock().instant();
		try {
			SignedFetch.Unverified unverified = SignedFetch.read(request.method(), request.path(), request::header, now);
			if (environment.replays().knows(unverified.claimedOwner(), unverified.payload(), unverified.stampMillis())) {
				throw replay(); // without the work of verifying it again
			}
			SignedFetch fetch = unverified.verify(now);
			if (!fetch.intent().equals(INTENT) || !fetch.signer().equals(SIGNER)) {
				throw new SignedFetch.Refused(400, "Invalid metadata: the intent '" + INTENT + "' of the signer '" + SIGNER + "' expected");
			}
			Replays.Verdict verdict = environment.replays().take(fetch.owner().value(), fetch.payload(), unverified.stampMillis(),
					now.toEpochMilli());
			if (verdict == Replays.Verdict.REPLAY) {
				throw replay();
			}
			if (verdict == Replays.Verdict.TOO_MANY) {
				return busy();
			}
			Optional<String> obstacle = environment.rooms().obstacle(room, fetch.owner().value());
			if (obstacle.isPresent()) {
				return error(503, obstacle.get()).header("Retry-After", Integer.toString(FULL_SECONDS));
			}
			LOG.debug("{} logged in to {}", fetch.owner(), room);
			return HttpAnswer.reply(200, Routes.JSON, Routes.utf8("{\"fixedAdapter\":\"ws-room:ws://" + host(request) + Routes.ROOMS
					+ segment + "\"}"));
		} catch (SignedFetch.Refused e) {
			LOG.debug("{}: login refused: {}", request.remoteAddress(), e.getMessage());
			return error(e.status(), e.getMessage());
		}
	}

	private static SignedFetch.Refused replay() {
		return new SignedFetch.Refused(401, "Invalid signature: this request was made before");
	}

	/** By the name the client came with, since behind a forwarded port, or on all interfaces, only the client knows it. */
	private static String host(HttpRequest request) {
		return request.header("Host").filter(host -> HOST.matcher(host).matches()).orElse("127.0.0.1");
	}

	private static HttpAnswer busy() {
		return error(503, "too many connections are logging in").header("Retry-After", Integer.toString(BUSY_SECONDS));
	}

	/** As the reference middleware words it. */
	private static HttpAnswer error(int status, String message) {
		return HttpAnswer.reply(status, Routes.JSON, Routes.utf8("{\"ok\":false,\"message\":" + Routes.quoted(message) + "}"));
	}
}
