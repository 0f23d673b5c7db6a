package dcl.transport.cli.internal;

import java.io.InputStream;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import dcl.transport.Disconnection;
import dcl.transport.Identity;
import dcl.transport.Message;
import dcl.transport.PeerId;
import dcl.transport.Session;
import dcl.transport.SessionListener;
import dcl.transport.SessionPolicy;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportOptions;
import dcl.transport.TransportRegistry;
import dcl.transport.TransportUri;
import dcl.transport.recording.RecordingEntry;

/** Stays in a room until it is time to leave, or until an ending is final. */
final class Visit implements SessionListener {

	private static final long LEAVE_MILLIS = 3_000;

	private final TransportRegistry registry;
	private final TransportUri uri;
	private final TransportOptions options;
	private final Reporter reporter;
	private final Output out;
	private final Stop stop;
	private final Tape tape;
	private final SessionPolicy policy;
	private boolean onTape; // of the listener's calls, which come one at a time
	private volatile Input input;
	private volatile Session session;
	/** What the last ending counts as, and is called. */
	private volatile int exit = Exit.DONE;
	private volatile String after = "";

	Visit(TransportRegistry registry, TransportUri uri, Optional<Identity> identity, Output out, Stop stop, boolean retryFirst, Tape tape) {
		this.registry = registry;
		this.uri = uri;
		this.options = identity.map(TransportOptions::of).orElseGet(TransportOptions::none);
		this.reporter = new Reporter(out, identity.map(me -> me.address().value()).orElse(""), false);
		this.out = out;
		this.stop = stop;
		this.tape = tape;
		this.policy = SessionPolicy.defaults().withFirstRetried(retryFirst);
	}

	/**
	 * Runs until it is time.
	 *
	 * @return the exit code
	 * @throws InterruptedException after leaving, if the calling thread was interrupted
	 */
	int run(InputStream in, boolean endsWithInput) throws InterruptedException {
		try {
			session = registry.session(uri, options, policy);
		} catch (TransportException e) {
			failed(e);
			return exit;
		}
		input = new Input(in, out, reporter, tape, session, endsWithInput ? stop::inputEnded : () -> {
		});
		session.listen(this);
		boolean ended;
		Session.State then;
		try {
			session.connect();
			ended = stop.await(session.closed());
		} finally {
			then = session.state();
			input.leaving();
			leave();
		}
		if (stop.isOutputGone()) {
			return Exit.INTERRUPTED;
		}
		if (!ended && then == Session.State.CONNECTING) {
			failed(new TransportException(Code.TIMEOUT, "not connected when it was time to leave"));
		}
		return !ended && then == Session.State.CONNECTED ? Exit.DONE : exit;
	}

	// ---- from the session

	@Override
	public void connecting() {
		reporter.connecting(uri.toString());
	}

	@Override
	public void failed(TransportException failure) {
		reporter.failed(failure);
		exit = Exit.of(failure.code());
		after = failure.code().name();
		if (failure.code() == Code.NO_IDENTITY) {
			session.close(); // there will be no other identity
		}
	}

	@Override
	public void connected(Set<PeerId> peers) {
		tape.add(at -> RecordingEntry.connected(at, peers));
		onTape = true;
		reporter.connected(peers);
		input.connected();
	}

	@Override
	public void reconnected(Set<PeerId> peers) {
		connected(peers);
	}

	@Override
	public void peerJoined(PeerId peer) {
		if (onTape) {
			tape.add(at -> RecordingEntry.joined(at, peer));
		}
		reporter.peerJoined(peer);
	}

	@Override
	public void peerLeft(PeerId peer) {
		if (onTape) {
			tape.add(at -> RecordingEntry.left(at, peer));
		}
		reporter.peerLeft(peer);
	}

	@Override
	public void received(Message message) {
		tape.add(at -> RecordingEntry.received(at, message.from(), message.packet(), message.reliability(), message.topic()));
		reporter.received(message);
	}

	@Override
	public void disconnected(Disconnection why) {
		tape.add(at -> RecordingEntry.disconnected(at, why));
		onTape = false; // what changes until it is back is in the next entry of that kind
		input.disconnected();
		reporter.disconnected(why);
		exit = Exit.of(why.reason());
		after = why.reason().name();
	}

	@Override
	public void reconnecting(int attempt, Duration in, Disconnection ending) {
		reporter.reconnecting(attempt, in.toMillis(), after);
	}

	/** Waits for the goodbye, and for its event, for a bounded time and whatever else happens. */
	private void leave() {
		session.close();
		long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(LEAVE_MILLIS);
		boolean interrupted = false;
		boolean waiting = true;
		while (waiting) {
			try {
				session.closed().toCompletableFuture().get(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
				waiting = false;
			} catch (InterruptedException again) {
				interrupted = true;
			} catch (TimeoutException enough) {
				waiting = false;
			} catch (ExecutionException e) {
				throw new IllegalStateException("closed() never fails", e);
			}
		}
		if (interrupted) {
			Thread.currentThread().interrupt();
		}
	}
}
