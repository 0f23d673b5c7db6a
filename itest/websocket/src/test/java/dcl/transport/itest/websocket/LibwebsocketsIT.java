package dcl.transport.itest.websocket;

import java.util.stream.Stream;

import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** libwebsockets, as the system has it. */
@ParameterizedClass
@EnumSource
class LibwebsocketsIT extends FullPeerContract {

	@Override
	Peer start() throws Exception {
		return new Peer("libwebsockets", true, Tools.needLibwebsockets());
	}

	/** It has no way to send a close frame without a code. */
	@Override
	Stream<String> theirClosings() {
		return super.theirClosings().filter(closing -> !closing.isEmpty());
	}

	/** When a write fails first it gives up, and does not read the close frame that says why. */
	@Override
	String closedInMidMessage() {
		return "(?s)(1009|1006).*";
	}
}
