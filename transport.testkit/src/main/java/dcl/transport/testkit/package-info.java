/**
 * The contract of a transport provider, for its vendor to run: extend {@link dcl.transport.testkit.TransportContract} and write a
 * {@link dcl.transport.testkit.TransportDriver} for your server. Each failure begins with the clause it breaks.
 */
@Export
@Version("1.0.0")
package dcl.transport.testkit;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
