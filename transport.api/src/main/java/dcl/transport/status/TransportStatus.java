package dcl.transport.status;

import java.time.Instant;
import java.util.List;
import java.util.Set;

import dcl.transport.Session;
import dcl.transport.SessionStats;
import dcl.transport.Transport;
import dcl.transport.TransportStats;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Tells what the registry has and does at this moment. A service, beside {@link dcl.transport.TransportRegistry}. Thread-safe; no method blocks or calls a
 * provider or a host. Every list is a snapshot of its own; the counters in it are live.
 */
@ProviderType
public interface TransportStatus {

	/** Returns the installed providers in the order in which they are chosen: highest ranking first, then the oldest. */
	List<Provider> providers();

	/** Returns every transport whose wire is not closed yet, those of sessions included; in no order. */
	List<OpenTransport> transports();

	/** Returns every session that is not closed; in no order. */
	List<OpenSession> sessions();

	/** Returns the last times, at most 16, that a provider left and did not close its links in time ({@code unbindGraceMillis} of the registry); oldest first. */
	List<HoldUp> holdUps();

	/** An installed provider. */
	@ProviderType
	interface Provider {

		/** The types it serves, {@code *} for any, as its service says. */
		Set<String> types();

		/** Symbolic name and version of its bundle, with a space between. */
		String bundle();

		/** Its {@code service.ranking}. */
		int ranking();

		/** How many threads of the registry are inside of it for longer than {@code stuckMillis} now. */
		int stuckThreads();
	}

	/** A transport whose wire is not closed. */
	@ProviderType
	interface OpenTransport {

		/** The connection string without its secrets, as {@link dcl.transport.TransportUri#toString()} shows it. */
		String uri();

		/** Symbolic name and version of the bundle that made it, or "" if that has given up its registry. */
		String host();

		/** Whether a session made it. */
		boolean ofSession();

		/** Where in its life it is. */
		Transport.State state();

		/** How many peers it knows. */
		int peers();

		/** Its counters, live. */
		TransportStats stats();

		/** How many packets wait for the wire. */
		int outgoingPackets();

		/** How many there may be; from then on lossy ones are dropped and reliable ones refused. */
		int outgoingLimit();

		/** How many packets wait for listeners. */
		int incomingPackets();

		/** How many there may be; from then on lossy ones are dropped, and a reliable one ends the transport. */
		int incomingLimit();
	}

	/** A session that is not closed. */
	@ProviderType
	interface OpenSession {

		/** The connection string without its secrets, as {@link dcl.transport.TransportUri#toString()} shows it. */
		String uri();

		/** The type of the connection string, without what realms put around it: the one a provider has to serve. */
		String type();

		/** Symbolic name and version of the bundle that made it. */
		String host();

		/** Where in its life it is. */
		Session.State state();

		/** How many attempts to come back there were since a connection was last steady. */
		int attempt();

		/** How many peers it knows. */
		int peers();

		/** Its account, live. */
		SessionStats stats();

		/** How many reliable packets wait for a wire. */
		int waitingPackets();
	}

	/** A provider that left and held up the framework. */
	@ProviderType
	interface HoldUp {

		/** Symbolic name and version of its bundle. */
		String bundle();

		/** When it was given up. */
		Instant at();

		/** How many of its links were open then. */
		int links();
	}
}
