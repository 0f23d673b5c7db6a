package dcl.transport.itest.websocket;

import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Python's {@code websockets}, as {@code requirements.txt} names it. */
@ParameterizedClass
@EnumSource
class PythonIT extends FullPeerContract {

	@Override
	Peer start() throws Exception {
		return new Peer("python", true, Tools.needPython(), "peers/peer.py");
	}
}
