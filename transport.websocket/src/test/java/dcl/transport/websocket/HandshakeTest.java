package dcl.transport.websocket;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static dcl.transport.websocket.WebSocketEnding.Kind.PROTOCOL;
import static dcl.transport.websocket.WebSocketEnding.Kind.REFUSED;
import static dcl.transport.websocket.WebSocketEnding.Kind.TOO_BIG;
import static org.assertj.core.api.Assertions.assertThat;

/** The HTTP upgrade, right and wrong, in both roles (RFC 6455, 4). */
@Timeout(30)
class HandshakeTest {

	static final WebSocketLimits LIMITS = WebSocketLimits.defaults().toBuilder().handshakeTimeout(Duration.ofSeconds(5)).build();

	final WebSockets sockets = WebSockets.create(WebSocketOptions.defaults().limits(LIMITS));
	final Recorder client = new Recorder();

	@AfterEach
	void close() {
		sockets.close();
	}

	/** What a server answers; {@code KEY} stands for the right Sec-WebSocket-Accept. {@code kind} is null if it opens. */
	record Answer(String name, String text, WebSocketEnding.Kind kind, int status) {

		@Override
		public String toString() {
			return name;
		}
	}

	static final String LINE = "HTTP/1.1 101 Switching Protocols\r\n";
	static final String UPGRADE = "Upgrade: websocket\r\n";
	static final String CONNECTION = "Connection: Upgrade\r\n";
	static final String ACCEPT = "Sec-WebSocket-Accept: KEY\r\n";
	static final String GOOD = LINE + UPGRADE + CONNECTION + ACCEPT;

