package dcl.transport.itest.livekit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dcl.transport.Delivery;
import dcl.transport.Identity;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;
import dcl.transport.identity.AuthChainException;
import dcl.transport.identity.AuthChains;
import dcl.transport.identity.Wallets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/** From a wallet to a LiveKit room, as worlds do it: a signed request (ADR-44), a token for the address that signed, the room. */
@ExtendWith(Rig.class)
@Timeout(60)
class LoginIT {

	private static final String PATH = "/get-comms-adapter/world";
	private static final String CHAIN = "x-identity-auth-chain-";

	private final String room = Rig.unique("world");
	private HttpServer endpoint;
	private volatile Instant expires = Instant.now().plusSeconds(300);

	@BeforeEach
	void listen() throws IOException {
		endpoint = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		endpoint.createContext(PATH, this::answer);
		endpoint.start();
	}

	@AfterEach
	void stop() {
		endpoint.stop(0);
	}

	/** Gives a token to whoever has signed the request. */
	private void answer(HttpExchange exchange) throws IOException {
		int status = 200;
		String body;
		try {
			Headers headers = exchange.getRequestHeaders();
			List<String> links = new ArrayList<>();
			for (String link = headers.getFirst(CHAIN + 0); link != null; link = headers.getFirst(CHAIN + links.size())) {
				links.add(link);
			}
			String payload = (exchange.getRequestMethod() + ":" + exchange.getRequestURI().getRawPath() + ":" + headers.getFirst("x-identity-timestamp") + ":"
					+ headers.getFirst("x-identity-metadata")).toLowerCase(Locale.ROOT);
			PeerId owner = AuthChains.verify(AuthChains.parse(links), payload, Instant.now());
			body = "{\"fixedAdapter\":\"" + Token.of(room, owner.value()).expiring(expires).uri() + "\"}";
		} catch (AuthChainException e) {
			status = 401;
			body = "{\"ok\":false,\"message\":\"not signed\"}";
		}
		byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
		exchange.getResponseHeaders().set("Content-Type", "application/json");
		exchange.sendResponseHeaders(status, bytes.length);
		exchange.getResponseBody().write(bytes);
		exchange.close();
	}

	private Transport transport(Identity identity) throws Exception {
		TransportUri uri = TransportUri.parse("signed-login:http://127.0.0.1:" + endpoint.getAddress().getPort() + PATH);
		return Rig.comms().registry().create(uri, TransportOptions.of(identity));
	}

	@Test
	void a_signed_login_leads_into_the_room_under_the_wallets_address() throws Exception {
		Identity identity = Wallets.random();
		try (Guest guest = Rig.guest(Client.Kind.NODE); Transport us = transport(identity)) {
			guest.enter(room);
			Us.done(us.connect());
			assertThat(guest.next("joined").path("peer").asText()).isEqualTo(identity.address().value());
			assertThat(us.peers()).containsExactly(PeerId.of(guest.identity()));
			Us.done(us.send(Packet.copyOf(new byte[] {1, 2}), Delivery.reliable()));
			assertThat(guest.data()).containsExactly(1, 2);
		}
	}

	@Test
	void an_expired_token_out_of_a_login_is_refused_without_a_word_of_it() throws Exception {
		expires = Instant.now().minusSeconds(600);
		try (Transport us = transport(Wallets.random())) {
			TransportException refused = (TransportException) catchThrowableOfType(ExecutionException.class, () -> Us.done(us.connect())).getCause();
			assertThat(refused.code()).isEqualTo(Code.REFUSED);
			assertThat(refused).hasMessageContaining("expired").hasMessageNotContaining("eyJ");
		}
	}
}
