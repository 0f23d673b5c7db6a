package dcl.transport.livekit.internal;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import dcl.transport.Disconnection.Reason;
import dcl.transport.PeerId;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;
import dcl.transport.livekit.internal.proto.IceServer;
import dcl.transport.livekit.internal.proto.JoinRequest;
import dcl.transport.livekit.internal.proto.JoinResponse;
import dcl.transport.livekit.internal.proto.SessionDescription;
import dcl.transport.livekit.internal.proto.SignalRequest.MessageCase;
import dcl.transport.livekit.internal.proto.SignalResponse;
import dcl.transport.livekit.internal.proto.TrickleRequest;
import dcl.transport.spi.Link;
import dcl.transport.webrtc.PeerConnection.State;
import dcl.transport.webrtc.WebRtcUnavailableException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static dcl.transport.livekit.internal.ScriptedServer.ACTIVE;
import static dcl.transport.livekit.internal.ScriptedServer.joinResponse;
import static dcl.transport.livekit.internal.ScriptedServer.leave;
import static dcl.transport.livekit.internal.ScriptedServer.participant;
import static org.assertj.core.api.Assertions.assertThat;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class JoinTest {

	private static final String ALICE = "0x" + "A".repeat(40);

	@Test
	void joining_offers_over_one_connection_with_the_token_in_a_header_alone() throws Exception {
		try (Fixture room = new Fixture()) {
			room.context.options = TransportOptions.none().with("livekit.metadata", "{\"v\":1}").with("livekit.attribute.colour", "red");
			ScriptedServer.Socket socket = room.begin();
			assertThat(socket.request.path()).isEqualTo("/base/rtc/v1");
			assertThat(socket.request.query()).startsWith("x=1&y=2&join_request=").doesNotContain("canary").doesNotContain("access_token");
			assertThat(socket.request.header("Authorization")).contains("Bearer " + Fixture.TOKEN);
			JoinRequest request = socket.joinRequest();
			assertThat(request.getClientInfo().getProtocol()).isEqualTo(17);
			assertThat(request.getConnectionSettings().getAutoSubscribe()).isFalse();
			assertThat(request.getMetadata()).isEqualTo("{\"v\":1}");
			assertThat(request.getAttributesMap()).isEqualTo(Map.of("colour", "red"));
			assertThat(request.getReconnect()).isFalse();

			socket.send(SignalResponse.newBuilder().setJoin(joinResponse(participant("PA_a", ALICE, ACTIVE), participant("PA_b", "bob", 1))
					.addIceServers(IceServer.newBuilder().addUrls("stun:127.0.0.1:1").setUsername("u").setCredential("c"))).build());
			SessionDescription offer = socket.next(MessageCase.OFFER).getOffer();
			assertThat(offer.getSdp()).isEqualTo("offer 1");
			assertThat(offer.getType()).isEqualTo("offer");
			assertThat(socket.next(MessageCase.TRICKLE).getTrickle().getCandidateInit())
					.isEqualTo("{\"candidate\":\"candidate:ours \\\"quoted\\\"\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0}");
			socket.answer(offer.getId());

			assertThat(room.opened().peers()).containsExactly(PeerId.of(ALICE)); // not bob, who is still joining
			assertThat(room.context.steps).containsExactly("webrtc", "tcp", "upgrade", "join", "media");
			assertThat(room.link.maxPacketBytes()).isEqualTo(60_000);
			assertThat(room.wire.servers).containsExactly(new dcl.transport.webrtc.IceServer(List.of("stun:127.0.0.1:1"), "u", "c"));
			assertThat(room.reliable().options.isOrdered()).isTrue();
			assertThat(room.reliable().isReliable()).isTrue();
			assertThat(room.lossy().options.isOrdered()).isFalse();
			assertThat(room.lossy().options.maxRetransmits()).hasValue(0);
			socket.update(participant("PA_b", "bob", ACTIVE));
			assertThat(room.context.next()).isEqualTo("joined bob");
		}
	}

	@Test
	void candidates_of_the_server_reach_the_connection_and_bad_ones_are_skipped() throws Exception {
		try (Fixture room = new Fixture()) {
			ScriptedServer.Socket socket = room.begin();
			socket.join();
			for (String candidate : new String[] {"not json", "{\"sdpMid\":\"0\"}", "[]", "{\"candidate\":\"candidate:theirs\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0,\"x\":{\"y\":[1]}}"}) {
				socket.send(SignalResponse.newBuilder().setTrickle(TrickleRequest.newBuilder().setCandidateInit(candidate)).build());
			}
			socket.answer(1);
			room.opened();
			assertThat(room.wire.candidates).containsExactly("0 0 candidate:theirs");
			assertThat(room.context.invalid).hasValue(3);
		}
	}

	@Test
	void ice_servers_and_candidates_are_taken_up_to_their_bounds() throws Exception {
		try (Fixture room = new Fixture()) {
			ScriptedServer.Socket socket = room.begin();
			JoinResponse.Builder join = joinResponse().addIceServers(IceServer.newBuilder().setUsername("nowhere"));
			for (int server = 0; server < 3; server++) {
				join.addIceServers(IceServer.newBuilder().addAllUrls(Collections.nCopies(LiveKitLink.MAX_ICE_URLS / 2 - 1, "stun:127.0.0.1:" + server)));
			}
			socket.send(SignalResponse.newBuilder().setJoin(join.addIceServers(IceServer.newBuilder().addUrls("stun:127.0.0.1:9"))).build());
			socket.next(MessageCase.OFFER);
			socket.send(trickle("candidate:first"));
			socket.send(SignalResponse.newBuilder().setAnswer(SessionDescription.newBuilder().setId(1)
					.setSdp("v=0\r\n" + "a=candidate:in\r\n".repeat(Wire.MAX_CANDIDATES - 1) + "a=candidate:beyond\r\na=end-of-candidates\r\n")).build());
			socket.send(trickle("candidate:last"));
			room.opened();
			socket.update(participant("PA_b", "bob", ACTIVE));
			assertThat(room.context.next()).isEqualTo("joined bob");
			assertThat(room.wire.servers.stream().map(server -> server.urls().size())).containsExactly(15, 15, 2);
			assertThat(room.wire.candidates).containsExactly("0 0 candidate:first");
			assertThat(room.wire.answers)
					.containsExactly("v=0\r\n" + "a=candidate:in\r\n".repeat(Wire.MAX_CANDIDATES - 1) + "a=end-of-candidates\r\n");

			socket.cut(); // a resume looks for a new way, with as many
			ScriptedServer.Socket second = room.server.accept();
			second.resume(0);
			second.next(MessageCase.OFFER);
			second.send(trickle("candidate:again"));
			second.answer(2);
			second.update(participant("PA_us", "us", ACTIVE), participant("PA_c", "carol", ACTIVE));
			assertThat(room.context.next()).isEqualTo("left bob");
			assertThat(room.wire.candidates).endsWith("0 0 candidate:again");
			assertThat(room.wire.answers).endsWith("answer 2");
		}
	}

	private static SignalResponse trickle(String candidate) {
		return SignalResponse.newBuilder().setTrickle(TrickleRequest.newBuilder().setCandidateInit(new Candidate(candidate, "0", 0).write())).build();
	}

	@Test
	void an_answer_to_another_offer_is_ignored() throws Exception {
		try (Fixture room = new Fixture()) {
			ScriptedServer.Socket socket = room.begin();
			int id = socket.join().getId();
			socket.answer(id + 7);
			socket.send(SignalResponse.newBuilder().setTrickle(TrickleRequest.newBuilder().setCandidateInit("seen")).build());
			assertThat(room.context.next()).startsWith("invalid"); // the answer before it has been looked at
			assertThat(room.opening).isNotDone();
			socket.answer(id);
			room.opened();
		}
	}

	@ParameterizedTest
	@CsvSource({"401, REFUSED", "403, REFUSED", "404, REFUSED", "400, REFUSED", "429, BUSY", "503, BUSY", "500, UNREACHABLE"})
	void a_refused_upgrade_is_typed(int status, Code code) throws Exception {
		try (Fixture room = new Fixture()) {
			room.server.refuseWith = status;
			room.opening = room.provider.open(room.uri(), room.context).toCompletableFuture();
			TransportException refusal = room.refusal();
			assertThat(refusal.code()).isEqualTo(code);
			assertThat(refusal).hasMessageContaining(String.valueOf(status));
			if (code == Code.BUSY) {
				assertThat(refusal.retryAfter()).hasValueSatisfying(wait -> assertThat(wait).hasSeconds(7));
			}
			assertThat(room.server.requests).hasValue(1);
		}
	}

	@ParameterizedTest
	@CsvSource({"2, 0, REFUSED, DUPLICATE_IDENTITY", "4, 0, REFUSED, PARTICIPANT_REMOVED", "3, 0, BUSY, SERVER_SHUTDOWN", "6, 2, UNREACHABLE, join anew", "0, 1, UNREACHABLE, resume",
			"99, 0, REFUSED, reason 99"})
	void a_leave_instead_of_the_join_response_is_a_refusal(int reason, int action, Code code, String words) throws Exception {
		try (Fixture room = new Fixture()) {
			room.begin().send(leave(reason, action));
			TransportException refusal = room.refusal();
			assertThat(refusal.code()).isEqualTo(code);
			assertThat(refusal).hasMessageContaining(words);
		}
	}

	@Test
	void another_first_message_garbage_or_text_is_a_breach() throws Exception {
		for (int i = 0; i < 3; i++) {
			try (Fixture room = new Fixture()) {
				ScriptedServer.Socket socket = room.begin();
				switch (i) {
					case 0 -> socket.update(participant("PA_a", "alice", ACTIVE));
					case 1 -> socket.sendRaw(new byte[] {(byte) 0xFF, 1, 2, 3});
					default -> socket.sendText("{}");
				}
				assertThat(room.refusal().code()).isEqualTo(Code.PROTOCOL);
			}
		}
	}

	@Test
	void a_join_response_without_a_participant_or_with_too_many_is_a_breach() throws Exception {
		try (Fixture room = new Fixture()) {
			room.begin().send(SignalResponse.newBuilder().setJoin(JoinResponse.getDefaultInstance()).build());
			assertThat(room.refusal().code()).isEqualTo(Code.PROTOCOL);
		}
		try (Fixture room = new Fixture(config -> config.participants(2))) {
			room.begin().send(SignalResponse.newBuilder().setJoin(joinResponse(participant("1", "a", 2), participant("2", "b", 2), participant("3", "c", 2))).build());
			assertThat(room.refusal().code()).isEqualTo(Code.PROTOCOL);
		}
	}

	@Test
	void silence_at_each_step_is_a_time_out_that_names_it() throws Exception {
		try (Fixture room = new Fixture(config -> config.join(300))) {
			room.begin(); // and nothing, as if the join response were dropped
			assertThat(room.refusal()).hasMessageContaining("join response").extracting("code").isEqualTo(Code.TIMEOUT);
		}
		try (Fixture room = new Fixture(config -> config.media(300))) {
			room.begin().join(); // and no answer
			assertThat(room.refusal()).hasMessageContaining("peer connection").extracting("code").isEqualTo(Code.TIMEOUT);
		}
		try (Fixture room = new Fixture(config -> config.media(300))) {
			room.rtc.connects = false;
			room.begin().welcome(); // and no way through
			assertThat(room.refusal()).hasMessageContaining("peer connection").extracting("code").isEqualTo(Code.TIMEOUT);
			assertThat(room.rtc.next().closed).isTrue();
		}
	}

	@Test
	void a_socket_that_ends_early_or_a_connection_that_fails_is_unreachable() throws Exception {
		try (Fixture room = new Fixture()) {
			room.begin().cut();
			assertThat(room.refusal().code()).isEqualTo(Code.UNREACHABLE);
		}
		try (Fixture room = new Fixture()) {
			room.rtc.connects = false;
			room.begin().welcome();
			room.rtc.next().state(State.FAILED);
			assertThat(room.refusal().code()).isEqualTo(Code.UNREACHABLE);
		}
	}

	@Test
	void an_answer_that_cannot_be_understood_is_a_breach() throws Exception {
		try (Fixture room = new Fixture()) {
			room.rtc.understands = false;
			room.begin().welcome();
			assertThat(room.refusal().code()).isEqualTo(Code.PROTOCOL);
		}
	}

	@Test
	void without_the_native_library_nothing_is_connected_to_and_the_library_is_named() throws Exception {
		try (Fixture room = new Fixture()) {
			room.rtc.unavailable = new WebRtcUnavailableException("libpulse.so.0 is missing", "libpulse.so.0", "apt-get install libpulse0");
			room.opening = room.provider.open(room.uri(), room.context).toCompletableFuture();
			TransportException refusal = room.refusal();
			assertThat(refusal.code()).isEqualTo(Code.UNSUPPORTED);
			assertThat(refusal).hasMessageContaining("libpulse.so.0").hasMessageContaining("apt-get install libpulse0");
			assertThat(room.server.requests).hasValue(0);
		}
	}

	@Test
	void an_expired_token_is_refused_without_connecting() throws Exception {
		try (Fixture room = new Fixture()) {
			String claims = "{\"video\":{\"room\":\"a\"},\"exp\":" + (Instant.now().getEpochSecond() - 100) + "}";
			String token = "e30." + Base64.getUrlEncoder().withoutPadding().encodeToString(claims.getBytes(StandardCharsets.UTF_8)) + ".canary";
			room.opening = room.provider.open(TransportUri.parse("livekit:ws://127.0.0.1:" + room.server.port() + "?access_token=" + token), room.context)
					.toCompletableFuture();
			TransportException refusal = room.refusal();
			assertThat(refusal.code()).isEqualTo(Code.REFUSED);
			assertThat(refusal).hasMessageContaining("expired 10");
			assertThat(room.server.requests).hasValue(0);
		}
	}

	@Test
	void the_clock_that_a_host_lends_judges_the_token() throws Exception {
		Instant lent = Instant.now().minus(Duration.ofDays(1)); // by which this machine's is a day fast
		String fresh = "{\"exp\":" + lent.plus(Duration.ofMinutes(5)).getEpochSecond() + "}";
		try (Fixture room = new Fixture()) {
			room.context.clock = Clock.fixed(lent, ZoneOffset.UTC);
			TransportUri uri = TransportUri.parse("livekit:ws://127.0.0.1:" + room.server.port() + "?access_token=e30."
					+ Base64.getUrlEncoder().withoutPadding().encodeToString(fresh.getBytes(StandardCharsets.UTF_8)) + ".canary");
			room.opening = room.provider.open(uri, room.context).toCompletableFuture();
			room.server.accept().welcome();
			room.opened();
			room.context.clock = Clock.systemUTC();
			room.opening = room.provider.open(uri, room.context).toCompletableFuture();
			assertThat(room.refusal().code()).isEqualTo(Code.REFUSED);
		}
	}

	@Test
	void metadata_that_is_too_large_is_refused_without_connecting() throws Exception {
		try (Fixture room = new Fixture()) {
			room.context.options = TransportOptions.none().with("livekit.metadata", "x".repeat(JoinOptions.MAX_BYTES + 1));
			room.opening = room.provider.open(room.uri(), room.context).toCompletableFuture();
			assertThat(room.refusal().code()).isEqualTo(Code.INVALID_PARAMS);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = {"address", "socket", "media"})
	void an_attempt_that_is_abandoned_ends_wherever_it_is(String where) throws Exception {
		try (Fixture room = new Fixture()) {
			ScriptedServer.Socket socket = null;
			if (where.equals("address")) {
				room.context.addresses = new CompletableFuture<>();
				room.opening = room.provider.open(room.uri(), room.context).toCompletableFuture();
				room.context.abandoned.complete(null);
				room.context.addresses.complete(List.of(InetAddress.getLoopbackAddress()));
			} else {
				socket = room.begin();
				if (where.equals("media")) {
					socket.join();
				}
				room.context.abandoned.complete(null);
			}
			assertThat(room.refusal().code()).isEqualTo(Code.NOT_CONNECTED);
			if (socket != null) {
				socket.ended.get(30, TimeUnit.SECONDS);
			}
			if (where.equals("media")) {
				assertThat(room.rtc.next().closed).isTrue();
			}
		}
	}

	@Test
	void a_message_beyond_the_bound_ends_the_attempt() throws Exception {
		try (Fixture room = new Fixture(config -> config.message(2_048))) {
			room.begin().sendRaw(new byte[4_096]);
			assertThat(room.refusal().code()).isEqualTo(Code.PROTOCOL);
		}
	}

	@Test
	void a_provider_stopped_while_the_way_to_the_room_is_found_says_that_it_is_gone() throws Exception {
		try (Fixture room = new Fixture()) {
			room.context.addresses = new CompletableFuture<>();
			CompletableFuture<Link> opening = room.provider.open(room.uri(), room.context).toCompletableFuture();
			room.provider.stop();
			room.context.addresses.complete(List.of(InetAddress.getLoopbackAddress()));
			assertThat(opening).failsWithin(Duration.ofSeconds(30)).withThrowableThat().havingCause()
					.isInstanceOfSatisfying(TransportException.class, failure -> assertThat(failure.code()).isEqualTo(Code.PROVIDER_GONE));
		}
	}

	@Test
	void a_peer_connection_that_opens_after_the_stop_is_closed() throws Exception {
		try (Fixture room = new Fixture()) {
			room.rtc.mayOpen = new CompletableFuture<>();
			room.begin().send(SignalResponse.newBuilder().setJoin(joinResponse()).build());
			FakeWebRtc.Connection late = room.rtc.next();
			room.provider.stop();
			assertThat(room.refusal().code()).isEqualTo(Code.PROVIDER_GONE);
			room.rtc.mayOpen.complete(null);
			room.rtc.settle();
			assertThat(late.closed).isTrue();
		}
	}

	@Test
	void an_interrupted_stop_leaves_nothing_behind_either() throws Exception {
		try (Fixture room = new Fixture()) {
			ScriptedServer.Socket socket = room.room();
			Thread.currentThread().interrupt();
			room.provider.stop();
			assertThat(Thread.interrupted()).isTrue();
			assertThat(room.context.closed.get(30, TimeUnit.SECONDS).reason()).isEqualTo(Reason.PROVIDER_GONE);
			assertThat(room.wire.closed).isTrue();
			socket.ended.get(30, TimeUnit.SECONDS);
			for (Thread thread : Thread.getAllStackTraces().keySet()) {
				if (thread.getName().startsWith("dcl-livekit")) {
					thread.join(30_000); // nobody waited for its end
					assertThat(thread.isAlive()).isFalse();
				}
			}
		}
	}

	@Test
	void stopping_the_provider_ends_its_rooms_and_its_thread() throws Exception {
		Fixture room = new Fixture();
		ScriptedServer.Socket socket = room.room();
		room.provider.stop();
		assertThat(room.context.closed.get(30, TimeUnit.SECONDS).reason()).isEqualTo(Reason.PROVIDER_GONE);
		socket.ended.get(30, TimeUnit.SECONDS);
		assertThat(room.wire.closed).isTrue();
		assertThat(room.link.close()).succeedsWithin(Duration.ofSeconds(30));
		room.close();
		assertThat(Thread.getAllStackTraces().keySet()).noneMatch(thread -> thread.getName().startsWith("dcl-livekit"));
	}
}
