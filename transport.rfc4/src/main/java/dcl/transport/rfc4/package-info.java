/**
 * Typed packets over the bytes of {@link dcl.transport.Packet}: the messages of ADR-104, extended by ADR-204 and by the clients in the field.
 * <p>
 * {@link dcl.transport.rfc4.Rfc4} goes from one to the other. {@link dcl.transport.rfc4.Rfc4Packet} and its messages are generated from
 * {@code comms.proto} by protobuf: immutable, made by builders, with descriptors ({@code Rfc4Packet.getDescriptor()}) for those who want to go over
 * the fields. What this package does not know yet is kept when a packet is decoded and encoded again.
 * <p>
 * {@code null} is never accepted and never returned. Everything here may be used from any thread.
 */
@Export
@Version("1.0.0")
package dcl.transport.rfc4;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
