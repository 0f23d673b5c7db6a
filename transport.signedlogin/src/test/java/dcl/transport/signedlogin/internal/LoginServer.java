package dcl.transport.signedlogin.internal;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

import javax.net.ServerSocketFactory;

/** A server on a plain blocking socket, of this test and not of ours, that answers every request with the same bytes. */
final class LoginServer implements AutoCloseable {

	/** The head of a request as it came. */
	record Request(String line, Map<String, String> headers) {
	}

	private static final int LIMIT_MILLIS = 30_000;

	final List<Request> requests = new CopyOnWriteArrayList<>();
	final AtomicInteger connections = new AtomicInteger();
	private final ServerSocket socket;
	private final Thread thread;
	private final List<Socket> open = new CopyOnWriteArrayList<>();
	private volatile byte[] answer;
	private volatile boolean hanging;
	volatile String tunnel = "HTTP/1.1 200 OK";

	LoginServer() throws IOException {
		this(ServerSocketFactory.getDefault(), 0, InetAddress.getLoopbackAddress());
	}

	LoginServer(ServerSocketFactory sockets, int port, InetAddress address) throws IOException {
		socket = sockets.createServerSocket(port, 50, address);
		json(200, "{\"fixedAdapter\":\"offline:offline\"}");
		thread = new Thread(this::serve, "login-server");
		thread.setDaemon(true);
		thread.start();
	}

	int port() {
		return socket.getLocalPort();
	}

	/** Answers with a status and a JSON body. */
	LoginServer json(int status, String body, String... headers) {
		byte[] utf8 = body.getBytes(StandardCharsets.UTF_8);
		StringBuilder head = new StringBuilder("HTTP/1.1 " + status + " Status\r\nContent-Type: application/json\r\nContent-Length: "
				+ utf8.length + "\r\n");
		List.of(headers).forEach(header -> head.append(header).append("\r\n"));
		return raw(head + "\r\n" + new String(utf8, StandardCharsets.ISO_8859_1));
	}

	/** Answers with these bytes, one for each character. */
	LoginServer raw(String bytes) {
		answer = bytes.getBytes(StandardCharsets.ISO_8859_1);
		return this;
	}

	/** Keeps connections open after the answer. */
	LoginServer hanging() {
		hanging = true;
		return this;
	}

	private void serve() {
		while (!socket.isClosed()) {
			try {
				Socket client = socket.accept();
				connections.incrementAndGet();
				open.add(client);
				if (socket.isClosed()) {
					client.close();
				}
				client.setSoTimeout(LIMIT_MILLIS);
				serve(client);
				if (!hanging) {
					client.close();
				}
			} catch (IOException e) {
				// a client that went, or did not get as far as a request, or the end
			}
		}
	}

	private void serve(Socket client) throws IOException {
		InputStream in = client.getInputStream();
		StringBuilder head = new StringBuilder();
		while (head.indexOf("\r\n\r\n") < 0) {
			int b = in.read();
			if (b < 0) {
				throw new IOException("no request");
			}
			head.append((char) b);
		}
		String[] lines = head.toString().split("\r\n");
		Map<String, String> headers = new LinkedHashMap<>();
		for (int i = 1; i < lines.length; i++) {
			int colon = lines[i].indexOf(':');
			headers.put(lines[i].substring(0, colon).toLowerCase(Locale.ROOT), lines[i].substring(colon + 1).strip());
		}
		requests.add(new Request(lines[0], headers));
		OutputStream out = client.getOutputStream();
		if (lines[0].startsWith("CONNECT ")) { // it is a proxy, too, that leads back here
			out.write((tunnel + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
			if (tunnel.contains(" 200 ")) {
				serve(client);
			}
			return;
		}
		out.write(answer);
		out.flush();
	}

	/** Returns when nobody listens any more, which the closed socket alone does not say while a thread is still in it. */
	@Override
	public void close() {
		try {
			socket.close();
			for (Socket client : open) {
				client.close();
			}
			thread.join(LIMIT_MILLIS);
		} catch (IOException e) {
			throw new UncheckedIOException(e);
		} catch (InterruptedException e) {
			Thread.currentThread().interrupt();
		}
	}
}
