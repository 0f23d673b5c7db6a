package dcl.transport.websocket;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** The two roles talking to each other. */
@Timeout(30)
class BasicsTest {

	final WebSockets sockets = WebSockets.create(WebSocketOptions.defaults());
	final Recorder client = new Recorder();
	final Recorder accepted = new Recorder();

	@AfterEach
	void close() {
		sockets.close();
	}

	WebSocketServer server(WebSocketAcceptor acceptor) throws Exception {
		return sockets.listen(WebSocketServerOptions.onLoopback(0), acceptor);
	}

	static WebSocketRequest to(WebSocketServer server) {
		return WebSocketRequest.to(URI.create("ws://127.0.0.1:" + server.address().getPort() + "/room?token=secret"));
	}

	@Test
	void messages_come_back_from_an_echo_as_they_were() throws Exception {
		WebSocketServer server = server(request -> HttpAnswer.accept(new Echo()));
		WebSocketConnection connection = sockets.connect(to(server), client);
		client.open();
		Random random = new Random(1);
		for (int size : new int[] {0, 1, 125, 126, 127, 65_535, 65_536, 65_537, 200_000, 1 << 20}) {
			byte[] sent = new byte[size];
			random.nextBytes(sent);
			assertThat(connection.send(sent, SendMode.RELIABLE)).isEqualTo(size == 1 << 20 ? SendResult.TOO_BIG : SendResult.ACCEPTED);
			if (size < 1 << 20) {
				Recorder.Message message = client.next();
				assertThat(message.text()).isFalse();
				assertThat(message.payload()).isEqualTo(sent);
			}
		}
		connection.send("gr\u00fc\u00df dich \ud83d\ude80", SendMode.RELIABLE);
		Recorder.Message text = client.next();
		assertThat(text.text()).isTrue();
		assertThat(text.utf8()).isEqualTo("gr\u00fc\u00df dich \ud83d\ude80");
	}

	@Test
	void a_close_tells_both_sides_the_code_and_the_reason() throws Exception {
		WebSocketServer server = server(request -> HttpAnswer.accept(accepted));
		WebSocketConnection connection = sockets.connect(to(server), client);
		client.open();
		accepted.open();
		connection.close(3001, "x".repeat(122) + "\u00fc");
		assertThat(accepted.ending().kind()).isEqualTo(WebSocketEnding.Kind.CLOSED_BY_PEER);
		assertThat(accepted.ending().code()).isEqualTo(3001);
		assertThat(accepted.ending().reason()).isEqualTo("x".repeat(122));
		assertThat(client.ending().kind()).isEqualTo(WebSocketEnding.Kind.CLOSED_BY_US);
		assertThat(client.ending().code()).isEqualTo(3001);
		assertThat(connection.send(new byte[1], SendMode.RELIABLE)).isEqualTo(SendResult.NOT_OPEN);
	}

	@Test
	void what_was_queued_before_a_close_arrives() throws Exception {
		WebSocketServer server = server(request -> HttpAnswer.accept(accepted));
		WebSocketConnection connection = sockets.connect(to(server), client);
		client.open();
		for (int i = 0; i < 1000; i++) {
			assertThat(connection.send(new byte[] {(byte) i, (byte) (i >> 8)}, SendMode.RELIABLE)).isEqualTo(SendResult.ACCEPTED);
		}
		connection.close(1000, "done");
		assertThat(accepted.ending().code()).isEqualTo(1000);
		assertThat(accepted.messages).hasSize(1000);
		for (int i = 0; i < 1000; i++) {
			assertThat(accepted.next().payload()).containsExactly(i, i >> 8);
		}
	}

