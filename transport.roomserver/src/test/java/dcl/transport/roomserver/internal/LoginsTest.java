package dcl.transport.roomserver.internal;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dcl.transport.AuthChain;
import dcl.transport.Identity;
import dcl.transport.SigningRequest;
import dcl.transport.TransportUri;
import dcl.transport.identity.Wallets;
import dcl.transport.rfc5.WsPacket;
import dcl.transport.roomserver.RoomServerOptions;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** The login endpoint over real sockets, asked by the JDK's client. */
@Timeout(60)
class LoginsTest {

	private static final String METADATA = "{\"origin\":\"https://play.decentraland.org\",\"intent\":\"dcl:explorer:comms-handshake\","
			+ "\"signer\":\"dcl:explorer\",\"isGuest\":true}";
	private static final HttpClient HTTP = HttpClient.newHttpClient();

	final Identity alice = Wallets.random();
	@AutoClose
	LocalRoomServer server;

	@BeforeEach
	void open() throws Exception {
		server = Server.open();
	}

	private Map<String, String> signed(Identity by, String path, Instant at, String metadata) {
		SigningRequest request = SigningRequest.signedFetch(TransportUri.parse("signed-login:http://127.0.0.1/"), "POST", path,
				at, metadata);
		AuthChain chain = by.sign(request).toCompletableFuture().join();
		Map<String, String> headers = new LinkedHashMap<>();
		for (int i = 0; i < chain.links().size(); i++) {
			headers.put("x-identity-auth-chain-" + i, chain.links().get(i).toJson());
		}
		headers.put("x-identity-timestamp", Long.toString(at.toEpochMilli()));
		headers.put("x-identity-metadata", metadata);
		return headers;
	}

	private HttpResponse<String> post(String path, Map<String, String> headers) throws Exception {
		HttpRequest.Builder request = HttpRequest.newBuilder(url(path)).POST(HttpRequest.BodyPublishers.noBody());
		headers.forEach(request::header);
		return HTTP.send(request.build(), BodyHandlers.ofString());
	}

	private URI url(String path) {
		return URI.create("http://127.0.0.1:" + server.address().getPort() + path);
	}

	private HttpResponse<String> login(Identity by) throws Exception {
		return post("/login/plaza", signed(by, "/login/plaza", Instant.now(), METADATA));
	}

	private static JsonNode json(HttpResponse<String> response) throws Exception {
		assertThat(response.headers().firstValue("Content-Type")).hasValue("application/json");
		return new ObjectMapper().readTree(response.body());
	}

	@Test
	void a_signed_login_is_answered_with_the_room() throws Exception {
		assertThat(server.loginUrl()).hasToString("http://127.0.0.1:" + server.address().getPort() + "/login/");
		HttpResponse<String> response = login(alice);
		assertThat(response.statusCode()).isEqualTo(200);
		assertThat(json(response)).hasToString("{\"fixedAdapter\":\"ws-room:" + server.url() + "plaza\"}");
		Client client = Client.join(URI.create(json(response).get("fixedAdapter").asText().substring("ws-room:".length())), alice);
		client.take(WsPacket.Welcome.class);
		assertThat(server.stats().rooms()).containsOnlyKeys("plaza");
		assertThat(server.stats().pending()).isZero();
	}

	@Test
	void the_answer_names_the_host_as_the_client_did_and_the_room_as_it_was_written() throws Exception {
		String path = "/login/B%C3%BChne%20(1)";
		HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://localhost:" + server.address().getPort() + path))
				.POST(HttpRequest.BodyPublishers.noBody());
		signed(alice, path, Instant.now(), METADATA).forEach(request::header);
		HttpResponse<String> response = HTTP.send(request.build(), BodyHandlers.ofString());
		assertThat(json(response).get("fixedAdapter").asText())
				.isEqualTo("ws-room:ws://localhost:" + server.address().getPort() + "/rooms/B%C3%BChne%20(1)");
	}

	@Test
	void the_same_request_is_not_taken_twice() throws Exception {
		Map<String, String> headers = signed(alice, "/login/plaza", Instant.now(), METADATA);
		assertThat(post("/login/plaza", headers).statusCode()).isEqualTo(200);
		HttpResponse<String> replay = post("/login/plaza", headers);
		assertThat(replay.statusCode()).isEqualTo(401);
		assertThat(json(replay).get("message").asText()).isEqualTo("Invalid signature: this request was made before");
		headers.replace("x-identity-metadata", METADATA.replace("play", "PLAY")); // letter case is not signed
		assertThat(post("/login/PLAZA", headers).statusCode()).as("the same payload").isEqualTo(401);
		assertThat(login(Wallets.random()).statusCode()).isEqualTo(200);
	}

