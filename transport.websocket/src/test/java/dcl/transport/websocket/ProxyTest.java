package dcl.transport.websocket;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Connections through an HTTP proxy, which says what a test wants it to. A proxy of somebody else's is in {@code itest/websocket}. */
@Timeout(60)
class ProxyTest {

	private static final String YES = "HTTP/1.1 200 Connection established\r\n\r\n";
	private static final URI ROOM = URI.create("ws://room.invalid:7777/lobby?token=canary-0001");
	private static final WebSocketLimits LIMITS = WebSocketLimits.defaults().toBuilder().maxHeadBytes(1_024).build();

	private final Recorder client = new Recorder();
	private final AtomicInteger checks = new AtomicInteger();
	private WebSockets sockets;
	private RawPeer.Port proxy;

	@BeforeEach
	void create() throws Exception {
		sockets = WebSockets.create(WebSocketOptions.defaults().limits(LIMITS).sslContext(Certificates.client(checks)));
		proxy = new RawPeer.Port();
	}

	@AfterEach
	void close() throws Exception {
		sockets.close();
		proxy.close();
	}

	private InetSocketAddress address() {
		return new InetSocketAddress(InetAddress.getLoopbackAddress(), proxy.socket.getLocalPort());
	}

	private WebSocketRequest through(URI uri) {
		return WebSocketRequest.to(uri).through(address(), uri.getHost());
	}

	@Test
	void it_asks_for_a_tunnel_and_then_as_ever() throws Exception {
		sockets.connect(through(ROOM).header("Authorization", "canary-0002"), client);

		try (RawPeer peer = proxy.take()) {
			assertThat(peer.head()).isEqualTo("CONNECT room.invalid:7777 HTTP/1.1\r\nHost: room.invalid:7777\r\n\r\n");
			peer.write(YES);
			String upgrade = peer.head();
			assertThat(upgrade).startsWith("GET /lobby?token=canary-0001 HTTP/1.1\r\nHost: room.invalid:7777\r\n").contains("Authorization: canary-0002");
			peer.write(RawPeer.accept(upgrade));
			client.open().send("there", SendMode.RELIABLE);
			assertThat(peer.read().payload()).isEqualTo("there".getBytes(StandardCharsets.US_ASCII));
			peer.write(peer.frame(0x81, "and back".getBytes(StandardCharsets.US_ASCII)));
			assertThat(client.next().utf8()).isEqualTo("and back");
		}
		assertThat(client.steps).containsExactly(WebSocketStep.TCP, WebSocketStep.PROXY, WebSocketStep.UPGRADE);
	}

	@Test
	void an_address_is_asked_for_where_it_is_given_and_ipv6_has_brackets() throws Exception {
		sockets.connect(WebSocketRequest.to(URI.create("wss://room.invalid/")).through(address(), "2001:db8::1"), client);

		try (RawPeer peer = proxy.take()) {
			assertThat(peer.head()).startsWith("CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: [2001:db8::1]:443\r\n");
		}
	}