	static List<Answer> answers() {
		List<Answer> all = new ArrayList<>();
		String[][] fine = {
				{"as it should be", GOOD},
				{"names in capitals", LINE + "UPGRADE: websocket\r\nCONNECTION: Upgrade\r\nSEC-WEBSOCKET-ACCEPT: KEY\r\n"},
				{"names in small letters", LINE + "upgrade: WebSocket\r\nconnection: upgrade\r\nsec-websocket-accept: KEY\r\n"},
				{"no space after the colon", LINE + "Upgrade:websocket\r\nConnection:Upgrade\r\nSec-WebSocket-Accept:KEY\r\n"},
				{"tabs and spaces around values", LINE + "Upgrade: \t websocket \r\nConnection:  Upgrade\t\r\nSec-WebSocket-Accept:   KEY  \r\n"},
				{"a list in Connection", LINE + UPGRADE + "Connection: keep-alive, Upgrade\r\n" + ACCEPT},
				{"Connection in two lines", LINE + UPGRADE + "Connection: keep-alive\r\nConnection: Upgrade\r\n" + ACCEPT},
				{"no reason phrase", "HTTP/1.1 101\r\n" + UPGRADE + CONNECTION + ACCEPT},
				{"an empty reason phrase", "HTTP/1.1 101 \r\n" + UPGRADE + CONNECTION + ACCEPT},
				{"other headers", GOOD + "Server: x\r\nDate: y\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\nEmpty:\r\n"},
				{"an offered sub-protocol", GOOD + "Sec-WebSocket-Protocol: rfc4\r\n"},
				{"the other offered sub-protocol", GOOD + "sec-websocket-protocol: rfc5\r\n"},
				{"many headers", GOOD + "X: y\r\n".repeat(2000)}};
		for (String[] each : fine) {
			all.add(new Answer(each[0], each[1] + "\r\n", null, 0));
		}
		String[][] wrong = {
				{"HTTP 1.0", GOOD.replace("HTTP/1.1", "HTTP/1.0")},
				{"HTTP 2", GOOD.replace("HTTP/1.1", "HTTP/2")},
				{"no HTTP", "ICY 200 OK\r\n"},
				{"no status", "HTTP/1.1\r\n"},
				{"a status that is no number", "HTTP/1.1 1o1 Switching\r\n"},
				{"a status of four digits", "HTTP/1.1 1010 Switching\r\n"},
				{"a status out of range", "HTTP/1.1 600 What\r\n"},
				{"an empty first line", "\r\n" + GOOD},
				{"no Upgrade", LINE + CONNECTION + ACCEPT},
				{"another Upgrade", LINE + "Upgrade: h2c\r\n" + CONNECTION + ACCEPT},
				{"no Connection", LINE + UPGRADE + ACCEPT},
				{"another Connection", LINE + UPGRADE + "Connection: close\r\n" + ACCEPT},
				{"no accept", LINE + UPGRADE + CONNECTION},
				{"an empty accept", LINE + UPGRADE + CONNECTION + "Sec-WebSocket-Accept:\r\n"},
				{"a wrong accept", LINE + UPGRADE + CONNECTION + "Sec-WebSocket-Accept: dGhlIHNhbXBsZSBub25jZQ==\r\n"},
				{"an accept in other case", LINE + UPGRADE + CONNECTION + "Sec-WebSocket-Accept: LOWER\r\n"},
				{"two accepts", GOOD + ACCEPT},
				{"an extension", GOOD + "Sec-WebSocket-Extensions: permessage-deflate\r\n"},
				{"an empty extension", GOOD + "Sec-WebSocket-Extensions:\r\n"},
				{"a sub-protocol not offered", GOOD + "Sec-WebSocket-Protocol: rfc6\r\n"},
				{"a sub-protocol in other case", GOOD + "Sec-WebSocket-Protocol: RFC4\r\n"},
				{"two sub-protocols", GOOD + "Sec-WebSocket-Protocol: rfc4, rfc5\r\n"},
				{"two lines of sub-protocols", GOOD + "Sec-WebSocket-Protocol: rfc4\r\nSec-WebSocket-Protocol: rfc4\r\n"},
				{"a header without colon", GOOD + "nonsense\r\n"},
				{"a header without name", GOOD + ": nonsense\r\n"},
				{"a space before the colon", GOOD + "Name : value\r\n"},
				{"a folded header", GOOD + "Name: value\r\n more\r\n"},
				{"a zero in a value", GOOD + "Name: a\0b\r\n"},
				{"a bare carriage return", GOOD + "Name: a\rb\r\n"},
				{"a bare carriage return at the end of a value", GOOD + "Name: a\r\r\n"},
				{"a bare line feed at the end of a value", GOOD + "Name: a\n\r\n"},
				{"a control character before a value", GOOD + "Name:\u001Fa\r\n"},
				{"a bare line feed", GOOD + "Name: a\nOther: b\r\n"}};
		for (String[] each : wrong) {
			all.add(new Answer(each[0], each[1] + "\r\n", PROTOCOL, 0));
		}
		for (int status : new int[] {100, 200, 204, 301, 302, 307, 308, 400, 401, 403, 404, 407, 426, 429, 500, 502, 503, 599}) {
			all.add(new Answer("status " + status, "HTTP/1.1 " + status + " No\r\nLocation: ws://localhost:1/\r\nContent-Length: 2\r\n\r\nno", REFUSED, status));
		}
		all.add(new Answer("status 403 of HTTP 1.0", "HTTP/1.0 403 No\r\n\r\n", REFUSED, 403));
		all.add(new Answer("a head too long", GOOD + "Name: " + "x".repeat(17_000) + "\r\n\r\n", TOO_BIG, 0));
		all.add(new Answer("an endless head", GOOD + "Name: value\r\n".repeat(2000), TOO_BIG, 0));
		all.add(new Answer("an endless line", "x".repeat(20_000), TOO_BIG, 0));
		return all;
	}

	@ParameterizedTest
	@MethodSource("answers")
	void an_answer_opens_or_is_refused(Answer answer) throws Exception {
		try (RawPeer.Port port = new RawPeer.Port()) {
			sockets.connect(WebSocketRequest.to(port.uri()).subprotocols(List.of("rfc4", "rfc5")), client);
			try (RawPeer peer = port.take()) {
				String key = RawPeer.key(peer.head());
				peer.write(answer.text.replace("KEY", key).replace("LOWER", key.toLowerCase()));
				if (answer.kind == null) {
					client.open();
				} else {
					assertThat(client.ending().kind()).isEqualTo(answer.kind);
					assertThat(client.ending().httpStatus()).isEqualTo(answer.status);
					assertThat(client.opened).isNotDone();
				}
			}
		}
	}

	static List<Object[]> waits() {
		return List.of(new Object[] {"17", 17}, new Object[] {"0", 0}, new Object[] {"999999999", 86_400}, new Object[] {"-1", -1}, new Object[] {"soon", -1},
				new Object[] {"Fri, 31 Dec 1999 23:59:59 GMT", 0},
				new Object[] {"Fri, 31 Dec 9999 23:59:59 GMT", 86_400}, new Object[] {"Sun, 22 Nov 2020 10:01:00 GMT\r\nDate: Sun, 22 Nov 2020 10:00:00 GMT", 60},
				new Object[] {"Sun, 22 Nov 2020", -1}, new Object[] {"99999999999999999999", -1}, new Object[] {"", -1});
	}

