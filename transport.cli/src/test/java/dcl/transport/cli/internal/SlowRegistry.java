package dcl.transport.cli.internal;

import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import dcl.transport.Disconnection;
import dcl.transport.Session;
import dcl.transport.SessionPolicy;
import dcl.transport.Transport;
import dcl.transport.TransportOptions;
import dcl.transport.TransportRegistry;
import dcl.transport.TransportUri;

/** Gives sessions that meet nobody and hold up whoever sends for 15 ms, which is what a generator suffers whose machine is too slow. */
final class SlowRegistry implements TransportRegistry {

	private static final long HOLD_NANOS = TimeUnit.MILLISECONDS.toNanos(15);

	@Override
	public Session session(TransportUri uri, TransportOptions options, SessionPolicy policy) {
		CompletableFuture<Disconnection> closed = new CompletableFuture<>();
		return (Session) Proxy.newProxyInstance(Session.class.getClassLoader(), new Class<?>[] {Session.class}, (proxy, method, arguments) -> {
			switch (method.getName()) {
				case "connect" :
					return CompletableFuture.completedFuture(null);
				case "state" :
					return Session.State.CONNECTED;
				case "send" :
					LockSupport.parkNanos(HOLD_NANOS);
					return CompletableFuture.completedFuture(Session.Outcome.HANDED_OVER);
				case "close" :
					closed.complete(new Disconnection(Disconnection.Reason.CLIENT, ""));
					return null;
				case "closed" :
					return closed;
				default :
					return null;
			}
		});
	}

	@Override
	public Transport create(TransportUri uri) {
		throw new UnsupportedOperationException();
	}

	@Override
	public Transport create(TransportUri uri, TransportOptions options) {
		throw new UnsupportedOperationException();
	}

	@Override
	public CompletionStage<Void> whenAvailable(TransportUri uri, Duration timeout) {
		throw new UnsupportedOperationException();
	}

	@Override
	public Set<String> types() {
		return Set.of("slow");
	}

	@Override
	public Set<Transport> open() {
		return Set.of();
	}

	@Override
	public Set<Session> sessions() {
		return Set.of();
	}
}
