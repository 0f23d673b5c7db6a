package dcl.transport.livekit.internal;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import com.google.protobuf.ByteString;
import dcl.transport.Delivery;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.livekit.internal.proto.DataPacket;
import dcl.transport.livekit.internal.proto.ParticipantInfo;
import dcl.transport.livekit.internal.proto.ParticipantPermission;
import dcl.transport.livekit.internal.proto.SignalRequest.MessageCase;
import dcl.transport.livekit.internal.proto.SignalResponse;
import dcl.transport.livekit.internal.proto.UserPacket;
import dcl.transport.webrtc.DataChannel.Sent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static dcl.transport.livekit.internal.Fixture.body;
import static dcl.transport.livekit.internal.Fixture.from;
import static dcl.transport.livekit.internal.Fixture.packet;
import static dcl.transport.livekit.internal.ScriptedServer.ACTIVE;
import static dcl.transport.livekit.internal.ScriptedServer.leave;
import static dcl.transport.livekit.internal.ScriptedServer.participant;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class RoomTest {

	private static final String ALICE = "0x" + "A".repeat(40);
	private static final int DISCONNECTED = 3;

	private static Code failure(CompletableFuture<Void> sent) {
		Throwable failure = catchThrowable(() -> sent.get(30, TimeUnit.SECONDS));
		assertThat(failure).hasCauseInstanceOf(TransportException.class);
		return ((TransportException) failure.getCause()).code();
	}

	private static CompletableFuture<Void> send(Fixture room, String body, Delivery delivery) {
		return room.link.send(packet(body), delivery).toCompletableFuture();
	}

	@Test
	void reliable_packets_are_numbered_and_lossy_ones_are_not() throws Exception {
		try (Fixture room = new Fixture()) {
			room.room();
			assertThat(send(room, "one", Delivery.reliable())).isCompleted();
			assertThat(send(room, "pos", Delivery.lossy().withTopic("t"))).isCompleted();
			assertThat(send(room, "two", Delivery.reliable())).isCompleted();
			DataPacket one = room.reliable().next();
			assertThat(body(one)).isEqualTo("one");
			assertThat(one.getSequence()).isEqualTo(1);
			assertThat(one.getKind()).isZero();
			assertThat(one.getUser().hasTopic()).isFalse();
			assertThat(one.getDestinationIdentitiesList()).isEmpty();
			assertThat(room.reliable().next().getSequence()).isEqualTo(2);
			DataPacket lossy = room.lossy().next();
			assertThat(lossy.getSequence()).isZero();
			assertThat(lossy.getKind()).isEqualTo(1);
			assertThat(lossy.getUser().getTopic()).isEqualTo("t");
		}
	}

	@Test
	void addressees_are_named_as_the_server_has_them() throws Exception {
		try (Fixture room = new Fixture()) {
			room.room(participant("PA_a", ALICE, ACTIVE));
			send(room, "x", Delivery.reliable().to(Set.of(PeerId.of(ALICE), PeerId.of("nobody"))));
			assertThat(room.reliable().next().getDestinationIdentitiesList()).containsExactlyInAnyOrder(ALICE, "nobody");
		}
	}

	@Test
	void packets_come_with_sender_reliability_and_topic() throws Exception {
		try (Fixture room = new Fixture()) {
			room.room(participant("PA_a", ALICE, ACTIVE));
			room.reliable().deliver(from(ALICE, "PA_a", 1, "hi"));
			room.lossy().deliver(from(ALICE, "PA_a", 0, "pos"));
			room.reliable().deliver(DataPacket.newBuilder().setUser(UserPacket.newBuilder().setPayload(ByteString.copyFromUtf8("api")).setTopic("chat")).build()
					.toByteArray());
			String alice = ALICE.toLowerCase(Locale.ROOT);
			assertThat(room.context.next()).isEqualTo("RELIABLE hi from " + alice);
			assertThat(room.context.next()).isEqualTo("LOSSY pos from " + alice);
			assertThat(room.context.next()).isEqualTo("RELIABLE api from the service under chat");
		}
	}

	@Test
	void replays_are_dropped_by_session_of_the_sender() throws Exception {
		try (Fixture room = new Fixture()) {
			room.room(participant("PA_a", "alice", ACTIVE));
			for (int sequence : new int[] {1, 2, 1, 2, 3}) {
				room.reliable().deliver(from("alice", "PA_a", sequence, "a" + sequence));
			}
			room.reliable().deliver(from("alice", "PA_a2", 1, "b1"));
			for (String expected : new String[] {"a1", "a2", "a3", "b1"}) {
				assertThat(room.context.next()).isEqualTo("RELIABLE " + expected + " from alice");
			}
		}
	}

	@Test
	void who_speaks_before_the_server_tells_of_it_joins_first_and_once() throws Exception {
		try (Fixture room = new Fixture()) {
			ScriptedServer.Socket socket = room.room();
			room.reliable().deliver(from("bob", "PA_b", 1, "early"));
			assertThat(room.context.next()).isEqualTo("joined bob");
			String second = room.context.next();
			String third = room.context.next(); // the link's own thread says so as well, which a registry ignores
			assertThat(Set.of(second, third)).containsExactlyInAnyOrder("RELIABLE early from bob", "joined bob");
			socket.update(participant("PA_b", "bob", 1), participant("PA_b", "bob", ACTIVE), participant("PA_b", "bob", DISCONNECTED));
			assertThat(room.context.next()).isEqualTo("left bob");
			room.reliable().deliver(from("bob", "PA_b", 2, "late"));
			assertThat(room.context.next()).isEqualTo("RELIABLE late from bob"); // and no join: it has left
		}
	}

	@Test
	void a_replay_of_somebody_whose_next_session_is_not_there_yet_leaves_no_ghost() throws Exception {
		try (Fixture room = new Fixture()) {
			ScriptedServer.Socket socket = room.room(participant("PA_b2", "bob", 1));
			room.reliable().deliver(from("bob", "PA_b1", 1, "replayed"));
			assertThat(room.context.next()).isEqualTo("joined bob");
			assertThat(Set.of(room.context.next(), room.context.next())).containsExactlyInAnyOrder("RELIABLE replayed from bob", "left bob");
			socket.update(participant("PA_b2", "bob", DISCONNECTED), participant("PA_c", "carol", ACTIVE));
			assertThat(room.context.next()).isEqualTo("joined carol");
		}
	}

	@Test
	void who_leaves_while_a_first_packet_is_looked_at_leaves_no_ghost() throws Exception {
		try (Fixture room = new Fixture()) {
			ScriptedServer.Socket socket = room.room(participant("PA_b", "bob", ACTIVE));
			socket.update(participant("PA_b", "bob", DISCONNECTED));
			assertThat(room.context.next()).isEqualTo("left bob");
			((LiveKitLink) room.link).heard(PeerId.of("bob"), "bob", "PA_b"); // as WebRTC's thread does, which had found it to be news before
			assertThat(room.context.next()).isEqualTo("joined bob");
			assertThat(room.context.next()).isEqualTo("left bob");
		}
	}

	@Test
	void who_is_heard_and_leaves_before_the_room_is_handed_over_leaves_no_ghost() throws Exception {
		try (Fixture room = new Fixture()) {
			ScriptedServer.Socket socket = room.begin();
			int offer = socket.join(participant("PA_a", "alice", ACTIVE)).getId();
			room.wire = room.rtc.next();
			room.reliable().deliver(from("bob", "PA_b", 1, "early"));
			room.rtc.settle();
			socket.update(participant("PA_b", "bob", DISCONNECTED));
			socket.answer(offer);
			assertThat(room.opening.get(30, TimeUnit.SECONDS).peers()).containsExactly(PeerId.of("alice"));
			assertThat(List.of(room.context.next(), room.context.next(), room.context.next())).containsExactlyInAnyOrder("joined bob", "joined bob",
					"RELIABLE early from bob");
			assertThat(room.context.next()).isEqualTo("left bob");
		}
	}

	@Test
	void what_is_no_packet_is_counted_and_what_is_not_for_us_ignored() throws Exception {
		try (Fixture room = new Fixture()) {
			ScriptedServer.Socket socket = room.room();
			room.reliable().deliver(new byte[] {(byte) 0xFF, (byte) 0xFF});
			assertThat(room.context.next()).startsWith("invalid: a DataPacket expected");
			room.reliable().deliver(DataPacket.newBuilder().setEncryptedPacket(ByteString.copyFromUtf8("x")).build().toByteArray());
			assertThat(room.context.next()).startsWith("invalid: an unencrypted");
			room.reliable().deliver(from("x".repeat(PeerId.MAX_LENGTH + 1), "PA_x", 1, "x"));
			assertThat(room.context.next()).startsWith("invalid: an identity of at most");
			room.reliable().deliver(new byte[0]); // a packet of a kind we do not know
			socket.sendRaw(new byte[] {(byte) 0xFF, 1});
			assertThat(room.context.next()).startsWith("invalid: a SignalResponse expected");
			socket.sendText("x");
			assertThat(room.context.next()).startsWith("invalid: a binary message expected");
			room.reliable().deliver(from("alice", "", 0, "still here"));
			assertThat(room.context.next()).isEqualTo("RELIABLE still here from alice");
		}
	}

	@Test
	void a_packet_that_would_close_the_channel_is_refused() throws Exception {
		try (Fixture room = new Fixture()) {
			room.room();
			Packet fits = Packet.copyOf(new byte[Settings.MAX_MESSAGE_BYTES - 30]);
			Packet large = Packet.copyOf(new byte[Settings.MAX_MESSAGE_BYTES]);
			for (Delivery delivery : new Delivery[] {Delivery.reliable(), Delivery.lossy()}) {
				assertThat(failure(room.link.send(large, delivery).toCompletableFuture())).isEqualTo(Code.TOO_LARGE);
				assertThat(failure(room.link.send(fits, delivery.withTopic("t".repeat(40))).toCompletableFuture())).isEqualTo(Code.TOO_LARGE);
				assertThat(room.link.send(fits, delivery)).isCompleted();
			}
			assertThat(room.reliable().next().getSequence()).isEqualTo(1); // what was refused took no number
		}
	}

	@Test
	void where_there_is_no_room_lossy_packets_are_dropped_and_a_reliable_one_waits() throws Exception {
		try (Fixture room = new Fixture()) {
			room.room();
			room.lossy().answer = Sent.CONGESTED;
			room.reliable().answer = Sent.CONGESTED;
			assertThat(failure(send(room, "pos", Delivery.lossy()))).isEqualTo(Code.CONGESTED);
			CompletableFuture<Void> waiting = send(room, "one", Delivery.reliable());
			assertThat(waiting).isNotDone();
			assertThat(failure(send(room, "two", Delivery.reliable()))).isEqualTo(Code.CONGESTED); // a registry sends one at a time
			room.reliable().room();
			waiting.get(30, TimeUnit.SECONDS);
			assertThat(body(room.reliable().next())).isEqualTo("one");
			assertThat(send(room, "two", Delivery.reliable())).isCompleted();
			assertThat(room.reliable().next().getSequence()).isEqualTo(2);
		}
	}

	@Test
	void packets_wait_while_too_many_are_unconfirmed() throws Exception {
		try (Fixture room = new Fixture(config -> config.unconfirmed(2))) {
			room.room();
			send(room, "one", Delivery.reliable());
			send(room, "two", Delivery.reliable());
			CompletableFuture<Void> waiting = send(room, "three", Delivery.reliable());
			assertThat(waiting).isNotDone();
			waiting.get(30, TimeUnit.SECONDS); // pongs confirm what left three seconds ago
			assertThat(room.context.confirmed).hasValue(2);
		}
	}

	@Test
	void nothing_is_confirmed_while_it_has_not_left_or_nobody_answers() throws Exception {
		try (Fixture room = new Fixture()) {
			ScriptedServer.Socket socket = room.room();
			room.server.answersPings = false;
			send(room, "one", Delivery.reliable());
			send(room, "two", Delivery.reliable());
			room.reliable().buffered = room.reliable().next().getSerializedSize(); // as much as the second one
			for (int i = 0; i < 5; i++) {
				socket.next(MessageCase.PING_REQ);
			}
			assertThat(room.context.confirmed).hasValue(0);
			room.server.answersPings = true;
			while (room.context.confirmed.get() == 0) {
				socket.next(MessageCase.PING_REQ);
			}
			assertThat(room.context.confirmed).hasValue(1);
		}
	}

	@Test
	void a_participant_without_the_permission_is_told_so() throws Exception {
		try (Fixture room = new Fixture()) {
			ScriptedServer.Socket socket = room.room();
			ParticipantInfo.Builder us = ParticipantInfo.newBuilder().setSid("PA_us").setIdentity("us").setState(ACTIVE);
			socket.update(us.setPermission(ParticipantPermission.newBuilder().setCanPublishData(false)).build(), participant("PA_a", "alice", ACTIVE));
			assertThat(room.context.next()).isEqualTo("joined alice"); // and not us
			assertThat(failure(send(room, "x", Delivery.reliable()))).isEqualTo(Code.REFUSED);
			assertThat(failure(send(room, "x", Delivery.lossy()))).isEqualTo(Code.REFUSED);
			socket.update(us.setPermission(ParticipantPermission.newBuilder().setCanPublishData(true)).build(), participant("PA_b", "bob", ACTIVE));
			assertThat(room.context.next()).isEqualTo("joined bob");
			assertThat(send(room, "x", Delivery.reliable())).isCompleted();
		}
	}

	@Test
	void a_new_session_of_somebody_leaves_and_joins() throws Exception {
		try (Fixture room = new Fixture()) {
			ScriptedServer.Socket socket = room.room(participant("PA_a", "alice", ACTIVE));
			socket.update(participant("PA_a2", "alice", 1));
			assertThat(room.context.next()).isEqualTo("left alice");
			socket.update(participant("PA_a", "alice", DISCONNECTED)); // the older one, late
			socket.update(participant("PA_a2", "alice", ACTIVE));
			assertThat(room.context.next()).isEqualTo("joined alice");
			socket.update(participant("PA_a3", "alice", ACTIVE));
			assertThat(room.context.next()).isEqualTo("left alice");
			assertThat(room.context.next()).isEqualTo("joined alice");
			ParticipantInfo newer = ParticipantInfo.newBuilder().setSid("PA_b").setIdentity("bob").setState(ACTIVE).setVersion(5).build();
			socket.update(newer, newer.toBuilder().setState(1).setVersion(4).build());
			assertThat(room.context.next()).isEqualTo("joined bob");
			socket.update(participant("PA_a3", "alice", DISCONNECTED));
			assertThat(room.context.next()).isEqualTo("left alice");
		}
	}

	@Test
	void more_participants_than_the_bound_end_the_room() throws Exception {
		try (Fixture room = new Fixture(config -> config.participants(2))) {
			ScriptedServer.Socket socket = room.room();
			socket.update(participant("1", "a", ACTIVE), participant("2", "b", ACTIVE));
			assertThat(room.context.next()).startsWith("joined");
			assertThat(room.context.next()).startsWith("joined");
			socket.update(participant("3", "c", ACTIVE));
			assertThat(room.context.closed.get(30, TimeUnit.SECONDS).reason()).isEqualTo(Reason.PROTOCOL);
			socket.next(MessageCase.LEAVE);
			socket.ended.get(30, TimeUnit.SECONDS);
		}
	}

	@ParameterizedTest
	@CsvSource({"2, KICKED", "4, KICKED", "3, SERVER", "5, SERVER", "10, SERVER", "0, SERVER", "99, SERVER", "9, LOST", "14, LOST", "7, LOST"})
	void a_leave_for_good_ends_the_room_and_nothing_comes_back(int reason, Reason ours) throws Exception {
		try (Fixture room = new Fixture()) {
			ScriptedServer.Socket socket = room.room();
			CompletableFuture<Void> waiting = new CompletableFuture<>();
			room.reliable().answer = Sent.CONGESTED;
			room.link.send(packet("x"), Delivery.reliable()).whenComplete((nothing, failure) -> waiting.completeExceptionally(failure));
			socket.send(leave(reason, 0));
			assertThat(room.context.closed.get(30, TimeUnit.SECONDS).reason()).isEqualTo(ours);
			socket.ended.get(30, TimeUnit.SECONDS);
			assertThat(failure(waiting)).isEqualTo(Code.NOT_CONNECTED); // it has not left
			assertThat(room.wire.closed).isTrue();
			assertThat(room.server.requests).hasValue(1);
			assertThat(room.link.close()).succeedsWithin(Duration.ofSeconds(30));
		}
	}

	@Test
	void closing_says_goodbye_after_what_was_sent() throws Exception {
		try (Fixture room = new Fixture()) {
			ScriptedServer.Socket socket = room.room();
			send(room, "last", Delivery.reliable());
			CompletableFuture<Void> closed = room.link.close().toCompletableFuture();
			assertThat(socket.next(MessageCase.PING_REQ).getPingReq().getTimestamp()).isPositive(); // it waits for what is on the wire
			assertThat(socket.next(MessageCase.LEAVE).getLeave().getReason()).isEqualTo(1);
			closed.get(30, TimeUnit.SECONDS);
			assertThat(socket.ended.get(30, TimeUnit.SECONDS).code()).isEqualTo(1000);
			assertThat(room.wire.closed).isTrue();
			assertThat(room.context.closed).isNotDone();
		}
	}

	@Test
	void closing_waits_for_a_silent_server_less_than_a_second() throws Exception {
		try (Fixture room = new Fixture()) {
			room.room();
			room.server.answersPings = false;
			send(room, "last", Delivery.reliable());
			room.reliable().buffered = 100; // and never less
			assertThat(room.link.close()).succeedsWithin(Duration.ofSeconds(30));
			assertThat(room.wire.closed).isTrue();
		}
	}

	@Test
	void a_token_that_is_none_is_not_taken() throws Exception {
		try (Fixture room = new Fixture()) {
			ScriptedServer.Socket socket = room.room();
			socket.send(SignalResponse.newBuilder().setRefreshToken("a b\r\nX: y").build());
			assertThat(room.context.next()).startsWith("invalid: a token expected").doesNotContain("X: y");
		}
	}

	@Test
	void reliable_packets_lost_on_our_side_end_the_room() throws Exception {
		try (Fixture room = new Fixture()) {
			room.room();
			room.lossy().events.overrun(3);
			assertThat(room.context.next()).startsWith("invalid: 3 lossy");
			room.reliable().events.overrun(1);
			assertThat(room.context.closed.get(30, TimeUnit.SECONDS).reason()).isEqualTo(Reason.OVERRUN);
		}
	}
}
