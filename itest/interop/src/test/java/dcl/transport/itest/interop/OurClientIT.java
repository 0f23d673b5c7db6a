package dcl.transport.itest.interop;

import java.util.Locale;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import dcl.transport.Delivery;
import dcl.transport.Delivery.Reliability;
import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Identity;
import dcl.transport.Message;
import dcl.transport.PeerId;
import dcl.transport.Transport;
import dcl.transport.TransportListener;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;
import dcl.transport.identity.Wallets;
import dcl.transport.launcher.Comms;
import dcl.transport.rfc4.AnnounceProfileVersion;
import dcl.transport.rfc4.Chat;
import dcl.transport.rfc4.ChatReaction;
import dcl.transport.rfc4.Kind;
import dcl.transport.rfc4.LookAtPosition;
import dcl.transport.rfc4.Movement;
import dcl.transport.rfc4.MovementCompressed;
import dcl.transport.rfc4.PlayerEmote;
import dcl.transport.rfc4.Position;
import dcl.transport.rfc4.ProfileRequest;
import dcl.transport.rfc4.ProfileResponse;
import dcl.transport.rfc4.Reaction;
import dcl.transport.rfc4.Rfc4;
import dcl.transport.rfc4.Rfc4Packet;
import dcl.transport.rfc4.Scene;
import dcl.transport.rfc4.SceneEmote;
import dcl.transport.rfc4.Voice;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/** Our client, as a host gets it from the registry, in a room of the reference server, together with the reference client. */
@Timeout(60)
class OurClientIT {

	private static final long LIMIT_SECONDS = 20;

	private static Comms comms;

	@AutoClose
	ReferenceServer server;
	@AutoClose
	NodeProcess node;

	/** A host that writes down what it hears. */
	private static final class Ears implements TransportListener {

		final BlockingQueue<Object> heard = new LinkedBlockingQueue<>();

		Object next() throws InterruptedException {
			Object event = heard.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
			return event == null ? "nothing within " + LIMIT_SECONDS + " s" : event;
		}

		@Override
		public void connected(Set<PeerId> peers) {
			heard.add("connected " + peers);
		}

		@Override
		public void peerJoined(PeerId peer) {
			heard.add("joined " + peer);
		}

		@Override
		public void peerLeft(PeerId peer) {
			heard.add("left " + peer);
		}

		@Override
		public void received(Message message) {
			heard.add(message);
		}

		@Override
		public void disconnected(Disconnection why) {
			heard.add(why);
		}
	}

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

	@BeforeEach
	void start() throws Exception {
		server = ReferenceServer.start();
		node = NodeProcess.start("client.mjs");
	}

	private Transport enter(String room, Identity identity, TransportListener listener) throws Exception {
		Transport transport = comms.registry().create(TransportUri.parse("ws-room:" + server.room(room)), TransportOptions.of(identity));
		transport.listen(listener);
		done(transport.connect());
		return transport;
	}

	private static <T> T done(CompletionStage<T> stage) throws Exception {
		return stage.toCompletableFuture().get(LIMIT_SECONDS, TimeUnit.SECONDS);
	}

