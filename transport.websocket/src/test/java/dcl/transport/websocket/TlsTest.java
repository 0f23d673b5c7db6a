package dcl.transport.websocket;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** TLS in both roles: what is refused, what survives, what never happens. */
@Timeout(60)
class TlsTest {

	static final WebSocketLimits LIMITS = WebSocketLimits.defaults().toBuilder().handshakeTimeout(Duration.ofSeconds(5)).build();

	final Recorder client = new Recorder();
	final Recorder accepted = new Recorder();
	final AtomicInteger checks = new AtomicInteger();
	WebSockets sockets;

	@BeforeEach
	void create() throws Exception {
		sockets = WebSockets.create(WebSocketOptions.defaults().limits(LIMITS).sslContext(Certificates.client(checks)));
	}

	@AfterEach
	void close() {
		sockets.close();
	}

	WebSocketServer server(KeyStore key, WebSocketListener listener) throws Exception {
		return sockets.listen(WebSocketServerOptions.onLoopback(0).tls(Certificates.server(key)), request -> HttpAnswer.accept(listener));
	}

	static WebSocketRequest to(int port) {
		return WebSocketRequest.to(URI.create("wss://localhost:" + port + "/?token=secret"));
	}

	@ParameterizedTest
	@ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
	void a_megabyte_comes_back_as_it_was_over_a_blocking_server(String version) throws Exception {
		try (SSLServerSocket port = (SSLServerSocket) Certificates.server(Certificates.RIGHT).getServerSocketFactory().createServerSocket(0)) {
			port.setEnabledProtocols(new String[] {version});
			sockets.connect(to(port.getLocalPort()), client);
			try (SSLSocket socket = (SSLSocket) port.accept(); RawPeer peer = new RawPeer(socket, true)) {
				peer.write(RawPeer.accept(peer.head()));
				assertThat(socket.getSession().getProtocol()).isEqualTo(version);
				byte[] sent = new byte[(1 << 20) - 100];
				new Random(3).nextBytes(sent);
				for (int i = 0; i < 5; i++) { // beyond the key update limit
					assertThat(client.open().send(sent, SendMode.RELIABLE)).isEqualTo(SendResult.ACCEPTED);
					RawPeer.Frame frame = peer.read();
					assertThat(frame.masked()).isTrue();
					assertThat(frame.payload()).isEqualTo(sent);
					peer.write(peer.frame(0x82, frame.payload()));
					assertThat(client.next().payload()).isEqualTo(sent);
				}
				peer.write(peer.frame(0x88, new byte[] {3, (byte) 0xE8}));
				assertThat(client.ending().kind()).isEqualTo(WebSocketEnding.Kind.CLOSED_BY_PEER);
			}
		}
	}

	@Test
	void many_megabytes_pass_between_our_two_roles() throws Exception {
		WebSocketServer server = server(Certificates.RIGHT, new Echo());
		WebSocketConnection connection = sockets.connect(to(server.address().getPort()), client);
		client.open();
		byte[] sent = new byte[300_000];
		new Random(4).nextBytes(sent);
		for (int i = 0; i < 20; i++) {
			connection.send(sent, SendMode.RELIABLE);
			connection.send(Arrays.copyOf(sent, i), SendMode.RELIABLE);
			assertThat(client.next().payload()).isEqualTo(sent);
			assertThat(client.next().payload()).isEqualTo(Arrays.copyOf(sent, i));
		}
		connection.close(1000, "");
		assertThat(client.ending().kind()).isEqualTo(WebSocketEnding.Kind.CLOSED_BY_US);
		assertThat(client.ending().detail()).isEqualTo("closed as asked for");
	}

	@Test
	void a_certificate_for_another_name_is_refused() throws Exception {
		sockets.connect(to(server(Certificates.WRONG_NAME, accepted).address().getPort()), client);
		assertThat(client.ending().kind()).isEqualTo(WebSocketEnding.Kind.TLS);
		assertThat(client.ending().detail()).contains("No subject alternative DNS name matching localhost").doesNotContain("secret");
		assertThat(client.steps).containsExactly(WebSocketStep.DNS, WebSocketStep.TCP, WebSocketStep.TLS);
	}

