package dcl.transport.cli.internal;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;

/**
 * What to do about a login that failed, from the step, the code and our own words. Words decide only where a code stands for several things to do: the
 * HTTP status, and what the JDK says of a certificate.
 */
final class Advice {

	private static final Pattern STATUS = Pattern.compile("\\bHTTP/1\\.[01] ([1-5][0-9][0-9])\\b");

	private Advice() {
	}

	/** Returns one sentence or two, never empty. */
	static String on(String step, TransportException failure) {
		String words = failure.getMessage();
		return switch (step) {
			case "resolve" -> resolve(failure);
			case "dns" -> words.contains("not on the public internet")
					? "The service that sent us there named a private address: its configuration is wrong, or it is up to something."
					: "Check the spelling of the host, and that the name is known here: getent hosts <name>, or nslookup <name>.";
			case "tcp" -> tcp(failure);
			case "tls" -> tls(failure);
			case "upgrade" -> upgrade(failure);
			case "request" -> request(failure);
			case "challenge" -> challenge(failure);
			case "sign" -> "The key did not sign: nothing was sent. Send us the detail above.";
			case "welcome" -> welcome(failure);
			default -> STATUS.matcher(words).find() ? upgrade(failure) : general(failure);
		};
	}

	private static String resolve(TransportException failure) {
		return switch (failure.code()) {
			case NO_PROVIDER -> "Check the type, which stands before the first colon; comms providers lists those installed. A missing one is added as a bundle.";
			case INVALID_PARAMS -> "Write <type>:<params> as the type wants it, for instance ws-room:wss://example.org/rooms/lobby.";
			case PROTOCOL -> "The service sent us on too often, in a circle, or to where nobody is sent: its configuration is wrong.";
			default -> general(failure);
		};
	}

	private static String tcp(TransportException failure) {
		String words = failure.getMessage();
		if (failure.code() == Code.TIMEOUT) {
			return "Nobody answers at that address: the machine is off, or a firewall drops what we send. Check address and port.";
		}
		return words.contains("refused") ? "Nothing listens at that port: check the port, and that the server runs and listens on that address."
				: "There is no way to that address from here: check the network, the routes, and IPv4 against IPv6.";
	}

	private static String tls(TransportException failure) {
		String words = failure.getMessage();
		if (failure.code() == Code.TIMEOUT) {
			return "The port is open and says nothing in TLS: check the port, or write ws:// if the server has no TLS.";
		}
		if (words.contains("No subject alternative") || words.contains("No name matching")) {
			return "The certificate is for another name: use the name it was made for, or have it made anew with this one.";
		}
		if (words.contains("validity check") || words.contains("NotAfter") || words.contains("NotBefore") || words.contains("expired")) {
			return "The certificate has expired or is not valid yet: renew it, and compare the clocks of both machines.";
		}
		if (words.contains("PKIX") || words.contains("certification path") || words.contains("trust anchor")) {
			return "Nobody trusted here has signed the certificate: serve the whole chain; for an authority of your own, COMMS_OPTS=-Djavax.net.ssl.trustStore=<file>.";
		}
		if (words.contains("unrecognized SSL message") || words.contains("plaintext")) {
			return "The port speaks no TLS: write ws:// if that is meant, or use the port that does.";
		}
		if (words.contains("protocol_version")) {
			return "The server has neither TLS 1.2 nor 1.3: update it.";
		}
		return "The server broke off TLS: check the port, its log, and whether it wants another host name or a client's certificate.";
	}

	private static String upgrade(TransportException failure) {
		Matcher status = STATUS.matcher(failure.getMessage());
		if (!status.find()) {
			return switch (failure.code()) {
				case TIMEOUT -> "The port is open and does not answer HTTP: check the port, or write wss:// if it wants TLS.";
				case PROTOCOL, UNREACHABLE -> "What answers is no WebSocket server: check host, port and path, and write wss:// if the port wants TLS.";
				default -> general(failure);
			};
		}
		return switch (Integer.parseInt(status.group(1))) {
			case 401 -> "The server wants a token: check that the connection string is whole, and fetch a new one if it is old.";
			case 403 -> "The server knows us and says no: this wallet or address may not come in. Ask who runs it.";
			case 404 -> "There is nothing at that path: check it. Rooms are mostly at /rooms/<name>.";
			case 429 -> "Too many requests: wait" + retryAfter(failure) + " and come back less often.";
			case 503 -> "The server is full, starting or under repair: wait" + retryAfter(failure) + ".";
			case 301, 302, 303, 307, 308 -> "The server sends us elsewhere, which is not followed: write the address it means.";
			case 200, 400, 426 -> "That is a web server's answer, not a room's: check the path.";
			default -> Integer.parseInt(status.group(1)) >= 500 ? "The server has a problem of its own: see its log, and that of the proxy before it."
					: "The server turns the request down: check the path, and the server's log.";
		};
	}

	private static String retryAfter(TransportException failure) {
		return failure.retryAfter().map(wait -> " " + wait.toSeconds() + " s").orElse(" a while");
	}

	/** The answer of a login service, whose words are in the detail. */
	private static String request(TransportException failure) {
		return switch (failure.code()) {
			case REFUSED -> "The login service says no, in its own words above: this wallet may not come in, a password is missing, or there is nothing at that path.";
			case BUSY -> "The login service wants us later: wait" + retryAfter(failure) + ".";
			case TIMEOUT -> "The login service did not answer in time: see its log, it may be overloaded.";
			case UNREACHABLE -> "The login service has a problem of its own, or cut the connection: see its log, and that of the proxy before it.";
			case PROTOCOL -> "What answers is no login service, or not this one's path: it should answer with fixedAdapter (ADR-180), and not with a redirect.";
			default -> general(failure);
		};
	}

	private static String challenge(TransportException failure) {
		return switch (failure.code()) {
			case TIMEOUT -> "A WebSocket opened and nothing was said: that is no ws-room, or the path is that of something else.";
			case PROTOCOL -> "What answers is no ws-room, or wants something else signed than a room's challenge, which was not done: check host and path.";
			default -> welcome(failure);
		};
	}

	private static String welcome(TransportException failure) {
		return switch (failure.code()) {
			case REFUSED -> "The server puts us out, in its own words above: a ban, or a proof it does not accept (compare the clocks).";
			case BUSY -> "The server wants us later, mostly since it is full: wait" + retryAfter(failure) + ".";
			case TIMEOUT -> "The server took the proof and did not answer in time: see its log, it may be overloaded.";
			case UNREACHABLE -> "The server cut the connection without a word: see its log; a full room and a refused proof can look like that.";
			case PROTOCOL -> "The server says something that is not ADR-105: check that it is a ws-room, and its version.";
			default -> general(failure);
		};
	}

	private static String general(TransportException failure) {
		return switch (failure.code()) {
			case INVALID_PARAMS -> "Check what stands behind the first colon; the README of the provider says what it takes.";
			case NO_IDENTITY -> "The service wants a signature and there is no key.";
			case REFUSED -> "The service says no: see the detail, and ask who runs it.";
			case UNREACHABLE -> "Check the address, the network, and that the service runs.";
			case TLS -> tls(failure);
			case BUSY -> "Wait" + retryAfter(failure) + " and try again.";
			case TIMEOUT -> "It took too long: check that the service runs, and the network.";
			case PROTOCOL -> "The service says something that the provider does not understand: check that it is the one meant, and the versions of both.";
			case PROVIDER_GONE -> "The provider was stopped or updated meanwhile: try again.";
			default -> "That looks like a defect of the provider: see its log, and report it with the detail above.";
		};
	}
}
