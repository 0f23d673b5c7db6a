package dcl.transport.roomserver.internal;

import java.net.URI;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

import com.fasterxml.jackson.databind.JsonNode;
import dcl.transport.identity.Wallets;
import dcl.transport.rfc5.WsPacket;
import dcl.transport.roomserver.RoomServerOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Plays the clients of a recorded session with mini-comms (commit a4c75be) against this server, byte for byte, and compares what the server
 * answers. Where it answers otherwise, it does so on purpose: each difference has a name, and all of them must be met.
 */
@Timeout(60)
class TranscriptTest {

	private enum Difference {
		/** A kick says which kind it is; mini-comms says "Already logged in". */
		KICK_REASON,
		/** mini-comms sends the leave of a kicked session twice. */
		ONE_LEAVE,
		/**
		 * mini-comms forgets the newer session of an address when the older one closes, so that the next login is not "already connected" and
		 * kicks nobody.
		 */
		NEWER_SESSION_IS_REMEMBERED,
		/** mini-comms takes any valid chain for the address that was identified, and kicks that address's own session. */
		IMPERSONATION_REFUSED,
		/** mini-comms tells a newcomer of leaves of aliases that it never saw. */
		NO_LEAVE_OF_STRANGERS,
		/** mini-comms takes a chain of one unsigned link. */
		UNSIGNED_CHAIN_REFUSED,
		/** mini-comms has no close code (1005) or cuts the connection (1006). */
		CLOSE_CODES,
		/** In mini-comms a packet that does not decode is an uncaught exception of the process. */
		MALFORMED_PACKET_ENDS_ONE_SESSION
	}

	private static final Map<String, String> ROOMS = Map.of("alice", "test", "bob", "test", "alice2", "other", "alice3", "test");
	private static final String IMPERSONATION = "impersonation check";
	private static final String IMPERSONATED = "ACCEPTED as";
	private static final String SIGNER_ONLY = "single-SIGNER chain";

	private final Map<String, Client> clients = new HashMap<>();
	private final Set<Difference> met = EnumSet.noneOf(Difference.class);
	private String chapter = "";
	private int leaves;

	@Test
	void a_recorded_session_goes_the_same_way_but_for_the_named_differences() throws Exception {
		Iterator<String> challenges = Stream.concat(Vectors.stream(Vectors.TRANSCRIPT.get("trace"))
				.map(step -> step.at("/decoded/challengeMessage/challengeToSign"))
				.filter(JsonNode::isTextual).map(JsonNode::textValue), Stream.of("dcl-after-it")).iterator();
		try (LocalRoomServer server = new LocalRoomServer(RoomServerOptions.defaults(), new Recorder(), "", () -> {
		}, challenges::next)) {
			for (JsonNode step : Vectors.TRANSCRIPT.get("trace")) {
				if (step.has("note")) {
					chapter = step.get("note").textValue();
				} else if (step.path("event").asText().equals("upgraded")) {
					upgraded(server, step);
				} else if (step.path("dir").asText().equals("client->server")) {
					send(step);
				} else if (step.path("dir").asText().equals("server->client")) {
					answered(step);
				} else if (step.path("event").asText().equals("closed")) {
					closed(step);
				}
			}
			assertThat(client("mallory").awaitClose().code()).isEqualTo(1008);
			assertThat(client("mallory").awaitClose().reason()).contains("not of the address");
			assertThat(client("signerOnly").awaitClose().code()).isEqualTo(1008);
			assertThat(client("alice2").take()).isEqualTo(new WsPacket.Kicked(Rooms.REPLACED));
			assertThat(client("alice3").awaitClose().code()).isEqualTo(1007);
			Client.join(Server.room(server, "test"), Wallets.random()).take(WsPacket.Welcome.class);
			met.add(Difference.MALFORMED_PACKET_ENDS_ONE_SESSION);
			assertThat(server.stats().users()).isOne();
		}
		clients.forEach((name, client) -> assertThat(client.untaken()).as(name).isEmpty());
		assertThat(met).containsExactly(Difference.values());
	}

	private void upgraded(LocalRoomServer server, JsonNode step) throws Exception {
		String name = step.get("conn").textValue();
		URI url = Server.room(server, ROOMS.getOrDefault(name, "elsewhere"));
		JsonNode subprotocol = step.get("subprotocol");
		Client client = subprotocol.isNull() ? Client.connect(url) : Client.connect(url, "rfc5", "rfc4");
		assertThat(client.subprotocol()).as(name).isEqualTo(subprotocol.asText("").replace("null", ""));
		clients.put(name, client);
	}

	private void send(JsonNode step) throws Exception {
		byte[] bytes = HexFormat.of().parseHex(step.get("hex").textValue());
		if (chapter.startsWith("malformed packet after login")) {
			client("alice3").sendBytes(bytes); // mallory is not in
			return;
		}
		client(step).sendBytes(bytes);
	}

	private void answered(JsonNode step) throws Exception {
		WsPacket expected = WsPacket.decode(HexFormat.of().parseHex(step.get("hex").textValue()));
		String name = step.get("conn").textValue();
		if (chapter.startsWith(IMPERSONATED)) {
			assertThat(expected).isEqualTo(new WsPacket.PeerLeave(4));
			met.add(Difference.NO_LEAVE_OF_STRANGERS);
		} else if (chapter.startsWith(IMPERSONATION) && !(expected instanceof WsPacket.Challenge)) {
			met.add(Difference.IMPERSONATION_REFUSED);
		} else if (chapter.startsWith(SIGNER_ONLY) && !(expected instanceof WsPacket.Challenge)) {
			met.add(Difference.UNSIGNED_CHAIN_REFUSED);
		} else if (expected instanceof WsPacket.Kicked) {
			assertThat(client(step).take()).isEqualTo(new WsPacket.Kicked(Rooms.REPLACED));
			met.add(Difference.KICK_REASON);
		} else if (name.equals("bob") && expected.equals(new WsPacket.PeerLeave(1)) && ++leaves == 2) {
			met.add(Difference.ONE_LEAVE);
		} else if (Set.of("alice3", "badsig").contains(name) && expected instanceof WsPacket.Challenge challenge) {
			assertThat(challenge.alreadyConnected()).isFalse();
			assertThat(client(step).take()).isEqualTo(new WsPacket.Challenge(challenge.challengeToSign(), true));
			met.add(Difference.NEWER_SESSION_IS_REMEMBERED);
		} else {
			assertThat(client(step).take()).as("%s: %s", chapter, name).isEqualTo(expected);
		}
	}

	private void closed(JsonNode step) throws Exception {
		String name = step.get("conn").textValue();
		if (chapter.equals("bob leaves")) {
			assertThat(client(step).untaken()).isEmpty();
			client(step).leave();
		} else if (!chapter.startsWith(IMPERSONATED)) {
			int code = client(step).awaitClose().code();
			assertThat(code).as(name).isEqualTo(Map.of("alice", 1000, "noise", 1007).getOrDefault(name, 1008));
			assertThat(code).isNotEqualTo(step.get("code").intValue());
			met.add(Difference.CLOSE_CODES);
		}
	}

	private Client client(JsonNode step) {
		return client(step.get("conn").textValue());
	}

	private Client client(String name) {
		return clients.get(name);
	}
}