	@Test
	void an_address_is_checked_as_a_name_is() throws Exception {
		int right = server(Certificates.RIGHT, accepted).address().getPort();
		sockets.connect(WebSocketRequest.to(URI.create("wss://127.0.0.1:" + right)), client);
		client.open();
		int wrong = server(Certificates.WRONG_NAME, accepted).address().getPort();
		Recorder refused = new Recorder();
		sockets.connect(WebSocketRequest.to(URI.create("wss://127.0.0.1:" + wrong)), refused);
		assertThat(refused.ending().kind()).isEqualTo(WebSocketEnding.Kind.TLS);
	}

	@Test
	void the_name_is_that_of_the_uri_when_addresses_are_given() throws Exception {
		int port = server(Certificates.WRONG_NAME, accepted).address().getPort();
		WebSocketRequest request = WebSocketRequest.to(URI.create("wss://other.example:" + port + "/"))
				.addresses(java.util.List.of(java.net.InetAddress.getLoopbackAddress()));
		sockets.connect(request, client);
		client.open();
	}

	@Test
	void certificates_out_of_their_time_are_refused() throws Exception {
		for (KeyStore key : java.util.List.of(Certificates.EXPIRED, Certificates.NOT_YET)) {
			Recorder each = new Recorder();
			sockets.connect(to(server(key, accepted).address().getPort()), each);
			assertThat(each.ending().kind()).isEqualTo(WebSocketEnding.Kind.TLS);
			assertThat(each.ending().detail()).contains(key == Certificates.EXPIRED ? "NotAfter" : "NotBefore");
		}
	}

	@Test
	void an_untrusted_certificate_is_refused() throws Exception {
		int port = server(Certificates.RIGHT, accepted).address().getPort();
		sockets.connect(to(port).sslContext(SSLContext.getDefault()), client);
		assertThat(client.ending().kind()).isEqualTo(WebSocketEnding.Kind.TLS);
		assertThat(client.ending().detail()).contains("unable to find valid certification path");
	}

	@Test
	void a_second_connection_resumes_the_session() throws Exception {
		int port = server(Certificates.RIGHT, new Echo()).address().getPort();
		for (int i = 0; i < 3; i++) {
			Recorder each = new Recorder();
			WebSocketConnection connection = sockets.connect(to(port), each);
			each.open();
			connection.send(new byte[1], SendMode.RELIABLE);
			each.next(); // the ticket came before this
			connection.close(1000, "");
			each.ending();
		}
		assertThat(checks).hasValue(1);
	}

	@Test
	void a_server_without_tls_ends_the_attempt_and_never_gets_clear_text() throws Exception {
		try (RawPeer.Port port = new RawPeer.Port()) {
			sockets.connect(to(port.socket.getLocalPort()), client);
			try (RawPeer peer = port.take()) {
				peer.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
				assertThat(client.ending().kind()).isEqualTo(WebSocketEnding.Kind.TLS);
				assertOnlyRecords(peer);
			}
		}
	}

	@Test
	void a_mute_server_is_given_up_in_time_and_never_gets_clear_text() throws Exception {
		try (RawPeer.Port port = new RawPeer.Port()) {
			WebSocketLimits impatient = LIMITS.toBuilder().handshakeTimeout(Duration.ofMillis(500)).build();
			long begin = System.nanoTime();
			sockets.connect(to(port.socket.getLocalPort()).limits(impatient), client);
			try (RawPeer peer = port.take()) {
				assertThat(client.ending().kind()).isEqualTo(WebSocketEnding.Kind.TIMEOUT);
				assertThat(client.ending().detail()).contains("TLS handshake");
				assertThat(Duration.ofNanos(System.nanoTime() - begin)).isBetween(Duration.ofMillis(450), Duration.ofSeconds(3));
				assertOnlyRecords(peer);
			}
		}
	}

	/** Everything that came is TLS records, and nothing of it is HTTP. */
	static void assertOnlyRecords(RawPeer peer) throws IOException {
		byte[] all = peer.in.readAllBytes();
		assertThat(all.length).isGreaterThan(50);
		for (int at = 0; at < all.length; at += 5 + ((all[at + 3] & 0xFF) << 8 | all[at + 4] & 0xFF)) {
			assertThat((int) all[at]).isBetween(20, 23);
			assertThat((int) all[at + 1]).isEqualTo(3);
		}
		assertThat(new String(all, StandardCharsets.ISO_8859_1)).doesNotContain("GET /", "HTTP/1.1", "secret");
	}

