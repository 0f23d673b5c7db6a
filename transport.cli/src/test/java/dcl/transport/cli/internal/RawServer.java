package dcl.transport.cli.internal;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import javax.net.ssl.SSLContext;

import dcl.transport.rfc5.WsPacket;

/** A server on a bare socket, plain or with TLS, that plays a scenario to whoever comes first. */
final class RawServer implements AutoCloseable {

	private static final int SOCKET_MILLIS = 20_000;

	/** What it does with the connection, which is cut when this returns. */
	interface Scenario {

		void play(RawServer server) throws Exception;
	}

	private final ServerSocket listening;
	private final Thread thread;
	private volatile Socket socket;
	private DataInputStream in;
	private OutputStream out;

	RawServer(Scenario scenario) throws IOException {
		this(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()), scenario);
	}

	RawServer(SSLContext tls, Scenario scenario) throws IOException {
		this(tls.getServerSocketFactory().createServerSocket(0, 1, InetAddress.getLoopbackAddress()), scenario);
	}

	private RawServer(ServerSocket listening, Scenario scenario) throws IOException {
		this.listening = listening;
		listening.setSoTimeout(SOCKET_MILLIS);
		thread = new Thread(() -> {
			try (Socket accepted = listening.accept()) {
				socket = accepted;
				accepted.setSoTimeout(SOCKET_MILLIS);
				in = new DataInputStream(accepted.getInputStream());
				out = accepted.getOutputStream();
				scenario.play(this);
			} catch (Exception hungUp) {
				socket = null; // what the client made of it is what counts
			}
		}, "raw-server");
		thread.start();
	}

	int port() {
		return listening.getLocalPort();
	}

	/** Answers whatever is asked. */
	void http(String statusLine, String... headers) throws IOException {
		readHead();
		write("HTTP/1.1 " + statusLine + "\r\n" + (headers.length == 0 ? "" : String.join("\r\n", headers) + "\r\n") + "Content-Length: 0\r\n\r\n");
		untilHungUp();
	}

	void upgrade() throws Exception {
		Matcher key = Pattern.compile("(?i)sec-websocket-key: *(\\S+)").matcher(readHead());
		if (!key.find()) {
			throw new IOException("no key");
		}
		byte[] digest = MessageDigest.getInstance("SHA-1").digest((key.group(1) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(StandardCharsets.US_ASCII));
		write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
				+ Base64.getEncoder().encodeToString(digest) + "\r\n\r\n");
	}

	private String readHead() throws IOException {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		while (!bytes.toString(StandardCharsets.US_ASCII).endsWith("\r\n\r\n")) {
			bytes.write(in.readByte());
		}
		return bytes.toString(StandardCharsets.US_ASCII);
	}

	/** Goes as far as to have asked for the proof, and got it. */
	void challenged() throws Exception {
		upgrade();
		skip();
		send(new WsPacket.Challenge("dcl-" + port(), false));
		skip();
	}

	void send(WsPacket packet) throws IOException {
		binary(packet.encode());
	}

	/** Sends a message of at most 125 bytes. */
	void binary(byte[] payload) throws IOException {
		out.write(0x82);
		out.write(payload.length);
		out.write(payload);
		out.flush();
	}

	void write(String ascii) throws IOException {
		out.write(ascii.getBytes(StandardCharsets.US_ASCII));
		out.flush();
	}

	/** Skips a frame of the client's. */
	void skip() throws IOException {
		in.readUnsignedByte();
		int length = in.readUnsignedByte() & 0x7f;
		length = length == 126 ? in.readUnsignedShort() : length;
		in.readFully(new byte[length + 4]);
	}

	void untilHungUp() throws IOException {
		try {
			while (in.read() >= 0) {
				continue;
			}
		} catch (SocketException reset) {
			return;
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
