package dcl.transport.itest.livekit;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.concurrent.ExecutionException;

import dcl.transport.Delivery;
import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Message;
import dcl.transport.PeerId;
import dcl.transport.Transport.State;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/** Who is not let in, who is put out, and what our client is told of it. */
@ExtendWith(Rig.class)
@Timeout(60)
class EndingsIT {

	private final String room = Rig.unique("room");
	private final String identity = Rig.address();

	// ---- not let in

	@Test
	void a_token_signed_by_somebody_else_is_refused() throws Exception {
		TransportException refused = Us.refused(Token.of(room, identity).signedWith("x".repeat(40)).uri());
		assertThat(refused.code()).isEqualTo(Code.REFUSED);
		assertThat(refused).hasMessageContaining("401");
	}

	@Test
	void a_token_for_no_room_is_refused() throws Exception {
		assertThat(Us.refused(Token.of(room, identity).with("roomJoin", false).uri()).code()).isEqualTo(Code.REFUSED);
	}

	@Test
	void an_expired_token_is_refused_without_asking_anybody() throws Exception {
		TransportException refused = Us.refused(Token.of(room, identity).expiring(Instant.now().minusSeconds(600)).uri("ws://127.0.0.1:1"));
		assertThat(refused.code()).isEqualTo(Code.REFUSED);
		assertThat(refused).hasMessageContaining("expired");
	}

	@Test
	void a_port_nobody_listens_at_is_unreachable_and_the_failure_holds_no_token() throws Exception {
		Token token = Token.of(room, identity);
		TransportException unreachable = Us.refused(token.uri("ws://127.0.0.1:1"));
		assertThat(unreachable.code()).isEqualTo(Code.UNREACHABLE);
		assertThat(unreachable.getMessage()).doesNotContain(token.text());
	}

	@Test
	void who_may_not_publish_hears_and_is_told_when_sending() throws Exception {
		try (Guest guest = Rig.guest(Client.Kind.NODE);
				Us us = Us.enter(identity, Token.of(room, identity).with("canPublishData", false).uri(), TransportOptions.none())) {
			guest.enter(room);
			assertThat(us.next()).isEqualTo("connected []");
			assertThat(us.next()).isEqualTo("joined " + guest.identity());
			guest.send(new byte[] {1}, true, "");
			assertThat(us.message().packet().toByteArray()).containsExactly(1);
			TransportException failure = (TransportException) catchThrowableOfType(ExecutionException.class, () -> us.send(new byte[] {2}, Delivery.reliable()))
					.getCause();
			assertThat(failure.code()).isEqualTo(Code.REFUSED);
			assertThat(us.transport().state()).isEqualTo(State.CONNECTED);
		}
	}

	// ---- put out

	@Test
	void the_same_identity_again_puts_the_older_one_out_which_does_not_come_back() throws Exception {
		try (Guest witness = Rig.guest(Client.Kind.NODE); Us first = Us.enter(identity, Token.of(room, identity).uri(), TransportOptions.none())) {
			witness.enter(room);
			assertThat(first.next()).isEqualTo("connected []");
			assertThat(first.next()).isEqualTo("joined " + witness.identity());
			try (Us second = Us.enter(identity, Token.of(room, identity).uri(), TransportOptions.none())) {
				assertThat(second.next()).isEqualTo("connected [" + witness.identity() + "]");
				Disconnection why = Us.done(first.transport().closed());
				assertThat(why.reason()).isEqualTo(Reason.KICKED);
				assertThat(why.detail()).contains("DUPLICATE_IDENTITY");
				assertThat(first.next()).isEqualTo(why);
				// The older one would have put the newer one out had it come back: this one still talks.
				second.send(new byte[] {3}, Delivery.reliable());
				assertThat(witness.data()).containsExactly(3);
				witness.send(new byte[] {4}, true, "", identity);
				assertThat(second.message().packet().toByteArray()).containsExactly(4);
				assertThat(second.transport().state()).isEqualTo(State.CONNECTED);
			}
		}
	}

