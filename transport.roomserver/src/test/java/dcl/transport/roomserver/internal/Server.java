package dcl.transport.roomserver.internal;

import java.io.IOException;
import java.net.URI;

import dcl.transport.roomserver.RoomServerOptions;

/** Opens servers for tests. */
final class Server {

	private Server() {
	}

	static LocalRoomServer open() throws IOException {
		return open(RoomServerOptions.defaults());
	}

	static LocalRoomServer open(RoomServerOptions options) throws IOException {
		return open(options, new Recorder());
	}

	static LocalRoomServer open(RoomServerOptions options, Recorder recorder) throws IOException {
		return new LocalRoomServer(options, recorder, "1.2.3", () -> {
		});
	}

	static URI room(LocalRoomServer server, String name) {
		return server.url().resolve(name);
	}
}
