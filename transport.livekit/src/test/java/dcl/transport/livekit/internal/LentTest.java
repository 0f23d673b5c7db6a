package dcl.transport.livekit.internal;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.SSLContext;

import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportUri;
import dcl.transport.itest.tls.SelfSigned;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static dcl.transport.livekit.internal.ScriptedServer.ACTIVE;
import static dcl.transport.livekit.internal.ScriptedServer.participant;
import static org.assertj.core.api.Assertions.assertThat;

/** What a host lends: whom to trust in TLS, which is what rooms are usually reached by, and a proxy. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class LentTest {

	/** A name that is nowhere but in the certificate, beside localhost. */
	private static final String HOST = "rooms.invalid";
	private static final SSLContext TLS = SelfSigned.context("dns:localhost,dns:" + HOST);

	private static TransportUri uri(String server) {
		return TransportUri.parse("livekit:wss://" + server + "?access_token=" + Fixture.TOKEN);
	}

	@Test
	void a_room_is_joined_and_resumed_over_tls_by_the_trust_that_is_lent() throws Exception {
		try (Fixture room = new Fixture(TLS)) {
			room.context.trust = TLS;
			room.opening = room.provider.open(uri("localhost:" + room.port), room.context).toCompletableFuture();
			ScriptedServer.Socket first = room.server.accept().welcome();
			assertThat(first.request.header("Authorization")).contains("Bearer " + Fixture.TOKEN);
			room.opened();
			assertThat(room.context.steps).containsExactly("webrtc", "tcp", "tls", "upgrade", "join", "media");
			first.cut();
			ScriptedServer.Socket second = room.server.accept();
			second.resume(0, participant("PA_us", "us", ACTIVE), participant("PA_b", "bob", ACTIVE));
			assertThat(room.context.next()).isEqualTo("joined bob");
		}
	}

	@Test
	void a_server_that_the_jvm_does_not_trust_sees_no_token() throws Exception {
		try (Fixture room = new Fixture(TLS)) {
			room.opening = room.provider.open(uri("localhost:" + room.port), room.context).toCompletableFuture();
			assertThat(room.refusal().code()).isEqualTo(Code.TLS);
			room.context.trust = TLS;
			room.opening = room.provider.open(uri("127.0.0.1:" + room.port), room.context).toCompletableFuture();
			assertThat(room.refusal().code()).as("another name than the certificate's").isEqualTo(Code.TLS);
			assertThat(room.server.requests).hasValue(0);
		}
	}

	@Test
	void a_room_is_joined_through_the_proxy_that_is_lent_which_sees_no_token() throws Exception {
		try (Fixture room = new Fixture(TLS); Middlebox proxy = new Middlebox(room.server.port())) {
			proxy.connects = "200 OK";
			room.context.trust = TLS;
			room.context.proxy = new InetSocketAddress(InetAddress.getLoopbackAddress(), proxy.port());
			room.opening = room.provider.open(uri(HOST + ":7443"), room.context).toCompletableFuture(); // a name that only the proxy can look up
			room.server.accept().welcome();
			room.opened();
			assertThat(proxy.answered()).startsWith("CONNECT " + HOST + ":7443 HTTP/1.1\r\n").doesNotContain("canary");
			assertThat(room.context.steps).containsExactly("webrtc", "tcp", "proxy", "tls", "upgrade", "join", "media");
		}
	}

	@Test
	void a_proxy_that_wants_a_login_is_a_refusal_that_names_it() throws Exception {
		try (Fixture room = new Fixture(); Middlebox proxy = new Middlebox(room.server.port())) {
			proxy.connects = "407 Proxy Authentication Required";
			room.context.proxy = new InetSocketAddress(InetAddress.getLoopbackAddress(), proxy.port());
			room.opening = room.provider.open(room.uri(), room.context).toCompletableFuture();
			TransportException refusal = room.refusal();
			assertThat(refusal.code()).isEqualTo(Code.REFUSED);
			assertThat(refusal).hasMessageContaining("127.0.0.1 port " + proxy.port()).hasMessageContaining("407");
			assertThat(room.server.requests).hasValue(0);
		}
	}
}
