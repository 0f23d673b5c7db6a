package dcl.transport.itest.chaos;

import java.util.Locale;

/** A direction through the proxy. */
public enum Side {
	/** From the client to the server. */
	UP,
	/** From the server to the client. */
	DOWN,
	BOTH;

	boolean has(Side one) {
		return this == BOTH || this == one;
	}

	@Override
	public String toString() {
		return name().toLowerCase(Locale.ROOT);
	}
}
