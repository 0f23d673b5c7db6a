package dcl.transport.websocket;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;

/** A peer on a plain blocking socket, either role, that says exactly what a test wants it to. */
final class RawPeer implements Closeable {

	/** A port that takes one connection at a time. */
	static final class Port implements Closeable {

		final ServerSocket socket;

		Port() throws IOException {
			socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
			socket.setSoTimeout(10_000);
		}

		URI uri() {
			return URI.create("ws://127.0.0.1:" + socket.getLocalPort() + "/");
		}

		/** Takes a connection and nothing of what it says. */
		RawPeer take() throws IOException {
			return new RawPeer(socket.accept(), true);
		}

		/** Takes a connection and agrees to the upgrade. */
		RawPeer upgrade() throws Exception {
			RawPeer peer = take();
			peer.write(accept(peer.head()));
			return peer;
		}

		@Override
		public void close() throws IOException {
			socket.close();
		}
	}

	record Frame(int first, boolean masked, byte[] payload) {

		int opcode() {
			return first & 0x0F;
		}

		int closeCode() {
			return payload.length < 2 ? 1005 : (payload[0] & 0xFF) << 8 | payload[1] & 0xFF;
		}
	}

	final Socket socket;
	final DataInputStream in;
	final OutputStream out;
	private final boolean server;

	RawPeer(Socket socket, boolean server) throws IOException {
		this.socket = socket;
		this.server = server;
		socket.setSoTimeout(10_000);
		socket.setTcpNoDelay(true);
		in = new DataInputStream(new java.io.BufferedInputStream(socket.getInputStream()));
		out = socket.getOutputStream();
	}

	/** Connects to a server, and upgrades. */
	static RawPeer client(WebSocketServer server) throws Exception {
		RawPeer peer = connect(server);
		peer.write(request(""));
		String head = peer.head();
		if (!head.startsWith("HTTP/1.1 101 ")) {
			throw new AssertionError("expected status 101, got " + head);
		}
		return peer;
	}

	static RawPeer connect(WebSocketServer server) throws IOException {
		return new RawPeer(new Socket(server.address().getAddress(), server.address().getPort()), false);
	}

	static String request(String moreHeaders) {
		return "GET /room HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
				+ "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + moreHeaders + "\r\n";
	}

	/** Returns a correct answer to a request. */
	static String accept(String request) throws Exception {
		return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + key(request) + "\r\n\r\n";
	}

	static String key(String request) throws Exception {
		String key = request.lines().filter(line -> line.startsWith("Sec-WebSocket-Key: ")).findFirst().orElseThrow().substring(19);
		return Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-1")
				.digest((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(StandardCharsets.US_ASCII)));
	}

	/** Reads an HTTP head. */
	String head() throws IOException {
		StringBuilder head = new StringBuilder();
		while (head.length() < 4 || !head.substring(head.length() - 4).equals("\r\n\r\n")) {
			int b = in.read();
			if (b < 0) {
				throw new EOFException("after " + head);
			}
			head.append((char) b);
		}
		return head.toString();
	}

	void write(String text) throws IOException {
		write(text.getBytes(StandardCharsets.ISO_8859_1));
	}

	void write(byte[] bytes) throws IOException {
		out.write(bytes);
		out.flush();
	}

	/** Writes one byte at a time. */
	void drip(byte[] bytes) throws IOException {
		for (byte b : bytes) {
			out.write(b);
			out.flush();
		}
	}

	/** Returns a frame as this role has to send it. */
	byte[] frame(int first, byte[] payload) {
		return frame(first, payload, !server);
	}

	static byte[] frame(int first, byte[] payload, boolean masked) {
		ByteArrayOutputStream frame = new ByteArrayOutputStream();
		frame.write(first);
		int mask = masked ? 0x80 : 0;
		if (payload.length < 126) {
			frame.write(mask | payload.length);
		} else if (payload.length < 65_536) {
			frame.write(mask | 126);
			frame.write(payload.length >> 8);
			frame.write(payload.length);
		} else {
			frame.write(mask | 127);
			for (int i = 56; i >= 0; i -= 8) {
				frame.write((int) ((long) payload.length >> i));
			}
		}
		byte[] key = {0x12, (byte) 0x9A, 0x0F, 0x55};
		if (masked) {
			frame.writeBytes(key);
		}
		for (int i = 0; i < payload.length; i++) {
			frame.write(masked ? payload[i] ^ key[i & 3] : payload[i]);
		}
		return frame.toByteArray();
	}

	/** Reads one frame, unmasked. */
	Frame read() throws IOException {
		int first = in.readUnsignedByte();
		int second = in.readUnsignedByte();
		long length = second & 0x7F;
		if (length == 126) {
			length = in.readUnsignedShort();
		} else if (length == 127) {
			length = in.readLong();
		}
		byte[] mask = new byte[4];
		if (second >= 0x80) {
			in.readFully(mask);
		}
		byte[] payload = new byte[(int) length];
		in.readFully(payload);
		for (int i = 0; i < payload.length; i++) {
			payload[i] ^= mask[i & 3];
		}
		return new Frame(first, second >= 0x80, payload);
	}

	/** Reads to the next close frame; returns its code, 1005 for none in it, or -1 if the stream ended without one. */
	int closeCode() throws IOException {
		try {
			while (true) {
				Frame frame = read();
				if (frame.opcode() == Frames.CLOSE) {
					return frame.closeCode();
				}
			}
		} catch (EOFException e) {
			return -1;
		}
	}

	/** Resets the connection. */
	void reset() throws IOException {
		socket.setSoLinger(true, 0);
		socket.close();
	}

	@Override
	public void close() throws IOException {
		socket.close();
	}
}
