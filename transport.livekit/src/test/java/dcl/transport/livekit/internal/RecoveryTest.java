package dcl.transport.livekit.internal;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

import dcl.transport.Delivery;
import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportOptions;
import dcl.transport.livekit.internal.proto.DataChannelInfo;
import dcl.transport.livekit.internal.proto.DataChannelReceiveState;
import dcl.transport.livekit.internal.proto.JoinRequest;
import dcl.transport.livekit.internal.proto.LeaveRequest;
import dcl.transport.livekit.internal.proto.SessionDescription;
import dcl.transport.livekit.internal.proto.SignalRequest.MessageCase;
import dcl.transport.livekit.internal.proto.SignalResponse;
import dcl.transport.livekit.internal.proto.SyncState;
import dcl.transport.webrtc.PeerConnection.State;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static dcl.transport.livekit.internal.Fixture.body;
import static dcl.transport.livekit.internal.Fixture.from;
import static dcl.transport.livekit.internal.Fixture.packet;
import static dcl.transport.livekit.internal.ScriptedServer.ACTIVE;
import static dcl.transport.livekit.internal.ScriptedServer.joinResponse;
import static dcl.transport.livekit.internal.ScriptedServer.leave;
import static dcl.transport.livekit.internal.ScriptedServer.participant;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** The way back after a break, against a server that can be told what to do. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class RecoveryTest {

	private static final int RESUME = 1;
	private static final int RECONNECT = 2;

	private static CompletableFuture<Void> send(Fixture room, String body) {
		return room.link.send(packet(body), Delivery.reliable()).toCompletableFuture();
	}

	private static Disconnection ending(Fixture room) throws Exception {
		return room.context.closed.get(60, TimeUnit.SECONDS);
	}

	@Test
	void a_cut_socket_is_resumed_with_what_the_server_needs_to_know() throws Exception {
		try (Fixture room = new Fixture()) {
			room.context.options = TransportOptions.none().with("livekit.metadata", "m");
			ScriptedServer.Socket first = room.room(participant("PA_a", "alice", ACTIVE), participant("PA_b", "bob", ACTIVE));
			first.send(SignalResponse.newBuilder().setRefreshToken("canary-newer").build());
			first.update(participant("PA_b", "bob", 3), participant("PA_b2", "bob", ACTIVE)); // who hears of this has the token
			assertThat(room.context.next()).isEqualTo("left bob");
			assertThat(room.context.next()).isEqualTo("joined bob");
			for (String body : List.of("one", "two", "three")) {
				send(room, body);
				room.reliable().next();
			}
			room.reliable().deliver(from("alice", "PA_a", 41, "x"));
			assertThat(room.context.next()).isEqualTo("RELIABLE x from alice");
			first.cut();

			ScriptedServer.Socket second = room.server.accept();
			CompletableFuture<Void> four = send(room, "four");
			assertThat(four).isNotDone(); // it may be a new server that knows nothing of us
			assertThat(room.link.send(packet("pos"), Delivery.lossy())).isCompleted();
			assertThat(second.request.header("Authorization")).contains("Bearer canary-newer");
			JoinRequest request = second.joinRequest();
			assertThat(request.getReconnect()).isTrue();
			assertThat(request.getReconnectReason()).isEqualTo(1);
			assertThat(request.getParticipantSid()).isEqualTo("PA_us");
			assertThat(request.getMetadata()).isEmpty();
			SyncState state = second.resume(2, participant("PA_us", "us", ACTIVE), participant("PA_a", "alice", ACTIVE)).getSyncState();
			assertThat(room.context.next()).isEqualTo("left bob"); // no ghost of who left meanwhile
			assertThat(room.context.confirmed).hasValue(2);
			assertThat(body(room.reliable().next())).isEqualTo("three"); // again: the server had read two
			assertThat(body(room.reliable().next())).isEqualTo("four");
			four.get(30, TimeUnit.SECONDS);
			assertThat(state.getOffer().getSdp()).isEqualTo("offer 1");
			assertThat(state.getAnswer().getSdp()).isEqualTo("answer 1");
			assertThat(state.getDataChannelsList()).extracting(DataChannelInfo::getLabel).containsExactly("_reliable", "_lossy");
			assertThat(state.getDatachannelReceiveStatesList())
					.containsExactly(DataChannelReceiveState.newBuilder().setPublisherSid("PA_a").setLastSeq(41).build());
			SessionDescription offer = second.next(MessageCase.OFFER).getOffer();
			assertThat(offer.getSdp()).isEqualTo("offer 2 restart");
			second.answer(1); // late, and for the older one
			second.answer(offer.getId());
			send(room, "five").get(30, TimeUnit.SECONDS);
			assertThat(room.reliable().next().getSequence()).isEqualTo(5);
			assertThat(room.wire.closed).isFalse();
			assertThat(room.context.closed).isNotDone();
		}
	}

	@Test
	void a_server_that_asks_for_a_resume_gets_one_and_any_message_may_begin_it() throws Exception {
		try (Fixture room = new Fixture()) {
			ScriptedServer.Socket first = room.room();
			first.send(leave(0, RESUME));
			first.ended.get(30, TimeUnit.SECONDS);
			ScriptedServer.Socket second = room.server.accept();
			assertThat(second.joinRequest().getReconnect()).isTrue();
			second.update(participant("PA_us", "us", ACTIVE), participant("PA_a", "alice", ACTIVE));
			assertThat(room.context.next()).isEqualTo("joined alice");
			second.next(MessageCase.SYNC_STATE);
			second.answer(second.next(MessageCase.OFFER).getOffer().getId());
			send(room, "x").get(30, TimeUnit.SECONDS);
		}
	}

	@Test
	void joining_anew_begins_anew_and_tells_the_difference() throws Exception {
		try (Fixture room = new Fixture()) {
			ScriptedServer.Socket first = room.room(participant("PA_a", "alice", ACTIVE), participant("PA_b", "bob", ACTIVE));
			FakeWebRtc.Connection old = room.wire;
			send(room, "one");
			room.reliable().deliver(from("alice", "PA_a", 5, "five"));
			assertThat(room.context.next()).isEqualTo("RELIABLE five from alice");
			first.send(leave(0, RECONNECT));
			ScriptedServer.Socket second = room.server.accept();
			assertThat(old.closed).isTrue();
			assertThat(second.joinRequest().getReconnect()).isFalse();
			CompletableFuture<Void> waiting = send(room, "two");
			assertThat(waiting).isNotDone();
			assertThatThrownBy(() -> room.link.send(packet("pos"), Delivery.lossy()).toCompletableFuture().get()).isInstanceOf(ExecutionException.class)
					.cause().extracting("code").isEqualTo(Code.CONGESTED);
			second.welcome(participant("PA_a", "alice", ACTIVE), participant("PA_c", "carol", ACTIVE));
			assertThat(room.context.next()).isEqualTo("left bob");
			assertThat(room.context.next()).isEqualTo("joined carol"); // and nothing of alice, who is still there
			waiting.get(30, TimeUnit.SECONDS);
			room.wire = room.rtc.next();
			assertThat(room.context.unknown).hasValue(1); // "one": the session it went to is gone
			assertThat(room.context.confirmed).hasValue(0);
			assertThat(room.reliable().next().getSequence()).isEqualTo(1);
			room.reliable().deliver(from("alice", "PA_a", 5, "five")); // what a server replays to those who come in
			room.reliable().deliver(from("alice", "PA_a", 6, "six"));
			assertThat(room.context.next()).isEqualTo("RELIABLE six from alice");
		}
	}

	@ParameterizedTest
	@ValueSource(strings = {"mismatch", "mismatch for good", "older server", "join", "status 404", "channel", "answer"})
	void a_resume_that_makes_no_sense_becomes_a_join(String what) throws Exception {
		try (Fixture room = new Fixture()) {
			ScriptedServer.Socket socket = room.room(participant("PA_a", "alice", ACTIVE));
			switch (what) {
				case "older server" -> socket.send(SignalResponse.newBuilder().setLeave(LeaveRequest.newBuilder().setCanReconnect(true)).build());
				case "channel" -> room.reliable().events.closed();
				case "status 404" -> {
					room.server.refuseWith = 404;
					socket.cut();
					socket.ended.get(30, TimeUnit.SECONDS);
					room.server.refused();
					room.server.refuseWith = 0;
				}
				default -> {
					socket.cut();
					ScriptedServer.Socket second = room.server.accept();
					assertThat(second.joinRequest().getReconnect()).isTrue();
					switch (what) {
						case "mismatch" -> second.send(leave(Endings.STATE_MISMATCH, RECONNECT));
						case "mismatch for good" -> second.send(leave(Endings.STATE_MISMATCH, 0));
						case "join" -> second.welcome(participant("PA_a", "alice", ACTIVE));
						default -> {
							room.rtc.understands = false;
							second.resume(0);
							second.answer(2);
							second.ended.get(30, TimeUnit.SECONDS);
							room.rtc.understands = true;
						}
					}
				}
			}
			if (!what.equals("join")) {
				ScriptedServer.Socket third = room.server.accept();
				assertThat(third.joinRequest().getReconnect()).isFalse();
				third.welcome(participant("PA_a", "alice", ACTIVE));
			}
			FakeWebRtc.Connection old = room.wire;
			room.wire = room.rtc.next();
			assertThat(old.closed).isTrue();
			send(room, "x").get(30, TimeUnit.SECONDS);
			assertThat(room.reliable().next().getSequence()).isEqualTo(1);
			assertThat(room.context.events).isEmpty();
		}
	}

	@Test
	void a_peer_connection_that_fails_looks_for_another_way_and_then_for_another_connection() throws Exception {
		try (Fixture room = new Fixture(config -> config.media(500))) {
			room.room();
			room.rtc.connects = false;
			room.wire.state(State.DISCONNECTED); // by itself no reason to do anything
			room.wire.state(State.FAILED);
			ScriptedServer.Socket second = room.server.accept();
			assertThat(second.joinRequest().getReconnect()).isTrue();
			assertThat(second.joinRequest().getReconnectReason()).isEqualTo(2);
			second.resume(0);
			second.answer(second.next(MessageCase.OFFER).getOffer().getId()); // and still no way through
			ScriptedServer.Socket third = room.server.accept();
			assertThat(third.joinRequest().getReconnect()).isFalse();
			assertThat(room.wire.closed).isTrue();
			room.rtc.connects = true;
			third.welcome();
			room.wire = room.rtc.next();
			send(room, "x").get(30, TimeUnit.SECONDS);
			assertThat(room.context.closed).isNotDone();
		}
	}

	@Test
	void a_failure_of_the_peer_connection_that_a_resume_has_mended_breaks_nothing_again() throws Exception {
		try (Fixture room = new Fixture()) {
			ScriptedServer.Socket first = room.room();
			room.wire.state(State.FAILED);
			room.rtc.settle();
			first.update(participant("PA_b", "bob", ACTIVE));
			assertThat(room.context.next()).isEqualTo("joined bob"); // so the failure is known, too
			first.cut();
			ScriptedServer.Socket second = room.server.accept();
			second.resume(0);
			second.answer(second.next(MessageCase.OFFER).getOffer().getId());
			second.next(MessageCase.PING); // a second later
			second.next(MessageCase.PING);
			assertThat(room.server.requests).hasValue(2);
		}
	}

	@Test
	void a_server_that_does_not_answer_a_resume_is_asked_again() throws Exception {
		try (Fixture room = new Fixture(config -> config.join(500))) {
			room.room().cut();
			ScriptedServer.Socket second = room.server.accept(); // and nothing
			ScriptedServer.Socket third = room.server.accept();
			second.ended.get(30, TimeUnit.SECONDS);
			assertThat(third.joinRequest().getReconnect()).isTrue();
			third.sendRaw(new byte[] {(byte) 0xFF, 1}); // and nonsense
			ScriptedServer.Socket fourth = room.server.accept();
			assertThat(fourth.joinRequest().getReconnect()).isFalse();
			fourth.welcome();
			send(room, "x").get(30, TimeUnit.SECONDS);
		}
	}

	@Test
	void a_server_that_falls_silent_is_left() throws Exception {
		try (Fixture room = new Fixture()) {
			ScriptedServer.Socket first = room.begin();
			room.server.answersPings = false;
			first.send(SignalResponse.newBuilder().setJoin(joinResponse().setPingTimeout(2)).build());
			first.answer(first.next(MessageCase.OFFER).getOffer().getId());
			room.opened();
			first.next(MessageCase.PING);
			first.next(MessageCase.PING_REQ);
			ScriptedServer.Socket second = room.server.accept();
			assertThat(second.joinRequest().getReconnect()).isTrue();
		}
	}

	/** A real server closes channels and says why by different ways, and either may come first. */
	@Test
	void whoever_is_put_out_does_not_come_back_though_the_channels_close_before_the_word_comes() throws Exception {
		try (Fixture room = new Fixture()) {
			ScriptedServer.Socket socket = room.room();
			room.reliable().closesThere();
			room.wire.state(State.FAILED);
			socket.send(leave(2, 0));
			assertThat(ending(room).reason()).isEqualTo(Reason.KICKED);
			assertThat(room.server.requests).hasValue(1);
		}
	}

	@Test
	void channels_that_close_without_a_word_are_replaced() throws Exception {
		try (Fixture room = new Fixture()) {
			room.room();
			FakeWebRtc.Connection old = room.wire;
			room.reliable().closesThere();
			ScriptedServer.Socket second = room.server.accept();
			assertThat(second.joinRequest().getReconnect()).isFalse();
			assertThat(second.joinRequest().getReconnectReason()).isZero();
			second.welcome();
			room.wire = room.rtc.next();
			assertThat(old.closed).isTrue();
			send(room, "x").get(30, TimeUnit.SECONDS);
		}
	}

	@ParameterizedTest
	@ValueSource(ints = {2, 4})
	void who_is_put_out_while_away_stays_out(int reason) throws Exception {
		try (Fixture room = new Fixture()) {
			room.room().cut();
			room.server.accept().send(leave(reason, 0));
			assertThat(ending(room).reason()).isEqualTo(Reason.KICKED);
			assertThat(room.server.requests).hasValue(2);
		}
	}

	@ParameterizedTest
	@ValueSource(ints = {401, 403})
	void a_token_that_is_good_no_more_ends_the_room(int status) throws Exception {
		try (Fixture room = new Fixture()) {
			ScriptedServer.Socket first = room.room();
			room.server.refuseWith = status;
			first.cut();
			Disconnection ending = ending(room);
			assertThat(ending.reason()).isEqualTo(Reason.LOST);
			assertThat(ending.detail()).contains(String.valueOf(status)).doesNotContain("canary");
			assertThat(room.server.requests).hasValue(2);
		}
	}

	@Test
	void what_is_not_mended_in_time_is_lost_and_what_waits_has_not_left() throws Exception {
		try (Fixture room = new Fixture(config -> config.recovery(1_000))) {
			ScriptedServer.Socket first = room.room();
			room.server.refuseWith = 500;
			room.wire.closed = true;
			first.send(leave(0, RECONNECT));
			first.ended.get(30, TimeUnit.SECONDS);
			CompletableFuture<Void> waiting = send(room, "x");
			Disconnection ending = ending(room);
			assertThat(ending.reason()).isEqualTo(Reason.LOST);
			assertThat(ending.detail()).contains("1000 ms").contains("500");
			assertThatThrownBy(() -> waiting.get(30, TimeUnit.SECONDS)).cause().isInstanceOf(TransportException.class).extracting("code")
					.isEqualTo(Code.NOT_CONNECTED);
			assertThat(room.server.requests.get()).isBetween(2, 4); // 0 and 0.3 s after the break
		}
	}

	@Test
	void a_room_that_breaks_again_and_again_is_given_up_in_time() throws Exception {
		try (Fixture room = new Fixture(config -> config.recovery(3_000))) {
			Optional<ScriptedServer.Socket> socket = Optional.of(room.room());
			int times = 0;
			for (; socket.isPresent(); times++) {
				socket.get().send(leave(0, RECONNECT));
				socket = room.server.acceptUnless(room.context.closed);
				if (socket.isPresent()) {
					socket.get().welcome();
				}
			}
			assertThat(ending(room).reason()).isEqualTo(Reason.LOST);
			assertThat(times).isBetween(2, 5); // 0, 0.3, 1.2, 2.7 s
		}
	}

	@Test
	void with_no_time_for_it_nothing_is_mended() throws Exception {
		try (Fixture room = new Fixture(config -> config.recovery(0))) {
			room.room().cut();
			assertThat(ending(room).reason()).isEqualTo(Reason.LOST);
			assertThat(room.server.requests).hasValue(1);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = {"refused", "silent", "media"})
	void a_room_can_be_closed_while_it_is_mended(String where) throws Exception {
		try (Fixture room = new Fixture()) {
			ScriptedServer.Socket first = room.room();
			room.server.refuseWith = where.equals("refused") ? 500 : 0;
			first.cut();
			ScriptedServer.Socket second = where.equals("refused") ? null : room.server.accept();
			if (where.equals("media")) {
				second.resume(0);
			}
			room.link.close().toCompletableFuture().get(30, TimeUnit.SECONDS);
			if (second != null) {
				second.ended.get(30, TimeUnit.SECONDS);
			}
			assertThat(room.wire.closed).isTrue();
			assertThat(room.context.closed).isNotDone();
		}
	}

	@Test
	void a_replay_holds_as_much_as_the_setting_says() throws Exception {
		try (Fixture room = new Fixture(config -> config.replay(100))) {
			ScriptedServer.Socket first = room.room();
			for (int i = 1; i <= 5; i++) {
				send(room, "x".repeat(30) + i);
				room.reliable().next();
			}
			first.cut();
			ScriptedServer.Socket second = room.server.accept();
			second.resume(1);
			second.answer(second.next(MessageCase.OFFER).getOffer().getId());
			assertThat(room.reliable().next().getSequence()).isEqualTo(4); // the two that fit; the channel itself still has the others
			assertThat(room.reliable().next().getSequence()).isEqualTo(5);
		}
	}
}
