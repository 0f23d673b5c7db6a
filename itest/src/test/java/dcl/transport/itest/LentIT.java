package dcl.transport.itest;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.SSLContext;

import dcl.transport.PeerId;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportListener;
import dcl.transport.TransportOptions;
import dcl.transport.TransportRegistry;
import dcl.transport.TransportUri;
import dcl.transport.identity.Wallets;
import dcl.transport.roomserver.RoomServer;
import dcl.transport.roomserver.RoomServerOptions;
import dcl.transport.roomserver.RoomServers;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceRegistration;

import static org.assertj.core.api.Assertions.assertThat;

/** What a host lends as services is what the real providers use. */
public class LentIT extends FrameworkTest {

	private static final Map<String, Object> LENT = Map.of(TransportRegistry.RESOURCE, true);

	private final List<ServiceRegistration<?>> services = new ArrayList<>();
	private final List<String> steps = new CopyOnWriteArrayList<>();
	private RoomServer server;

	@Before
	public void openServer() throws Exception {
		server = service(RoomServers.class).open(RoomServerOptions.defaults());
	}

	@After
	public void takeBack() {
		services.forEach(ServiceRegistration::unregister);
		if (server != null) {
			server.close();
		}
	}

	private <T> ServiceRegistration<T> lend(Class<T> type, T resource, Map<String, Object> properties) {
		ServiceRegistration<T> registration = bundles.registerService(type, resource, new Hashtable<>(properties));
		services.add(registration);
		return registration;
	}

	private void takeBack(ServiceRegistration<?> registration) {
		services.remove(registration);
		registration.unregister();
	}

	private Transport open(String uri) throws Exception {
		Transport transport = registry().create(TransportUri.parse(uri), TransportOptions.of(Wallets.random()));
		transport.listen(new TransportListener() {
			@Override
			public void connecting(String step, String detail, Duration after) {
				steps.add(step);
			}
		});
		return transport;
	}

	@Test
	public void rooms_and_logins_go_through_the_proxy_that_the_best_ranked_selector_names() throws Exception {
		try (Tunnels tunnels = new Tunnels()) {
			ServiceRegistration<ProxySelector> best = lend(ProxySelector.class, tunnels.selector(),
					Map.of(TransportRegistry.RESOURCE, true, Constants.SERVICE_RANKING, 10));
			lend(ProxySelector.class, new Nowhere(), LENT);

			try (Transport room = open("ws-room:" + server.url() + "lobby")) {
				Await.result(room.connect());
			}
			assertThat(tunnels.asked).containsExactly("CONNECT " + server.url().getAuthority() + " HTTP/1.1");
			assertThat(tunnels.questions).containsExactly("http://" + server.url().getAuthority() + "/");
			assertThat(steps).containsSubsequence("resolve", "connect", "tcp", "proxy", "upgrade", "challenge", "sign", "welcome").doesNotContain("dns");

			takeBack(best); // the other one wants SOCKS
			assertThat(Await.failure(open("ws-room:" + server.url() + "lobby").connect()).code()).isEqualTo(Code.UNSUPPORTED);
			assertThat(tunnels.asked).hasSize(1);
		}
	}

	@Test
	public void a_selector_without_the_mark_is_not_asked() throws Exception {
		lend(ProxySelector.class, new Nowhere(), Map.of());
		lend(ProxySelector.class, new Nowhere(), Map.of(TransportRegistry.RESOURCE, false));

		try (Transport room = open("ws-room:" + server.url() + "lobby")) {
			Await.result(room.connect());
		}
		assertThat(steps).doesNotContain("proxy");
	}

	@Test
	public void a_selector_that_goes_is_asked_no_longer() throws Exception {
		ServiceRegistration<ProxySelector> selector = lend(ProxySelector.class, new Nowhere(), LENT);
		assertThat(Await.failure(open("ws-room:" + server.url() + "lobby").connect()).code()).isEqualTo(Code.UNSUPPORTED);

		takeBack(selector);

		try (Transport room = open("ws-room:" + server.url() + "lobby")) {
			Await.result(room.connect());
		}
	}

	@Test
	public void a_login_is_signed_with_the_time_of_the_hosts_clock() throws Exception {
		String login = "signed-login:" + server.loginUrl() + "lobby";
		try (Transport room = open(login)) {
			Await.result(room.connect());
		}
		ServiceRegistration<Clock> clock = lend(Clock.class, Clock.offset(Clock.systemUTC(), Duration.ofHours(-1)), LENT);

		TransportException refused = Await.failure(open(login).connect());
		assertThat(refused.code()).isEqualTo(Code.REFUSED); // what is an hour old is taken by no server

		takeBack(clock);
		try (Transport room = open(login)) {
			Await.result(room.connect());
		}
	}

