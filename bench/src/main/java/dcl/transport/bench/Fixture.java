package dcl.transport.bench;

import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

import dcl.transport.rfc5.WsPacket;

/**
 * The other end: a WebSocket server on loopback with as little behind it as can be, in a process of its own so that its cost is nobody's. It ends with its
 * standard input.
 * <pre>
 * stream FAST [SINGLE RATE]  sends FAST movements in blocks of 64 frames, then SINGLE ones by themselves, RATE a second, and closes with 1000
 * sink                       counts messages until the client closes, and prints how many
 * idle                       answers pings
 * tls STORE                  the same, in TLS with the key in that store
 * </pre>
 * With {@code login} as the last argument it waits for an identification and welcomes the client, without a challenge, into a room with one peer. A thread a
 * connection.
 */
final class Fixture {

	static final String PEER = "0x3cf8192b993785eef2ce44cc0821089fe12851dc";

	static final String STORE_PASSWORD = "bench-only";

	private static final int BLOCK = 64;
	private static final int BLOCKS = 256;
	private static final int PING = 0x9;
	private static final int CLOSE = 0x8;
	private static final int STACK_BYTES = 256 << 10;
	/** Of rfc6455, 1.3. */
	private static final String ACCEPT = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	private static final byte[] CLOSE_NORMALLY = {(byte) 0x88, 2, 1000 >> 8, (byte) (1000 & 0xff)};

	private final String mode;
	private final long fast;
	private final long single;
	private final long rate;
	private final boolean login;

	private Fixture(String[] arguments) {
		mode = arguments[0];
		login = arguments[arguments.length - 1].equals("login");
		fast = mode.equals("stream") ? Long.parseLong(arguments[1]) : 0;
		boolean singles = mode.equals("stream") && arguments.length > 3;
		single = singles ? Long.parseLong(arguments[2]) : 0;
		rate = singles ? Long.parseLong(arguments[3]) : 0;
	}

	public static void main(String[] arguments) throws Exception {
		Fixture fixture = new Fixture(arguments);
		Thread input = new Thread(() -> {
			try {
				while (System.in.read() >= 0) {
					continue;
				}
			} catch (IOException e) {
				System.err.println(e);
			}
			System.exit(0);
		});
		input.setDaemon(true);
		input.start();
		try (ServerSocket server = arguments[0].equals("tls") ? tls(Path.of(arguments[1])) : new ServerSocket(0, 1_024, InetAddress.getLoopbackAddress())) {
			new Line("listening").with("port", server.getLocalPort()).print();
			while (true) {
				Socket client = server.accept();
				new Thread(null, () -> fixture.serve(client), "client", STACK_BYTES).start();
			}
		}
	}

	private static ServerSocket tls(Path store) throws IOException, GeneralSecurityException {
		KeyStore keys = KeyStore.getInstance("PKCS12");
		try (InputStream in = Files.newInputStream(store)) {
			keys.load(in, STORE_PASSWORD.toCharArray());
		}
		KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
		managers.init(keys, STORE_PASSWORD.toCharArray());
		SSLContext context = SSLContext.getInstance("TLS");
		context.init(managers.getKeyManagers(), null, null);
		return context.getServerSocketFactory().createServerSocket(0, 1_024, InetAddress.getLoopbackAddress());
	}

	private void serve(Socket client) {
		try (client; DataInputStream in = new DataInputStream(new BufferedInputStream(client.getInputStream(), 1 << 16))) {
			client.setTcpNoDelay(true);
			OutputStream out = client.getOutputStream();
			upgrade(in, out);
			if (login) {
				read(in); // the identification
				send(out, new WsPacket.Welcome(7, Map.of(1, PEER)).encode());
			}
			if (mode.equals("stream")) {
				stream(out);
			}
			answer(in, out);
		} catch (IOException e) {
			System.err.println("fixture: " + e);
		}
	}

