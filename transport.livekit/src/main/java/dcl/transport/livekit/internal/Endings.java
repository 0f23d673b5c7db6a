package dcl.transport.livekit.internal;

import java.time.Duration;

import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.websocket.WebSocketEnding;

/** What the ends of sockets, and LiveKit's reasons, mean for a link. */
final class Endings {

	// LiveKit's DisconnectReason, as far as one is told apart here.
	static final int CLIENT_INITIATED = 1;
	static final int DUPLICATE_IDENTITY = 2;
	static final int SERVER_SHUTDOWN = 3;
	static final int PARTICIPANT_REMOVED = 4;
	static final int ROOM_DELETED = 5;
	static final int STATE_MISMATCH = 6;
	static final int JOIN_FAILURE = 7;
	static final int SIGNAL_CLOSE = 9;
	static final int ROOM_CLOSED = 10;
	static final int CONNECTION_TIMEOUT = 14;
	static final int MEDIA_FAILURE = 15;

	private Endings() {
	}

	/** Returns what a reason to leave says to a participant who was in the room. */
	static Disconnection disconnection(int reason) {
		Reason ours = switch (reason) {
			case DUPLICATE_IDENTITY, PARTICIPANT_REMOVED -> Reason.KICKED;
			case STATE_MISMATCH, JOIN_FAILURE, SIGNAL_CLOSE, CONNECTION_TIMEOUT, MEDIA_FAILURE -> Reason.LOST;
			default -> Reason.SERVER;
		};
		return new Disconnection(ours, words(reason));
	}

	/** Returns what a reason to leave says to a participant who was not in the room yet. */
	static TransportException refusal(int reason) {
		Code code = switch (reason) {
			case DUPLICATE_IDENTITY, PARTICIPANT_REMOVED -> Code.REFUSED;
			case SERVER_SHUTDOWN, ROOM_DELETED, ROOM_CLOSED -> Code.BUSY;
			case STATE_MISMATCH, JOIN_FAILURE, SIGNAL_CLOSE, CONNECTION_TIMEOUT, MEDIA_FAILURE -> Code.UNREACHABLE;
			default -> Code.REFUSED;
		};
		return new TransportException(code, "the server sent us away before we were in the room: " + words(reason));
	}

	private static String words(int reason) {
		return switch (reason) {
			case CLIENT_INITIATED -> "CLIENT_INITIATED";
			case DUPLICATE_IDENTITY -> "DUPLICATE_IDENTITY";
			case SERVER_SHUTDOWN -> "SERVER_SHUTDOWN";
			case PARTICIPANT_REMOVED -> "PARTICIPANT_REMOVED";
			case ROOM_DELETED -> "ROOM_DELETED";
			case STATE_MISMATCH -> "STATE_MISMATCH";
			case JOIN_FAILURE -> "JOIN_FAILURE";
			case 8 -> "MIGRATION";
			case SIGNAL_CLOSE -> "SIGNAL_CLOSE";
			case ROOM_CLOSED -> "ROOM_CLOSED";
			case CONNECTION_TIMEOUT -> "CONNECTION_TIMEOUT";
			case MEDIA_FAILURE -> "MEDIA_FAILURE";
			case 16 -> "AGENT_ERROR";
			case 0 -> "UNKNOWN_REASON";
			default -> "reason " + reason;
		};
	}

	/**
	 * Returns why the room was not entered.
	 *
	 * @param told       the detail of the ending, without secrets
	 * @param waitingFor what joining had come to
	 */
	static TransportException failure(WebSocketEnding ending, String told, String waitingFor) {
		String detail = told + ", waiting for " + waitingFor;
		return switch (ending.kind()) {
			case REFUSED -> refused(ending, told);
			case UNREACHABLE, DNS, LOST -> new TransportException(Code.UNREACHABLE, detail);
			case TLS -> new TransportException(Code.TLS, detail);
			case TIMEOUT, HALF_OPEN, WRITE_STALL -> new TransportException(Code.TIMEOUT, detail);
			case PROTOCOL, TOO_BIG -> new TransportException(Code.PROTOCOL, detail);
			case CLOSED_BY_PEER -> new TransportException(Code.UNREACHABLE, detail);
			case ENGINE_CLOSED -> new TransportException(Code.PROVIDER_GONE, detail);
			case CLOSED_BY_US -> new TransportException(Code.NOT_CONNECTED, detail);
			default -> new TransportException(Code.INTERNAL, detail);
		};
	}

	private static TransportException refused(WebSocketEnding ending, String detail) {
		int status = ending.httpStatus();
		if (status == 429 || status == 503) {
			return ending.retryAfterSeconds().isPresent()
					? new TransportException(Code.BUSY, detail, Duration.ofSeconds(ending.retryAfterSeconds().getAsInt()))
					: new TransportException(Code.BUSY, detail);
		}
		if (status >= 500) {
			return new TransportException(Code.UNREACHABLE, detail);
		}
		if (status == 401 || status == 403) {
			return new TransportException(Code.REFUSED, detail + ": the server does not accept the access token, or not that its bearer brings "
					+ "metadata or attributes (canUpdateOwnMetadata)");
		}
		if (status == 404) {
			return new TransportException(Code.REFUSED, detail + ": there is no such room, or the server is too old to have /rtc/v1");
		}
		return new TransportException(status >= 400 ? Code.REFUSED : Code.PROTOCOL, detail);
	}
}
