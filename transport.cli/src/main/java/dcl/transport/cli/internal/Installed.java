package dcl.transport.cli.internal;

import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

import dcl.transport.TransportUri;
import dcl.transport.webrtc.WebRtc;

/** What is installed at this moment. */
interface Installed {

	/** An installed provider: the types it serves, its bundle, and its own word on a connection string. */
	record Candidate(List<String> types, String bundle, String version, int ranking, Predicate<TransportUri> accepts) {
	}

	/** Returns the providers in the order the framework ranks them: the highest first, then the oldest. */
	List<Candidate> bestFirst();

	/** Returns the WebRTC service, which the type {@code livekit} needs. */
	default Optional<WebRtc> webRtc() {
		return Optional.empty();
	}
}
