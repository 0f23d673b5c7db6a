package dcl.transport.wsroom.internal;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import dcl.transport.rfc5.WsPacket;

/** A server on a bare socket that says whatever a scenario wants, in bytes. One connection, one thread. */
final class RawServer implements AutoCloseable {

	static final int BINARY = 2;
	static final int CLOSE = 8;
	static final int PING = 9;
	static final int PONG = 10;

	private static final int SOCKET_MILLIS = 10_000;

	/** What the server does with the connection; it is cut when this returns. */
	interface Scenario {

		void play(RawServer server) throws Exception;
	}

	private final ServerSocket listening;
	private final Thread thread;
	private volatile Socket socket;
	private DataInputStream in;
	private OutputStream out;
	String head = "";
	/** What the frame read last is. */
	int opcode;
	volatile Throwable failure;

	RawServer(Scenario scenario) throws IOException {
		listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
		listening.setSoTimeout(SOCKET_MILLIS);
		thread = new Thread(() -> {
			try (Socket accepted = listening.accept()) {
				socket = accepted;
				accepted.setSoTimeout(SOCKET_MILLIS);
				accepted.setTcpNoDelay(true);
				in = new DataInputStream(accepted.getInputStream());
				out = accepted.getOutputStream();
				scenario.play(this);
			} catch (Exception e) {
				failure = e;
			}
		}, "raw-server");
		thread.start();
	}

	int port() {
		return listening.getLocalPort();
	}

	/** Answers the upgrade, with these header lines on top. */
	void upgrade(String... headers) throws IOException {
		readHead();
		Matcher key = Pattern.compile("(?i)sec-websocket-key: *(\\S+)").matcher(head);
		if (!key.find()) {
			throw new IOException("no key in " + head);
		}
		String accept;
		try {
			byte[] digest = MessageDigest.getInstance("SHA-1").digest((key.group(1) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(StandardCharsets.US_ASCII));
			accept = Base64.getEncoder().encodeToString(digest);
		} catch (NoSuchAlgorithmException e) {
			throw new IllegalStateException(e);
		}
		StringBuilder answer = new StringBuilder("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept + "\r\n");
		for (String header : headers) {
			answer.append(header).append("\r\n");
		}
		write(answer.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII));
	}

	void readHead() throws IOException {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		while (!bytes.toString(StandardCharsets.US_ASCII).endsWith("\r\n\r\n")) {
			bytes.write(in.readByte());
		}
		head = bytes.toString(StandardCharsets.US_ASCII);
	}

	/** Goes through a whole login, and says who else is there. */
	void login(WsPacket.Welcome welcome) throws Exception {
		upgrade("Sec-WebSocket-Protocol: rfc5");
		read();
		send(new WsPacket.Challenge("dcl-" + port(), false));
		read();
		send(welcome);
	}

	void send(WsPacket packet) throws IOException {
		frame(0x80 | BINARY, packet.encode());
	}

	/** Writes a frame with any first byte and a length that is true. */
	void frame(int first, byte[] payload) throws IOException {
		ByteBuffer frame = ByteBuffer.allocate(payload.length + 10);
		frame.put((byte) first);
		if (payload.length < 126) {
			frame.put((byte) payload.length);
		} else if (payload.length < 65_536) {
			frame.put((byte) 126).putShort((short) payload.length);
		} else {
			frame.put((byte) 127).putLong(payload.length);
		}
		frame.put(payload);
		write(Arrays.copyOf(frame.array(), frame.position()));
	}

	void write(byte[] bytes) throws IOException {
		out.write(bytes);
		out.flush();
	}

	/** Reads the payload of the next frame that is not a ping, unmasked. */
	byte[] read() throws IOException {
		while (true) {
			int first = in.readUnsignedByte();
			int second = in.readUnsignedByte();
			int length = second & 0x7f;
			if (length == 126) {
				length = in.readUnsignedShort();
			} else if (length == 127) {
				length = Math.toIntExact(in.readLong());
			}
			byte[] mask = new byte[4];
			in.readFully(mask);
			byte[] payload = new byte[length];
			in.readFully(payload);
			for (int i = 0; i < length; i++) {
				payload[i] ^= mask[i & 3];
			}
			opcode = first & 0x0f;
			if (opcode == PING) {
				frame(0x80 | PONG, payload);
			} else {
				return payload;
			}
		}
	}

	/** Waits until the client hangs up. */
	void untilHungUp() throws IOException {
		try {
			while (in.read() >= 0) {
				continue;
			}
		} catch (SocketException e) {
			return; // reset: also gone
		}
	}

	@Override
	public void close() throws Exception {
		listening.close();
		Socket open = socket;
		if (open != null) {
			open.close();
		}
		thread.join(SOCKET_MILLIS);
	}
}