	@Test
	void the_acceptor_sees_the_request_and_picks_a_subprotocol() throws Exception {
		List<String> seen = new ArrayList<>();
		WebSocketServer server = server(request -> {
			seen.addAll(List.of(request.path(), request.query(), request.header("authorization").orElse("-"), request.toString()));
			seen.addAll(request.subprotocols());
			return HttpAnswer.accept(accepted, "rfc4");
		});
		WebSocketConnection connection = sockets.connect(to(server).subprotocols(List.of("rfc5", "rfc4")).header("Authorization", "Bearer abc"), client);
		client.open();
		assertThat(connection.subprotocol()).isEqualTo("rfc4");
		assertThat(accepted.open().subprotocol()).isEqualTo("rfc4");
		assertThat(connection.remoteAddress()).isEqualTo(server.address());
		assertThat(seen).startsWith("/room", "token=secret", "Bearer abc").endsWith("rfc5", "rfc4");
		assertThat(seen.get(3)).doesNotContain("secret", "abc");
	}

	@Test
	void a_server_that_picks_no_subprotocol_is_accepted() throws Exception {
		WebSocketServer server = server(request -> HttpAnswer.accept(accepted));
		sockets.connect(to(server).subprotocols(List.of("rfc5")), client);
		assertThat(client.open().subprotocol()).isEmpty();
	}

	@Test
	void a_refusal_carries_status_and_retry_after_and_no_secret() throws Exception {
		WebSocketServer server = server(request -> HttpAnswer.reply(429, "later").header("Retry-After", "17"));
		sockets.connect(to(server).header("Authorization", "Bearer abc"), client);
		WebSocketEnding ending = client.ending();
		assertThat(ending.kind()).isEqualTo(WebSocketEnding.Kind.REFUSED);
		assertThat(ending.httpStatus()).isEqualTo(429);
		assertThat(ending.retryAfterSeconds()).hasValue(17);
		assertThat(ending.detail()).contains("429").doesNotContain("secret", "abc");
		assertThat(client.opened).isNotDone();
	}

	@Test
	void a_server_answers_plain_http() throws Exception {
		WebSocketServer server = server(request -> request.path().equals("/status")
				? HttpAnswer.reply(200, "application/json", "{\"ok\":true}".getBytes(StandardCharsets.UTF_8))
				: HttpAnswer.accept(accepted));
		assertThat(http(server, "GET /status HTTP/1.1\r\nHost: x\r\n\r\n"))
				.startsWith("HTTP/1.1 200 OK\r\n").contains("Content-Type: application/json", "Content-Length: 11").endsWith("\r\n\r\n{\"ok\":true}");
		assertThat(http(server, "HEAD /status HTTP/1.1\r\nHost: x\r\n\r\n")).contains("Content-Length: 11").endsWith("\r\n\r\n");
		assertThat(http(server, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")).startsWith("HTTP/1.1 426 ").contains("Sec-WebSocket-Version: 13");
		assertThat(accepted.ending().kind()).isEqualTo(WebSocketEnding.Kind.LOST);
	}

	static String http(WebSocketServer server, String request) throws Exception {
		try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.address().getPort())) {
			socket.setSoTimeout(10_000);
			socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
			return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
		}
	}

	@Test
	void a_prepared_message_reaches_every_connection() throws Exception {
		List<WebSocketConnection> rooms = java.util.Collections.synchronizedList(new ArrayList<>());
		WebSocketServer server = server(request -> HttpAnswer.accept(new Echo() {
			@Override
			public void opened(WebSocketConnection connection) {
				rooms.add(connection);
			}
		}));
		List<Recorder> clients = new ArrayList<>();
		for (int i = 0; i < 5; i++) {
			clients.add(new Recorder());
			sockets.connect(to(server), clients.get(i));
		}
		for (Recorder each : clients) {
			each.open().ping(new byte[] {1});
			assertThat(each.pongs.poll(Recorder.SECONDS, TimeUnit.SECONDS)).containsExactly(1);
		}
		await(() -> rooms.size() == 5);
		PreparedMessage message = PreparedMessage.binary(new byte[] {1, 2, 3});
		rooms.forEach(room -> assertThat(room.send(message, SendMode.LOSSY)).isEqualTo(SendResult.ACCEPTED));
		for (Recorder each : clients) {
			assertThat(each.next().payload()).containsExactly(1, 2, 3);
			each.open().send(PreparedMessage.text("und zur\u00fcck"), SendMode.RELIABLE);
			assertThat(each.next().utf8()).isEqualTo("und zur\u00fcck");
		}
	}

