package dcl.transport.rfc5;

import java.io.IOException;
import java.io.InputStream;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.params.provider.Arguments;

/** Messages made by the TypeScript library that the servers and clients in the field are built with. */
final class Vectors {

	private Vectors() {
	}

	static Stream<Arguments> packets() throws IOException {
		return cases("packets");
	}

	static Stream<Arguments> oddInput() throws IOException {
		return cases("oddInput");
	}

	private static Stream<Arguments> cases(String section) throws IOException {
		try (InputStream in = Vectors.class.getResourceAsStream("/vectors/wspacket.json")) {
			return StreamSupport.stream(new ObjectMapper().readTree(in).get(section).spliterator(), false)
					.map(one -> Arguments.of(one.get("name").asText(), one));
		}
	}

	static byte[] bytes(JsonNode one) {
		return HexFormat.of().parseHex(one.get("hex").asText());
	}

	/** Returns the message that the fields of a vector describe. */
	static WsPacket message(JsonNode fields) {
		if (!fields.has("message")) {
			return new WsPacket.Unknown();
		}
		String member = fields.get("message").get("$case").asText();
		JsonNode values = fields.get("message").get(member);
		switch (member) {
			case "welcomeMessage" :
				Map<Integer, String> peers = new LinkedHashMap<>();
				values.get("peerIdentities").properties().forEach(e -> peers.put(Integer.parseUnsignedInt(e.getKey()), e.getValue().asText()));
				return new WsPacket.Welcome((int) values.get("alias").asLong(), peers);
			case "peerJoinMessage" :
				return new WsPacket.PeerJoin((int) values.get("alias").asLong(), values.get("address").asText());
			case "peerLeaveMessage" :
				return new WsPacket.PeerLeave((int) values.get("alias").asLong());
			case "peerUpdateMessage" :
				return WsPacket.PeerUpdate.of((int) values.get("fromAlias").asLong(),
						HexFormat.of().parseHex(values.get("body").get("$hex").asText()), values.get("unreliable").asBoolean());
			case "challengeMessage" :
				return new WsPacket.Challenge(values.get("challengeToSign").asText(), values.get("alreadyConnected").asBoolean());
			case "signedChallengeForServer" :
				return new WsPacket.SignedChallenge(values.get("authChainJson").asText());
			case "peerIdentification" :
				return new WsPacket.Identification(values.get("address").asText());
			case "peerKicked" :
				return new WsPacket.Kicked(values.get("reason").asText());
			default :
				throw new AssertionError("a vector of an unknown kind: " + member);
		}
	}
}
