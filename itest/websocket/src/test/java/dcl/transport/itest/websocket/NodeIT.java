package dcl.transport.itest.websocket;

import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Node's {@code ws}, as {@code package-lock.json} names it. */
@ParameterizedClass
@EnumSource
class NodeIT extends FullPeerContract {

	@Override
	Peer start() throws Exception {
		Tools.needNode();
		return new Peer("node", true, "node", "peers/peer.mjs");
	}
}
