package dcl.transport.registry.internal;

import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;

import dcl.transport.Session;
import dcl.transport.SessionPolicy;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportOptions;
import dcl.transport.TransportRegistry;
import dcl.transport.TransportUri;

/** The registry as one host bundle sees it: it closes what the bundle leaves open. */
final class HostRegistry implements TransportRegistry {

	private static final String GIVEN_BACK = "this registry was given back to the framework; take the service anew";

	private final Registry registry;
	private final String name;
	private final Set<Transport> mine = ConcurrentHashMap.newKeySet();
	private final Set<Session> sessions = ConcurrentHashMap.newKeySet();
	private volatile boolean givenBack;

	/** @param name name and version of the host bundle */
	HostRegistry(Registry registry, String name) {
		this.registry = registry;
		this.name = name;
		registry.opened(this);
	}

	String name() {
		return name;
	}

	@Override
	public Transport create(TransportUri uri) throws TransportException {
		return create(uri, TransportOptions.none());
	}

	@Override
	public Transport create(TransportUri uri, TransportOptions options) throws TransportException {
		refuseIfGivenBack();
		Transport transport = registry.create(Objects.requireNonNull(uri), Objects.requireNonNull(options), mine::remove);
		mine.add(transport);
		if (transport.state() == Transport.State.CLOSED) { // the registry was stopped meanwhile
			mine.remove(transport);
		}
		if (givenBack) {
			transport.close();
			refuseIfGivenBack();
		}
		return transport;
	}

	private void refuseIfGivenBack() throws TransportException {
		if (givenBack) {
			throw new TransportException(Code.NO_PROVIDER, GIVEN_BACK);
		}
	}

	@Override
	public Session session(TransportUri uri, TransportOptions options, SessionPolicy policy) throws TransportException {
		refuseIfGivenBack();
		LastingSession session = registry.session(Objects.requireNonNull(uri), Objects.requireNonNull(options), Objects.requireNonNull(policy),
				sessions::remove);
		sessions.add(session);
		if (session.state() == Session.State.CLOSED) { // the registry was stopped meanwhile
			sessions.remove(session);
		}
		if (givenBack) {
			session.close();
			refuseIfGivenBack();
		}
		return session;
	}

	@Override
	public Set<Session> sessions() {
		return Set.copyOf(sessions);
	}

	@Override
	public CompletionStage<Void> whenAvailable(TransportUri uri, Duration timeout) {
		CompletionStage<Void> stage = registry.whenAvailable(Objects.requireNonNull(uri), Objects.requireNonNull(timeout), this);
		if (givenBack) {
			registry.abandon(this, GIVEN_BACK);
		}
		return stage;
	}

	@Override
	public Set<String> types() {
		return registry.types();
	}

	@Override
	public Set<Transport> open() {
		return Set.copyOf(mine);
	}

	/** The bundle has stopped or given the service back; or the registry stops, and ends them with a reason of its own. */
	void close() {
		givenBack = true;
		registry.abandon(this, GIVEN_BACK);
		if (!registry.isStopping()) {
			sessions.forEach(Session::close);
			mine.forEach(Transport::close);
		}
		registry.closed(this);
	}
}
