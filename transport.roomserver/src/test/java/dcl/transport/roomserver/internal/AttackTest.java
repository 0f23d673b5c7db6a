package dcl.transport.roomserver.internal;

import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import dcl.transport.AuthChain.AuthLink;
import dcl.transport.Identity;
import dcl.transport.identity.WalletOptions;
import dcl.transport.identity.Wallets;
import dcl.transport.rfc5.WsPacket;
import dcl.transport.roomserver.RoomServerOptions;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/** What a room server must withstand, over real sockets. The victim is in the room, and stays. */
@Timeout(60)
class AttackTest {

	/** A forged answer to the challenge; {@code intruder} identified as itself unless the name says otherwise. */
	private record Forgery(String name, Forger forger) {

		@Override
		public String toString() {
			return name;
		}
	}

	@FunctionalInterface
	private interface Forger {
		String forge(AttackTest test, String challenge);
	}

	final Identity victim = Wallets.random();
	final Identity intruder = Wallets.random();
	@AutoClose
	LocalRoomServer server;
	Client inside;
	int insideAlias;

	@BeforeEach
	void open() throws Exception {
		server = Server.open();
		inside = Client.join(room(), victim);
		insideAlias = inside.take(WsPacket.Welcome.class).alias();
	}

	static Stream<Forgery> forgeries() {
		return Stream.of(
				new Forgery("chain for another challenge", (test, challenge) -> json(links(test.intruder, "dcl-another"))),
				new Forgery("somebody else's delegation", (test, challenge) -> {
					List<AuthLink> links = links(Wallets.random(), challenge);
					links.set(0, signer(test.intruder.address().value()));
					return json(links);
				}),
				new Forgery("expired ephemeral", (test, challenge) -> json(links(Wallets.random(WalletOptions.defaults()
						.withClock(Clock.fixed(Instant.now().minus(Duration.ofDays(1)), ZoneOffset.UTC))), challenge))),
				new Forgery("unsigned chain", (test, challenge) -> json(List.of(signer(challenge)))),
				new Forgery("signer only", (test, challenge) -> json(List.of(signer(test.intruder.address().value())))),
				new Forgery("chain that ends at the ephemeral key", (test, challenge) -> json(links(test.intruder, challenge).subList(0, 2))),
				new Forgery("empty chain", (test, challenge) -> "[]"),
				new Forgery("no JSON", (test, challenge) -> "[{\"type\":"),
				new Forgery("object", (test, challenge) -> signer(challenge).toJson()),
				new Forgery("unknown type", (test, challenge) -> json(List.of(signer(test.intruder.address().value()),
						new AuthLink("ECDSA_TRUST_ME", challenge, "0x")))),
				new Forgery("contract wallet", (test, challenge) -> json(List.of(signer(test.intruder.address().value()),
						new AuthLink("ECDSA_EIP_1654_SIGNED_ENTITY", challenge, "0x00")))),
				new Forgery("eleven links", (test, challenge) -> {
					List<AuthLink> links = links(test.intruder, challenge);
					while (links.size() < 11) {
						links.add(1, links.get(1));
					}
					return json(links);
				}),
				new Forgery("tampered signature", (test, challenge) -> {
					List<AuthLink> links = links(test.intruder, challenge);
					AuthLink last = links.remove(2);
					String signature = last.signature();
					links.add(new AuthLink(last.type(), last.payload(), signature.substring(0, 10) + (signature.charAt(10) == '0' ? '1' : '0')
							+ signature.substring(11)));
					return json(links);
				}));
	}

	@ParameterizedTest
	@MethodSource("forgeries")
	void a_forged_chain_is_refused(Forgery forgery) throws Exception {
		Client client = Client.connect(room());
		client.send(new WsPacket.Identification(intruder.address().value()));
		client.send(new WsPacket.SignedChallenge(forgery.forger().forge(this, client.take(WsPacket.Challenge.class).challengeToSign())));

		assertThat(client.awaitClose().code()).isEqualTo(1008);
		assertThat(client.awaitClose().reason()).startsWith("login refused: ");
		assertThat(client.untaken()).isEmpty();
		assertUnharmed();
	}

