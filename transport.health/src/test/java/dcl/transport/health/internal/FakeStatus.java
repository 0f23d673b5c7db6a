package dcl.transport.health.internal;

import java.lang.reflect.Proxy;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

import dcl.transport.Session;
import dcl.transport.SessionStats;
import dcl.transport.Transport;
import dcl.transport.TransportStats;
import dcl.transport.status.TransportStatus;

/** What a test says there is. */
final class FakeStatus implements TransportStatus {

	final List<Provider> providers = new ArrayList<>();
	final List<OpenTransport> transports = new ArrayList<>();
	final List<OpenSession> sessions = new ArrayList<>();
	final List<HoldUp> holdUps = new ArrayList<>();

	/** Answers calls by the names of methods, with 0 for other numbers. */
	static <T> T of(Class<T> type, Map<String, Object> answers) {
		return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, args) -> {
			Object answer = answers.get(method.getName());
			if (answer != null) {
				return answer;
			}
			return method.getReturnType() == long.class ? (Object) 0L : method.getReturnType() == boolean.class ? (Object) false : (Object) 0;
		}));
	}

	FakeStatus provider(String bundle, int stuck, String... types) {
		providers.add(of(Provider.class, Map.of("bundle", bundle, "types", Set.of(types), "stuckThreads", stuck)));
		return this;
	}

	FakeStatus transport(String uri, String host, int outgoing, int incoming) {
		transports.add(of(OpenTransport.class, Map.of("uri", uri, "host", host, "state", Transport.State.CONNECTED, "outgoingPackets", outgoing, "outgoingLimit", 1_000,
				"incomingPackets", incoming, "incomingLimit", 1_000, "stats", of(TransportStats.class, Map.of("sent", 7L)))));
		return this;
	}

	FakeStatus session(String type, Session.State state) {
		sessions.add(of(OpenSession.class, Map.of("uri", type + ":…", "type", type, "host", "host 1.0.0", "state", state, "stats", of(SessionStats.class, Map.of()))));
		return this;
	}

	FakeStatus holdUp(String bundle, Instant at) {
		holdUps.add(of(HoldUp.class, Map.of("bundle", bundle, "at", at, "links", 3)));
		return this;
	}

	@Override
	public List<Provider> providers() {
		return providers;
	}

	@Override
	public List<OpenTransport> transports() {
		return transports;
	}

	@Override
	public List<OpenSession> sessions() {
		return sessions;
	}

	@Override
	public List<HoldUp> holdUps() {
		return holdUps;
	}
}