	@Test
	void an_official_client_of_our_identity_puts_us_out_and_the_other_way_round() throws Exception {
		try (Guest guest = Rig.client(Client.Kind.CHROMIUM).guest(identity)) {
			try (Us us = Us.enter(identity, Token.of(room, identity).uri(), TransportOptions.none())) {
				guest.enter(room);
				assertThat(Us.done(us.transport().closed()).reason()).isEqualTo(Reason.KICKED);
			}
			try (Us again = Us.enter(identity, Token.of(room, identity).uri(), TransportOptions.none())) {
				assertThat(guest.next("disconnected").path("reason").asText()).isEqualTo("DUPLICATE_IDENTITY");
				assertThat(again.transport().state()).isEqualTo(State.CONNECTED);
			}
		}
	}

	@Test
	void who_is_removed_by_the_servers_api_was_kicked() throws Exception {
		try (Us us = Us.enter(identity, Token.of(room, identity).uri(), TransportOptions.none())) {
			Rig.server().api("RemoveParticipant", room, "{\"room\":\"" + room + "\",\"identity\":\"" + identity + "\"}");
			Disconnection why = Us.done(us.transport().closed());
			assertThat(why.reason()).isEqualTo(Reason.KICKED);
			assertThat(why.detail()).contains("PARTICIPANT_REMOVED");
		}
	}

	@Test
	void a_room_that_is_deleted_ends_by_the_server() throws Exception {
		try (Us us = Us.enter(identity, Token.of(room, identity).uri(), TransportOptions.none())) {
			Rig.server().api("DeleteRoom", room, "{\"room\":\"" + room + "\"}");
			Disconnection why = Us.done(us.transport().closed());
			assertThat(why.reason()).isEqualTo(Reason.SERVER);
			assertThat(why.detail()).contains("ROOM_DELETED");
		}
	}

	// ---- what only the server's API can do

	@Test
	void what_the_servers_api_sends_comes_from_the_service_itself() throws Exception {
		try (Us us = Us.enter(identity, Token.of(room, identity).uri(), TransportOptions.none())) {
			assertThat(us.next()).isEqualTo("connected []");
			for (String kind : new String[] {"RELIABLE", "LOSSY"}) {
				String data = Base64.getEncoder().encodeToString(kind.getBytes(StandardCharsets.UTF_8));
				Rig.server().api("SendData", room, "{\"room\":\"" + room + "\",\"data\":\"" + data + "\",\"kind\":\"" + kind + "\",\"topic\":\"news\"}");
				Message message = us.message();
				assertThat(message.from()).isEqualTo(PeerId.SERVICE);
				assertThat(message.packet().toByteArray()).isEqualTo(kind.getBytes(StandardCharsets.UTF_8));
				assertThat(message.reliability()).isEqualTo(Delivery.Reliability.valueOf(kind));
				assertThat(message.topic()).isEqualTo("news");
			}
		}
	}

	@Test
	void metadata_and_attributes_of_the_options_are_those_of_the_participant() throws Exception {
		TransportOptions options = TransportOptions.none().with("livekit.metadata", "{\"lambdasEndpoint\":\"https://example.org/ä\"}")
				.with("livekit.attribute.agent", "dcl");
		try (Us us = Us.enter(identity, Token.of(room, identity).uri(), options)) {
			var participant = Rig.server().api("GetParticipant", room, "{\"room\":\"" + room + "\",\"identity\":\"" + us.identity() + "\"}");
			assertThat(participant.path("metadata").asText()).isEqualTo("{\"lambdasEndpoint\":\"https://example.org/ä\"}");
			assertThat(participant.path("attributes").path("agent").asText()).isEqualTo("dcl");
		}
	}

	// ---- the end of the server

	/** Now and then its process is gone before the word is; see the README. */
	@Test
	void a_server_that_shuts_down_in_good_order_says_so_if_it_lives_to() throws Exception {
		try (Us us = Us.enter(identity, Token.of(room, identity).uri(), TransportOptions.none())) {
			Rig.server().shutDown();
			Disconnection why = Us.done(us.transport().closed());
			assertThat(why.reason()).isIn(Reason.SERVER, Reason.LOST);
			assertThat(why.detail()).contains(why.reason() == Reason.SERVER ? "SERVER_SHUTDOWN" : "Connection refused");
		} finally {
			Rig.server();
		}
	}
}