	@Test
	void nobody_logs_in_as_somebody_else() throws Exception {
		for (Identity liar : List.of(intruder, Wallets.random(WalletOptions.defaults().withoutDelegation()))) {
			Client client = Client.connect(room());
			client.send(new WsPacket.Identification(victim.address().value()));
			WsPacket.Challenge challenge = client.take(WsPacket.Challenge.class);
			assertThat(challenge.alreadyConnected()).isTrue();
			client.answer(liar, challenge.challengeToSign());

			assertThat(client.awaitClose().reason()).isEqualTo("login refused: the auth chain is not of the address that was identified");
		}
		assertUnharmed();
		assertThat(server.stats().replaced()).isZero();
	}

	@Test
	void a_chain_is_good_once() throws Exception {
		Client honest = Client.connect(room());
		honest.send(new WsPacket.Identification(intruder.address().value()));
		String challenge = honest.take(WsPacket.Challenge.class).challengeToSign();
		byte[] answer = new WsPacket.SignedChallenge(Client.sign(intruder, challenge).toJson()).encode();
		honest.sendBytes(answer);
		honest.take(WsPacket.Welcome.class);
		honest.leave();
		inside.take(WsPacket.PeerJoin.class);
		inside.take(WsPacket.PeerLeave.class);

		Client replay = Client.connect(room());
		replay.send(new WsPacket.Identification(intruder.address().value()));
		replay.take(WsPacket.Challenge.class);
		replay.sendBytes(answer);

		assertThat(replay.awaitClose().code()).isEqualTo(1008);
		assertUnharmed();
	}

	@Test
	void challenges_are_unpredictable_and_safe_to_sign() throws Exception {
		List<String> seen = new ArrayList<>();
		for (int i = 0; i < 20; i++) {
			try (Client client = Client.connect(room())) {
				client.send(new WsPacket.Identification(intruder.address().value()));
				seen.add(client.take(WsPacket.Challenge.class).challengeToSign());
			}
		}
		assertThat(seen).doesNotHaveDuplicates().allMatch(text -> text.matches("dcl-[0-9a-f]{32}"));
	}

	@Test
	void silence_ends_within_the_step_time() throws Exception {
		try (LocalRoomServer hurried = Server.open(RoomServerOptions.defaults().withStepTimeout(Duration.ofMillis(500)))) {
			Client mute = Client.connect(Server.room(hurried, "plaza"));
			Client half = Client.connect(Server.room(hurried, "plaza"));
			half.send(new WsPacket.Identification(intruder.address().value()));
			half.take(WsPacket.Challenge.class);

			assertThat(mute.awaitClose().reason()).isEqualTo("login timed out: the identification did not come within 500 ms");
			assertThat(half.awaitClose().reason()).isEqualTo("login timed out: the signed challenge did not come within 500 ms");
		}
	}

	@Test
	void an_address_is_an_address() throws Exception {
		String address = intruder.address().value();
		for (String bad : List.of("", "0x1234", address.substring(2), address.toUpperCase(Locale.ROOT), address + "0", " " + address,
				"0x" + "g".repeat(40))) {
			Client client = Client.connect(room());
			client.send(new WsPacket.Identification(bad));
			assertThat(client.awaitClose().code()).as(bad).isEqualTo(1008);
		}
		assertUnharmed();
	}

	@Test
	void an_alias_cannot_be_forged() throws Exception {
		Client client = Client.join(room(), intruder);
		int alias = client.take(WsPacket.Welcome.class).alias();
		inside.take(WsPacket.PeerJoin.class);
		for (int claimed : new int[] {insideAlias, alias + 1000, 0, -1}) {
			client.send(WsPacket.PeerUpdate.of(claimed, new byte[] {9}, false));
			assertThat(inside.take()).isEqualTo(WsPacket.PeerUpdate.of(alias, new byte[] {9}, false));
		}
		assertThat(client.untaken()).isEmpty();
	}

