package dcl.transport.cli.internal;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

import dcl.transport.PeerId;
import dcl.transport.TransportException.Code;
import dcl.transport.roomserver.RoomServer;
import dcl.transport.roomserver.RoomServerListener;
import dcl.transport.roomserver.RoomServerOptions;
import dcl.transport.roomserver.RoomServers;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(name = "room", mixinStandardHelpOptions = true,
		description = "Runs a room server until it is interrupted, and prints who comes and goes.",
		footer = {"", "Join a room of it with: comms connect --guest ws-room:<url>lobby",
				"or through its signed login: comms connect --guest signed-login:<login>lobby"})
final class RoomCommand implements Callable<Integer> {

	private final Io io;
	private final RoomServers servers;

	@Spec
	private CommandSpec spec;

	@Option(names = "--host", paramLabel = "<address>", defaultValue = "127.0.0.1",
			description = "IP address to listen on, ${DEFAULT-VALUE} by default; 0.0.0.0 lets everybody in who reaches this machine.")
	private String host;

	@Option(names = "--port", paramLabel = "<number>", defaultValue = "0",
			description = "Port to listen on; 0, the default, takes a free one.")
	private int port;

	@Option(names = "--capacity", paramLabel = "<users>",
			description = "How many may be in, in one room and in all; 100 and 1000 by default.")
	private Integer capacity;

	@Option(names = "--coalesce", paramLabel = "<millis>", defaultValue = "0",
			description = "How long packets may wait to be written together, 0 to 50; ${DEFAULT-VALUE} by default. Less work in rooms of hundreds.")
	private int coalesceMillis;

	@Option(names = "--json", description = "One JSON object a line on standard output.")
	private boolean json;

	RoomCommand(Io io, RoomServers servers) {
		this.io = io;
		this.servers = servers;
	}

	@Override
	public Integer call() throws InterruptedException {
		RoomServerOptions options;
		try {
			options = RoomServerOptions.defaults().withHost(host).withPort(port).withCoalesce(Duration.ofMillis(coalesceMillis));
			if (capacity != null) {
				options = options.withCapacity(capacity).withRoomCapacity(capacity);
			}
		} catch (IllegalArgumentException e) {
			throw new ParameterException(spec.commandLine(), e.getMessage(), e);
		}
		Stop stop = new Stop(null);
		try (Output out = new Output(io, json, stop::outputGone); RoomServer server = servers.open(options, new Reporting(out))) {
			out.offer(Event.of("listening").with("room", "").with("url", server.url().toString())
					.with("login", server.loginUrl().toString()));
			stop.await(new CompletableFuture<>());
			return Exit.INTERRUPTED; // nobody reads the output any more
		} catch (IOException e) {
			try (Output out = new Output(io, json, stop::outputGone)) {
				out.offer(Event.of("failed").with("room", "").with("code", Code.UNREACHABLE.name())
						.with("message", "cannot listen on " + host + ", port " + port + ": " + e.getMessage()).with("retryable", true));
			}
			return Exit.UNREACHABLE;
		}
	}

	private static final class Reporting implements RoomServerListener {

		private final Output out;

		private Reporting(Output out) {
			this.out = out;
		}

		@Override
		public void joined(String room, PeerId peer) {
			out.offer(Event.of("joined").with("room", room).with("peer", peer.value()));
		}

		@Override
		public void left(String room, PeerId peer) {
			out.offer(Event.of("left").with("room", room).with("peer", peer.value()));
		}
	}
}