	@Test
	void the_addresses_of_the_host_are_not_used() throws Exception {
		try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			sockets.connect(through(URI.create("ws://room.invalid:" + server.getLocalPort() + "/")).addresses(List.of(InetAddress.getLoopbackAddress())), client);

			try (RawPeer peer = proxy.take()) {
				assertThat(peer.head()).startsWith("CONNECT room.invalid:");
			}
		}
	}

	@ParameterizedTest
	@ValueSource(strings = {"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 200 OK\r\nVia: x\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n",
			"HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n"})
	void any_success_is_a_tunnel_and_has_no_body(String answer) throws Exception {
		sockets.connect(through(ROOM), client);

		try (RawPeer peer = proxy.take()) {
			peer.head();
			for (byte b : answer.getBytes(StandardCharsets.US_ASCII)) {
				peer.out.write(b);
				peer.out.flush();
			}
			peer.write(RawPeer.accept(peer.head()));
			client.open();
		}
	}

	@ParameterizedTest
	@CsvSource({"407 Proxy Authentication Required,REFUSED,407", "403 Forbidden,REFUSED,403", "401 Who,REFUSED,401", "502 Bad Gateway,UNREACHABLE,0",
			"503 Busy,UNREACHABLE,0", "404 Not Found,UNREACHABLE,0", "301 Elsewhere,UNREACHABLE,0", "100 Continue,PROTOCOL,0", "101 Switching Protocols,PROTOCOL,0",
			"999 Odd,PROTOCOL,0"})
	void a_proxy_that_does_not_ends_it(String status, WebSocketEnding.Kind kind, int httpStatus) throws Exception {
		sockets.connect(through(ROOM), client);

		try (RawPeer peer = proxy.take()) {
			peer.head();
			peer.write("HTTP/1.1 " + status + "\r\nContent-Length: 0\r\nLocation: http://127.0.0.1/\r\n\r\n");

			WebSocketEnding ending = client.ending();
			assertThat(ending.kind()).isEqualTo(kind);
			assertThat(ending.httpStatus()).isEqualTo(httpStatus);
			assertThat(ending.detail()).doesNotContain("canary");
			if (kind != WebSocketEnding.Kind.PROTOCOL) {
				assertThat(ending.detail()).isEqualTo("the proxy 127.0.0.1 port " + proxy.socket.getLocalPort() + " answered HTTP/1.1 " + status);
			}
			assertThat(peer.in.read()).isNegative(); // and nothing was asked of whoever it leads to
		}
		assertThat(client.steps).containsExactly(WebSocketStep.TCP, WebSocketStep.PROXY);
	}

	@Test
	void a_proxy_that_talks_nonsense_or_without_end_ends_it() throws Exception {
		for (String nonsense : List.of("SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 200 OK\r\nno header\r\n\r\n", "x".repeat(5_000))) {
			Recorder told = new Recorder();
			sockets.connect(through(ROOM), told);
			try (RawPeer peer = proxy.take()) {
				peer.head();
				peer.write(nonsense);
				assertThat(told.ending().kind()).isEqualTo(nonsense.startsWith("x") ? WebSocketEnding.Kind.TOO_BIG : WebSocketEnding.Kind.PROTOCOL);
			}
		}
	}

	@Test
	void a_proxy_that_hangs_up_ends_it() throws Exception {
		sockets.connect(through(ROOM), client);
		try (RawPeer peer = proxy.take()) {
			peer.head();
		}

		WebSocketEnding ending = client.ending();
		assertThat(ending.kind()).isEqualTo(WebSocketEnding.Kind.LOST);
		assertThat(ending.detail()).startsWith("lost in the request for a tunnel");
	}

	@Test
	void a_proxy_that_says_nothing_ends_it_in_time() throws Exception {
		sockets.connect(through(ROOM).limits(LIMITS.toBuilder().handshakeTimeout(Duration.ofMillis(200)).build()), client);
		try (RawPeer peer = proxy.take()) {
			peer.head();

			WebSocketEnding ending = client.ending();
			assertThat(ending.kind()).isEqualTo(WebSocketEnding.Kind.TIMEOUT);
			assertThat(ending.detail()).startsWith("the request for a tunnel took longer than");
		}
	}

	@Test
	void a_proxy_that_is_not_there_is_named() throws Exception {
		InetSocketAddress gone = address();
		proxy.close();
		sockets.connect(through(ROOM), client);

		WebSocketEnding ending = client.ending();
		assertThat(ending.kind()).isEqualTo(WebSocketEnding.Kind.UNREACHABLE);
		assertThat(ending.detail()).startsWith("expected a TCP connection to the proxy 127.0.0.1 port " + gone.getPort() + ", got: ");
	}

	@Test
	void giving_up_while_the_proxy_thinks_closes_the_socket() throws Exception {
		WebSocketConnection connection = sockets.connect(through(ROOM), client);
		try (RawPeer peer = proxy.take()) {
			peer.head();
			connection.abort();

			assertThat(client.ending().kind()).isEqualTo(WebSocketEnding.Kind.CLOSED_BY_US);
			assertThat(peer.in.read()).isNegative();
		}
	}

	@Test
	void tls_goes_through_the_tunnel_and_names_are_checked() throws Exception {
		Recorder accepted = new Recorder();
		try (WebSocketServer server = sockets.listen(WebSocketServerOptions.onLoopback(0).tls(Certificates.server(Certificates.RIGHT)),
				request -> HttpAnswer.accept(accepted)); Relay relay = new Relay(server.address())) {
			URI uri = URI.create("wss://localhost:" + server.address().getPort() + "/?token=canary-0001");
			sockets.connect(WebSocketRequest.to(uri).through(relay.address(), "localhost"), client);
			client.open().send("there", SendMode.RELIABLE);

			assertThat(accepted.next().utf8()).isEqualTo("there");
			assertThat(client.steps).containsExactly(WebSocketStep.TCP, WebSocketStep.PROXY, WebSocketStep.TLS, WebSocketStep.UPGRADE);
			assertThat(relay.seen()).contains("CONNECT localhost:" + server.address().getPort()).doesNotContain("canary", "there");

			Recorder wrong = new Recorder();
			sockets.connect(WebSocketRequest.to(URI.create("wss://room.invalid/")).through(relay.address(), "room.invalid"), wrong);
			assertThat(wrong.ending().kind()).isEqualTo(WebSocketEnding.Kind.TLS);
		}
	}

	@Test
	void a_plain_exchange_goes_through_it_too() throws Exception {
		HttpExchange exchange = sockets.post(WebSocketRequest.http(URI.create("http://login.invalid/x")).through(address(), "login.invalid"), 1_024, step -> { });

		try (RawPeer peer = proxy.take()) {
			assertThat(peer.head()).startsWith("CONNECT login.invalid:80 HTTP/1.1\r\n");
			peer.write(YES);
			assertThat(peer.head()).startsWith("POST /x HTTP/1.1\r\nHost: login.invalid\r\n");
			peer.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
			assertThat(exchange.reply().toCompletableFuture().get(10, TimeUnit.SECONDS).status()).isEqualTo(200);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = {"", "a b", "a\r\nX: y", "a/b", "user@host", "höst", "a:1/"})
	void what_is_no_host_is_refused(String host) {
		assertThatThrownBy(() -> WebSocketRequest.to(ROOM).through(address(), host)).isInstanceOf(IllegalArgumentException.class);
		assertThatThrownBy(() -> WebSocketRequest.to(ROOM).through(InetSocketAddress.createUnresolved("proxy", 1), "host"))
				.isInstanceOf(IllegalArgumentException.class);
	}

	/** A proxy that says yes and leads everybody to one place. */
	private static final class Relay implements AutoCloseable {

		private final ServerSocket port = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
		private final List<String> chunks = new CopyOnWriteArrayList<>();
		private final List<Socket> open = new CopyOnWriteArrayList<>();

		Relay(InetSocketAddress to) throws IOException {
			start(() -> {
				while (true) {
					Socket from = port.accept();
					Socket target = new Socket(to.getAddress(), to.getPort());
					open.addAll(List.of(from, target));
					chunks.add(new RawPeer(from, true).head());
					from.getOutputStream().write(YES.getBytes(StandardCharsets.US_ASCII));
					start(() -> copy(from.getInputStream(), target.getOutputStream()));
					start(() -> copy(target.getInputStream(), from.getOutputStream()));
				}
			});
		}

		private interface Work {

			void run() throws IOException;
		}

		private static void start(Work work) {
			Thread thread = new Thread(() -> {
				try {
					work.run();
				} catch (IOException over) {
					Thread.currentThread().interrupt(); // it was closed
				}
			}, "relay");
			thread.setDaemon(true);
			thread.start();
		}

		private void copy(InputStream in, OutputStream out) throws IOException {
			byte[] bytes = new byte[4_096];
			for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
				chunks.add(new String(bytes, 0, count, StandardCharsets.ISO_8859_1));
				out.write(bytes, 0, count);
			}
			out.close();
		}

		InetSocketAddress address() {
			return new InetSocketAddress(port.getInetAddress(), port.getLocalPort());
		}

		String seen() {
			return String.join("", chunks);
		}

		@Override
		public void close() throws IOException {
			port.close();
			for (Socket socket : open) {
				socket.close();
			}
		}
	}
}