	@Test
	void a_request_that_was_made_before_is_not_verified_again() throws Exception {
		Map<String, String> headers = signed(alice, "/login/plaza", Instant.now(), METADATA);
		Map<String, String> forged = new LinkedHashMap<>(headers);
		forged.replace("x-identity-auth-chain-2", headers.get("x-identity-auth-chain-2")
				.replaceFirst("(\"signature\":\"0x)[0-9a-f]{64}", "$1" + "1".repeat(64)));
		assertThat(forged).isNotEqualTo(headers);
		HttpResponse<String> first = post("/login/plaza", forged);
		assertThat(first.statusCode()).isEqualTo(401);
		assertThat(json(first).get("message").asText()).startsWith("Invalid signature").doesNotContain("made before");
		assertThat(post("/login/plaza", headers).statusCode()).as("a forgery takes nothing").isEqualTo(200);
		HttpResponse<String> again = post("/login/plaza", forged);
		assertThat(again.statusCode()).isEqualTo(401);
		assertThat(json(again).get("message").asText()).isEqualTo("Invalid signature: this request was made before");
	}

	@ParameterizedTest
	@ValueSource(longs = {-61_000, 180_000, 3_600_000})
	void late_and_early_time_stamps_are_refused(long millis) throws Exception {
		assertThat(post("/login/plaza", signed(alice, "/login/plaza", Instant.now().plusMillis(millis), METADATA)).statusCode())
				.isEqualTo(401);
	}

	@Test
	void a_request_for_another_room_or_method_is_refused() throws Exception {
		assertThat(post("/login/other", signed(alice, "/login/plaza", Instant.now(), METADATA)).statusCode()).isEqualTo(401);
		HttpResponse<String> got = HTTP.send(HttpRequest.newBuilder(url("/login/plaza")).build(), BodyHandlers.ofString());
		assertThat(got.statusCode()).isEqualTo(405);
		assertThat(got.headers().firstValue("Allow")).hasValue("POST");
	}

	@ParameterizedTest
	@CsvSource({"'{}'", "'{\"intent\":\"dcl:explorer:comms-handshake\",\"signer\":\"decentraland-kernel-scene\"}'",
			"'{\"intent\":\"dcl:explorer\",\"signer\":\"dcl:explorer\"}'",
			"'{\"intent\":\"DCL:explorer:comms-handshake\",\"signer\":\"dcl:explorer\"}'"})
	void what_a_scene_had_signed_is_no_login(String metadata) throws Exception {
		HttpResponse<String> response = post("/login/plaza", signed(alice, "/login/plaza", Instant.now(), metadata));
		assertThat(response.statusCode()).isEqualTo(400);
		assertThat(json(response).get("ok").asBoolean(true)).isFalse();
		assertThat(json(response).get("message").asText()).startsWith("Invalid metadata");
	}

	@Test
	void nothing_signed_is_refused() throws Exception {
		HttpResponse<String> response = post("/login/plaza", Map.of());
		assertThat(response.statusCode()).isEqualTo(400);
		assertThat(json(response).get("message").asText()).isEqualTo("Invalid Auth Chain");
	}

	@ParameterizedTest
	@ValueSource(strings = {"/login/", "/login/a/b", "/login/%00", "/login/%c3", "/login/%2f"})
	void a_name_that_is_none_is_refused(String path) throws Exception {
		assertThat(post(path, signed(alice, path, Instant.now(), METADATA)).statusCode()).isEqualTo(400);
	}

	@ParameterizedTest
	@ValueSource(strings = {"/status", "/rooms/plaza", "/rooms/", "/health/live", "/", "/login"})
	void nothing_else_is_posted_to(String path) throws Exception {
		HttpResponse<String> response = post(path, Map.of());
		assertThat(response.statusCode()).isEqualTo(405);
		assertThat(response.headers().firstValue("Allow")).hasValue("GET, HEAD");
	}

	@Test
	void a_full_room_is_told_with_a_time_to_come_back() throws Exception {
		server.close();
		server = Server.open(RoomServerOptions.defaults().withRoomCapacity(1));
		Client.join(Server.room(server, "plaza"), alice).take(WsPacket.Welcome.class);
		HttpResponse<String> response = login(Wallets.random());
		assertThat(response.statusCode()).isEqualTo(503);
		assertThat(response.headers().firstValue("Retry-After")).hasValue("10");
		assertThat(json(response).get("message").asText()).isEqualTo(Rooms.ROOM_FULL);
		assertThat(login(alice).statusCode()).as("whoever is there replaces himself").isEqualTo(200);
	}

	@Test
	void at_the_bound_of_remembered_logins_a_client_is_asked_to_wait() throws Exception {
		server.close();
		server = Server.open(RoomServerOptions.defaults().withRememberedLogins(1));
		assertThat(login(alice).statusCode()).isEqualTo(200);
		HttpResponse<String> response = login(Wallets.random());
		assertThat(response.statusCode()).isEqualTo(503);
		assertThat(response.headers().firstValue("Retry-After")).hasValue("1");
	}

	@Test
	void at_the_bound_of_pending_logins_a_client_is_asked_to_wait() throws Exception {
		server.close();
		server = Server.open(RoomServerOptions.defaults().withMaxPending(1));
		try (RawClient halfWay = new RawClient(Server.room(server, "plaza"), 0)) {
			halfWay.send(new WsPacket.Identification(alice.address().value()).encode());
			halfWay.take();
			assertThat(login(alice).statusCode()).isEqualTo(503);
		}
	}
}