	@Test
	void an_old_protocol_is_refused() throws Exception {
		try (RawPeer.Port port = new RawPeer.Port()) {
			sockets.connect(to(port.socket.getLocalPort()), client);
			try (RawPeer peer = port.take()) {
				// a ServerHello that picks TLS 1.1 with TLS_RSA_WITH_AES_128_CBC_SHA
				ByteArrayOutputStream hello = new ByteArrayOutputStream();
				hello.writeBytes(new byte[] {2, 0, 0, 38, 3, 2});
				hello.writeBytes(new byte[32]);
				hello.writeBytes(new byte[] {0, 0, 0x2F, 0});
				peer.write(new byte[] {22, 3, 2, 0, (byte) hello.size()});
				peer.write(hello.toByteArray());
				assertThat(client.ending().kind()).isEqualTo(WebSocketEnding.Kind.TLS);
			}
		}
	}

	@ParameterizedTest
	@ValueSource(ints = {0, 1, 5, 60, 100, 300, 500})
	void a_cut_in_the_handshake_ends_as_tls(int bytes) throws Exception {
		WebSocketServer server = server(Certificates.RIGHT, accepted);
		try (Meddler meddler = new Meddler(server.address().getPort(), (chunk, before, to) -> {
			int part = (int) Math.max(0, Math.min(chunk.length, bytes - before));
			to.getOutputStream().write(chunk, 0, part);
			to.shutdownOutput();
		})) {
			sockets.connect(to(meddler.port.getLocalPort()), client);
			assertThat(client.ending().kind()).isEqualTo(WebSocketEnding.Kind.TLS);
		}
	}

	@Test
	void bytes_may_come_one_by_one() throws Exception {
		WebSocketServer server = server(Certificates.RIGHT, new Echo());
		try (Meddler meddler = new Meddler(server.address().getPort(), (chunk, before, to) -> {
			for (byte b : chunk) {
				to.getOutputStream().write(b);
			}
		})) {
			WebSocketConnection connection = sockets.connect(to(meddler.port.getLocalPort()), client);
			client.open();
			connection.send(new byte[5000], SendMode.RELIABLE);
			assertThat(client.next().payload()).hasSize(5000);
		}
	}

	@Test
	void a_server_that_renegotiates_is_left() throws Exception {
		try (SSLServerSocket port = (SSLServerSocket) Certificates.server(Certificates.RIGHT).getServerSocketFactory().createServerSocket(0)) {
			port.setEnabledProtocols(new String[] {"TLSv1.2"});
			sockets.connect(to(port.getLocalPort()), client);
			try (SSLSocket socket = (SSLSocket) port.accept(); RawPeer peer = new RawPeer(socket, true)) {
				peer.write(RawPeer.accept(peer.head()));
				client.open();
				socket.startHandshake(); // sends a HelloRequest
				Thread reader = new Thread(() -> {
					try {
						socket.getInputStream().read();
					} catch (IOException expected) {
						// it is cut
					}
				});
				reader.start();
				assertThat(client.ending().kind()).isEqualTo(WebSocketEnding.Kind.TLS);
				assertThat(client.ending().detail()).contains("renegotiation");
				reader.join();
			}
		}
	}

	@Test
	void a_slow_reader_stalls_neither_its_handshake_nor_another_connection() throws Exception {
		// the server's records wait in the meddler until the client has closed its window
		WebSocketServer server = server(Certificates.RIGHT, new Echo());
		java.util.concurrent.CountDownLatch go = new java.util.concurrent.CountDownLatch(1);
		try (Meddler meddler = new Meddler(server.address().getPort(), (chunk, before, to) -> {
			try {
				if (before > 100_000 && !go.await(20, TimeUnit.SECONDS)) {
					throw new IOException("never released");
				}
			} catch (InterruptedException e) {
				throw new IOException(e);
			}
			to.getOutputStream().write(chunk);
		})) {
			WebSocketConnection slow = sockets.connect(to(meddler.port.getLocalPort()), client);
			client.open();
			byte[] sent = new byte[200_000];
			new Random(8).nextBytes(sent);
			int count = 0;
			for (int i = 0; i < 60; i++) { // more than the buffers of the system hold
				count += slow.send(sent, SendMode.RELIABLE) == SendResult.ACCEPTED ? 1 : 0;
				client.writable.poll(20, TimeUnit.MILLISECONDS);
			}
			Recorder other = new Recorder();
			WebSocketConnection quick = sockets.connect(to(server.address().getPort()), other);
			other.open();
			quick.send(new byte[10], SendMode.RELIABLE);
			assertThat(other.next().payload()).hasSize(10);
			go.countDown();
			int echoed = Math.min(5, count); // the echo itself refuses what does not fit into its queue
			for (int i = 0; i < echoed; i++) {
				assertThat(client.next().payload()).isEqualTo(sent);
			}
		}
	}

