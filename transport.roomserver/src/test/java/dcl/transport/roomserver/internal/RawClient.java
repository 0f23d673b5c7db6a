package dcl.transport.roomserver.internal;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;

import dcl.transport.Identity;
import dcl.transport.rfc5.WsPacket;

/** A client on a bare socket, that reads when the test says so and costs no thread. Binary messages of at most 65,535 bytes. */
final class RawClient implements AutoCloseable {

	private final Socket socket;
	private final DataInputStream in;
	private final OutputStream out;

	/** @param receiveBufferBytes of the operating system; 0 for its own choice */
	RawClient(URI url, int receiveBufferBytes) throws IOException {
		socket = new Socket();
		if (receiveBufferBytes > 0) {
			socket.setReceiveBufferSize(receiveBufferBytes);
		}
		socket.setTcpNoDelay(true);
		socket.setSoTimeout((int) Client.LIMIT.toMillis());
		socket.connect(new InetSocketAddress(url.getHost(), url.getPort()));
		in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 65_536));
		out = socket.getOutputStream();
		out.write(("GET " + url.getRawPath() + " HTTP/1.1\r\nHost: " + url.getHost() + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
				+ "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
		StringBuilder head = new StringBuilder();
		while (head.indexOf("\r\n\r\n") < 0) {
			head.append((char) in.readUnsignedByte());
		}
		if (!head.toString().startsWith("HTTP/1.1 101 ")) {
			throw new IOException(head.toString());
		}
	}

	/** Logs in and returns the own alias. */
	static RawClient join(URI url, Identity identity, int receiveBufferBytes) throws Exception {
		RawClient client = new RawClient(url, receiveBufferBytes);
		client.send(new WsPacket.Identification(identity.address().value()).encode());
		WsPacket.Challenge challenge = (WsPacket.Challenge) client.take();
		client.send(new WsPacket.SignedChallenge(Client.sign(identity, challenge.challengeToSign()).toJson()).encode());
		WsPacket.Welcome welcome = (WsPacket.Welcome) client.take();
		client.alias = welcome.alias();
		return client;
	}

	int alias;

	void send(byte[] payload) throws IOException {
		int header = payload.length < 126 ? 6 : 8;
		byte[] frame = new byte[header + payload.length];
		frame[0] = (byte) 0x82;
		if (header == 6) {
			frame[1] = (byte) (0x80 | payload.length);
		} else {
			frame[1] = (byte) 0xFE;
			frame[2] = (byte) (payload.length >> 8);
			frame[3] = (byte) payload.length;
		}
		System.arraycopy(payload, 0, frame, header, payload.length); // the mask is zero
		out.write(frame);
	}

	WsPacket take() throws Exception {
		return WsPacket.decode(takeBytes());
	}

	/** Takes the next binary message; pings are left unanswered. */
	byte[] takeBytes() throws IOException {
		for (;;) {
			int opcode = in.readUnsignedByte() & 0xF;
			int length = in.readUnsignedByte();
			if (length == 126) {
				length = in.readUnsignedShort();
			} else if (length == 127) {
				throw new IOException("a frame of more than 65,535 bytes");
			}
			byte[] payload = in.readNBytes(length);
			if (payload.length < length || opcode == 8) {
				throw new EOFException("closed");
			}
			if (opcode == 2) {
				return payload;
			}
		}
	}

	/** Cuts the connection. */
	@Override
	public void close() throws IOException {
		socket.close();
	}
}
