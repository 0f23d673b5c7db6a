package dcl.transport.wsroom.internal;

import java.time.Duration;

import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.websocket.WebSocketEnding;

/** What the end of a socket means for a room: before the welcome a failure, after it a disconnection. */
final class Endings {

	// Close codes of rfc6455 section 7.4.1 and of its registry.
	private static final int GOING_AWAY = 1001;
	private static final int PROTOCOL_ERROR = 1002;
	private static final int UNACCEPTABLE = 1003;
	private static final int BAD_DATA = 1007;
	private static final int TOO_BIG = 1009;
	private static final int SERVER_ERROR = 1011;
	private static final int RESTART = 1012;
	private static final int TRY_LATER = 1013;

	private Endings() {
	}

	/**
	 * Returns why the room was not entered.
	 *
	 * @param waitingFor what the handshake had come to
	 */
	static TransportException beforeWelcome(WebSocketEnding ending, String waitingFor) {
		String detail = ending.detail() + ", waiting for " + waitingFor;
		return switch (ending.kind()) {
			case REFUSED -> refused(ending);
			case UNREACHABLE, DNS -> new TransportException(Code.UNREACHABLE, detail);
			case TLS -> new TransportException(Code.TLS, detail);
			case TIMEOUT, HALF_OPEN, WRITE_STALL -> new TransportException(Code.TIMEOUT, detail);
			case PROTOCOL, TOO_BIG -> new TransportException(Code.PROTOCOL, detail);
			// Some servers cut the wire where they mean "no", so nobody can tell that from a broken network, which is worth another try.
			case LOST -> new TransportException(Code.UNREACHABLE, detail);
			case CLOSED_BY_PEER -> closedEarly(ending, detail);
			case ENGINE_CLOSED -> new TransportException(Code.PROVIDER_GONE, detail);
			case CLOSED_BY_US -> new TransportException(Code.NOT_CONNECTED, detail);
			default -> new TransportException(Code.INTERNAL, detail);
		};
	}

	private static TransportException refused(WebSocketEnding ending) {
		int status = ending.httpStatus();
		String detail = ending.detail();
		if (status == 429 || status == 503) {
			return ending.retryAfterSeconds().isPresent()
					? new TransportException(Code.BUSY, detail, Duration.ofSeconds(ending.retryAfterSeconds().getAsInt()))
					: new TransportException(Code.BUSY, detail);
		}
		if (status >= 500) {
			return new TransportException(Code.UNREACHABLE, detail);
		}
		return new TransportException(status >= 400 ? Code.REFUSED : Code.PROTOCOL, detail);
	}

	private static TransportException closedEarly(WebSocketEnding ending, String detail) {
		return switch (ending.code()) {
			case GOING_AWAY, SERVER_ERROR, RESTART -> new TransportException(Code.UNREACHABLE, detail);
			case TRY_LATER -> new TransportException(Code.BUSY, detail);
			case PROTOCOL_ERROR, UNACCEPTABLE, BAD_DATA, TOO_BIG -> new TransportException(Code.PROTOCOL, detail);
			default -> new TransportException(Code.REFUSED, detail);
		};
	}

	/** Returns how a room that had been entered ended. */
	static Disconnection afterWelcome(WebSocketEnding ending) {
		return switch (ending.kind()) {
			case CLOSED_BY_PEER -> switch (ending.code()) {
				case PROTOCOL_ERROR, UNACCEPTABLE, BAD_DATA, TOO_BIG -> new Disconnection(Reason.PROTOCOL, ending.detail());
				default -> new Disconnection(Reason.SERVER, ending.detail());
			};
			case PROTOCOL, TOO_BIG -> new Disconnection(Reason.PROTOCOL, ending.detail());
			case ENGINE_CLOSED -> new Disconnection(Reason.PROVIDER_GONE, ending.detail());
			case CLOSED_BY_US -> new Disconnection(Reason.CLIENT, ending.detail());
			default -> new Disconnection(Reason.LOST, ending.detail());
		};
	}
}
