package dcl.transport.itest.livekit;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import dcl.transport.Delivery;
import dcl.transport.Delivery.Reliability;
import dcl.transport.Message;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportOptions;
import dcl.transport.itest.chaos.History.Stamp;
import dcl.transport.rfc4.AnnounceProfileVersion;
import dcl.transport.rfc4.Chat;
import dcl.transport.rfc4.ChatReaction;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/** Our client and an official one in the same room: who is there, and what each gets of the other. */
@ExtendWith(Rig.class)
@ParameterizedClass
@EnumSource
@Timeout(90)
class PacketsIT {

	private static final int MANY = 2_000;
	private static final int MANY_BYTES = 1_024;

	@Parameter
	Client.Kind kind;

	private final String room = Rig.unique("room");

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
				Rfc4Packet.newBuilder().setMovement(Movement.newBuilder().setTimestamp(2.5f).setPositionX(8).setVelocityZ(-3.5f).setIsGrounded(true).setJumpCount(2)),
				Rfc4Packet.newBuilder().setPlayerEmote(PlayerEmote.newBuilder().setIncrementalId(9).setUrn("wave").setTimestamp(1.5f).setIsStopping(true)),
				Rfc4Packet.newBuilder().setSceneEmote(SceneEmote.newBuilder().setSceneEntityId("entity").setSource("dance.glb")),
				Rfc4Packet.newBuilder().setMovementCompressed(MovementCompressed.newBuilder().setTemporalData(-5).setMovementData(Long.MIN_VALUE)),
				Rfc4Packet.newBuilder().setLookAtPosition(LookAtPosition.newBuilder().setTimestamp(1).setPositionZ(4).setTargetAvatarWalletAddress("0x1")),
				Rfc4Packet.newBuilder().setReaction(Reaction.newBuilder().setEmojiIndex(5).setTimestamp(2).setCount(3)),
				Rfc4Packet.newBuilder().setChatReaction(ChatReaction.newBuilder().setEmojiIndex(5).setMessageId("m").setAddress("0x2"))};
		return Stream.of(all).map(packet -> packet.setProtocolVersion(Rfc4.PROTOCOL_VERSION).build());
	}

	@Test
	void every_kind_of_packet_goes_both_ways_reliable_and_lossy() throws Exception {
		try (Guest guest = Rig.guest(kind); Us us = Us.enter(room)) {
			assertThat(us.next()).isEqualTo("connected []");
			assertThat(guest.enter(room)).containsExactly(us.identity());
			PeerId them = PeerId.of(guest.identity());
			assertThat(us.next()).isEqualTo("joined " + them);
			int kinds = 0;
			for (Rfc4Packet packet : packets().toList()) {
				byte[] bytes = Rfc4.encode(packet).toByteArray();
				for (Delivery delivery : new Delivery[] {Delivery.reliable(), Delivery.lossy()}) {
					boolean reliable = delivery.reliability() == Reliability.RELIABLE;
					us.send(bytes, delivery);
					JsonNode data = guest.next("data");
					assertThat(Guest.data(data)).isEqualTo(bytes);
					assertThat(data.path("from").asText()).isEqualTo(us.identity());
					assertThat(data.path("reliable").asBoolean()).isEqualTo(reliable);
					assertThat(data.path("topic").asText()).isEmpty();

					guest.send(bytes, reliable, "");
					Message message = us.message();
					assertThat(Rfc4.decode(message.packet())).isEqualTo(packet);
					assertThat(message.from()).isEqualTo(them);
					assertThat(message.reliability()).isEqualTo(delivery.reliability());
					assertThat(message.topic()).isEmpty();
				}
				kinds++;
			}
			assertThat(kinds).isEqualTo(14);
			assertThat(us.transport().stats().sent()).isEqualTo(28);
			assertThat(us.transport().stats().received()).isEqualTo(28);
			assertThat(us.transport().stats().invalid()).isZero();
		}
	}

	@Test
	void a_packet_for_one_reaches_nobody_else_and_topics_arrive() throws Exception {
		String mixed = "0xABCDEF" + Rig.address().substring(8); // a service may write an address in any letter case
		try (Guest one = Rig.client(kind).guest(mixed); Guest two = Rig.guest(kind); Us us = Us.enter(room); Us other = Us.enter(room)) {
			assertThat(us.next()).isEqualTo("connected []");
			assertThat(us.next()).isEqualTo("joined " + other.identity());
			assertThat(other.next()).isEqualTo("connected [" + us.identity() + "]");
			one.enter(room);
			two.enter(room);
			for (Us each : List.of(us, other)) {
				// a server may tell both at once, in any order
				assertThat(List.of(each.next(), each.next())).containsExactlyInAnyOrder("joined " + PeerId.of(mixed), "joined " + two.identity());
			}
			for (boolean reliable : new boolean[] {true, false}) {
				Delivery delivery = reliable ? Delivery.reliable() : Delivery.lossy();
				us.send(bytes("for one"), delivery.to(Set.of(PeerId.of(mixed))).withTopic("private"));
				JsonNode data = one.next("data");
				assertThat(Guest.data(data)).isEqualTo(bytes("for one"));
				assertThat(data.path("topic").asText()).isEqualTo("private");
				us.send(bytes("for all"), delivery.withTopic("public"));
				for (Guest guest : List.of(one, two)) {
					JsonNode next = guest.next("data");
					assertThat(Guest.data(next)).isEqualTo(bytes("for all"));
					assertThat(next.path("topic").asText()).isEqualTo("public");
				}
				assertThat(other.message().packet().toByteArray()).isEqualTo(bytes("for all"));

				one.send(bytes("for us"), reliable, "private", us.identity());
				Message message = us.message();
				assertThat(message.packet().toByteArray()).isEqualTo(bytes("for us"));
				assertThat(message.from()).isEqualTo(PeerId.of(mixed));
				assertThat(message.topic()).isEqualTo("private");
				one.send(bytes("for all"), reliable, "public");
				for (Us each : List.of(us, other)) {
					assertThat(each.message().packet().toByteArray()).isEqualTo(bytes("for all"));
				}
				assertThat(two.data()).isEqualTo(bytes("for all"));
			}
		}
	}

	@Test
	void both_are_told_who_comes_and_goes() throws Exception {
		try (Guest early = Rig.guest(kind); Guest late = Rig.guest(kind)) {
			early.enter(room);
			Us us = Us.enter(room);
			assertThat(us.next()).isEqualTo("connected [" + early.identity() + "]");
			assertThat(early.next("joined").path("peer").asText()).isEqualTo(us.identity());
			assertThat(late.enter(room)).containsExactlyInAnyOrder(early.identity(), us.identity());
			assertThat(us.next()).isEqualTo("joined " + late.identity());
			assertThat(us.transport().peers()).containsExactlyInAnyOrder(PeerId.of(early.identity()), PeerId.of(late.identity()));
			late.leave();
			assertThat(us.next()).isEqualTo("left " + late.identity());
			us.close();
			assertThat(early.next("gone").path("peer").asText()).isEqualTo(late.identity());
			assertThat(early.next("gone").path("peer").asText()).isEqualTo(us.identity());
		}
	}

	@Test
	void what_is_sent_in_the_first_callback_arrives_and_what_a_newcomer_is_sent_at_once_too() throws Exception {
		try (Guest guest = Rig.guest(kind)) {
			guest.enter(room);
			CompletableFuture<Void> sent = new CompletableFuture<>();
			String identity = Rig.address();
			TransportOptions options = TransportOptions.none();
			try (Us us = Us.enter(identity, Token.of(room, identity).uri(), options, transport -> first(transport, sent))) {
				Us.done(sent);
				// by two channels, so in either order
				assertThat(List.of(guest.data(), guest.data())).containsExactlyInAnyOrder(bytes("reliable"), bytes("lossy"));
				assertThat(us.next()).isEqualTo("connected [" + guest.identity() + "]");
				try (Guest late = Rig.guest(kind)) {
					late.enter(room);
					assertThat(us.next()).isEqualTo("joined " + late.identity());
					us.send(bytes("hello"), Delivery.lossy().to(Set.of(PeerId.of(late.identity()))));
					assertThat(late.data()).isEqualTo(bytes("hello"));
				}
			}
		}
	}

	private static void first(Transport transport, CompletableFuture<Void> sent) {
		transport.send(Packet.copyOf(bytes("reliable")), Delivery.reliable())
				.thenCompose(nothing -> transport.send(Packet.copyOf(bytes("lossy")), Delivery.lossy()))
				.whenComplete((nothing, failure) -> {
					if (failure == null) {
						sent.complete(null);
					} else {
						sent.completeExceptionally(failure);
					}
				});
	}

	@Test
	void two_thousand_reliable_packets_of_a_kibibyte_cross_without_loss_or_reorder() throws Exception {
		try (Guest guest = Rig.guest(kind); Us us = Us.enter(room)) {
			guest.enter(room);
			assertThat(us.next()).isEqualTo("connected []");
			assertThat(us.next()).isEqualTo("joined " + guest.identity());
			guest.burst(MANY, MANY_BYTES, true, 0);
			for (long n = 1; n <= MANY; n++) {
				send(us, n);
			}
			for (long n = 1; n <= MANY; n++) {
				byte[] data = guest.data();
				assertThat(data).hasSize(MANY_BYTES);
				assertThat(Stamp.decode(data)).isEqualTo(new Stamp(us.identity(), 1, n, true));
			}
			for (long n = 1; n <= MANY; n++) {
				Message message = us.message();
				assertThat(message.packet().size()).isEqualTo(MANY_BYTES);
				assertThat(message.from()).isEqualTo(PeerId.of(guest.identity()));
				assertThat(Stamp.decode(message.packet().toByteArray())).isEqualTo(new Stamp(guest.identity(), 1, n, true));
			}
			assertThat(guest.next("burst").path("failed")).isEmpty();
			assertThat(guest.all("data")).isEmpty();
			assertThat(us.messages()).isEmpty();
			assertThat(us.transport().stats().sent()).isEqualTo(MANY);
			assertThat(us.transport().stats().receiveDropped()).isZero();
		}
	}

	/** Sends as fast as the wire takes it. */
	private static void send(Us us, long number) throws Exception {
		Packet packet = Packet.copyOf(new Stamp(us.identity(), 1, number, true).encode(MANY_BYTES));
		us.send(packet.toByteArray(), Delivery.reliable());
	}

	@Test
	void the_largest_packet_arrives_and_a_larger_one_is_refused_here() throws Exception {
		try (Guest guest = Rig.guest(kind); Us us = Us.enter(room)) {
			guest.enter(room);
			assertThat(us.next()).isEqualTo("connected []");
			assertThat(us.next()).isEqualTo("joined " + guest.identity());
			byte[] largest = new Stamp(us.identity(), 1, 1, true).encode(60_000);
			us.send(largest, Delivery.reliable());
			assertThat(guest.data()).isEqualTo(largest);
			TransportException failure = (TransportException) catchThrowableOfType(ExecutionException.class, () -> us.send(new byte[60_001], Delivery.reliable()))
					.getCause();
			assertThat(failure.code()).isEqualTo(Code.TOO_LARGE);
			guest.send(largest, true, "");
			assertThat(us.message().packet().toByteArray()).isEqualTo(largest);
			us.send(bytes("still there"), Delivery.reliable());
			assertThat(guest.data()).isEqualTo(bytes("still there"));
		}
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}
}
