package dcl.transport.bench;

import java.io.IOException;
import java.time.Duration;

import dcl.transport.roomserver.RoomServerListener;
import dcl.transport.roomserver.RoomServerOptions;
import dcl.transport.roomserver.internal.LocalRoomServer;

/** The room server as a process: {@code PEERS COALESCE_MILLIS}; ends with its standard input. Everything else is at its defaults. */
final class Relay {

	private Relay() {
	}

	public static void main(String[] arguments) throws IOException {
		int peers = Integer.parseInt(arguments[0]);
		RoomServerOptions options = RoomServerOptions.defaults().withRoomCapacity(peers).withCapacity(Math.max(peers, 1_000))
				.withStepTimeout(Duration.ofSeconds(60)); // others use this machine too
		if (!arguments[1].equals("default")) {
			options = options.withCoalesce(Duration.ofMillis(Integer.parseInt(arguments[1])));
		}
		try (LocalRoomServer server = new LocalRoomServer(options, new RoomServerListener() {
		}, "bench", () -> {
		})) {
			new Line("listening").with("port", server.url().getPort()).print();
			while (System.in.read() >= 0) {
				continue;
			}
		}
	}
}
