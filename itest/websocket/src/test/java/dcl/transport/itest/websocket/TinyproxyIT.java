package dcl.transport.itest.websocket;

import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import dcl.transport.websocket.HttpAnswer;
import dcl.transport.websocket.SendMode;
import dcl.transport.websocket.SendResult;
import dcl.transport.websocket.WebSocketConnection;
import dcl.transport.websocket.WebSocketEnding;
import dcl.transport.websocket.WebSocketLimits;
import dcl.transport.websocket.WebSocketOptions;
import dcl.transport.websocket.WebSocketRequest;
import dcl.transport.websocket.WebSocketServer;
import dcl.transport.websocket.WebSocketServerOptions;
import dcl.transport.websocket.WebSockets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Our client through tinyproxy, as the system has it. */
@Timeout(240)
class TinyproxyIT {

	private static final int MESSAGES = 1_000;

	private final Recorder client = new Recorder();
	private WebSockets sockets;
	private Process proxy;
	private InetSocketAddress address;

	@BeforeEach
	void create() throws Exception {
		Tools.need("tinyproxy.required", "tinyproxy", "tinyproxy", "-v");
		sockets = WebSockets.create(WebSocketOptions.defaults().sslContext(Certificates.TRUST)
				.limits(WebSocketLimits.defaults().toBuilder().queueBytes(2 << 20).handshakeTimeout(Duration.ofSeconds(60)).build()));
	}

	@AfterEach
	void close() throws Exception {
		if (sockets != null) {
			sockets.close();
		}
		if (proxy != null) {
			proxy.destroy();
			if (!proxy.waitFor(10, TimeUnit.SECONDS)) {
				proxy.destroyForcibly();
			}
		}
	}

	/** Starts it in the foreground, on a port of its own, and waits until it takes connections. */
	private void start(String... settings) throws Exception {
		int port;
		try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			port = free.getLocalPort();
		}
		Path file = Files.createTempFile(Tools.logs(), "tinyproxy", ".conf");
		Files.writeString(file, "Port " + port + "\nListen 127.0.0.1\nAllow 127.0.0.1\nTimeout 60\nMaxClients 20\nLogLevel Warning\n" + String.join("\n", settings) + "\n");
		proxy = new ProcessBuilder("tinyproxy", "-d", "-c", file.toString()).redirectErrorStream(true)
				.redirectOutput(Tools.logs().resolve("tinyproxy.log").toFile()).start();
		address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
		long deadline = System.nanoTime() + Peer.LIMIT.toNanos();
		while (true) {
			try (Socket socket = new Socket(address.getAddress(), port)) {
				assertThat(socket.isConnected()).isTrue();
				return;
			} catch (ConnectException notYet) {
				if (!proxy.isAlive() || System.nanoTime() > deadline) {
					throw new AssertionError("tinyproxy does not take connections", notYet);
				}
				LockSupport.parkNanos(10_000_000);
			}
		}
	}

	private WebSocketRequest through(String scheme, int port) {
		return WebSocketRequest.to(URI.create(scheme + "://localhost:" + port + "/")).through(address, "localhost");
	}

	@ParameterizedTest
	@ValueSource(strings = {"ws", "wss"})
	void messages_go_both_ways_through_a_tunnel(String scheme) throws Exception {
		start();
		WebSocketServerOptions options = WebSocketServerOptions.onLoopback(0);
		try (WebSocketServer server = sockets.listen(scheme.equals("wss") ? options.tls(Certificates.RIGHT.context) : options,
				request -> HttpAnswer.accept(new Echo()))) {
			sockets.connect(through(scheme, server.address().getPort()), client);
			WebSocketConnection connection = client.open();
			assertThat(connection.remoteAddress()).isEqualTo(address);
			byte[] large = new byte[1 << 20];
			new Random(7).nextBytes(large);
			byte[] sent = Arrays.copyOf(large, (1 << 20) - 100);
			assertThat(connection.send(sent, SendMode.RELIABLE)).isEqualTo(SendResult.ACCEPTED);
			assertThat(client.next().payload()).isEqualTo(sent);
			for (int i = 0; i < MESSAGES; i++) {
				assertThat(connection.send("message " + i, SendMode.RELIABLE)).isEqualTo(SendResult.ACCEPTED);
			}
			for (int i = 0; i < MESSAGES; i++) {
				assertThat(client.next().payload()).asString().isEqualTo("message " + i);
			}
			connection.close(1000, "");
			assertThat(client.ending().kind()).isEqualTo(WebSocketEnding.Kind.CLOSED_BY_US);
		}
	}

	@Test
	void a_server_that_is_not_there_is_unreachable() throws Exception {
		start();
		int nobody;
		try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			nobody = free.getLocalPort();
		}
		sockets.connect(through("ws", nobody), client);

		WebSocketEnding ending = client.ending();
		assertThat(ending.kind()).isEqualTo(WebSocketEnding.Kind.UNREACHABLE);
		assertThat(ending.detail()).startsWith("the proxy 127.0.0.1 port " + address.getPort() + " answered HTTP/1.1 5");
	}

	@Test
	void a_port_that_it_does_not_lead_to_is_a_refusal() throws Exception {
		start("ConnectPort 443");
		sockets.connect(through("ws", 7777), client);

		assertThat(client.ending()).extracting(WebSocketEnding::kind, WebSocketEnding::httpStatus).containsExactly(WebSocketEnding.Kind.REFUSED, 403);
	}

	@Test
	void one_that_wants_a_login_is_a_refusal() throws Exception {
		start("BasicAuth somebody secret");
		sockets.connect(through("ws", 7777), client);

		assertThat(client.ending()).extracting(WebSocketEnding::kind, WebSocketEnding::httpStatus).containsExactly(WebSocketEnding.Kind.REFUSED, 407);
	}
}
