package dcl.transport.itest.websocket;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Python's {@code websockets}, as {@code requirements.txt} names it. */
@ParameterizedClass
@EnumSource
class PythonIT extends FullPeerContract {

	@Override
	Peer start() throws Exception {
		return new Peer("python", true, Tools.needPython(), "peers/peer.py");
	}

	@Test
	void a_subprotocol_is_offered_in_vain() throws Exception {
		assertThat(offerInVain("open")).isEqualTo(role == Role.CLIENT ? "" : "-");
	}
}
