package dcl.transport.itest.websocket;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.SSLContext;

import dcl.transport.websocket.SendMode;
import dcl.transport.websocket.SendResult;
import dcl.transport.websocket.WebSocketEnding;
import dcl.transport.websocket.WebSocketLimits;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static dcl.transport.websocket.WebSocketEnding.Kind.CLOSED_BY_PEER;
import static dcl.transport.websocket.WebSocketEnding.Kind.TLS;
import static org.assertj.core.api.Assertions.assertThat;

/** What works with libraries besides; a page in a browser cannot ping, pause or bound what it receives. */
abstract class FullPeerContract extends PeerContract {

	private static final int MAX_MESSAGES = 2_000; // 125 MiB: more than the system's buffers and our queue take
	private static final int MESSAGE_BYTES = 65_536;
	private static final long WATCHED_MILLIS = 500;

	@ParameterizedTest
	@ValueSource(strings = {"ws", "wss"})
	void pings_are_answered_both_ways(String scheme) throws Exception {
		Pair pair = open(scheme);
		String longest = "p".repeat(125);
		for (String payload : new String[] {"ours", longest}) {
			assertThat(pair.connection().ping(payload.getBytes(StandardCharsets.UTF_8))).isEqualTo(SendResult.ACCEPTED);
			assertThat(pair.recorder().pongs.poll(Peer.LIMIT.toSeconds(), TimeUnit.SECONDS)).asString(StandardCharsets.UTF_8).isEqualTo(payload);
		}
		for (String payload : new String[] {"theirs", longest}) {
			pair.tell("ping " + payload);
			assertThat(pair.await("pong")).isEqualTo(payload);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = {"ws", "wss"})
	void we_are_held_up_while_the_peer_pauses(String scheme) throws Exception {
		Pair pair = open(scheme, "-", "", LIMITS.toBuilder().writeStallTimeout(Duration.ofMinutes(1)).build());
		pair.tell("pause");
		int sent = 0;
		while (true) {
			SendResult result = pair.connection().send(ByteBuffer.allocate(MESSAGE_BYTES).putInt(sent).array(), SendMode.RELIABLE);
			if (result == SendResult.FULL) {
				if (pair.recorder().writable.poll(WATCHED_MILLIS, TimeUnit.MILLISECONDS) == null) {
					break; // not for a moment: the peer takes no more
				}
			} else {
				assertThat(result).isEqualTo(SendResult.ACCEPTED);
				assertThat(++sent).isLessThan(MAX_MESSAGES);
			}
		}
		assertThat(pair.connection().queuedBytes()).isLessThanOrEqualTo(LIMITS.queueBytes());
		pair.tell("resume");
		assertThat(pair.recorder().writable.poll(Peer.LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
		for (int i = 0; i < sent; i++) {
			assertThat(ByteBuffer.wrap(pair.recorder().next().payload()).getInt()).isEqualTo(i);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = {"ws", "wss"})
	void a_message_over_their_limit_is_refused_with_1009(String scheme) throws Exception {
		WebSocketLimits wide = LIMITS.toBuilder().maxMessageBytes(2 * MAX_BYTES).maxFrameBytes(2 * MAX_BYTES).queueBytes(4 * MAX_BYTES).build();
		Pair pair = open(scheme, "-", "", wide);
		pair.send(new byte[MAX_BYTES + 1]);
		WebSocketEnding ending = pair.recorder().ending();
		assertThat(ending.kind()).as(ending::toString).isEqualTo(CLOSED_BY_PEER);
		assertThat(ending.code()).isEqualTo(1009);
	}

	/** Connects, with a sub-protocol offered that the server does not want; returns what we agreed on, or what follows the peer's words. */
	final String offerInVain(String told) throws Exception {
		if (role == Role.CLIENT) {
			return open("ws", "rfc5", "/none", LIMITS).connection().subprotocol();
		}
		accepted.put("vain", new Recorder());
		serve(LIMITS, null);
		connectPeer("vain", "ws", "/none", "rfc5", "-");
		return peer.await("vain " + told);
	}

	@Test
	void a_certificate_of_an_unknown_authority_is_refused() throws Exception {
		Recorder recorder = new Recorder();
		if (role == Role.CLIENT) {
			sockets.connect(request("wss", securePort, "unknown").sslContext(SSLContext.getDefault()), recorder);
			assertThat(recorder.ending().kind()).isEqualTo(TLS);
		} else {
			accepted.put("unknown", recorder);
			serve(LIMITS, Certificates.RIGHT);
			connectPeer("unknown", "wss", "", "-", "-");
			peer.await("unknown failed");
			assertThat(accepted).containsKey("unknown");
		}
		assertThat(recorder.opened).isNotDone();
	}
}
