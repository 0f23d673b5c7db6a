package dcl.transport.registry.internal;

import java.net.ProxySelector;
import java.time.Clock;
import java.util.Optional;

import javax.net.ssl.SSLContext;

/** What hosts lend, as it is now: services marked {@link dcl.transport.TransportRegistry#RESOURCE}, the best of each type. Thread-safe. */
interface Lent {

	/** Nobody lends anything. */
	Lent NOTHING = new Lent() {
	};

	/** Returns the TLS context for connections in the client role. */
	default Optional<SSLContext> sslContext() {
		return Optional.empty();
	}

	/** Returns who knows the proxies. */
	default Optional<ProxySelector> proxySelector() {
		return Optional.empty();
	}

	/** Returns what tells the time of day; the system's clock if nobody lends one. */
	default Clock clock() {
		return Clock.systemUTC();
	}
}
