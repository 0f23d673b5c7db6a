package dcl.transport.signedlogin.internal;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import javax.net.ServerSocketFactory;
import javax.net.ssl.SSLContext;

import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportUri;
import dcl.transport.itest.tls.SelfSigned;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Who is asked: the addresses the context gave, and nobody else; over TLS, or on this machine. */
@Timeout(120)
class WallTest {

	@AutoClose
	Fixture fixture;

	@BeforeEach
	void create() throws Exception {
		fixture = new Fixture();
	}

	private void addresses(String... texts) throws Exception {
		InetAddress[] all = new InetAddress[texts.length];
		for (int i = 0; i < texts.length; i++) {
			all[i] = InetAddress.getByName(texts[i]);
		}
		fixture.context.addresses = host -> CompletableFuture.completedFuture(List.of(all));
	}

	/**
	 * A name server that changes its answer: what was checked is one address, what anybody who looks again would find is another, with the
	 * canary at it. Here both are of this machine, and the name is localhost, which everybody resolves to 127.0.0.1.
	 */
	@Test
	void a_name_that_leads_elsewhere_the_second_time_is_asked_at_the_first_address() throws Exception {
		addresses("127.0.0.2");
		try (LoginServer canary = new LoginServer(); LoginServer checked = new LoginServer(ServerSocketFactory.getDefault(),
				canary.port(),
				InetAddress.getByName("127.0.0.2"))) {
			fixture.open(TransportUri.parse("signed-login:http://localhost:" + canary.port() + "/login/a")).toCompletableFuture()
					.get(Fixture.SECONDS, TimeUnit.SECONDS);
			assertThat(checked.requests).singleElement()
					.satisfies(request -> assertThat(request.headers()).containsEntry("host", "localhost:" + canary.port()));
			checked.close();
			assertThat(fixture.refusal(TransportUri.parse("signed-login:http://localhost:" + canary.port() + "/login/a")).code())
					.isEqualTo(Code.UNREACHABLE);
			assertThat(canary.connections).hasValue(0);
			assertThat(fixture.context.hosts).containsExactly("localhost", "localhost");
		}
	}

	@Test
	void through_a_proxy_nothing_is_on_this_machine() throws Exception {
		fixture.context.proxy = new InetSocketAddress(InetAddress.getLoopbackAddress(), fixture.server.port());

		assertThat(fixture.refusal().code()).isEqualTo(Code.INVALID_PARAMS); // http://127.0.0.1, which may be the proxy's own machine
		assertThat(fixture.server.connections).hasValue(0);
	}

	@Test
	void through_a_proxy_the_login_is_asked_by_its_name() throws Exception {
		fixture.settings.plain = new String[] {"login.invalid"};
		fixture.context.proxy = new InetSocketAddress(InetAddress.getLoopbackAddress(), fixture.server.port());

		fixture.open(TransportUri.parse("signed-login:http://login.invalid/login/a")).toCompletableFuture().get(Fixture.SECONDS, TimeUnit.SECONDS);

		assertThat(fixture.server.requests).extracting(LoginServer.Request::line).containsExactly("CONNECT login.invalid:80 HTTP/1.1", "POST /login/a HTTP/1.1");
		assertThat(fixture.server.requests.get(0).headers()).containsOnlyKeys("host"); // nothing that is signed
		assertThat(fixture.context.hosts).isEmpty();
		assertThat(fixture.context.steps).containsExactly("sign", "tcp", "proxy", "request");
	}

	@Test
	void a_proxy_that_wants_a_login_is_a_refusal_and_one_that_finds_nobody_is_not() {
		fixture.settings.plain = new String[] {"login.invalid"};
		fixture.context.proxy = new InetSocketAddress(InetAddress.getLoopbackAddress(), fixture.server.port());
		TransportUri uri = TransportUri.parse("signed-login:http://login.invalid/login/a?token=canary-7f3a");

		fixture.server.tunnel = "HTTP/1.1 407 Proxy Authentication Required";
		assertThat(fixture.refusal(uri).code()).isEqualTo(Code.REFUSED);
		fixture.server.tunnel = "HTTP/1.1 502 Bad Gateway";
		assertThat(fixture.refusal(uri).code()).isEqualTo(Code.UNREACHABLE);
	}

