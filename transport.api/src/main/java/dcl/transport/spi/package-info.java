/**
 * Transports for vendors: register a {@link dcl.transport.spi.TransportProvider} that opens {@link dcl.transport.spi.Link}s, and the registry does
 * the rest: states, queues, threads, time-outs, counters.
 * <p>
 * A provider in one breath: implement {@code TransportProvider}, annotate it with {@code @Component @TransportType("acme")}, import this package, embed
 * nothing of it. {@code null} is never accepted and never returned.
 */
@Export
@Version("1.1.0")
package dcl.transport.spi;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
