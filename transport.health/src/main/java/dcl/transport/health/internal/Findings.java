package dcl.transport.health.internal;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

import dcl.transport.Session;
import dcl.transport.spi.TransportProvider;
import dcl.transport.status.TransportStatus;
import dcl.transport.text.Printable;

/** What somebody should look at. Plain logic; stateless but for its settings. */
final class Findings {

	private final Set<String> types;
	private final Duration memory;

	/**
	 * @param types  those that have to be there
	 * @param memory for how long a provider that held up the framework is spoken of
	 */
	Findings(Set<String> types, Duration memory) {
		this.types = Set.copyOf(types);
		this.memory = memory;
	}

	/** Returns what is not well, in words fit for a terminal; empty if all is. */
	List<String> warnings(TransportStatus status, Instant now) {
		List<String> warnings = new ArrayList<>();
		Set<String> served = status.providers().stream().flatMap(provider -> provider.types().stream()).collect(Collectors.toSet());
		Set<String> missing = new TreeSet<>(types);
		status.sessions().stream().filter(session -> session.state() != Session.State.NEW).forEach(session -> missing.add(session.type()));
		missing.removeIf(type -> served.contains(type) || served.contains(TransportProvider.ANY));
		for (String type : missing) {
			long waiting = status.sessions().stream().filter(session -> session.type().equals(type)).count();
			warnings.add("no provider for " + type + (types.contains(type) ? ", which has to be there" : "") + (waiting > 0 ? "; sessions that wait for it: " + waiting : ""));
		}
		for (TransportStatus.OpenTransport open : status.transports()) {
			if (isFull(open.incomingPackets(), open.incomingLimit())) {
				warnings.add("slow listeners of " + who(open.host()) + ": " + open.incomingPackets() + " of " + open.incomingLimit() + " packets wait for them in "
						+ open.uri());
			}
			if (isFull(open.outgoingPackets(), open.outgoingLimit())) {
				warnings.add("a slow wire: " + open.outgoingPackets() + " of " + open.outgoingLimit() + " packets of " + who(open.host()) + " wait for it in " + open.uri());
			}
		}
		for (TransportStatus.Provider provider : status.providers()) {
			if (provider.stuckThreads() > 0) {
				warnings.add(provider.bundle() + " holds up threads of the registry: " + provider.stuckThreads());
			}
		}
		for (TransportStatus.HoldUp one : status.holdUps()) {
			if (one.at().isAfter(now.minus(memory))) {
				warnings.add(one.bundle() + " held up the framework when it left, at " + one.at() + ", with links open: " + one.links());
			}
		}
		return warnings.stream().map(Printable::of).toList();
	}

	/** From three quarters on, since that is where a wire that can pause does. */
	private static boolean isFull(int packets, int limit) {
		return packets > 0 && packets >= limit - limit / 4;
	}

	private static String who(String host) {
		return host.isEmpty() ? "a host that has gone" : host;
	}
}
