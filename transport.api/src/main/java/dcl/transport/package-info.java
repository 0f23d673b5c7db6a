/**
 * Real-time comms for hosts: a connection string becomes a {@link dcl.transport.Transport}.
 * <p>
 * A host takes the {@link dcl.transport.TransportRegistry} service, creates a transport, listens to it and connects it; or a
 * {@link dcl.transport.Session}, which comes back by itself when a wire breaks. What a packet means is not decided here: it crosses this API as the
 * bytes of one rfc4 packet (ADR-104), and {@code dcl.transport.rfc4} reads them.
 * <p>
 * {@code null} is never accepted and never returned; a method given {@code null} throws {@link NullPointerException}. Enums may gain constants in
 * a minor release: a {@code switch} over one needs a {@code default} branch. Interfaces marked as provider types may gain methods; hosts implement
 * {@link dcl.transport.TransportListener}, {@link dcl.transport.SessionListener} and {@link dcl.transport.Identity} and nothing else.
 */
@Export
@Version("1.1.0")
package dcl.transport;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
