package dcl.transport.roomserver.internal;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

import dcl.transport.rfc5.MalformedWsPacketException;
import dcl.transport.rfc5.WsPacket;
import dcl.transport.websocket.Payloads;
import dcl.transport.websocket.PreparedMessage;
import dcl.transport.websocket.SendMode;
import dcl.transport.websocket.SendResult;
import dcl.transport.websocket.WebSocketConnection;

/** A connection that keeps what is sent, and whose queue a test can fill. */
final class FakeConnection implements WebSocketConnection {

	final List<WsPacket> sent = new ArrayList<>();
	final List<SendMode> modes = new ArrayList<>();
	long queuedBytes;
	SendResult reliable = SendResult.ACCEPTED;
	SendResult lossy = SendResult.ACCEPTED;
	boolean paused;
	int code;
	String reason = "";

	@Override
	public SendResult send(byte[] payload, SendMode mode) {
		SendResult result = code != 0 ? SendResult.NOT_OPEN : mode == SendMode.RELIABLE ? reliable : lossy;
		if (result == SendResult.ACCEPTED) {
			try {
				sent.add(WsPacket.decode(payload));
				modes.add(mode);
			} catch (MalformedWsPacketException e) {
				throw new AssertionError(e);
			}
		}
		return result;
	}

	@Override
	public SendResult send(PreparedMessage message, SendMode mode) {
		return send(Payloads.of(message), mode);
	}

	@Override
	public SendResult send(String text, SendMode mode) {
		throw new AssertionError("a room server sends no text");
	}

	@Override
	public SendResult ping(byte[] payload) {
		throw new AssertionError("pings are the engine's");
	}

	@Override
	public long queuedBytes() {
		return queuedBytes;
	}

	@Override
	public long droppedMessages() {
		return 0;
	}

	@Override
	public void pauseReading() {
		paused = true;
	}

	@Override
	public void resumeReading() {
		paused = false;
	}

	@Override
	public void close(int with, String why) {
		if (code == 0) {
			code = with;
			reason = why;
		}
	}

	@Override
	public void abort() {
		close(1006, "");
	}

	@Override
	public InetSocketAddress remoteAddress() {
		return InetSocketAddress.createUnresolved("test", 1);
	}

	@Override
	public String subprotocol() {
		return "rfc5";
	}
}
