package dcl.transport.itest.interop;

import java.io.IOException;

import com.fasterxml.jackson.databind.JsonNode;

/** The reference room server, {@code @dcl/mini-comms}, on a free loopback port. */
final class ReferenceServer implements AutoCloseable {

	private final NodeProcess node;
	private final String rooms;

	private ReferenceServer(NodeProcess node, String rooms) {
		this.node = node;
		this.rooms = rooms;
	}

	/** Starts a server and returns when it answers. */
	static ReferenceServer start() throws IOException, InterruptedException {
		return start(0);
	}

	/** The same on a port of one before it that is gone. */
	static ReferenceServer start(int port) throws IOException, InterruptedException {
		NodeProcess node = NodeProcess.start("server.mjs", Integer.toString(port));
		try {
			JsonNode listening = node.await("listening", event -> event.path("event").asText().equals("listening"), NodeProcess.LIMIT);
			return new ReferenceServer(node, listening.path("url").asText());
		} catch (AssertionError | InterruptedException e) {
			node.close();
			throw e;
		}
	}

	/** The URL of a room, {@code ws://127.0.0.1:port/rooms/name}; rooms come and go with their members. */
	String room(String name) {
		return rooms + name;
	}

	/** Ends the server as a crash would. */
	void kill() {
		node.kill();
	}

	@Override
	public void close() throws IOException {
		node.close();
	}
}
