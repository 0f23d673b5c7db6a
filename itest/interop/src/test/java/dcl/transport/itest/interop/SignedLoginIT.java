package dcl.transport.itest.interop;

import java.time.Instant;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dcl.transport.AuthChain;
import dcl.transport.Identity;
import dcl.transport.PeerId;
import dcl.transport.SigningRequest;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;
import dcl.transport.identity.WalletOptions;
import dcl.transport.identity.Wallets;
import dcl.transport.launcher.Comms;
import dcl.transport.roomserver.RoomServer;
import dcl.transport.roomserver.RoomServerOptions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/** Signed logins: ours at a server that verifies with the reference middleware, and the reference client's at ours. */
@Timeout(60)
class SignedLoginIT {

	private static final long LIMIT_SECONDS = 20;

	private static Comms comms;

	@AutoClose
	RoomServer room;
	@AutoClose
	NodeProcess node;

	@BeforeAll
	static void startRuntime() {
		Interop.folder();
		comms = Comms.start();
	}

	@AfterAll
	static void stopRuntime() {
		if (comms != null) {
			comms.close();
		}
	}

	// ---- our client

	/** Starts the server that is not ours, and returns its URL. */
	private String loginServer(String adapter) throws Exception {
		node = NodeProcess.start("login-server.mjs", adapter);
		return event("listening").path("url").asText();
	}

	private JsonNode event(String name) throws InterruptedException {
		return node.await(name, event -> event.path("event").asText().equals(name), NodeProcess.LIMIT);
	}

	private static Transport connect(String uri, TransportOptions options) throws Exception {
		Transport transport = comms.registry().create(TransportUri.parse(uri), options);
		transport.connect().toCompletableFuture().get(LIMIT_SECONDS, TimeUnit.SECONDS);
		return transport;
	}

	@Test
	void the_reference_middleware_takes_our_logins_and_we_go_where_it_says() throws Exception {
		room = OurServer.here(RoomServerOptions.defaults());
		String url = loginServer("ws-room:" + room.url() + "plaza");
		for (WalletOptions wallet : new WalletOptions[] {WalletOptions.defaults(), WalletOptions.defaults().withoutDelegation()}) {
			Identity identity = Wallets.random(wallet);
			TransportOptions options = TransportOptions.of(identity).with("realm", "main").with("secret", "Gr\u00fc\u00dfe")
					.with("metadata", "{\"sceneId\":\"b64-X\"}");
			try (Transport transport = connect("signed-login:" + url + "Get-Comms-Adapter/b%C3%BChne?x=1", options)) {
				JsonNode login = event("login");
				assertThat(login.path("auth").asText()).isEqualTo(identity.address().value());
				assertThat(login.path("metadata").path("intent").asText()).isEqualTo("dcl:explorer:comms-handshake");
				assertThat(login.path("metadata").path("signer").asText()).isEqualTo("dcl:explorer");
				assertThat(login.path("metadata").path("isGuest").asBoolean()).isTrue();
				assertThat(login.path("metadata").path("realm").path("serverName").asText()).isEqualTo("main");
				assertThat(login.path("metadata").path("secret").asText()).isEqualTo("Gr\u00fc\u00dfe");
				assertThat(login.path("metadata").path("sceneId").asText()).isEqualTo("b64-X");
				assertThat(room.stats().rooms()).containsEntry("plaza", 1);
				assertThat(transport.state()).isEqualTo(Transport.State.CONNECTED);
			}
		}
	}

	/** An identity that signs another path than it is asked to, so that the middleware refuses. */
	@Test
	void what_the_reference_middleware_says_against_it_is_the_failure() throws Exception {
		String url = loginServer("offline:offline");
		Identity honest = Wallets.random();
		Identity confused = new Identity() {

			@Override
			public PeerId address() {
				return honest.address();
			}

			@Override
			public boolean isGuest() {
				return true;
			}

			@Override
			public CompletionStage<AuthChain> sign(SigningRequest request) {
				return honest.sign(SigningRequest.signedFetch(request.uri(), "POST", "/elsewhere", Instant.now(), "{}"));
			}
		};
		TransportException refused = (TransportException) catchThrowableOfType(ExecutionException.class,
				() -> connect("signed-login:" + url + "login", TransportOptions.of(confused))).getCause();
		assertThat(refused.code()).isEqualTo(Code.REFUSED);
		assertThat(refused).hasMessageContaining("status 401").hasMessageContaining("Invalid signature");
		assertThat(event("refused").path("message").asText()).contains("Invalid final authority");
	}

	// ---- our server

	private JsonNode login(ObjectNode command) throws Exception {
		if (room == null) {
			room = OurServer.here(RoomServerOptions.defaults());
			node = NodeProcess.start("login-client.mjs");
		}
		node.send(command.put("url", room.loginUrl() + "plaza"));
		return node.await("answer", event -> event.path("event").asText().equals("answer")
				&& event.path("id").asText().equals(command.path("id").asText()),
				NodeProcess.LIMIT);
	}

	private static ObjectNode command(String id) {
		return NodeProcess.JSON.createObjectNode().put("id", id);
	}

	@Test
	void the_reference_client_logs_in_at_ours() throws Exception {
		JsonNode answer = login(command("a"));
		assertThat(answer.path("status").asInt()).as(answer.toString()).isEqualTo(200);
		assertThat(answer.path("body").path("fixedAdapter").asText()).isEqualTo("ws-room:" + room.url() + "plaza");
	}

	@Test
	void ours_refuses_what_the_reference_client_does_wrong() throws Exception {
		JsonNode replayed = login(command("replay").put("repeat", true));
		assertThat(replayed.path("status").asInt()).isEqualTo(401);
		assertThat(replayed.path("body").path("message").asText()).contains("made before");
		JsonNode early = login(command("early").put("aheadMillis", 3_600_000));
		assertThat(early.path("status").asInt()).isEqualTo(401);
		assertThat(early.path("body").path("message").asText()).contains("ahead");
		JsonNode late = login(command("late").put("aheadMillis", -61_000));
		assertThat(late.path("status").asInt()).isEqualTo(401);
		assertThat(late.path("body").path("message").asText()).contains("Expired signature");
		ObjectNode scene = command("scene");
		scene.putObject("metadata").put("intent", "dcl:explorer:comms-handshake").put("signer", "decentraland-kernel-scene");
		assertThat(login(scene).path("status").asInt()).isEqualTo(400);
		assertThat(login(command("good again")).path("status").asInt()).isEqualTo(200);
	}
}
