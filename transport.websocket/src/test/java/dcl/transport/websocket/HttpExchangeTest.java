package dcl.transport.websocket;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** One POST and its answer, in both roles. */
@Timeout(60)
class HttpExchangeTest {

	static final int MOST = 1_000;
	static final WebSocketLimits LIMITS = WebSocketLimits.defaults().toBuilder().handshakeTimeout(Duration.ofSeconds(20)).build();

	final List<WebSocketStep> steps = new CopyOnWriteArrayList<>();
	WebSockets sockets;
	RawPeer.Port port;

	@BeforeEach
	void create() throws Exception {
		sockets = WebSockets.create(WebSocketOptions.defaults().limits(LIMITS).sslContext(Certificates.client(new AtomicInteger())));
		port = new RawPeer.Port();
	}

	@AfterEach
	void close() throws IOException {
		port.close();
		sockets.close();
	}

	WebSocketRequest request(String path) {
		return WebSocketRequest.http(URI.create("http://127.0.0.1:" + port.socket.getLocalPort() + path)).header("X-Token", "canary");
	}

	private HttpExchange post(WebSocketRequest request, int maxBodyBytes) {
		return sockets.post(request, maxBodyBytes, steps::add);
	}

	static HttpReply reply(HttpExchange exchange) throws Exception {
		return exchange.reply().toCompletableFuture().get(Recorder.SECONDS * 3, TimeUnit.SECONDS);
	}

	static WebSocketEnding failure(HttpExchange exchange) throws Exception {
		try {
			HttpReply reply = reply(exchange);
			throw new AssertionError("expected a failure, got " + reply);
		} catch (ExecutionException e) {
			assertThat(e.getCause()).isInstanceOf(HttpExchangeException.class);
			assertThat(e.getCause().getMessage()).doesNotContain("canary");
			return ((HttpExchangeException) e.getCause()).ending();
		}
	}

	/** Answers one request with exactly this, then ends the connection. */
	private HttpExchange answered(String answer, boolean drip) throws Exception {
		HttpExchange exchange = post(request("/"), MOST);
		try (RawPeer peer = port.take()) {
			peer.head();
			byte[] bytes = answer.getBytes(StandardCharsets.ISO_8859_1);
			if (drip) {
				peer.drip(bytes);
			} else {
				peer.write(bytes);
			}
		}
		return exchange;
	}

	@Test
	void a_request_is_a_post_without_a_body() throws Exception {
		HttpExchange exchange = post(request("/a%20b/C?d=e"), MOST);
		try (RawPeer peer = port.take()) {
			assertThat(peer.head()).isEqualTo("POST /a%20b/C?d=e HTTP/1.1\r\nHost: 127.0.0.1:" + port.socket.getLocalPort()
					+ "\r\nConnection: close\r\nContent-Length: 0\r\nX-Token: canary\r\n\r\n");
			peer.write("HTTP/1.1 201 Made it\r\nContent-Length: 2\r\nX-A: 1\r\nx-a: 2\r\n\r\nok".getBytes(StandardCharsets.ISO_8859_1));
			HttpReply reply = reply(exchange); // though the connection is still there
			assertThat(reply.status()).isEqualTo(201);
			assertThat(reply.reason()).isEqualTo("Made it");
			assertThat(reply.header("X-a")).hasValue("1");
			assertThat(reply.headers("X-A")).containsExactly("1", "2");
			assertThat(reply.body()).asString().isEqualTo("ok");
			assertThat(peer.in.read()).as("the connection ends with the answer").isEqualTo(-1);
		}
	}

	record Good(String name, String answer, String body) {

		@Override
		public String toString() {
			return name;
		}
	}

