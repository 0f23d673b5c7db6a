package dcl.transport.websocket;

import java.nio.charset.StandardCharsets;

/** A listener that sends back what it gets. */
class Echo implements WebSocketListener {

	@Override
	public void message(WebSocketConnection connection, byte[] payload, boolean text) {
		if (text) {
			connection.send(new String(payload, StandardCharsets.UTF_8), SendMode.RELIABLE);
		} else {
			connection.send(payload, SendMode.RELIABLE);
		}
	}

	@Override
	public void closed(WebSocketConnection connection, WebSocketEnding ending) {
		// nothing to give back
	}
}