	@ParameterizedTest
	@MethodSource("waits")
	void a_refusal_may_name_the_seconds_to_wait(String header, int seconds) throws Exception {
		try (RawPeer.Port port = new RawPeer.Port()) {
			sockets.connect(WebSocketRequest.to(port.uri()), client);
			try (RawPeer peer = port.take()) {
				peer.write("HTTP/1.1 503 Busy\r\nRetry-After: " + header + "\r\n\r\n");
				assertThat(client.ending().retryAfter()).isEqualTo(seconds);
			}
		}
	}

	@Test
	void the_request_is_what_the_rfc_asks_for_and_offers_no_extension() throws Exception {
		try (RawPeer.Port port = new RawPeer.Port()) {
			java.net.URI uri = java.net.URI.create(port.uri() + "rooms/pl%C3%A4tze?a=b&c=\u00e4");
			sockets.connect(WebSocketRequest.to(uri).subprotocols(List.of("rfc4", "rfc5")).header("Authorization", "Bearer x"), client);
			try (RawPeer peer = port.take()) {
				List<String> lines = peer.head().lines().toList();
				assertThat(lines.get(0)).isEqualTo("GET /rooms/pl%C3%A4tze?a=b&c=%C3%A4 HTTP/1.1");
				assertThat(lines).contains("Host: 127.0.0.1:" + port.socket.getLocalPort(), "Upgrade: websocket", "Connection: Upgrade",
						"Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: rfc4, rfc5", "Authorization: Bearer x");
				assertThat(lines).filteredOn(line -> line.matches("Sec-WebSocket-Key: [A-Za-z0-9+/]{22}==")).hasSize(1);
				assertThat(lines).noneMatch(line -> line.contains("Extensions"));
			}
		}
	}

	@Test
	void an_answer_and_frames_may_come_together_and_more_than_a_head_may_hold() throws Exception {
		try (RawPeer.Port port = new RawPeer.Port()) {
			sockets.connect(WebSocketRequest.to(port.uri()), client);
			try (RawPeer peer = port.take()) {
				java.io.ByteArrayOutputStream all = new java.io.ByteArrayOutputStream();
				all.writeBytes(RawPeer.accept(peer.head()).getBytes(StandardCharsets.US_ASCII));
				for (int i = 0; i < 20; i++) {
					all.writeBytes(peer.frame(0x82, new byte[1000 + i]));
				}
				peer.write(all.toByteArray());
				for (int i = 0; i < 20; i++) {
					assertThat(client.next().payload()).hasSize(1000 + i);
				}
			}
		}
	}

	@Test
	void an_answer_may_come_byte_by_byte() throws Exception {
		try (RawPeer.Port port = new RawPeer.Port()) {
			sockets.connect(WebSocketRequest.to(port.uri()), client);
			try (RawPeer peer = port.take()) {
				peer.drip(RawPeer.accept(peer.head()).getBytes(StandardCharsets.US_ASCII));
				client.open();
			}
		}
	}

	record Question(String name, String text, int status) {

		@Override
		public String toString() {
			return name;
		}
	}

