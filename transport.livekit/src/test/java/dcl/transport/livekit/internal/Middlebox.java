package dcl.transport.livekit.internal;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/** Stands between a client and a server on loopback, and answers in the server's place when it is told to. */
final class Middlebox implements AutoCloseable {

	private static final String BEARER = "Authorization: Bearer ";

	private final ServerSocket port = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
	private final ExecutorService threads = Executors.newCachedThreadPool();
	private final Set<Socket> open = ConcurrentHashMap.newKeySet();
	private final BlockingQueue<String> seen = new LinkedBlockingQueue<>();
	private final int server;
	/** What it answers to CONNECT, as a proxy, before it lets through; null if it is none. */
	volatile String connects;
	/** Makes a status line of the token that came; null lets through. */
	volatile UnaryOperator<String> answer;

	Middlebox(int server) throws IOException {
		this.server = server;
		threads.execute(this::accept);
	}

	int port() {
		return port.getLocalPort();
	}

	/** Returns the next token that was answered, or the next request of a proxy's client. */
	String answered() throws InterruptedException {
		return Optional.ofNullable(seen.poll(30, TimeUnit.SECONDS)).orElseThrow(() -> new AssertionError("no request within 30 s"));
	}

	private void accept() {
		try {
			while (true) {
				Socket client = port.accept();
				open.add(client);
				if (connects != null) {
					threads.execute(() -> proxy(client));
				} else if (answer == null) {
					Socket behind = new Socket(InetAddress.getLoopbackAddress(), server);
					open.add(behind);
					threads.execute(() -> pipe(client, behind));
					threads.execute(() -> pipe(behind, client));
				} else {
					threads.execute(() -> answer(client));
				}
			}
		} catch (IOException closed) {
			open.forEach(Middlebox::close);
		}
	}

	/** Returns the head of a request, "" if the client leaves within it. */
	private static String head(InputStream in) throws IOException {
		ByteArrayOutputStream head = new ByteArrayOutputStream();
		while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
			int next = in.read();
			if (next < 0) {
				return "";
			}
			head.write(next);
		}
		return head.toString(StandardCharsets.ISO_8859_1);
	}

	private void proxy(Socket client) {
		try {
			seen.add(head(client.getInputStream()));
			client.getOutputStream().write(("HTTP/1.1 " + connects + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
			if (connects.startsWith("200")) {
				Socket behind = new Socket(InetAddress.getLoopbackAddress(), server);
				open.add(behind);
				threads.execute(() -> pipe(client, behind));
				pipe(behind, client);
			}
		} catch (IOException e) {
			throw new AssertionError(e);
		}
	}

	private void answer(Socket client) {
		try (client) {
			String head = head(client.getInputStream());
			if (head.isEmpty()) {
				return;
			}
			String token = head.lines().filter(line -> line.startsWith(BEARER)).findFirst().orElseThrow()
					.substring(BEARER.length());
			client.getOutputStream().write((answer.apply(token) + "\r\nContent-Length: 0\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
			seen.add(token);
		} catch (IOException e) {
			throw new AssertionError(e);
		}
	}

	private static void pipe(Socket from, Socket to) {
		try (from; to) {
			OutputStream out = to.getOutputStream();
			from.getInputStream().transferTo(out);
		} catch (IOException cut) {
			close(from); // as the other end is about to be
		}
	}

	private static void close(Socket socket) {
		try {
			socket.close();
		} catch (IOException e) {
			throw new AssertionError(e);
		}
	}

	@Override
	public void close() throws IOException, InterruptedException {
		port.close();
		threads.shutdown();
		threads.awaitTermination(10, TimeUnit.SECONDS);
	}
}
