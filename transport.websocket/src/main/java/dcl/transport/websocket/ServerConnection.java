package dcl.transport.websocket;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

import javax.net.ssl.SSLContext;

import org.java_websocket.handshake.Handshakedata;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The server role: reads one request, lets the acceptor decide, and answers (RFC 6455, 4.2). */
final class ServerConnection extends Connection {

	private record Request(String method, String path, String query, Head head, boolean isUpgrade, InetSocketAddress remoteAddress) implements HttpRequest {

		@Override
		public Optional<String> header(String name) {
			return head.first(name);
		}

		@Override
		public List<String> headers(String name) {
			return head.all(name);
		}

		@Override
		public List<String> subprotocols() {
			return head.elements("Sec-WebSocket-Protocol");
		}

		@Override
		public String toString() {
			return (isUpgrade ? "upgrade from " : "request from ") + remoteAddress;
		}
	}

	private static final Logger LOG = LoggerFactory.getLogger(ServerConnection.class);

	/** None of them with a body. */
	private static final List<String> METHODS = List.of("GET", "HEAD", "POST");

	private final Server server;
	private Request request;
	private boolean bodiless; // the answer to HEAD
	private HttpAnswer answer;
	private byte[] early = {};

	ServerConnection(WebSockets engine, Loop loop, WebSocketLimits limits, Server server) {
		super(engine, loop, limits, false);
		this.server = server;
	}

	void start(SocketChannel accepted, SSLContext context) {
		loop.add(this);
		try {
			InetSocketAddress peer = (InetSocketAddress) accepted.getRemoteAddress();
			remote(peer);
			wire(accepted, SelectionKey.OP_READ);
			if (loop.isStopping() || server.isClosed()) {
				engineClosed();
				return;
			}
			established(context == null ? null : Tls.server(context, peer), limits.handshakeTimeout());
		} catch (Throwable e) {
			failed(e);
			try {
				accepted.close();
			} catch (IOException ignored) {
				LOG.debug("A socket did not close: {}", ignored.toString());
			}
		}
	}

	@Override
	void begun() {
		// the client speaks first
	}

	@Override
	void received(Head head) {
		String[] line = head.startLine.split(" ", -1);
		boolean upgrade = head.hasElement("Upgrade", "websocket");
		if (line.length != 3 || !line[1].startsWith("/") || !line[2].startsWith("HTTP/")) {
			reply(HttpAnswer.reply(400, "expected 'GET /path HTTP/1.1'"));
		} else if (!line[2].equals("HTTP/1.1")) {
			reply(HttpAnswer.reply(505, "expected HTTP/1.1"));
		} else if (!line[0].equals("GET") && (upgrade || !METHODS.contains(line[0]))) {
			reply(HttpAnswer.reply(405, "expected " + (upgrade ? "GET" : METHODS)).header("Allow", upgrade ? "GET" : String.join(", ", METHODS)));
		} else if (head.all("Host").size() != 1) {
			reply(HttpAnswer.reply(400, "expected one Host header"));
		} else if (!head.all("Transfer-Encoding").isEmpty() || !head.all("Content-Length").stream().allMatch("0"::equals)) {
			reply(HttpAnswer.reply(400, "expected no body"));
		} else if (upgrade && !head.hasElement("Connection", "upgrade")) {
			reply(HttpAnswer.reply(400, "expected 'Connection: Upgrade'"));
		} else if (upgrade && !head.all("Sec-WebSocket-Version").equals(List.of("13"))) {
			reply(upgradeRequired());
		} else if (upgrade && !(head.all("Sec-WebSocket-Key").size() == 1 && isKey(head.all("Sec-WebSocket-Key").get(0)))) {
			reply(HttpAnswer.reply(400, "expected one Sec-WebSocket-Key of 16 bytes in Base64"));
		} else if (!head.elements("Sec-WebSocket-Protocol").stream().allMatch(Heads::isToken)) {
			reply(HttpAnswer.reply(400, "expected tokens in Sec-WebSocket-Protocol"));
		} else {
			bodiless = line[0].equals("HEAD");
			int query = line[1].indexOf('?');
			request = new Request(line[0], query < 0 ? line[1] : line[1].substring(0, query), query < 0 ? "" : line[1].substring(query + 1), head, upgrade,
					remoteAddress());
			decide();
		}
	}

	private static boolean isKey(String key) {
		try {
			return key.length() == 24 && Base64.getDecoder().decode(key).length == 16;
		} catch (IllegalArgumentException e) {
			return false;
		}
	}

	private static HttpAnswer upgradeRequired() {
		return HttpAnswer.reply(426, "expected an upgrade to WebSocket version 13");
	}

	private void decide() {
		deciding();
		try {
			engine.executor().execute(() -> {
				HttpAnswer made;
				try {
					made = server.acceptor().answer(request);
				} catch (Throwable e) {
					LOG.warn("The acceptor threw; the client gets status 500", e);
					made = null;
				}
				if (made != null && made.later != null) {
					made.later.whenComplete((later, failure) -> made(later, failure));
				} else {
					made(made, null);
				}
			});
		} catch (RejectedExecutionException e) {
			LOG.warn("The executor rejected a request: {}", e.toString());
			reply(HttpAnswer.reply(503, "the server is stopping"));
		}
	}

