package dcl.transport.livekit.internal;

import java.net.InetSocketAddress;

import com.google.protobuf.InvalidProtocolBufferException;
import dcl.transport.livekit.internal.proto.SignalRequest;
import dcl.transport.livekit.internal.proto.SignalResponse;
import dcl.transport.websocket.SendMode;
import dcl.transport.websocket.SendResult;
import dcl.transport.websocket.WebSocketConnection;
import dcl.transport.websocket.WebSocketEnding;
import dcl.transport.websocket.WebSocketListener;
import dcl.transport.websocket.WebSocketRequest;
import dcl.transport.websocket.WebSocketStep;
import dcl.transport.websocket.WebSockets;

/** One signalling socket: protobuf over WebSocket. Once given up it says nothing more. All on the link's thread, which is the engine's executor. */
final class Signalling implements WebSocketListener {

	private static final int NORMAL_CLOSURE = 1000;

	/** Called on the link's thread. */
	interface Owner {

		void step(String name, String detail);

		void opened(Signalling from);

		void message(Signalling from, SignalResponse message);

		/** Something came that is no message. */
		void garbage(Signalling from, String what);

		/** It ended, and nobody had given it up. */
		void lost(Signalling from, WebSocketEnding ending);

		/** A socket that was closed politely is gone. */
		void gone();
	}

	private final Owner owner;
	private final String target;
	private WebSocketConnection socket;
	private boolean open;
	private boolean givenUp;
	private boolean closing;

	/** @param target what it will try, for people */
	Signalling(Owner owner, String target) {
		this.owner = owner;
		this.target = target;
	}

	void connect(WebSockets engine, WebSocketRequest request) {
		socket = engine.connect(request, this);
	}

	/** Returns whether it was taken; one that is not is lost with its socket, whose end follows. */
	boolean send(SignalRequest message) {
		return open && socket.send(message.toByteArray(), SendMode.RELIABLE) == SendResult.ACCEPTED;
	}

	/** Cuts it. */
	void giveUp() {
		givenUp = true;
		socket.abort();
	}

	/** Closes it politely. */
	void close() {
		closing = true;
		socket.close(NORMAL_CLOSURE, "");
	}

	@Override
	public void step(WebSocketConnection connection, WebSocketStep step) {
		if (givenUp) {
			return;
		}
		switch (step) {
			case TCP -> owner.step("tcp", target);
			case PROXY -> owner.step("proxy", connectedTo(connection));
			case TLS -> owner.step("tls", connectedTo(connection));
			case UPGRADE -> owner.step("upgrade", connectedTo(connection));
			default -> { } // names are looked up by the context
		}
	}

	private static String connectedTo(WebSocketConnection connection) {
		InetSocketAddress remote = connection.remoteAddress();
		return remote.getAddress().getHostAddress() + " port " + remote.getPort();
	}

	@Override
	public void opened(WebSocketConnection connection) {
		open = true;
		if (!givenUp && !closing) {
			owner.opened(this);
		}
	}

	@Override
	public void message(WebSocketConnection connection, byte[] payload, boolean text) {
		if (givenUp || closing) {
			return;
		}
		if (text) {
			owner.garbage(this, "a binary message expected, a text message came");
			return;
		}
		SignalResponse message;
		try {
			message = SignalResponse.parseFrom(payload);
		} catch (InvalidProtocolBufferException e) {
			owner.garbage(this, "a SignalResponse expected, " + payload.length + " bytes came that are none");
			return;
		}
		owner.message(this, message);
	}

	@Override
	public void closed(WebSocketConnection connection, WebSocketEnding ending) {
		open = false;
		if (closing) {
			owner.gone();
		} else if (!givenUp) {
			owner.lost(this, ending);
		}
	}
}
