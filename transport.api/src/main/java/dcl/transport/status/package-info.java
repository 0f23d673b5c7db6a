/**
 * What goes on in the registry, for consoles, health checks and meters: {@link dcl.transport.status.TransportStatus}.
 * <p>
 * It sees the transports and sessions of all host bundles, and so gives nothing away that a host would keep to itself: connection strings come without
 * their secrets, peers as a number. {@code null} is never returned. All interfaces are provider types and may gain methods in a minor release.
 */
@Export
@Version("1.0.0")
package dcl.transport.status;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