	static List<Good> good() {
		String ok = "HTTP/1.1 200 OK\r\n";
		return List.of(
				new Good("a length", ok + "Content-Length: 5\r\n\r\nhello", "hello"),
				new Good("the same length twice", ok + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", "hello"),
				new Good("no body", ok + "Content-Length: 0\r\n\r\n", ""),
				new Good("what follows the body", ok + "Content-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n\r\n", "hello"),
				new Good("the end of the connection", ok + "\r\nhello", "hello"),
				new Good("nothing before the end", ok + "\r\n", ""),
				new Good("HTTP 1.0", "HTTP/1.0 200 OK\r\n\r\nhello", "hello"),
				new Good("no reason", "HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello", "hello"),
				new Good("status 204", "HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n", ""),
				new Good("an error", "HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\nhello", "hello"),
				new Good("a redirect", "HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", ""),
				new Good("continue first", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + ok
				+ "Content-Length: 5\r\n\r\nhello", "hello"),
				new Good("chunks", ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;name=value\r\nlo\r\n0\r\n\r\n", "hello"),
				new Good("chunks and trailers", ok
				+ "Transfer-Encoding: Chunked\r\n\r\n0005\r\nhello\r\n0\r\nA: b\r\nC: d\r\n\r\n", "hello"),
				new Good("no chunk", ok + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ""),
				new Good("all that is allowed", ok + "Content-Length: " + MOST + "\r\n\r\n" + "x".repeat(MOST), "x".repeat(MOST)),
				new Good("all that is allowed, until the end", ok + "\r\n" + "x".repeat(MOST), "x".repeat(MOST)));
	}

	@ParameterizedTest
	@MethodSource("good")
	void a_body_is_read_however_it_is_framed(Good good) throws Exception {
		assertThat(reply(answered(good.answer, false)).body()).asString().isEqualTo(good.body);
		assertThat(reply(answered(good.answer, true)).body()).asString().isEqualTo(good.body);
	}

	record Bad(String name, String answer, WebSocketEnding.Kind kind) {

		@Override
		public String toString() {
			return name;
		}
	}

	static List<Bad> bad() {
		String ok = "HTTP/1.1 200 OK\r\n";
		String chunked = ok + "Transfer-Encoding: chunked\r\n";
		WebSocketEnding.Kind protocol = WebSocketEnding.Kind.PROTOCOL;
		WebSocketEnding.Kind lost = WebSocketEnding.Kind.LOST;
		WebSocketEnding.Kind tooBig = WebSocketEnding.Kind.TOO_BIG;
		return List.of(
				new Bad("nothing", "", lost),
				new Bad("half a head", ok, lost),
				new Bad("no HTTP", "SSH-2.0-x\r\n\r\n", protocol),
				new Bad("a switch of protocols", "HTTP/1.1 101 Switching Protocols\r\n\r\n", protocol),
				new Bad("nothing but continue", "HTTP/1.1 100 Continue\r\n\r\n".repeat(9), protocol),
				new Bad("less than the length", ok + "Content-Length: 5\r\n\r\nhell", lost),
				new Bad("two lengths", ok + "Content-Length: 5\r\nContent-Length: 4\r\n\r\nhello", protocol),
				new Bad("a list of lengths", ok + "Content-Length: 5, 5\r\n\r\nhello", protocol),
				new Bad("a negative length", ok + "Content-Length: -1\r\n\r\nhello", protocol),
				new Bad("a length with a sign", ok + "Content-Length: +5\r\n\r\nhello", protocol),
				new Bad("a length that is no number", ok + "Content-Length: five\r\n\r\nhello", protocol),
				new Bad("a length beyond numbers", ok + "Content-Length: 99999999999999999999\r\n\r\nhello", protocol),
				new Bad("a length too long", ok + "Content-Length: " + (MOST + 1) + "\r\n\r\n", tooBig),
				new Bad("a huge length", ok + "Content-Length: 999999999999999999\r\n\r\n", tooBig),
				new Bad("too much until the end", ok + "\r\n" + "x".repeat(MOST + 1), tooBig),
				new Bad("a chunk too long", chunked + "\r\n3e9\r\n", tooBig),
				new Bad("a huge chunk", chunked + "\r\n7fffffffffffffe\r\n", tooBig),
				new Bad("chunks too long together", chunked + "\r\n" + ("64\r\n" + "x".repeat(100) + "\r\n").repeat(11), tooBig),
				new Bad("chunks and a length", chunked + "Content-Length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\n", protocol),
				new Bad("chunks of HTTP 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", protocol),
				new Bad("another coding", ok + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", protocol),
				new Bad("a size that is no number", chunked + "\r\nx\r\nhello\r\n0\r\n\r\n", protocol),
				new Bad("a negative size", chunked + "\r\n-5\r\nhello\r\n0\r\n\r\n", protocol),
				new Bad("no size", chunked + "\r\n\r\nhello\r\n0\r\n\r\n", protocol),
				new Bad("a line feed alone", chunked + "\r\n5\nhello\r\n0\r\n\r\n", protocol),
				new Bad("a chunk longer than its size", chunked + "\r\n4\r\nhello\r\n0\r\n\r\n", protocol),
				new Bad("no last chunk", chunked + "\r\n5\r\nhello\r\n", lost),
				new Bad("an endless extension", chunked + "\r\n5;" + "x".repeat(5_000), protocol),
				new Bad("endless trailers", chunked + "\r\n0\r\n" + "A: bcdefgh\r\n".repeat(1_000), protocol),
				new Bad("a control character in the head", ok + "A: b\0c\r\n\r\n", protocol),
				new Bad("an endless head", ok + "A: " + "x".repeat(20_000), tooBig));
	}

	@ParameterizedTest
	@MethodSource("bad")
	void what_is_no_answer_or_a_long_one_fails(Bad bad) throws Exception {
		assertThat(failure(answered(bad.answer, false)).kind()).isEqualTo(bad.kind);
	}

	@Test
	void a_server_that_is_slow_is_given_up() throws Exception {
		WebSocketLimits quick = LIMITS.toBuilder().handshakeTimeout(Duration.ofSeconds(2)).build();
		for (String part : List.of("", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\n\r\n{")) {
			HttpExchange exchange = post(request("/").limits(quick), MOST);
			try (RawPeer peer = port.take()) {
				peer.write(part.getBytes(StandardCharsets.ISO_8859_1));
				WebSocketEnding ending = failure(exchange);
				assertThat(ending.kind()).isEqualTo(WebSocketEnding.Kind.TIMEOUT);
				assertThat(ending.detail()).startsWith("the answer took longer");
			}
		}
	}

	@Test
	void an_exchange_can_be_given_up() throws Exception {
		HttpExchange exchange = post(request("/"), MOST);
		try (RawPeer peer = port.take()) {
			peer.head();
			exchange.abort();
			assertThat(failure(exchange).kind()).isEqualTo(WebSocketEnding.Kind.CLOSED_BY_US);
			assertThat(peer.in.read()).isEqualTo(-1);
		}
	}

	@Test
	void a_closed_engine_ends_it() throws Exception {
		HttpExchange exchange = post(request("/"), MOST);
		try (RawPeer peer = port.take()) {
			peer.head();
			sockets.close();
			assertThat(failure(exchange).kind()).isEqualTo(WebSocketEnding.Kind.ENGINE_CLOSED);
		}
		assertThatThrownBy(() -> post(request("/"), MOST)).isInstanceOf(IllegalStateException.class);
	}

	@Test
	void nobody_there_is_unreachable() throws Exception {
		port.close();
		assertThat(failure(post(request("/"), MOST)).kind()).isEqualTo(WebSocketEnding.Kind.UNREACHABLE);
	}

	/** The name leads to one machine and the addresses to another, as after the answer of a name server that changes. */
	@Test
	void only_the_given_addresses_are_connected_to() throws Exception {
		try (ServerSocket canary = new ServerSocket(0, 5, InetAddress.getByName("127.0.0.1"));
				ServerSocket named = new ServerSocket(canary.getLocalPort(), 5, InetAddress.getByName("127.0.0.2"))) {
			canary.setSoTimeout(1);
			named.setSoTimeout(10_000);
			URI uri = URI.create("http://localhost:" + canary.getLocalPort() + "/");
			HttpExchange exchange = post(WebSocketRequest.http(uri).addresses(List.of(InetAddress.getByName("127.0.0.2"))), MOST);
			try (RawPeer peer = new RawPeer(named.accept(), true)) {
				assertThat(peer.head()).contains("\r\nHost: localhost:" + canary.getLocalPort() + "\r\n");
				peer.write("HTTP/1.1 200 OK\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
			}
			assertThat(reply(exchange).status()).isEqualTo(200);
			assertThatThrownBy(canary::accept).isInstanceOf(SocketTimeoutException.class);
		}
	}

	@Test
	void tls_checks_the_name_that_was_asked_for_and_not_the_address() throws Exception {
		int other = sockets.listen(WebSocketServerOptions.onLoopback(0).tls(Certificates.server(Certificates.WRONG_NAME)),
				request -> HttpAnswer.reply(200, request.header("Host").orElseThrow())).address().getPort();
		List<InetAddress> here = List.of(InetAddress.getLoopbackAddress());
		HttpReply reply = reply(post(WebSocketRequest.http(URI.create("https://other.example:" + other + "/")).addresses(here), MOST));
		assertThat(reply.body()).asString().isEqualTo("other.example:" + other);
		assertThat(steps).containsExactly(WebSocketStep.TCP, WebSocketStep.TLS, WebSocketStep.REQUEST);
		assertThat(failure(post(WebSocketRequest.http(URI.create("https://localhost:" + other + "/")).addresses(here), MOST)).kind())
				.isEqualTo(WebSocketEnding.Kind.TLS);
		assertThat(failure(post(WebSocketRequest.http(URI.create("https://127.0.0.1:" + other + "/")).addresses(here), MOST)).kind())
				.isEqualTo(WebSocketEnding.Kind.TLS);
	}

	@ParameterizedTest
	@ValueSource(strings = {"ws://localhost/", "wss://localhost/", "file:///etc/passwd", "http:/x", "http://user@localhost/",
			"http://localhost/#x", "//localhost/"})
	void only_http_is_asked(String uri) {
		assertThatIllegalArgumentException().isThrownBy(() -> WebSocketRequest.http(URI.create(uri)));
	}

	// ---- the server's side

	private int serve(WebSocketAcceptor acceptor) throws Exception {
		return sockets.listen(WebSocketServerOptions.onLoopback(0)
				.limits(LIMITS.toBuilder().handshakeTimeout(Duration.ofSeconds(2)).build()), acceptor)
				.address().getPort();
	}

	private HttpReply post(int server) throws Exception {
		return reply(post(WebSocketRequest.http(URI.create("http://127.0.0.1:" + server + "/x")), MOST));
	}

	@Test
	void a_server_hears_the_method() throws Exception {
		assertThat(post(serve(request -> HttpAnswer.reply(200, request.method()))).body()).asString().isEqualTo("POST");
	}

	@Test
	void an_answer_may_come_later_from_another_thread() throws Exception {
		CompletableFuture<HttpAnswer> later = new CompletableFuture<>();
		CompletableFuture<Void> asked = new CompletableFuture<>();
		int server = serve(request -> {
			asked.complete(null);
			return HttpAnswer.later(later);
		});
		HttpExchange exchange = post(WebSocketRequest.http(URI.create("http://127.0.0.1:" + server + "/x")), MOST);
		asked.get(10, TimeUnit.SECONDS);
		later.complete(HttpAnswer.reply(418, "tea").header("Retry-After", "3"));
		assertThat(reply(exchange).header("Retry-After")).hasValue("3");
	}

	@ParameterizedTest
	@CsvSource({"failed", "null", "later again"})
	void a_later_answer_that_is_none_is_status_500(String how) throws Exception {
		HttpAnswer later = HttpAnswer.later(switch (how) {
			case "failed" -> CompletableFuture.failedFuture(new IllegalStateException("x"));
			case "null" -> CompletableFuture.completedFuture(null);
			default -> CompletableFuture.completedFuture(HttpAnswer.later(new CompletableFuture<>()));
		});
		assertThat(post(serve(request -> later)).status()).isEqualTo(500);
	}

	@Test
	void an_answer_that_never_comes_ends_the_connection() throws Exception {
		int server = serve(request -> HttpAnswer.later(new CompletableFuture<>()));
		assertThat(failure(post(WebSocketRequest.http(URI.create("http://127.0.0.1:" + server + "/x")), MOST)).kind())
				.isEqualTo(WebSocketEnding.Kind.LOST);
	}
}