	/** On any thread. */
	private void made(HttpAnswer made, Throwable failure) {
		if (failure != null) {
			LOG.warn("The acceptor failed; the client gets status 500", failure);
		}
		HttpAnswer result = made == null || made.later != null ? HttpAnswer.reply(500, "the server failed") : made;
		if (!loop.execute(() -> decided(result))) {
			neverOpened(result, Runnable::run); // the loop has ended, and the executor may be about to
		}
	}

	private void decided(HttpAnswer made) {
		if (phase() != Phase.DECIDING) {
			neverOpened(made, engine.executor());
			return;
		}
		try {
			if (made.listener == null) {
				reply(made);
			} else if (!request.isUpgrade()) {
				neverOpened(made, engine.executor());
				reply(upgradeRequired());
			} else if (!made.subprotocol.isEmpty() && !request.subprotocols().contains(made.subprotocol)) {
				LOG.warn("The acceptor chose a sub-protocol that was not offered; the client gets status 500");
				neverOpened(made, engine.executor());
				reply(HttpAnswer.reply(500, "the server failed"));
			} else {
				accept(made);
			}
		} catch (Throwable e) {
			failed(e);
			return;
		}
		markDirty();
	}

	/** Tells a listener that was named for a connection that had ended already. */
	private void neverOpened(HttpAnswer made, Executor executor) {
		if (made.listener != null) {
			new Inbox(made.listener, this, executor, limits.inboundBytes())
					.closed(ending(WebSocketEnding.Kind.LOST, 1006, "ended before it was open"));
		}
	}

	private void accept(HttpAnswer made) throws IOException {
		answer = made;
		// only what Java-WebSocket has to check and answer, so that it cannot log the rest
		String known = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
				+ request.header("Sec-WebSocket-Key").orElseThrow() + "\r\n"
				+ (made.subprotocol.isEmpty() ? "" : "Sec-WebSocket-Protocol: " + made.subprotocol + "\r\n") + "\r\n";
		if (!Handshake.ofServer(this::agree, made.subprotocol).reads(known)) {
			throw new IllegalStateException("Java-WebSocket refused a request that was checked");
		}
		request = null;
		answer = null;
		listener(made.listener);
		opened(made.subprotocol);
		byte[] held = early;
		early = new byte[0];
		replay(held);
	}

	private void agree(Handshakedata fields) {
		StringBuilder head = new StringBuilder(192)
				.append("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ")
				.append(fields.getFieldValue("Sec-WebSocket-Accept")).append("\r\n");
		if (!answer.subprotocol.isEmpty()) {
			head.append("Sec-WebSocket-Protocol: ").append(answer.subprotocol).append("\r\n");
		}
		answer.headers.forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
		send(head.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII));
	}

	/** Answers without a WebSocket, then closes. */
	private void reply(HttpAnswer made) {
		StringBuilder head = new StringBuilder(192).append("HTTP/1.1 ").append(made.status).append(' ').append(reason(made.status)).append("\r\n");
		made.headers.forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
		if (made.status == 426) {
			head.append("Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
		}
		if (made.status != 204 && made.status != 304) {
			head.append("Content-Length: ").append(made.body.length).append("\r\n");
		}
		head.append(made.status == 426 ? "Connection: close, Upgrade\r\n\r\n" : "Connection: close\r\n\r\n");
		send(head.toString().getBytes(StandardCharsets.US_ASCII));
		if (!bodiless && made.status != 204 && made.status != 304 && made.body.length > 0) {
			send(made.body);
		}
		linger(ending(WebSocketEnding.Kind.CLOSED_BY_US, 1006, "answered with status " + made.status));
		deadline(loop.now() + limits.handshakeTimeout().toNanos()); // a body may take longer than a close frame
	}

	private static String reason(int status) {
		return switch (status) {
			case 200 -> "OK";
			case 204 -> "No Content";
			case 400 -> "Bad Request";
			case 401 -> "Unauthorized";
			case 403 -> "Forbidden";
			case 404 -> "Not Found";
			case 405 -> "Method Not Allowed";
			case 426 -> "Upgrade Required";
			case 429 -> "Too Many Requests";
			case 431 -> "Request Header Fields Too Large";
			case 500 -> "Internal Server Error";
			case 503 -> "Service Unavailable";
			case 505 -> "HTTP Version Not Supported";
			default -> "Status";
		};
	}

	@Override
	void badHead(int status, WebSocketEnding.Kind kind, String detail) {
		reply(HttpAnswer.reply(status, detail));
	}

	/** Keeps what came behind the request; reading is off meanwhile, so it is what one read brought. */
	@Override
	void early(ByteBuffer in) {
		byte[] more = new byte[early.length + in.remaining()];
		System.arraycopy(early, 0, more, 0, early.length);
		in.get(more, early.length, in.remaining());
		early = more;
	}

	@Override
	void connectable() {
		throw new IllegalStateException("an accepted connection is connected");
	}

	@Override
	void connectLate() {
		throw new IllegalStateException("an accepted connection is connected");
	}

	@Override
	void released() {
		server.released(this);
	}
}
