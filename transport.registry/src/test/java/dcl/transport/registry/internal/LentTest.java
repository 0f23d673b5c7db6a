package dcl.transport.registry.internal;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;

import javax.net.ssl.SSLContext;

import dcl.transport.Session;
import dcl.transport.SessionPolicy;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;
import dcl.transport.spi.LinkContext;
import dcl.transport.spi.Route;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static dcl.transport.registry.internal.Rig.await;
import static dcl.transport.registry.internal.Rig.failure;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** What hosts lend, as providers get to see it. */
@Timeout(60)
class LentTest {

	private static final InetSocketAddress PROXY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 3128);
	private static final URI ROOM = URI.create("wss://room.invalid:7777/lobby?token=canary-0001");

	private final Rig rig = new Rig();
	private final List<URI> asked = new CopyOnWriteArrayList<>();

	@AfterEach
	void stop() {
		rig.close();
	}

	private LinkContext context() {
		rig.create("echo:wss://room.invalid/canary-0001").connect();
		return rig.echo.lastContext();
	}

	/** The context of a connection string that came out of a remote document, whose server was asked through this route. */
	private LinkContext child(String parent) {
		FakeProvider login = new FakeProvider();
		rig.add(login, "login");
		login.opening = (uri, context) -> context.route(URI.create(parent)).thenCompose(route -> context.open(TransportUri.parse("echo:x")));
		await(rig.create("login:x").connect());
		return rig.echo.lastContext();
	}

	private void select(Function<URI, List<Proxy>> answer) {
		rig.lent.proxySelector = new ProxySelector() {

			@Override
			public List<Proxy> select(URI uri) {
				asked.add(uri);
				return answer.apply(uri);
			}

			@Override
			public void connectFailed(URI uri, SocketAddress address, IOException failure) {
				throw new AssertionError(failure);
			}
		};
	}

	private static List<Proxy> http(InetSocketAddress address) {
		return List.of(new Proxy(Proxy.Type.HTTP, address), Proxy.NO_PROXY);
	}

	@Test
	void without_a_selector_the_way_is_direct() {
		Route route = await(context().route(URI.create("wss://127.0.0.1/x")));

		assertThat(route.proxy()).isEmpty();
		assertThat(route.addresses()).containsExactly(InetAddress.getLoopbackAddress());
		assertThat(await(context().route(URI.create("wss://[::1]/x"))).addresses()).hasSize(1);
	}

	@Test
	void a_selector_that_wants_none_is_obeyed() {
		select(uri -> List.of(Proxy.NO_PROXY));

		assertThat(await(context().route(URI.create("wss://127.0.0.1/x"))).addresses()).containsExactly(InetAddress.getLoopbackAddress());
		assertThat(failure(context().route(ROOM)).code()).isEqualTo(Code.UNREACHABLE);
	}

	@Test
	void a_proxy_is_asked_for_the_name_which_is_not_looked_up_here() {
		select(uri -> http(PROXY));

		Route route = await(context().route(ROOM));

		assertThat(route.proxy()).contains(PROXY);
		assertThat(route.host()).isEqualTo("room.invalid");
		assertThat(route.addresses()).isEmpty();
	}

	@ParameterizedTest
	@CsvSource({"wss://room.invalid:7777/lobby?token=canary, https://room.invalid:7777/", "WS://room.invalid/a, http://room.invalid/",
			"https://room.invalid/a#b, https://room.invalid/", "ws://[::1]:80/x, http://[::1]:80/"})
	void the_selector_sees_http_and_neither_path_nor_query(URI target, URI question) {
		select(uri -> http(PROXY));

		await(context().route(target));

		assertThat(asked).containsExactly(question);
	}

	@Test
	void a_proxy_that_is_a_name_is_looked_up() {
		select(uri -> http(InetSocketAddress.createUnresolved("localhost", 8080)));
		Route route = await(context().route(ROOM));
		assertThat(route.proxy().get().isUnresolved()).isFalse();
		assertThat(route.proxy().get().getPort()).isEqualTo(8080);

		select(uri -> http(InetSocketAddress.createUnresolved("proxy.invalid..", 8080)));
		assertThat(failure(context().route(ROOM))).hasMessageContaining("no address is known for the proxy").extracting("code").isEqualTo(Code.UNREACHABLE);
	}

	@Test
	void a_socks_proxy_is_refused_and_not_passed_by() {
		select(uri -> List.of(new Proxy(Proxy.Type.SOCKS, PROXY), Proxy.NO_PROXY));

		TransportException refused = failure(context().route(ROOM));

		assertThat(refused.code()).isEqualTo(Code.UNSUPPORTED);
		assertThat(refused.getMessage()).contains("SOCKS").contains("HTTP").doesNotContain("canary");
	}

	@Test
	void a_selector_that_fails_is_named_and_not_passed_by() {
		for (Function<URI, List<Proxy>> nonsense : List.<Function<URI, List<Proxy>>>of(uri -> {
			throw new IllegalStateException("canary-0001");
		}, uri -> null, uri -> List.of(), uri -> Arrays.asList((Proxy) null), uri -> List.of(new Proxy(Proxy.Type.HTTP, new SocketAddress() {
			private static final long serialVersionUID = 1;
		})))) {
			select(nonsense);

			TransportException refused = failure(context().route(ROOM));

			assertThat(refused.code()).isEqualTo(Code.INTERNAL);
			assertThat(refused.getMessage()).contains("the proxy selector " + LentTest.class.getName()).doesNotContain("canary");
			assertThat(refused.getCause()).isNull();
		}
	}

	@Test
	void a_selector_that_hangs_holds_up_nobody_else() {
		CountDownLatch release = new CountDownLatch(1);
		try {
			select(uri -> {
				try {
					release.await();
				} catch (InterruptedException e) {
					Thread.currentThread().interrupt();
				}
				return http(PROXY);
			});
			CompletionStage<Route> first = context().route(ROOM);
			context().route(ROOM);
			context().route(ROOM); // more than there are threads
			Rig.Pair pair = rig.pair();
			await(pair.send("goes on"));

			release.countDown();
			assertThat(await(first).proxy()).contains(PROXY);
		} finally {
			release.countDown();
		}
	}

	@ParameterizedTest
	@ValueSource(strings = {"10.0.0.1", "127.0.0.1", "localhost", "169.254.169.254"})
	void a_connection_string_out_of_a_remote_document_does_not_reach_this_network_through_a_proxy_either(String host) {
		select(uri -> http(PROXY));

		assertThat(failure(child("https://8.8.8.8/login").route(URI.create("wss://" + host + "/x"))).code()).isEqualTo(Code.UNREACHABLE);
	}

	@Test
	void for_one_out_of_a_remote_document_the_proxy_is_asked_for_the_address_that_was_checked() {
		select(uri -> http(PROXY));

		Route route = await(child("https://8.8.8.8/login").route(URI.create("wss://[2606:4700:4700::1111]/x")));

		assertThat(route.proxy()).contains(PROXY);
		assertThat(route.host()).isEqualTo("2606:4700:4700:0:0:0:0:1111");
	}

	@Test
	void a_parent_that_was_asked_through_a_proxy_is_not_on_this_machine() {
		select(uri -> http(PROXY));

		assertThat(failure(child("http://127.0.0.1/login").addresses("127.0.0.1")).code()).isEqualTo(Code.UNREACHABLE);
	}

	@Test
	void a_target_without_a_host_is_refused_at_once() {
		LinkContext context = context();
		for (String none : List.of("mailto:a@b", "/path", "wss:///x")) {
			assertThatThrownBy(() -> context.route(URI.create(none))).isInstanceOf(IllegalArgumentException.class);
		}
	}

	@Test
	void tls_and_the_time_are_the_hosts_as_long_as_it_lends_them() throws Exception {
		LinkContext context = context();
		assertThat(context.sslContext()).isEmpty();
		assertThat(Duration.between(context.clock().instant(), Instant.now()).abs()).isLessThan(Duration.ofMinutes(1));

		rig.lent.sslContext = SSLContext.getDefault();
		rig.lent.clock = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);

		assertThat(context.sslContext()).containsSame(rig.lent.sslContext);
		assertThat(context.clock().instant()).isEqualTo(Instant.EPOCH);

		rig.lent.sslContext = null;
		assertThat(context.sslContext()).isEmpty();
	}

	@Test
	void a_session_says_by_the_hosts_clock_when_it_tries_again() throws Exception {
		rig.lent.clock = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);
		rig.echo.opening = (uri, context) -> CompletableFuture.failedFuture(new TransportException(Code.UNREACHABLE, "not now"));
		Session session = rig.host.session(TransportUri.parse("echo:x"), TransportOptions.none(),
				SessionPolicy.defaults().withWaits(Duration.ofHours(1), Duration.ofHours(1)));
		session.connect();
		Rig.until(() -> session.nextAttempt().filter(at -> !at.isAfter(Instant.EPOCH.plus(Duration.ofHours(1)))).isPresent());

		rig.lent.clock = new Clock() {

			@Override
			public ZoneOffset getZone() {
				return ZoneOffset.UTC;
			}

			@Override
			public Clock withZone(ZoneId zone) {
				return this;
			}

			@Override
			public Instant instant() {
				throw new IllegalStateException("a broken clock");
			}
		};
		session.retryNow();
		Rig.until(() -> session.nextAttempt().filter(at -> at.isAfter(Instant.EPOCH.plus(Duration.ofDays(1)))).isPresent());
	}
}
