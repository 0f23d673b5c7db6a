package dcl.transport.itest.websocket;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Node's {@code ws}, as {@code package-lock.json} names it. */
@ParameterizedClass
@EnumSource
class NodeIT extends FullPeerContract {

	@Override
	Peer start() throws Exception {
		Tools.needNode();
		return new Peer("node", true, "node", "peers/peer.mjs");
	}

	/** We take a server that wants none; Node's client, as browsers do, fails. */
	@Test
	void a_subprotocol_is_offered_in_vain() throws Exception {
		assertThat(offerInVain("failed")).isEqualTo(role == Role.CLIENT ? "" : "Server sent no subprotocol");
	}
}