	static List<Question> questions() {
		String get = "GET /room HTTP/1.1\r\n";
		String host = "Host: localhost\r\n";
		String upgrade = "Upgrade: websocket\r\n";
		String connection = "Connection: Upgrade\r\n";
		String version = "Sec-WebSocket-Version: 13\r\n";
		String key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
		String good = get + host + upgrade + connection + version + key;
		List<Question> all = new ArrayList<>();
		Object[][] table = {
				{"as it should be", good, 101},
				{"names in capitals", good.toUpperCase().replace("/ROOM", "/room").replace("DGHLIHNHBXBSZSBUB25JZQ==", "dGhlIHNhbXBsZSBub25jZQ=="), 101},
				{"Connection as browsers send it", get + host + upgrade + "Connection: keep-alive, Upgrade\r\n" + version + key, 101},
				{"an extension offered", good + "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n", 101},
				{"sub-protocols offered", good + "Sec-WebSocket-Protocol: rfc4, rfc5\r\n", 101},
				{"an origin and a cookie", good + "Origin: null\r\nCookie: a=b\r\n", 101},
				{"an empty body", good + "Content-Length: 0\r\n", 101},
				{"a query", good.replace("/room", "/room?a=b"), 101},
				{"no upgrade", get + host, 200},
				{"another upgrade", get + host + "Upgrade: h2c\r\nConnection: Upgrade\r\n", 200},
				{"HEAD", "HEAD /room HTTP/1.1\r\n" + host, 200},
				{"POST", "POST /room HTTP/1.1\r\n" + host, 200},
				{"POST with a length of zero", "POST /room HTTP/1.1\r\n" + host + "Content-Length: 0\r\n", 200},
				{"POST with a body", "POST /room HTTP/1.1\r\n" + host + "Content-Length: 2\r\n", 400},
				{"POST with a body in chunks", "POST /room HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n", 400},
				{"PUT", "PUT /room HTTP/1.1\r\n" + host, 405},
				{"OPTIONS", "OPTIONS /room HTTP/1.1\r\n" + host, 405},
				{"an upgrade with POST", good.replace("GET", "POST"), 405},
				{"an upgrade with HEAD", good.replace("GET", "HEAD"), 405},
				{"a method in small letters", good.replace("GET", "get"), 405},
				{"HTTP 1.0", good.replace("HTTP/1.1", "HTTP/1.0"), 505},
				{"HTTP 2", good.replace("HTTP/1.1", "HTTP/2.0"), 505},
				{"no HTTP", good.replace("HTTP/1.1", "SPDY/3"), 400},
				{"no version of HTTP", good.replace(" HTTP/1.1", ""), 400},
				{"a space in the path", good.replace("/room", "/my room"), 400},
				{"a full URI", good.replace("/room", "http://localhost/room"), 400},
				{"a star", good.replace("/room", "*"), 400},
				{"an empty line first", "\r\n" + good, 400},
				{"no host", get + upgrade + connection + version + key, 400},
				{"two hosts", good + host, 400},
				{"no Connection", get + host + upgrade + version + key, 400},
				{"another Connection", get + host + upgrade + "Connection: close\r\n" + version + key, 400},
				{"no version", get + host + upgrade + connection + key, 426},
				{"version 8", get + host + upgrade + connection + "Sec-WebSocket-Version: 8\r\n" + key, 426},
				{"version 14", get + host + upgrade + connection + "Sec-WebSocket-Version: 14\r\n" + key, 426},
				{"a version that is no number", get + host + upgrade + connection + "Sec-WebSocket-Version: x\r\n" + key, 426},
				{"two versions", good + version, 426},
				{"no key", get + host + upgrade + connection + version, 400},
				{"an empty key", get + host + upgrade + connection + version + "Sec-WebSocket-Key:\r\n", 400},
				{"a short key", get + host + upgrade + connection + version + "Sec-WebSocket-Key: AAAA\r\n", 400},
				{"a key that is not Base64", get + host + upgrade + connection + version + "Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!==\r\n", 400},
				{"two keys", good + key, 400},
				{"a body announced", good + "Content-Length: 5\r\n", 400},
				{"a body in chunks", good + "Transfer-Encoding: chunked\r\n", 400},
				{"a sub-protocol that is no token", good + "Sec-WebSocket-Protocol: a b\r\n", 400},
				{"a header without colon", good + "nonsense\r\n", 400},
				{"a space before the colon", good + "Name : value\r\n", 400},
				{"a folded header", good + "Name: value\r\n more\r\n", 400},
				{"a zero in a value", good + "Name: a\0b\r\n", 400},
				{"a bare line feed", good + "Name: a\nOther: b\r\n", 400},
				{"a bare carriage return at the end of a value", good + "Name: a\r\r\n", 400},
				{"a bare line feed at the end of a value", good + "Name: a\n\r\n", 400},
				{"a control character before a value", good + "Name:\u001Fa\r\n", 400},
				{"a head too long", good + "Name: " + "x".repeat(17_000) + "\r\n", 431},
				{"an endless line", "x".repeat(20_000), 431}};
		for (Object[] each : table) {
			all.add(new Question((String) each[0], each[1] + "\r\n", (int) each[2]));
		}
		return all;
	}