	/** One packet of each kind. */
	static Stream<Rfc4Packet> packets() {
		Rfc4Packet.Builder[] all = {
				Rfc4Packet.newBuilder().setPosition(Position.newBuilder().setIndex(7).setPositionX(-1.5f).setPositionY(1.25f).setRotationW(1)),
				Rfc4Packet.newBuilder().setProfileVersion(AnnounceProfileVersion.newBuilder().setProfileVersion(3)),
				Rfc4Packet.newBuilder().setProfileRequest(ProfileRequest.newBuilder().setAddress("0x" + "a".repeat(40)).setProfileVersion(2)),
				Rfc4Packet.newBuilder().setProfileResponse(ProfileResponse.newBuilder().setSerializedProfile("{\"name\":\"olá\"}").setBaseUrl("https://example.org")),
				Rfc4Packet.newBuilder().setChat(Chat.newBuilder().setMessage("hej ☃").setTimestamp(45_982.5)),
				Rfc4Packet.newBuilder().setScene(Scene.newBuilder().setSceneId("scene").setData(ByteString.copyFrom(new byte[] {2, 0, -1, 127}))),
				Rfc4Packet.newBuilder().setVoice(Voice.newBuilder().setEncodedSamples(ByteString.copyFrom(new byte[] {1, 2, 3})).setIndex(4)),
				Rfc4Packet.newBuilder().setMovement(Movement.newBuilder().setTimestamp(2.5f).setPositionX(8).setVelocityZ(-3.5f).setIsGrounded(true).setJumpCount(2)
						.setGlideState(Movement.GlideState.GLIDING)),
				Rfc4Packet.newBuilder().setPlayerEmote(PlayerEmote.newBuilder().setIncrementalId(9).setUrn("wave").setTimestamp(1.5f).setIsStopping(true).setMask(1)),
				Rfc4Packet.newBuilder().setSceneEmote(SceneEmote.newBuilder().setSceneEntityId("entity").setSource("dance.glb")),
				// ts-proto holds int64 as a number and refuses a packet with more than 53 bits of it.
				Rfc4Packet.newBuilder().setMovementCompressed(MovementCompressed.newBuilder().setTemporalData(-5).setMovementData(1L << 52).setHeadSyncData(3)),
				Rfc4Packet.newBuilder().setLookAtPosition(LookAtPosition.newBuilder().setTimestamp(1).setPositionZ(4).setTargetAvatarWalletAddress("0x1")),
				Rfc4Packet.newBuilder().setReaction(Reaction.newBuilder().setEmojiIndex(5).setTimestamp(2).setCount(3)),
				Rfc4Packet.newBuilder().setChatReaction(ChatReaction.newBuilder().setEmojiIndex(5).setMessageId("m").setAddress("0x2"))};
		return Stream.of(all).map(packet -> packet.setProtocolVersion(Rfc4.PROTOCOL_VERSION).build());
	}

