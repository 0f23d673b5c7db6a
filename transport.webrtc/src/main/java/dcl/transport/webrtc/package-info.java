/**
 * WebRTC data channels (RFC 8831) as a service: {@link dcl.transport.webrtc.WebRtc} opens peer connections, which share one libwebrtc and
 * its threads. There is no
 * audio and no video here. Terms are those of the W3C recommendation "WebRTC: Real-Time Communication in Browsers".
 * <p>
 * Threads: all methods may be called from any thread and none of them waits for the network. Everything this package calls back, events and
 * completions of stages
 * alike, runs on one thread of the bundle's, which all connections share: it must not block. For one connection the calls come in the order
 * in which things
 * happened. {@code null} is never accepted and never returned.
 */
@Export
@Version("1.0.0")
package dcl.transport.webrtc;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
