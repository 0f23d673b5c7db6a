package dcl.transport.rfc5;

/** Bytes that are not a {@code WsPacket}. It carries no stack trace, so that garbage from the network stays cheap to refuse. */
public final class MalformedWsPacketException extends Exception {

	private static final long serialVersionUID = 1L;

	MalformedWsPacketException(String message, Throwable cause) {
		super(message, cause, false, false);
	}
}