	/** The name that ts-proto gives to a field. */
	static String camelCase(String snake) {
		StringBuilder camel = new StringBuilder();
		for (String word : snake.split("_")) {
			camel.append(camel.isEmpty() ? word : word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1));
		}
		return camel.toString();
	}

	@Test
	void every_kind_of_packet_goes_both_ways_reliable_and_lossy() throws Exception {
		Ears ears = new Ears();
		ReferenceClient reference = new ReferenceClient(node, "reference");
		JsonNode there = reference.connect(server.room("kinds"));
		PeerId them = PeerId.of(there.path("address").asText());
		Identity me = Wallets.random();
		try (Transport us = enter("kinds", me, ears)) {
			assertThat(ears.next()).isEqualTo("connected [" + them + "]");
			assertThat(reference.await("joined").path("address").asText()).isEqualTo(me.address().value());
			int kinds = 0;
			for (Rfc4Packet packet : packets().toList()) {
				for (Delivery delivery : new Delivery[] {Delivery.reliable(), Delivery.lossy()}) {
					boolean lossy = delivery.reliability() == Reliability.LOSSY;
					Kind kind = Rfc4.kind(Rfc4.encode(packet));
					done(us.send(Rfc4.encode(packet), delivery));

					JsonNode received = reference.await("received");
					assertThat(received.path("kind").asText()).isEqualTo(camelCase(kind.member()));
					assertThat(received.path("address").asText()).isEqualTo(me.address().value());
					assertThat(received.path("unreliable").asBoolean()).isEqualTo(lossy);

					reference.send(received.path("packet"), lossy); // encoded anew, by their encoder
					assertThat(ears.next()).isInstanceOfSatisfying(Message.class, message -> {
						assertThat(message.from()).isEqualTo(them);
						assertThat(message.reliability()).isEqualTo(delivery.reliability());
						assertThat(Rfc4.kind(message.packet())).isEqualTo(kind);
						assertThat(Rfc4.decode(message.packet())).isEqualTo(packet);
					});
				}
				kinds++;
			}
			assertThat(kinds).isEqualTo(14);
			assertThat(us.stats().sent()).isEqualTo(28);
			assertThat(us.stats().received()).isEqualTo(28);
			assertThat(us.stats().invalid()).isZero();
		}
		assertThat(reference.await("left").path("address").asText()).isEqualTo(me.address().value());
	}

	@Test
	void joins_and_leaves_are_told_and_what_is_no_packet_ends_nothing() throws Exception {
		Ears ears = new Ears();
		try (Transport us = enter("roster", Wallets.random(), ears)) {
			assertThat(ears.next()).isEqualTo("connected []");
			ReferenceClient guest = new ReferenceClient(node, "guest");
			PeerId them = PeerId.of(guest.connect(server.room("roster")).path("address").asText());
			assertThat(ears.next()).isEqualTo("joined " + them);
			assertThat(us.peers()).containsExactly(them);
			guest.sendRaw("ffffff", false); // a body is not looked into: it is a packet of bytes to us
			assertThat(ears.next()).isInstanceOfSatisfying(Message.class, message -> assertThat(message.packet().toByteArray()).containsExactly(-1, -1, -1));
			guest.terminate();
			assertThat(ears.next()).isEqualTo("left " + them);
			assertThat(us.peers()).isEmpty();
			assertThat(us.state()).isEqualTo(Transport.State.CONNECTED);
		}
	}

	@Test
	void a_second_login_of_the_same_wallet_puts_the_first_one_out_with_the_servers_words() throws Exception {
		Identity me = Wallets.random();
		Ears first = new Ears();
		Ears witness = new Ears();
		try (Transport other = enter("kick", Wallets.random(), witness); Transport mine = enter("kick", me, first)) {
			assertThat(witness.next()).isEqualTo("connected []");
			assertThat(witness.next()).isEqualTo("joined " + me.address());
			assertThat(first.next()).isInstanceOf(String.class);
			try (Transport again = enter("kick", me, new Ears())) {
				assertThat(done(mine.closed())).isEqualTo(new Disconnection(Reason.KICKED, "Already logged in"));
				assertThat(first.next()).isInstanceOf(Disconnection.class);
				assertThat(again.state()).isEqualTo(Transport.State.CONNECTED);
				assertThat(other.peers()).containsExactly(me.address());
			}
		}
	}

	@Test
	void a_killed_server_is_a_lost_wire() throws Exception {
		Ears ears = new Ears();
		try (Transport us = enter("killed", Wallets.random(), ears)) {
			assertThat(ears.next()).isEqualTo("connected []");
			server.kill();
			assertThat(done(us.closed()).reason()).isEqualTo(Reason.LOST);
			assertThat(ears.next()).isInstanceOfSatisfying(Disconnection.class, why -> assertThat(why.reason().isRetryable()).isTrue());
		}
	}

	@Test
	void a_thousand_packets_arrive_once_and_in_order_both_ways() throws Exception {
		Ears ears = new Ears();
		ReferenceClient reference = new ReferenceClient(node, "reference");
		reference.connect(server.room("order"));
		try (Transport us = enter("order", Wallets.random(), ears)) {
			assertThat(ears.next()).isInstanceOf(String.class);
			for (int i = 0; i < 1_000; i++) {
				us.send(Rfc4.encode(Rfc4.chat("n" + i)), Delivery.reliable());
			}
			for (int i = 0; i < 1_000; i++) {
				JsonNode received = reference.await("received");
				assertThat(received.path("packet").path("chat").path("message").asText()).isEqualTo("n" + i);
				if (i % 4 == 0) {
					reference.send(received.path("packet"), false);
				}
			}
			for (int i = 0; i < 1_000; i += 4) {
				String expected = "n" + i;
				assertThat(ears.next()).isInstanceOfSatisfying(Message.class,
						message -> assertThat(Rfc4.decode(message.packet()).getChat().getMessage()).isEqualTo(expected));
			}
		}
	}
}
