/**
 * The messages of a ws-room (ADR-105, {@code decentraland.kernel.comms.rfc5}), for the client and for the server.
 * <p>
 * {@link dcl.transport.rfc5.WsPacket} is the whole of it; {@code WsProto} is generated and used behind it. No bundle exports this package: bnd
 * copies it into each bundle that speaks to or as a ws-room. {@code null} is never accepted and never returned. Everything here is immutable and may
 * be used from any thread.
 */
package dcl.transport.rfc5;