	@Test
	void over_tls_too_and_the_certificate_is_that_of_the_name() throws Exception {
		SSLContext tls = SelfSigned.context("dns:login.example");
		fixture.context.trust = Optional.of(tls);
		addresses("127.0.0.2");
		try (LoginServer canary = new LoginServer(); LoginServer checked = new LoginServer(tls.getServerSocketFactory(),
				canary.port(),
				InetAddress.getByName("127.0.0.2"))) {
			// only the certificate knows this name
			TransportUri right = TransportUri.parse("signed-login:https://login.example:" + canary.port() + "/login/a");
			fixture.open(right).toCompletableFuture().get(Fixture.SECONDS, TimeUnit.SECONDS);
			assertThat(checked.requests).singleElement()
					.satisfies(request -> assertThat(request.headers()).containsEntry("host", "login.example:" + canary.port()));
			for (String wrong : List.of("localhost", "other.example", "127.0.0.2")) {
				TransportException refused = fixture.refusal(TransportUri.parse("signed-login:https://" + wrong + ":" + canary.port()
						+ "/login/a"));
				assertThat(refused.code()).as(wrong).isEqualTo(Code.TLS);
			}
			assertThat(checked.requests).as("nothing signed goes to who has no certificate").hasSize(1);
			assertThat(canary.connections).hasValue(0);
		}
	}

	@Test
	void a_server_without_tls_is_not_asked_in_plain_text() throws Exception {
		fixture.settings.timeout = 500; // it waits for a request that does not come
		TransportException refused = fixture.refusal(TransportUri.parse("signed-login:https://127.0.0.1:" + fixture.server.port()
				+ "/login/a"));
		assertThat(refused.code()).isIn(Code.TLS, Code.TIMEOUT);
		assertThat(fixture.server.requests).isEmpty();
	}

	@Test
	void plain_http_is_for_this_machine_alone() throws Exception {
		for (String[] addresses : new String[][] {{"192.0.2.1"}, {"10.0.0.1"}, {"127.0.0.1", "192.0.2.1"}, {"192.0.2.1", "::1"}}) {
			addresses(addresses);
			TransportException refused = fixture.refusal();
			assertThat(refused.code()).isEqualTo(Code.INVALID_PARAMS);
			assertThat(refused).hasMessageContaining("https");
		}
		assertThat(fixture.server.connections).hasValue(0);
		assertThat(fixture.context.steps).as("nothing is signed").isEmpty();
		addresses("::1", "127.0.0.1");
		assertThat(fixture.login()).isSameAs(FakeContext.LINK);
	}

	/** 0.0.0.0 is no loopback address, but leads to this machine. */
	@Test
	void a_host_of_the_setting_is_asked_in_plain_text() throws Exception {
		fixture.settings.plain = new String[] {" Dev.Example "};
		addresses("0.0.0.0");
		fixture.open(TransportUri.parse("signed-login:http://dev.example:" + fixture.server.port() + "/x")).toCompletableFuture()
				.get(Fixture.SECONDS, TimeUnit.SECONDS);
		assertThat(fixture.server.requests).hasSize(1);
		assertThat(fixture.refusal(TransportUri.parse("signed-login:http://dev.example.org:" + fixture.server.port() + "/x")).code())
				.isEqualTo(Code.INVALID_PARAMS);
	}

	@Test
	void a_refused_address_is_the_end() throws Exception {
		fixture.context.addresses = host -> CompletableFuture.failedFuture(new TransportException(Code.UNREACHABLE, "not there"));
		try (ServerSocket canary = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
			canary.setSoTimeout(1);
			assertThat(fixture.refusal(TransportUri.parse("signed-login:http://127.0.0.1:" + canary.getLocalPort() + "/")))
					.hasMessage("not there");
			assertThatThrownBy(canary::accept).isInstanceOf(SocketTimeoutException.class);
		}
	}
}
