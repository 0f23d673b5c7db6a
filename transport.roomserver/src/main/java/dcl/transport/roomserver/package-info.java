/**
 * A ws-room server (ADR-105) inside this JVM, for previews, demos and tests.
 * <pre>{@code
 * @Reference RoomServers servers;
 * …
 * RoomServer server = servers.open(RoomServerOptions.defaults());
 * TransportUri room = TransportUri.parse("ws-room:" + server.url() + "plaza");
 * TransportUri login = TransportUri.parse("signed-login:" + server.loginUrl() + "plaza"); // leads to the same room
 * }</pre>
 * {@code null} is never accepted and never returned. Everything may be called from any thread.
 */
@Export
@Version("1.1.0")
package dcl.transport.roomserver;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