	static void await(java.util.function.BooleanSupplier condition) {
		org.junit.jupiter.api.Assertions.assertTimeoutPreemptively(java.time.Duration.ofSeconds(10), () -> {
			while (!condition.getAsBoolean()) {
				Thread.onSpinWait();
				java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
			}
		});
	}

	@Test
	void a_ping_is_answered_after_what_was_sent_before_it() throws Exception {
		WebSocketServer server = server(request -> HttpAnswer.accept(accepted));
		WebSocketConnection connection = sockets.connect(to(server), client);
		client.open();
		connection.send(new byte[100_000], SendMode.RELIABLE);
		connection.ping(new byte[] {7, 8});
		assertThat(client.pongs.poll(Recorder.SECONDS, TimeUnit.SECONDS)).containsExactly(7, 8);
		assertThat(accepted.next().payload()).hasSize(100_000);
		assertThatThrownBy(() -> connection.ping(new byte[126])).isInstanceOf(IllegalArgumentException.class);
	}

	@Test
	void reading_pauses_at_once_and_goes_on_where_it_stopped() throws Exception {
		Recorder pausing = new Recorder() {
			@Override
			public void message(WebSocketConnection connection, byte[] payload, boolean text) {
				connection.pauseReading(); // first, since the test resumes as soon as it has the message
				super.message(connection, payload, text);
			}
		};
		WebSocketServer server = server(request -> HttpAnswer.accept(pausing));
		WebSocketConnection connection = sockets.connect(to(server), client);
		client.open();
		for (int i = 0; i < 20; i++) {
			connection.send(new byte[] {(byte) i}, SendMode.RELIABLE);
		}
		for (int i = 0; i < 20; i++) {
			assertThat(pausing.next().payload()).containsExactly(i);
			assertThat(pausing.messages).isEmpty();
			pausing.open().resumeReading();
		}
	}

	@Test
	void an_abort_before_the_connection_is_open_is_told_once() throws Exception {
		WebSocketServer server = server(request -> HttpAnswer.accept(accepted));
		WebSocketConnection connection = sockets.connect(to(server), client);
		connection.abort();
		connection.abort();
		connection.close(1000, "");
		assertThat(client.ending().kind()).isEqualTo(WebSocketEnding.Kind.CLOSED_BY_US);
	}

	@Test
	void closing_the_engine_ends_everything_and_leaves_no_thread() throws Exception {
		WebSockets own = WebSockets.create(WebSocketOptions.defaults().threadNamePrefix("gone").loops(2));
		WebSocketServer server = own.listen(WebSocketServerOptions.onLoopback(0), request -> HttpAnswer.accept(accepted));
		own.connect(to(server), client);
		client.open();
		accepted.open();
		own.close();
		assertThat(client.ending().kind()).isEqualTo(WebSocketEnding.Kind.ENGINE_CLOSED);
		assertThat(accepted.ending().kind()).isEqualTo(WebSocketEnding.Kind.ENGINE_CLOSED);
		await(() -> LifeTest.threads("gone") == 0); // a pool is over a moment before its threads are
		assertThatThrownBy(() -> own.connect(to(server), new Recorder())).isInstanceOf(IllegalStateException.class);
		try (java.net.ServerSocket again = new java.net.ServerSocket()) {
			again.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.address().getPort()));
		}
	}

	@Test
	void closing_a_server_ends_its_connections_and_frees_the_port() throws Exception {
		WebSocketServer server = server(request -> HttpAnswer.accept(accepted));
		sockets.connect(to(server), client);
		client.open();
		accepted.open();
		server.close();
		assertThat(accepted.ending().kind()).isEqualTo(WebSocketEnding.Kind.ENGINE_CLOSED);
		assertThat(client.ending().kind()).isEqualTo(WebSocketEnding.Kind.CLOSED_BY_PEER);
		assertThat(client.ending().code()).isEqualTo(1001);
		sockets.listen(WebSocketServerOptions.on(server.address()), request -> HttpAnswer.reply(404, "gone")).close();
	}
}
