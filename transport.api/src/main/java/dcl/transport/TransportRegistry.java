package dcl.transport;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletionStage;

import org.osgi.annotation.versioning.ProviderType;

/**
 * Resolves connection strings to whatever providers are installed at this moment. A service, one object per host bundle: when the bundle that took it
 * stops, or gives the service back, the transports and sessions it created are closed.
 * <p>
 * Among the providers of a type the highest {@code service.ranking} comes first, then the oldest, and the first that does not veto the connection
 * string is chosen; those of type {@code *} come after all others. A better provider that arrives later serves new transports only. Thread-safe;
 * nothing blocks longer than a provider's veto may take (200 ms each).
 */
@ProviderType
public interface TransportRegistry {

	/**
	 * Service property of the registry, {@code String[]}: the types that can be created now, sorted, kept up to date. A component that
	 * needs one writes {@code @Reference(target = "(transport.types=ws-room)")}.
	 */
	String TYPES = "transport.types";

	/**
	 * Service property, {@code Boolean}: a host marks with it what it lends to all transports of this framework, in place of what they have of their own.
	 * Of each of these types the service with the best ranking counts, from the next connection on, and no other use is made of services of these types:
	 * <ul>
	 * <li>{@link javax.net.ssl.SSLContext}: trust, and a certificate of ours, for connections in the client role; names are checked in any case
	 * <li>{@link java.net.ProxySelector}: says which connection goes through which HTTP proxy; without one none does, whatever the system properties say
	 * <li>{@link java.time.Clock}: the time of day in what is signed, and for display; how long something takes is not measured by it
	 * <li>{@link java.util.concurrent.Executor}: calls listeners and providers. What it refuses, runs on the calling thread, or has not begun within
	 * {@code stuckMillis} (2 000), a thread of the registry does
	 * </ul>
	 */
	String RESOURCE = "dcl.transport.resource";

	/**
	 * Returns a new transport that signs with the best-ranked {@link Identity} service, looked up when it is needed. No I/O happens.
	 *
	 * @throws TransportException at once: {@code NO_PROVIDER}, with the installed types in the message, if nobody serves the type;
	 *                            {@code INVALID_PARAMS} if all who do veto the params; {@code TIMEOUT} if one of those did not answer in time
	 */
	Transport create(TransportUri uri) throws TransportException;

	/**
	 * Returns a new transport with an identity of its own and options for the wire.
	 *
	 * @throws TransportException as {@link #create(TransportUri)} does
	 */
	Transport create(TransportUri uri, TransportOptions options) throws TransportException;

	/**
	 * Returns a new session, which makes transports for a connection string until it is closed or an ending is final. Nothing happens before
	 * {@link Session#connect()}; a provider need not be there yet.
	 *
	 * @param options the same for every attempt
	 * @throws TransportException {@code NO_PROVIDER} if this registry was stopped or given back to the framework
	 */
	Session session(TransportUri uri, TransportOptions options, SessionPolicy policy) throws TransportException;

	/**
	 * Waits for a provider that accepts the connection string. It may leave again at any time, so {@link #create} can still refuse.
	 *
	 * @param timeout how long to wait at the most; zero or less asks about now only
	 * @return completes when there is one; fails with {@code NO_PROVIDER} after the time-out, and with {@code CONGESTED} when more than {@code maxWaiters} (10 000) callers
	 *         wait already
	 */
	CompletionStage<Void> whenAvailable(TransportUri uri, Duration timeout);

	/** Returns the types that can be created now, sorted. */
	Set<String> types();

	/** Returns every transport of this host bundle that is not {@code CLOSED}, without those of sessions. */
	Set<Transport> open();

	/** Returns every session of this host bundle that is not {@code CLOSED}. */
	Set<Session> sessions();
}
