package dcl.transport.itest.chaos;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** Both ends of connections through a proxy, on plain sockets. */
final class Wire implements AutoCloseable {

	private static final int LIMIT_MILLIS = 20_000;
	static final String REQUEST = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
	static final String ANSWER = "HTTP/1.1 101 Switching Protocols\r\n\r\n";

	/** One end. */
	record End(Socket socket, DataInputStream in, OutputStream out) {

		static End of(Socket socket) throws IOException {
			socket.setTcpNoDelay(true);
			socket.setSoTimeout(LIMIT_MILLIS);
			return new End(socket, new DataInputStream(socket.getInputStream()), socket.getOutputStream());
		}

		void write(String text) throws IOException {
			out.write(text.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
		}

		String read(int count) throws IOException {
			return new String(in.readNBytes(count), java.nio.charset.StandardCharsets.ISO_8859_1);
		}

		/** Reads until the other end closes; a reset is thrown. */
		String readAll() throws IOException {
			return new String(in.readAllBytes(), java.nio.charset.StandardCharsets.ISO_8859_1);
		}

		/** Reads one frame, header included. */
		byte[] frame() throws IOException {
			ByteArrayOutputStream frame = new ByteArrayOutputStream();
			Units.Frames frames = new Units.Frames();
			for (byte b : "\r\n\r\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII)) {
				frames.next(b);
			}
			do {
				byte b = in.readByte();
				frame.write(b);
				frames.next(b);
			} while (!frames.atStart());
			return frame.toByteArray();
		}
	}

	final ServerSocket port = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
	final ChaosProxy proxy;
	private final java.util.List<Socket> sockets = new java.util.ArrayList<>();

	Wire(String script) throws IOException {
		port.setSoTimeout(LIMIT_MILLIS);
		proxy = ChaosProxy.to((InetSocketAddress) port.getLocalSocketAddress(), Script.parse(script));
	}

	End client() throws IOException {
		Socket socket = new Socket(InetAddress.getLoopbackAddress(), proxy.port());
		sockets.add(socket);
		return End.of(socket);
	}

	End server() throws IOException {
		Socket socket = port.accept();
		sockets.add(socket);
		return End.of(socket);
	}

	/** A client and a server that have exchanged HTTP heads. */
	static void upgrade(End client, End server) throws IOException {
		client.write(REQUEST);
		server.read(REQUEST.length());
		server.write(ANSWER);
		client.read(ANSWER.length());
	}

	@Override
	public void close() throws IOException {
		proxy.close();
		port.close();
		for (Socket socket : sockets) {
			socket.close();
		}
	}
}