	private static void upgrade(DataInputStream in, OutputStream out) throws IOException {
		BufferedReader head = new BufferedReader(new InputStreamReader(new Head(in), StandardCharsets.US_ASCII));
		String key = "";
		String agreed = "";
		for (String line = head.readLine(); line != null; line = head.readLine()) {
			if (line.toLowerCase(Locale.ROOT).startsWith("sec-websocket-key:")) {
				key = line.substring(line.indexOf(':') + 1).trim();
			} else if (line.toLowerCase(Locale.ROOT).startsWith("sec-websocket-protocol:")) {
				agreed = "Sec-WebSocket-Protocol: rfc5\r\n";
			}
		}
		String accept;
		try {
			accept = Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-1").digest((key + ACCEPT).getBytes(StandardCharsets.US_ASCII)));
		} catch (NoSuchAlgorithmException e) {
			throw new IllegalStateException(e);
		}
		out.write(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept
				+ "\r\n" + agreed + "\r\n").getBytes(StandardCharsets.US_ASCII));
	}

	private static void send(OutputStream out, byte[] message) throws IOException {
		byte[] frame = new byte[2 + message.length];
		frame[0] = (byte) 0x82;
		frame[1] = (byte) message.length;
		System.arraycopy(message, 0, frame, 2, message.length);
		out.write(frame);
	}

	private void stream(OutputStream out) throws IOException {
		byte[][] blocks = new byte[BLOCKS][];
		for (int i = 0; i < BLOCKS; i++) {
			blocks[i] = Movements.frames(i * BLOCK, BLOCK);
		}
		for (long sent = 0; sent < fast; sent += BLOCK) {
			out.write(blocks[(int) (sent / BLOCK % BLOCKS)]);
		}
		if (single > 0) {
			byte[][] frames = new byte[BLOCKS][];
			for (int i = 0; i < BLOCKS; i++) {
				frames[i] = Movements.frames(i, 1);
			}
			long begin = System.nanoTime();
			for (long sent = 0; sent < single; sent++) {
				long due = begin + sent * TimeUnit.SECONDS.toNanos(1) / rate;
				for (long now = System.nanoTime(); now < due; now = System.nanoTime()) {
					LockSupport.parkNanos(due - now);
				}
				out.write(frames[(int) (sent % BLOCKS)]);
			}
		}
		out.write(CLOSE_NORMALLY);
	}

	/** Reads to the end, answers pings and the close, and counts the rest. */
	private void answer(DataInputStream in, OutputStream out) throws IOException {
		long messages = 0;
		while (true) {
			int opcode = in.read() & 0x0f;
			byte[] payload = opcode == 0x0f ? null : payload(in);
			if (payload == null || opcode == CLOSE) {
				if (payload != null && !mode.equals("stream")) {
					out.write(CLOSE_NORMALLY);
				}
				if (mode.equals("sink")) {
					new Line("sunk").with("messages", messages).print();
				}
				return;
			}
			if (opcode == PING) {
				byte[] pong = new byte[2 + payload.length];
				pong[0] = (byte) 0x8a;
				pong[1] = (byte) payload.length;
				System.arraycopy(payload, 0, pong, 2, payload.length);
				out.write(pong);
			} else {
				messages++;
			}
		}
	}

	private static void read(DataInputStream in) throws IOException {
		in.read();
		payload(in);
	}

	/** Reads the rest of a masked frame. */
	private static byte[] payload(DataInputStream in) throws IOException {
		int length = in.readUnsignedByte() & 0x7f;
		if (length == 126) {
			length = in.readUnsignedShort();
		} else if (length == 127) {
			length = Math.toIntExact(in.readLong());
		}
		int mask = in.readInt();
		byte[] payload = in.readNBytes(length);
		for (int i = 0; i < payload.length; i++) {
			payload[i] ^= (byte) (mask >>> 24 - 8 * (i & 3));
		}
		return payload;
	}

	/** The bytes up to the empty line, and no more. */
	private static final class Head extends InputStream {

		private final DataInputStream in;
		private int last4;

		Head(DataInputStream in) {
			this.in = in;
		}

		@Override
		public int read() throws IOException {
			if (last4 == 0x0d0a0d0a) {
				return -1;
			}
			int next = in.read();
			last4 = last4 << 8 | next & 0xff;
			return next;
		}

		@Override
		public int read(byte[] target, int at, int length) throws IOException {
			int next = read();
			if (next < 0) {
				return -1;
			}
			target[at] = (byte) next;
			return 1;
		}
	}
}
