package dcl.transport.websocket;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;

import org.java_websocket.WebSocket;
import org.java_websocket.WebSocketAdapter;
import org.java_websocket.WebSocketImpl;
import org.java_websocket.drafts.Draft;
import org.java_websocket.drafts.Draft_6455;
import org.java_websocket.exceptions.InvalidHandshakeException;
import org.java_websocket.handshake.HandshakeImpl1Client;
import org.java_websocket.handshake.Handshakedata;
import org.java_websocket.protocols.Protocol;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Java-WebSocket's side of a connection: {@code WebSocketImpl} and a {@code Draft_6455} make and check the keys of the handshake. Used by the loop alone, and
 * dropped when the connection is open, since it is most of what an idle one would hold.
 */
final class Handshake {

	private static final Logger LOG = LoggerFactory.getLogger(Handshake.class);

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

	/** Gives the head to us alone: Java-WebSocket would write it, and the tokens in it, to its trace log. */
	private static final class Keys extends Draft_6455 {

		private final Consumer<Handshakedata> made;

		Keys(Consumer<Handshakedata> made, String subprotocol) {
			super(List.of(), List.of(new Protocol(subprotocol)));
			this.made = made;
		}

		/** {@code WebSocketImpl} asks for its own copy; each draft serves one connection as it is. */
		@Override
		public Draft copyInstance() {
			return this;
		}

		@Override
		public List<ByteBuffer> createHandshake(Handshakedata fields, boolean withContent) {
			made.accept(fields);
			return List.of();
		}
	}

	private static final Quiet QUIET = new Quiet();

	private final WebSocketImpl impl;

	private Handshake(Draft draft, boolean client) {
		impl = client ? new WebSocketImpl(QUIET, draft) : new WebSocketImpl(QUIET, List.of(draft));
	}

	/** @param head gets the fields of the request, with a key */
	static Handshake ofClient(Consumer<Handshakedata> head) {
		Handshake client = new Handshake(new Keys(head, ""), true);
		HandshakeImpl1Client plain = new HandshakeImpl1Client();
		plain.setResourceDescriptor("/"); // it sees neither the path nor our headers, so it cannot log them
		try {
			client.impl.startHandshake(plain);
		} catch (InvalidHandshakeException e) {
			throw new IllegalStateException(e);
		}
		return client;
	}

	/** @param head gets the fields of the answer, with the answer to the key */
	static Handshake ofServer(Consumer<Handshakedata> head, String subprotocol) {
		return new Handshake(new Keys(head, subprotocol), false);
	}

	/** Reads the part of the peer's head that has to do with keys; returns whether it is right. */
	boolean reads(String head) {
		impl.decode(ByteBuffer.wrap(head.getBytes(StandardCharsets.US_ASCII)));
		return impl.isOpen();
	}
}
