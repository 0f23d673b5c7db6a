package dcl.transport.websocket;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;

import org.java_websocket.WebSocket;
import org.java_websocket.WebSocketAdapter;
import org.java_websocket.WebSocketImpl;
import org.java_websocket.handshake.Handshakedata;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Java-WebSocket's side of a connection: it makes and checks the keys of the handshake, and makes close frames. Used by the loop alone. */
final class Core {

	private static final Logger LOG = LoggerFactory.getLogger(Core.class);

	/** All that matters comes through the draft. */
	private static final class Quiet extends WebSocketAdapter {

		@Override
		public void onWebsocketMessage(WebSocket conn, String message) {
		}

		@Override
		public void onWebsocketMessage(WebSocket conn, ByteBuffer blob) {
		}

		@Override
		public void onWebsocketOpen(WebSocket conn, Handshakedata d) {
		}

		@Override
		public void onWebsocketClose(WebSocket ws, int code, String reason, boolean remote) {
		}

		@Override
		public void onWebsocketClosing(WebSocket ws, int code, String reason, boolean remote) {
		}

		@Override
		public void onWebsocketCloseInitiated(WebSocket ws, int code, String reason) {
		}

		@Override
		public void onWebsocketError(WebSocket conn, Exception ex) {
			LOG.warn("Java-WebSocket reports an error: {}", ex.toString());
		}

		@Override
		public void onWriteDemand(WebSocket conn) {
		}

		@Override
		public InetSocketAddress getLocalSocketAddress(WebSocket conn) {
			return null;
		}

		@Override
		public InetSocketAddress getRemoteSocketAddress(WebSocket conn) {
			return null;
		}
	}

	private static final Quiet QUIET = new Quiet();

	private final WebSocketImpl impl;
	private final StrictDraft draft;

	Core(StrictDraft draft, boolean client) {
		this.draft = draft;
		impl = client ? new WebSocketImpl(QUIET, draft) : new WebSocketImpl(QUIET, List.of(draft));
	}

	WebSocketImpl impl() {
		return impl;
	}

	/** Reads frames. */
	void read(ByteBuffer in) {
		draft.read(impl, in);
	}

	/** Reads nothing more. */
	void stop() {
		draft.stop();
	}

	/** Returns the frame that closes. */
	ByteBuffer closeFrame(int code, String reason) {
		impl.close(code, code == 1007 && reason.isEmpty() ? "expected UTF-8" : reason); // Java-WebSocket refuses a bare 1007
		return impl.outQueue.remove();
	}
}
