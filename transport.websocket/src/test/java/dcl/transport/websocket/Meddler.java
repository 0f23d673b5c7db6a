package dcl.transport.websocket;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A TCP proxy that does something to what the server sends; one connection after the other. */
final class Meddler implements Closeable {

	/** Writes a chunk of the server's to the client, or something else; {@code before} is the count of bytes that came earlier. */
	interface Trick {

		void forward(byte[] chunk, long before, Socket client) throws IOException;
	}

	final ServerSocket port = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
	private final int target;
	private final Trick trick;
	private final List<Socket> sockets = new CopyOnWriteArrayList<>();

	Meddler(int target, Trick trick) throws IOException {
		this.target = target;
		this.trick = trick;
		run(() -> {
			while (true) {
				Socket client = port.accept();
				Socket server = new Socket(InetAddress.getLoopbackAddress(), this.target);
				client.setTcpNoDelay(true);
				server.setTcpNoDelay(true);
				sockets.addAll(List.of(client, server));
				run(() -> {
					client.getInputStream().transferTo(server.getOutputStream());
					server.shutdownOutput();
				});
				run(() -> answers(server, client));
			}
		});
	}

	private void answers(Socket server, Socket client) throws IOException {
		InputStream in = server.getInputStream();
		OutputStream out = client.getOutputStream();
		byte[] buffer = new byte[16 << 10];
		long before = 0;
		for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
			byte[] chunk = java.util.Arrays.copyOf(buffer, count);
			trick.forward(chunk, before, client);
			before += count;
			out.flush();
		}
		client.shutdownOutput();
	}

	private interface Work {

		void run() throws IOException;
	}

	private static void run(Work work) {
		Thread thread = new Thread(() -> {
			try {
				work.run();
			} catch (IOException expected) {
				// the test is over, or the cut was the trick
			}
		}, "meddler");
		thread.setDaemon(true);
		thread.start();
	}

	@Override
	public void close() throws IOException {
		port.close();
		for (Socket socket : sockets) {
			socket.close();
		}
	}
}
