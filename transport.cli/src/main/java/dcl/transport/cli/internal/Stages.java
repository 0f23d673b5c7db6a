package dcl.transport.cli.internal;

import java.util.concurrent.CompletionException;

import dcl.transport.TransportException;

/** What stages of the API fail with. */
final class Stages {

	private Stages() {
	}

	/** Returns the failure of a stage, bare. */
	static TransportException failure(Throwable failure) {
		Throwable bare = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
		if (bare instanceof TransportException ours) {
			return ours;
		}
		throw new IllegalStateException("a stage of the API fails with a TransportException", bare);
	}
}
