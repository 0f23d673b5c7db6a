package dcl.transport.websocket;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

import org.java_websocket.handshake.Handshakedata;

/** The client role: finds the server, connects, and asks for the upgrade (RFC 6455, 4.1). */
class ClientConnection extends Connection {

	private final WebSocketRequest request;
	private final Deque<InetAddress> untried = new ArrayDeque<>(2);
	private Runnable lookup; // of the name, while it may not have begun
	private long connectDeadline;
	private String lastFailure = "no address was given";
	private Handshake handshake; // until it is open
	private boolean tunnelled; // the proxy, if any, has said yes

	ClientConnection(WebSockets engine, Loop loop, WebSocketRequest request, WebSocketListener listener) {
		super(engine, loop, request.limits.orElse(engine.limits()), true);
		this.request = request;
		remote(InetSocketAddress.createUnresolved(request.host(), request.port()));
		listener(listener);
	}

	final void start() {
		if (phase() == Phase.ENDED) {
			return; // aborted before its first turn
		}
		loop.add(this);
		if (loop.isStopping()) {
			engineClosed();
			return;
		}
		phase(Phase.CONNECTING, limits.connectTimeout());
		connectDeadline = loop.now() + limits.connectTimeout().toNanos();
		if (request.tunnel.isPresent()) {
			resolved(List.of(request.tunnel.get().proxy().getAddress()));
			return;
		}
		if (!request.addresses.isEmpty()) {
			resolved(request.addresses);
			return;
		}
		reached(WebSocketStep.DNS);
		lookup = () -> {
			try {
				List<InetAddress> found = List.of(InetAddress.getAllByName(request.host()));
				loop.execute(() -> resolved(found));
			} catch (UnknownHostException e) {
				loop.execute(this::unresolved);
			}
		};
		engine.resolve(lookup);
	}

	/** An attempt that was given up must not keep others waiting for the resolver. */
	@Override
	void released() {
		if (lookup != null) {
			engine.forget(lookup);
			lookup = null;
		}
	}

	private void unresolved() {
		if (phase() == Phase.CONNECTING) {
			end(ending(WebSocketEnding.Kind.DNS, 1006, "expected an address for the host " + request.host()));
		}
	}

	private void resolved(List<InetAddress> addresses) {
		if (phase() == Phase.CONNECTING) {
			untried.addAll(addresses);
			reached(WebSocketStep.TCP);
			tryNext();
		}
	}

	private void tryNext() {
		while (!untried.isEmpty()) {
			// what is left is shared, so that one silent address does not use up the time of the others
			long left = connectDeadline - loop.now();
			deadline(loop.now() + left / untried.size());
			InetSocketAddress next = new InetSocketAddress(untried.poll(), request.tunnel.map(way -> way.proxy().getPort()).orElse(request.port()));
			try {
				SocketChannel channel = loop.selector().provider().openSocketChannel();
				try {
					channel.configureBlocking(false);
					channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
					wire(channel, SelectionKey.OP_CONNECT);
				} catch (IOException | RuntimeException e) {
					channel.close();
					throw e;
				}
				remote(next);
				if (channel.connect(next)) {
					connectable();
				}
				return;
			} catch (IOException | RuntimeException e) {
				notConnected(e.getMessage());
			}
		}
		end(ending(WebSocketEnding.Kind.UNREACHABLE, 1006, "expected a TCP connection to " + (request.tunnel.isPresent() ? "the proxy "
				+ proxy() : request.host() + ":" + request.port()) + ", got: " + lastFailure));
	}

	private void notConnected(String how) {
		lastFailure = Text.line(how);
		dropWire();
	}

	@Override
	void connectable() throws IOException {
		try {
			if (!wire().channel().isConnected() && !wire().channel().finishConnect()) {
				return;
			}
		} catch (IOException e) {
			notConnected(e.getMessage());
			tryNext();
			return;
		}
		if (request.tunnel.isPresent()) {
			established(null, limits.handshakeTimeout());
		} else {
			connected();
		}
	}

	/** There is a way to the server. */
	private void connected() throws IOException {
		tunnelled = true;
		if (request.secure()) {
			reached(WebSocketStep.TLS);
		}
		established(request.secure() ? Tls.client(request.sslContext.orElseGet(engine::sslContext), request.host(), request.port()) : null,
				limits.handshakeTimeout());
	}

	@Override
	void connectLate() {
		if (untried.isEmpty()) {
			end(ending(WebSocketEnding.Kind.TIMEOUT, 1006, "the name lookup and the TCP connection took longer than " + limits.connectTimeout()));
		} else {
			notConnected("no answer");
			tryNext();
		}
	}

