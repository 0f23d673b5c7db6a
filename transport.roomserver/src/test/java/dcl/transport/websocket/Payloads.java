package dcl.transport.websocket;

/** Lets a fake connection see what a prepared message holds, which is nobody else's business. */
public final class Payloads {

	private Payloads() {
	}

	/** Returns the payload. */
	public static byte[] of(PreparedMessage message) {
		return message.payload();
	}
}