	@Test
	void a_changed_byte_ends_that_connection_and_no_other() throws Exception {
		WebSocketServer server = server(Certificates.RIGHT, new Echo());
		AtomicBoolean corrupt = new AtomicBoolean();
		try (Meddler meddler = new Meddler(server.address().getPort(), (chunk, before, to) -> {
			if (corrupt.get()) {
				chunk[chunk.length - 1] ^= 1;
			}
			to.getOutputStream().write(chunk);
		})) {
			Recorder other = new Recorder();
			WebSocketConnection good = sockets.connect(to(server.address().getPort()), other);
			WebSocketConnection bad = sockets.connect(to(meddler.port.getLocalPort()), client);
			other.open();
			client.open();
			corrupt.set(true);
			bad.send(new byte[100], SendMode.RELIABLE);
			assertThat(client.ending().kind()).isEqualTo(WebSocketEnding.Kind.TLS);
			good.send(new byte[100], SendMode.RELIABLE);
			assertThat(other.next().payload()).hasSize(100);
			assertThat(client.messages).isEmpty();
		}
	}

	@Test
	void hostile_records_end_the_attempt() throws Exception {
		Random random = new Random(5);
		try (RawPeer.Port port = new RawPeer.Port()) {
			for (int i = 0; i < 40; i++) {
				Recorder each = new Recorder();
				sockets.connect(to(port.socket.getLocalPort()), each);
				try (RawPeer peer = port.take()) {
					byte[] bytes = new byte[1 + random.nextInt(40_000)];
					random.nextBytes(bytes);
					if (i % 2 == 0 && bytes.length > 5) { // looks like a record, up to the longest announced
						bytes[0] = (byte) (20 + random.nextInt(5));
						bytes[1] = 3;
						bytes[2] = 3;
					}
					peer.out.write(bytes);
					peer.socket.shutdownOutput();
					assertThat(each.ending().kind()).isEqualTo(WebSocketEnding.Kind.TLS);
				} catch (java.net.SocketException e) {
					assertThat(each.ending().kind()).isEqualTo(WebSocketEnding.Kind.TLS); // it was refused while we still wrote
				}
			}
		}
	}