	@Override
	final void begun() {
		if (tunnelled) {
			ask();
			return;
		}
		reached(WebSocketStep.PROXY);
		String host = request.tunnel.orElseThrow().host();
		String authority = (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + request.port();
		send(("CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
	}

	@Override
	final void received(Head answer) throws IOException {
		if (tunnelled) {
			answered(answer);
			return;
		}
		int code = status(answer);
		if (code >= 200 && code < 300) {
			connected();
		} else if (code == 407 || code == 403 || code == 401) {
			end(new WebSocketEnding(WebSocketEnding.Kind.REFUSED, 1006, "", code, -1, "the proxy " + proxy() + " answered " + Text.line(answer.startLine)));
		} else if (code >= 200) {
			end(ending(WebSocketEnding.Kind.UNREACHABLE, 1006, "the proxy " + proxy() + " answered " + Text.line(answer.startLine)));
		} else if (code > 0) {
			badHead(0, WebSocketEnding.Kind.PROTOCOL, "expected a tunnel, or none, in answer to CONNECT, got status " + code);
		}
	}

	private String proxy() {
		InetSocketAddress proxy = request.tunnel.orElseThrow().proxy();
		return proxy.getAddress().getHostAddress() + " port " + proxy.getPort();
	}

	@Override
	final String step() {
		return tunnelled ? asking() : "request for a tunnel";
	}

	/** What is awaited from the server, in the words of an ending. */
	String asking() {
		return "upgrade";
	}

	/** The wire is ready for our request. */
	void ask() {
		reached(WebSocketStep.UPGRADE);
		handshake = Handshake.ofClient(this::askForUpgrade);
	}

	private void askForUpgrade(Handshakedata fields) {
		StringBuilder head = head("GET").append("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ")
				.append(fields.getFieldValue("Sec-WebSocket-Key")).append("\r\n");
		if (!request.subprotocols.isEmpty()) {
			head.append("Sec-WebSocket-Protocol: ").append(String.join(", ", request.subprotocols)).append("\r\n");
		}
		sendHead(head);
	}

	/** Begins a head: the request line and the host, which is the name that was asked for, whatever the address is. */
	final StringBuilder head(String method) {
		URI ascii = URI.create(request.uri.toASCIIString());
		StringBuilder head = new StringBuilder(256).append(method).append(' ');
		String path = ascii.getRawPath();
		head.append(path == null || path.isEmpty() ? "/" : path);
		if (ascii.getRawQuery() != null) {
			head.append('?').append(ascii.getRawQuery());
		}
		head.append(" HTTP/1.1\r\nHost: ").append(ascii.getHost());
		if (ascii.getPort() > 0 && ascii.getPort() != (request.secure() ? 443 : 80)) {
			head.append(':').append(ascii.getPort());
		}
		return head.append("\r\n");
	}

	/** Ends a head with the caller's headers, and sends it. */
	final void sendHead(StringBuilder head) {
		request.headers.forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
		send(head.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII));
	}

	/** The server's head is whole. */
	void answered(Head answer) {
		int code = status(answer);
		if (code == 0) {
			return;
		}
		if (code != 101) {
			end(new WebSocketEnding(WebSocketEnding.Kind.REFUSED, 1006, "", code, RetryAfter.seconds(answer), "the server answered "
					+ Text.line(answer.startLine)));
			return;
		}
		String protocol = answer.first("Sec-WebSocket-Protocol").orElse("");
		String wrong = !answer.startLine.startsWith("HTTP/1.1 ") ? "HTTP/1.1"
				: !answer.all("Upgrade").equals(List.of("websocket")) && !answer.hasElement("Upgrade", "websocket") ? "the header 'Upgrade: websocket'"
				: !answer.hasElement("Connection", "upgrade") ? "the header 'Connection: Upgrade'"
				: answer.all("Sec-WebSocket-Accept").size() != 1 ? "one Sec-WebSocket-Accept"
				: !answer.all("Sec-WebSocket-Extensions").isEmpty() ? "no extension, since none was offered"
				: answer.all("Sec-WebSocket-Protocol").size() > 1 || !protocol.isEmpty() && !request.subprotocols.contains(protocol)
						? "one of the offered sub-protocols, or none"
				: null;
		if (wrong == null) {
			if (handshake.reads("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
					+ answer.first("Sec-WebSocket-Accept").orElse("") + "\r\n\r\n")) {
				handshake = null;
				opened(protocol);
				return;
			}
			wrong = "a Sec-WebSocket-Accept that answers the key";
		}
		badHead(0, WebSocketEnding.Kind.PROTOCOL, "expected " + wrong + " in answer to the upgrade");
	}

	/** Returns the status of an answer; 0 if it is none, which has ended the connection then. */
	final int status(Head answer) {
		String[] status = answer.startLine.split(" ", 3);
		if (status.length < 2 || !status[0].equals("HTTP/1.1") && !status[0].equals("HTTP/1.0") || !status[1].matches("[1-5][0-9][0-9]")) {
			badHead(0, WebSocketEnding.Kind.PROTOCOL, "expected an HTTP/1.1 status line in answer to the " + step());
			return 0;
		}
		return Integer.parseInt(status[1]);
	}

	@Override
	void badHead(int status, WebSocketEnding.Kind kind, String detail) {
		end(ending(kind, 1006, detail));
	}

	@Override
	void early(ByteBuffer in) {
		throw new IllegalStateException("a client decides nothing");
	}
}