	@Test
	public void the_hosts_tls_context_says_who_is_trusted() throws Exception {
		try (ServerSocket secure = Certificate.CONTEXT.getServerSocketFactory().createServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
			Tunnels.start(() -> {
				while (true) {
					try (Socket client = secure.accept()) {
						client.setSoTimeout(10_000);
						client.getInputStream().read(new byte[4_096]);
						client.getOutputStream().write("HTTP/1.1 503 Full\r\nContent-Length: 0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
					} catch (IOException e) {
						if (secure.isClosed()) {
							throw e;
						}
					}
				}
			});
			for (String uri : List.of("ws-room:wss://localhost:" + secure.getLocalPort() + "/x", "signed-login:https://localhost:" + secure.getLocalPort() + "/x")) {
				assertThat(Await.failure(open(uri).connect()).code()).as(uri).isEqualTo(Code.TLS);

				ServiceRegistration<SSLContext> trust = lend(SSLContext.class, Certificate.CONTEXT, LENT);
				assertThat(Await.failure(open(uri).connect()).code()).as(uri).isEqualTo(Code.BUSY); // it got as far as the answer

				takeBack(trust);
				assertThat(Await.failure(open(uri).connect()).code()).as(uri).isEqualTo(Code.TLS);
			}
		}
	}

	@Test
	public void listeners_are_called_on_the_hosts_executor_as_long_as_it_lends_one() throws Exception {
		ExecutorService theirs = Executors.newSingleThreadExecutor(task -> new Thread(task, "of the host"));
		try {
			ServiceRegistration<Executor> executor = lend(Executor.class, theirs, LENT);
			Await.until("it is used", () -> calledOn().equals("of the host")); // or, on a busy machine, is once it is in time

			takeBack(executor);
			assertThat(calledOn()).startsWith("dcl-transport-");
		} finally {
			theirs.shutdown();
			assertThat(theirs.awaitTermination(Await.LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
		}
	}

	/** Returns the name of the thread that tells a listener that a room is open. */
	private String calledOn() {
		CompletableFuture<String> thread = new CompletableFuture<>();
		try (Transport room = open("ws-room:" + server.url() + "lobby")) {
			room.listen(new TransportListener() {
				@Override
				public void connected(Set<PeerId> peers) {
					thread.complete(Thread.currentThread().getName());
				}
			});
			Await.result(room.connect());
			return Await.result(thread);
		} catch (Exception e) {
			throw new AssertionError(e);
		}
	}

	/** Wants what is not supported, so that whoever asks it notices. */
	private static final class Nowhere extends ProxySelector {

		@Override
		public List<Proxy> select(URI uri) {
			return List.of(new Proxy(Proxy.Type.SOCKS, new InetSocketAddress(InetAddress.getLoopbackAddress(), 1)));
		}

		@Override
		public void connectFailed(URI uri, SocketAddress address, IOException failure) {
			throw new AssertionError(failure);
		}
	}

	/** A proxy of this test; {@code itest/websocket} has one of somebody else. */
	private static final class Tunnels implements AutoCloseable {

		private final ServerSocket port = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
		private final List<String> asked = new CopyOnWriteArrayList<>();
		private final List<String> questions = new CopyOnWriteArrayList<>();
		private final List<Socket> open = new CopyOnWriteArrayList<>();

		interface Work {

			void run() throws IOException;
		}

		Tunnels() throws IOException {
			start(() -> {
				while (true) {
					Socket from = port.accept();
					open.add(from);
					String line = head(from.getInputStream()).lines().findFirst().orElse("");
					asked.add(line);
					URI target = URI.create("http://" + line.split(" ")[1]);
					Socket to = new Socket(target.getHost(), target.getPort());
					open.add(to);
					from.getOutputStream().write("HTTP/1.1 200 OK\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
					start(() -> copy(from.getInputStream(), to.getOutputStream()));
					start(() -> copy(to.getInputStream(), from.getOutputStream()));
				}
			});
		}

		static void start(Work work) {
			Thread thread = new Thread(() -> {
				try {
					work.run();
				} catch (IOException closed) {
					Thread.currentThread().interrupt();
				}
			}, "proxy of a test");
			thread.setDaemon(true);
			thread.start();
		}

		private static String head(InputStream in) throws IOException {
			StringBuilder head = new StringBuilder();
			while (head.indexOf("\r\n\r\n") < 0) {
				int next = in.read();
				if (next < 0) {
					throw new IOException("ended in " + head);
				}
				head.append((char) next);
			}
			return head.toString();
		}

		private static void copy(InputStream in, OutputStream out) throws IOException {
			byte[] bytes = new byte[4_096];
			for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
				out.write(bytes, 0, count);
			}
			out.close();
		}

		ProxySelector selector() {
			Proxy proxy = new Proxy(Proxy.Type.HTTP, new InetSocketAddress(port.getInetAddress(), port.getLocalPort()));
			return new ProxySelector() {

				@Override
				public List<Proxy> select(URI uri) {
					questions.add(uri.toString());
					return List.of(proxy);
				}

				@Override
				public void connectFailed(URI uri, SocketAddress address, IOException failure) {
					throw new AssertionError(failure);
				}
			};
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
