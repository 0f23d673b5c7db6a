package dcl.transport.itest.interop;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

import dcl.transport.roomserver.RoomServer;
import dcl.transport.roomserver.RoomServerListener;
import dcl.transport.roomserver.RoomServerOptions;
import dcl.transport.roomserver.internal.LocalRoomServer;

/** Our room server: in this JVM, or, to be killed, in one of its own. */
final class OurServer implements AutoCloseable {

	private final Process process;
	private final String rooms;

	private OurServer(Process process, String rooms) {
		this.process = process;
		this.rooms = rooms;
	}

	static RoomServer here(RoomServerOptions options) throws IOException {
		return new LocalRoomServer(options, new RoomServerListener() {
		}, "test", () -> {
		});
	}

	/** Starts a server in a JVM of its own, which ends with this one. */
	static OurServer elsewhere() throws IOException {
		Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
				System.getProperty("java.class.path"), OurServer.class.getName())
				.redirectError(Interop.logs().resolve("our-server.log").toFile()).start();
		BufferedReader said = process.inputReader(StandardCharsets.UTF_8);
		String url = said.readLine();
		if (url == null) {
			throw new IOException("the server ended; see " + Interop.logs().resolve("our-server.log"));
		}
		return new OurServer(process, url);
	}

	/** Says the address of the rooms and serves them until standard input ends. */
	public static void main(String[] arguments) throws IOException {
		try (RoomServer server = here(RoomServerOptions.defaults())) {
			System.out.println(server.url());
			System.in.transferTo(OutputStream.nullOutputStream());
		}
	}

	String room(String name) {
		return rooms + name;
	}

	/** Ends the server as a crash would. */
	void kill() {
		process.destroyForcibly();
	}

	@Override
	public void close() {
		kill();
	}
}
