package dcl.transport.registry.internal;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

import dcl.transport.Session;
import dcl.transport.SessionStats;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportStats;
import dcl.transport.TransportUri;
import dcl.transport.status.TransportStatus;

/** Snapshots of what the registry has, in words and numbers: they hold nothing of a provider or a host. */
final class Status implements TransportStatus {

	record ProviderView(Set<String> types, String bundle, int ranking, int stuckThreads) implements Provider {
	}

	record TransportView(String uri, String host, boolean ofSession, Transport.State state, int peers, TransportStats stats, int outgoingPackets,
			int outgoingLimit, int incomingPackets, int incomingLimit) implements OpenTransport {
	}

	record SessionView(String uri, String type, String host, Session.State state, int attempt, int peers, SessionStats stats, int waitingPackets)
			implements OpenSession {
	}

	record HoldUpView(String bundle, Instant at, int links) implements HoldUp {
	}

	private final Registry registry;

	Status(Registry registry) {
		this.registry = registry;
	}

	@Override
	public List<Provider> providers() {
		return registry.candidates().stream().<Provider>map(c -> new ProviderView(c.types(), c.bundle(), c.ranking(), c.stuck())).toList();
	}

	@Override
	public List<OpenTransport> transports() {
		List<OpenTransport> views = new ArrayList<>();
		Set<Conversation> rest = new HashSet<>(registry.open());
		for (HostRegistry host : registry.hosts()) {
			host.open().forEach(transport -> {
				if (rest.remove(transport)) {
					views.add(view((Conversation) transport, host.name(), false));
				}
			});
			host.sessions().forEach(session -> {
				Transport transport = ((LastingSession) session).transport();
				if (transport != null && rest.remove(transport)) {
					views.add(view((Conversation) transport, host.name(), true));
				}
			});
		}
		rest.forEach(transport -> views.add(view(transport, "", false)));
		return List.copyOf(views);
	}

	private OpenTransport view(Conversation transport, String host, boolean ofSession) {
		Settings settings = registry.settings();
		return new TransportView(transport.uri().toString(), host, ofSession, transport.state(), transport.peers().size(), transport.stats(),
				transport.outgoingPackets(), settings.outgoingPackets(), transport.incomingPackets(), settings.incomingPackets());
	}

	@Override
	public List<OpenSession> sessions() {
		List<OpenSession> views = new ArrayList<>();
		for (HostRegistry host : registry.hosts()) {
			host.sessions().forEach(session -> views.add(view((LastingSession) session, host.name())));
		}
		return List.copyOf(views);
	}

	private static OpenSession view(LastingSession session, String host) {
		return new SessionView(session.uri().toString(), type(session.uri()), host, session.state(), session.attempt(), session.peers().size(),
				session.stats(), session.waitingPackets());
	}

	private static String type(TransportUri uri) {
		try {
			return Registry.unwrap(uri).type();
		} catch (TransportException notOne) {
			return uri.type();
		}
	}

	@Override
	public List<HoldUp> holdUps() {
		return registry.holdUps();
	}
}