	@ParameterizedTest
	@MethodSource("questions")
	void a_request_is_answered(Question question) throws Exception {
		WebSocketServer server = sockets.listen(WebSocketServerOptions.onLoopback(0),
				request -> request.isUpgrade() ? HttpAnswer.accept(new Echo()) : HttpAnswer.reply(200, "hello"));
		try (RawPeer peer = RawPeer.connect(server)) {
			peer.write(question.text);
			String head = peer.head();
			assertThat(head).startsWith("HTTP/1.1 " + question.status + " ");
			if (question.status == 101) {
				assertThat(head).contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", "Upgrade: websocket\r\n", "Connection: Upgrade\r\n")
						.doesNotContain("Extensions");
				peer.write(peer.frame(0x82, new byte[] {5}));
				assertThat(peer.read().payload()).containsExactly(5);
			} else {
				assertThat(head).contains("Connection: close");
				peer.in.readAllBytes(); // it ends
			}
		}
	}

	@Test
	void a_request_may_come_byte_by_byte_with_frames_behind_it() throws Exception {
		WebSocketServer server = sockets.listen(WebSocketServerOptions.onLoopback(0), request -> HttpAnswer.accept(new Echo()));
		try (RawPeer peer = RawPeer.connect(server)) {
			peer.drip(RawPeer.request("").getBytes(StandardCharsets.US_ASCII));
			peer.head();
		}
		try (RawPeer peer = RawPeer.connect(server)) {
			java.io.ByteArrayOutputStream all = new java.io.ByteArrayOutputStream();
			all.writeBytes(RawPeer.request("").getBytes(StandardCharsets.US_ASCII));
			all.writeBytes(peer.frame(0x82, new byte[] {1}));
			all.writeBytes(peer.frame(0x82, new byte[] {2}));
			peer.write(all.toByteArray());
			peer.head();
			assertThat(peer.read().payload()).containsExactly(1);
			assertThat(peer.read().payload()).containsExactly(2);
		}
	}

	@Test
	void an_acceptor_that_throws_or_chooses_wrongly_costs_that_client_alone() throws Exception {
		Recorder chosen = new Recorder();
		WebSocketServer server = sockets.listen(WebSocketServerOptions.onLoopback(0), request -> switch (request.path()) {
			case "/throws" -> throw new IllegalStateException("expected by the test");
			case "/null" -> null;
			case "/wrong" -> HttpAnswer.accept(chosen, "rfc9");
			default -> HttpAnswer.accept(new Echo());
		});
		for (String path : List.of("/throws", "/null", "/wrong")) {
			try (RawPeer peer = RawPeer.connect(server)) {
				peer.write(RawPeer.request("").replace("/room", path));
				assertThat(peer.head()).startsWith("HTTP/1.1 500 ");
			}
		}
		assertThat(chosen.ending().kind()).isEqualTo(WebSocketEnding.Kind.LOST);
		RawPeer.client(server).close();
	}

	@Test
	void a_slow_acceptor_and_a_slow_client_are_given_up_in_time() throws Exception {
		java.util.concurrent.CountDownLatch free = new java.util.concurrent.CountDownLatch(1);
		Recorder late = new Recorder();
		WebSocketServer server = sockets.listen(
				WebSocketServerOptions.onLoopback(0).limits(LIMITS.toBuilder().handshakeTimeout(Duration.ofMillis(400)).build()), request -> {
					try {
						free.await(10, TimeUnit.SECONDS);
					} catch (InterruptedException e) {
						Thread.currentThread().interrupt();
					}
					return HttpAnswer.accept(late);
				});
		try (RawPeer mute = RawPeer.connect(server); RawPeer asking = RawPeer.connect(server)) {
			asking.write(RawPeer.request(""));
			assertThat(mute.in.read()).isEqualTo(-1);
			assertThat(asking.in.read()).isEqualTo(-1);
		}
		free.countDown();
		assertThat(late.ending().kind()).isEqualTo(WebSocketEnding.Kind.LOST);
		BasicsTest.await(() -> server.connections() == 0);
	}

	@Test
	void a_server_takes_no_more_connections_than_allowed() throws Exception {
		WebSocketServer server = sockets.listen(WebSocketServerOptions.onLoopback(0).maxConnections(2), request -> HttpAnswer.accept(new Echo()));
		try (RawPeer first = RawPeer.client(server); RawPeer second = RawPeer.client(server); RawPeer third = RawPeer.connect(server)) {
			assertThat(third.in.read()).isEqualTo(-1);
			assertThat(server.connections()).isEqualTo(2);
			first.reset();
			BasicsTest.await(() -> server.connections() == 1);
			RawPeer.client(server).close();
			second.write(second.frame(0x82, new byte[] {3}));
			assertThat(second.read().payload()).containsExactly(3);
		}
	}
}
