package dcl.transport.websocket;

/** The steps of opening a connection in the client role. May gain constants. */
public enum WebSocketStep {
	/** The host name is looked up; left out where the addresses are given. */
	DNS,
	/** A TCP connection is made, to one address after the other. */
	TCP,
	/** The proxy is asked for a tunnel; left out without a proxy. */
	PROXY,
	/** TLS is agreed and the certificate looked at; left out for {@code ws}. */
	TLS,
	/** The upgrade is asked for (RFC 6455, 4.1). */
	UPGRADE,
	/** A plain request is sent, and its answer awaited; see {@link WebSockets#post}. */
	REQUEST
}
