package dcl.transport.testkit;

import java.io.IOException;
import java.net.InetSocketAddress;

import dcl.transport.itest.chaos.ChaosProxy;
import dcl.transport.itest.chaos.Script;

/** A TCP relay on the loopback interface in front of a server, which breaks connections on demand. Two threads. Thread-safe. */
public final class Relay implements AutoCloseable {

	/** Small, so that a server that does not read is noticed after some kilobytes. */
	private static final int BUFFER_BYTES = 16_384;

	private final ChaosProxy through;
	private final Nowhere nowhere;

	private Relay(ChaosProxy through, Nowhere nowhere) {
		this.through = through;
		this.nowhere = nowhere;
	}

	/** Opens a relay to a server. */
	public static Relay to(InetSocketAddress server) throws IOException {
		ChaosProxy through = ChaosProxy.to(server, Script.parse(""), BUFFER_BYTES);
		try {
			return new Relay(through, new Nowhere());
		} catch (IOException | RuntimeException e) {
			through.close();
			throw e;
		}
	}

	/** Returns the port that leads to the server. */
	public int port() {
		return through.port();
	}

	/** Returns a port on which connections are taken and never answered. */
	public int hangingPort() {
		return nowhere.port();
	}

	/** Returns how many connections are open, on both ports. */
	public int wires() {
		return through.open() + nowhere.open();
	}

	/** Cuts all connections, with a reset. */
	public void drop() {
		through.applyToAll("rst");
	}

	/** Passes nothing on any more, on the connections there are. */
	public void silence() {
		through.applyToAll("stop");
	}

	/** Reads nothing any more from the clients that are connected, or goes on with it. */
	public void stall(boolean stalled) {
		through.applyToAll(stalled ? "stop up" : "resume up");
	}

	@Override
	public void close() {
		through.close();
		nowhere.close();
	}
}
