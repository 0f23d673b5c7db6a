package dcl.transport.webrtc.internal;

/** Bounds; see the component's settings. */
record Settings(int maxConnections, int maxWaitingMessages, long maxWaitingBytes) {

	static final Settings DEFAULTS = new Settings(500, 4_096, 4 << 20);

	Settings {
		within("maxConnections", maxConnections, 1, 10_000);
		within("maxWaitingMessages", maxWaitingMessages, 1, 1_000_000);
		within("maxWaitingBytes", maxWaitingBytes, 1, 1L << 30);
	}

	private static void within(String name, long value, long least, long most) {
		if (value < least || value > most) {
			throw new IllegalArgumentException(name + " is " + least + " to " + most + ", not " + value);
		}
	}
}
