package dcl.transport.itest.websocket;

import java.nio.charset.StandardCharsets;

import dcl.transport.websocket.SendMode;
import dcl.transport.websocket.SendResult;
import dcl.transport.websocket.WebSocketConnection;
import dcl.transport.websocket.WebSocketEnding;
import dcl.transport.websocket.WebSocketListener;

/** Sends back what it gets. */
class Echo implements WebSocketListener {

	@Override
	public void message(WebSocketConnection connection, byte[] payload, boolean text) {
		SendResult result = text ? connection.send(new String(payload, StandardCharsets.UTF_8), SendMode.RELIABLE)
				: connection.send(payload, SendMode.RELIABLE);
		if (result != SendResult.ACCEPTED && result != SendResult.NOT_OPEN) {
			connection.close(1011, "an echo was refused: " + result); // so that the other side misses it for a reason
		}
	}

	@Override
	public void closed(WebSocketConnection connection, WebSocketEnding ending) {
		// nothing to give back
	}
}