	@Test
	void messages_of_the_server_are_not_passed_on() throws Exception {
		Client client = Client.join(room(), intruder);
		int alias = client.take(WsPacket.Welcome.class).alias();
		inside.take(WsPacket.PeerJoin.class);
		client.send(new WsPacket.Kicked("out"));
		client.send(new WsPacket.PeerLeave(insideAlias));
		client.send(new WsPacket.PeerJoin(insideAlias, intruder.address().value()));
		client.send(new WsPacket.Identification(victim.address().value()));
		client.update(new byte[] {9}, false);

		assertThat(inside.take()).isEqualTo(WsPacket.PeerUpdate.of(alias, new byte[] {9}, false));
		assertThat(server.stats().ignored()).isEqualTo(4);
		assertThat(client.untaken()).isEmpty();
	}

	@Test
	void bad_packets_end_the_session_that_sent_them() throws Exception {
		for (Attack attack : List.<Attack>of(
				client -> client.sendBytes(new byte[] {0x0a, 0x7f, 0x01}),
				client -> client.sendText("hello"),
				client -> client.update(new byte[16_384], false),
				client -> {
					byte[] message = WsPacket.PeerUpdate.of(0, new byte[20_000], false).encode();
					byte[] head = Arrays.copyOf(message, 10_000);
					client.sendPart(head, false);
					client.sendPart(Arrays.copyOfRange(message, 10_000, message.length), true);
				})) {
			Client client = Client.join(room(), intruder);
			int alias = client.take(WsPacket.Welcome.class).alias();
			inside.take(WsPacket.PeerJoin.class);
			attack.mount(client);

			assertThat(inside.take()).isEqualTo(new WsPacket.PeerLeave(alias));
			assertThat(client.awaitClose().code()).isIn(1003, 1007, 1009);
		}
		assertUnharmed();
	}

	@Test
	void the_largest_message_passes() throws Exception {
		Client client = Client.join(room(), intruder);
		int alias = client.take(WsPacket.Welcome.class).alias();
		inside.take(WsPacket.PeerJoin.class);
		byte[] body = new byte[16_384 - 6];
		WsPacket.PeerUpdate update = WsPacket.PeerUpdate.of(0, body, false);
		assertThat(update.encode()).hasSize(16_384);
		client.send(update);

		assertThat(inside.take()).isEqualTo(WsPacket.PeerUpdate.of(alias, body, false));
	}

	@FunctionalInterface
	private interface Attack {
		void mount(Client client) throws Exception;
	}

	private void assertUnharmed() throws Exception {
		assertThat(inside.untaken()).isEmpty();
		Client friend = Client.join(room(), Wallets.random());
		int alias = friend.take(WsPacket.Welcome.class).alias();
		assertThat(inside.take(WsPacket.PeerJoin.class).alias()).isEqualTo(alias);
		inside.update(new byte[] {1}, false);
		assertThat(friend.take()).isEqualTo(WsPacket.PeerUpdate.of(insideAlias, new byte[] {1}, false));
		assertThat(server.stats().users()).isEqualTo(2);
		friend.leave();
		inside.take(WsPacket.PeerLeave.class);
	}

	private URI room() {
		return Server.room(server, "plaza");
	}

	private static List<AuthLink> links(Identity identity, String challenge) {
		return new ArrayList<>(Client.sign(identity, challenge).links());
	}

	private static AuthLink signer(String payload) {
		return new AuthLink("SIGNER", payload, "");
	}

	private static String json(List<AuthLink> links) {
		return links.stream().map(AuthLink::toJson).collect(Collectors.joining(",", "[", "]"));
	}
}