	@Test
	void a_tls_server_survives_hostile_clients() throws Exception {
		WebSocketServer server = server(Certificates.RIGHT, new Echo());
		Random random = new Random(6);
		for (int i = 0; i < 40; i++) {
			try (Socket socket = new Socket("localhost", server.address().getPort())) {
				byte[] bytes = new byte[1 + random.nextInt(2000)];
				random.nextBytes(bytes);
				if (i % 2 == 0 && bytes.length > 5) {
					bytes[0] = 22;
					bytes[1] = 3;
					bytes[2] = 1;
				}
				socket.getOutputStream().write(i == 0 ? "GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII) : bytes);
			}
		}
		sockets.connect(to(server.address().getPort()), client);
		client.open();
		BasicsTest.await(() -> server.connections() == 1);
	}

	@Test
	void an_end_of_stream_without_close_notify_is_a_loss() throws Exception {
		WebSocketServer server = server(Certificates.RIGHT, accepted);
		Socket[] toClient = new Socket[1];
		try (Meddler meddler = new Meddler(server.address().getPort(), (chunk, before, to) -> {
			toClient[0] = to;
			to.getOutputStream().write(chunk);
		})) {
			sockets.connect(to(meddler.port.getLocalPort()), client);
			client.open();
			toClient[0].shutdownOutput();
			assertThat(client.ending().kind()).isEqualTo(WebSocketEnding.Kind.LOST);
		}
	}

	@Test
	void a_closing_peer_gets_close_notify() throws Exception {
		try (SSLServerSocket port = (SSLServerSocket) Certificates.server(Certificates.RIGHT).getServerSocketFactory().createServerSocket(0)) {
			WebSocketConnection connection = sockets.connect(to(port.getLocalPort()), client);
			try (SSLSocket socket = (SSLSocket) port.accept(); RawPeer peer = new RawPeer(socket, true)) {
				peer.write(RawPeer.accept(peer.head()));
				client.open();
				connection.close(1000, "");
				assertThat(peer.closeCode()).isEqualTo(1000);
				peer.write(peer.frame(0x88, new byte[] {3, (byte) 0xE8}));
				assertThat(peer.in.read()).isEqualTo(-1); // an end without close_notify would throw
				assertThat(client.closed.get(10, TimeUnit.SECONDS).kind()).isEqualTo(WebSocketEnding.Kind.CLOSED_BY_US);
			}
		}
	}

	/** A server that is not ours, after the upgrade, and a client with those limits. */
	private interface Play {

		void on(WebSocketConnection connection, RawPeer peer) throws Exception;
	}

	private void play(WebSocketLimits limits, Play play) throws Exception {
		try (SSLServerSocket port = (SSLServerSocket) Certificates.server(Certificates.RIGHT).getServerSocketFactory().createServerSocket(0)) {
			sockets.connect(to(port.getLocalPort()).limits(limits), client);
			try (SSLSocket socket = (SSLSocket) port.accept(); RawPeer peer = new RawPeer(socket, true)) {
				peer.write(RawPeer.accept(peer.head()));
				play.on(client.open(), peer);
			}
		}
	}

	@Test
	void a_peer_that_ignores_pings_in_tls_is_half_open() throws Exception {
		play(LIMITS.toBuilder().pingInterval(Duration.ofMillis(500)).pongTimeout(Duration.ofMillis(500)).build(), (connection, peer) -> {
			assertThat(peer.read().opcode()).isEqualTo(Frames.PING);
			assertThat(client.ending().kind()).isEqualTo(WebSocketEnding.Kind.HALF_OPEN);
		});
	}

	@Test
	void a_peer_that_ignores_a_close_in_tls_is_left() throws Exception {
		play(LIMITS.toBuilder().closeTimeout(Duration.ofMillis(400)).build(), (connection, peer) -> {
			connection.close(4001, "bye");
			assertThat(client.ending().detail()).contains("did not close");
			assertThat(peer.closeCode()).isEqualTo(4001);
		});
	}

	@Test
	void a_reader_that_stalls_in_tls_costs_no_more_than_the_queue_and_ends_as_a_write_stall() throws Exception {
		WebSocketLimits limits = LIMITS.toBuilder().writeStallTimeout(Duration.ofSeconds(1)).build();
		play(limits, (connection, peer) -> {
			byte[] message = new byte[100_000];
			long dropped = 0;
			while (client.closings.get() == 0) { // lossy ones are taken as long as it lives
				assertThat(connection.send(message, SendMode.LOSSY)).isIn(SendResult.ACCEPTED, SendResult.DROPPED, SendResult.NOT_OPEN);
				assertThat(connection.queuedBytes()).isLessThanOrEqualTo(limits.queueBytes());
				dropped = connection.droppedMessages();
				client.closed.copy().completeOnTimeout(null, 1, TimeUnit.MILLISECONDS).get();
			}
			assertThat(client.ending().kind()).isEqualTo(WebSocketEnding.Kind.WRITE_STALL);
			assertThat(dropped).isPositive();
		});
	}

	@Test
	void frames_are_refused_in_tls_as_without() throws Exception {
		byte[][] wrong = {{(byte) 0x82, 127, 0, 0, 0, 0, 0x40, 0, 0, 0}, {(byte) 0xC1, 1, 'a'}, {(byte) 0x83, 0}, {(byte) 0x89, 126, 0, 126},
				{(byte) 0x81, 1, (byte) 0xFF}};
		int[] codes = {1009, 1002, 1002, 1002, 1007};
		try (SSLServerSocket port = (SSLServerSocket) Certificates.server(Certificates.RIGHT).getServerSocketFactory().createServerSocket(0)) {
			for (int i = 0; i < wrong.length; i++) {
				Recorder each = new Recorder();
				sockets.connect(to(port.getLocalPort()), each);
				try (SSLSocket socket = (SSLSocket) port.accept(); RawPeer peer = new RawPeer(socket, true)) {
					peer.write(RawPeer.accept(peer.head()));
					peer.write(peer.frame(0x82, new byte[] {7}));
					peer.write(wrong[i]);
					assertThat(peer.closeCode()).isEqualTo(codes[i]);
					assertThat(each.next().payload()).containsExactly(7); // what came before arrives
					assertThat(each.ending().code()).isEqualTo(codes[i]);
				}
			}
		}
	}
}
