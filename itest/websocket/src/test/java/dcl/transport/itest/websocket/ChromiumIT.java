package dcl.transport.itest.websocket;

import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/** A page in headless Chromium, as the system has it: the client role alone, and what a page may do. */
@ParameterizedClass
@EnumSource(names = "SERVER")
class ChromiumIT extends PeerContract {

	@Override
	Peer start() throws Exception {
		return Browser.start(sockets);
	}

	/** A browser does not take a server that wants none of what it offers; a room server has to agree on one. */
	@Test
	void a_subprotocol_is_offered_in_vain() throws Exception {
		accepted.put("vain", new Recorder());
		serve(LIMITS, null);
		connectPeer("vain", "ws", "/none", "rfc5", "-");
		assertThat(peer.await("vain failed")).startsWith("1006");
	}

	/** A page may close with 1000 and 3000 to 4999 alone. */
	@Override
	Stream<String> theirClosings() {
		return Stream.of("1000 bye", "3000", "4000 adiós 🙂", "4999", "");
	}
}
