package dcl.transport.bench;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

import dcl.transport.AuthChain;
import dcl.transport.Identity;
import dcl.transport.PeerId;
import dcl.transport.SigningRequest;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportListener;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;
import dcl.transport.launcher.Comms;

/** The subject as a program embeds it: the launcher's bundles in a framework, used through the public API. */
final class Rooms implements AutoCloseable {

	static final long PATIENCE_SECONDS = 300;

	private final Comms comms = Comms.start();

	Comms comms() {
		return comms;
	}

	/** Makes a transport to the fixture's room, not connected yet. */
	Transport make(int port, TransportListener listener) throws TransportException {
		return make(TransportUri.parse("ws-room:ws://127.0.0.1:" + port + "/rooms/bench"), listener);
	}

	Transport make(TransportUri uri, TransportListener listener) throws TransportException {
		Transport room = comms.registry().create(uri, TransportOptions.of(new Nobody()));
		room.listen(listener);
		return room;
	}

	/** Waits for a stage, for a long time. */
	static void await(CompletionStage<Void> stage) throws Exception {
		stage.toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
	}

	@Override
	public void close() {
		comms.close();
	}

	/** Who the fixture does not ask for a proof. */
	private static final class Nobody implements Identity {

		@Override
		public PeerId address() {
			return PeerId.of("0x0000000000000000000000000000000000000001");
		}

		@Override
		public boolean isGuest() {
			return true;
		}

		@Override
		public CompletionStage<AuthChain> sign(SigningRequest request) {
			return CompletableFuture.failedFuture(new IllegalStateException("nobody signs nothing"));
		}
	}
}
