package dcl.transport.cli.internal;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;

import dcl.transport.Identity;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportRegistry;
import dcl.transport.TransportUri;
import dcl.transport.identity.KeyFileException;
import dcl.transport.identity.Wallets;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "connect", mixinStandardHelpOptions = true,
		description = "Joins a room, sends what standard input says and prints what happens.",
		footer = {"", "Standard input: a line is a chat message. With --json it is one of", "  {\"send\":\"chat\",\"message\":\"hi\"}",
				"  {\"send\":\"<rfc4 member>\",\"packet\":{…},\"reliable\":false,\"to\":[\"0x…\"],\"topic\":\"\"}",
				"  {\"send\":\"raw\",\"hex\":\"…\"}",
				"Leaves at --for or, without it, at the end of the input. A connection that was there once and broke is made again."})
final class ConnectCommand implements Callable<Integer> {

	private final Io io;
	private final TransportRegistry registry;

	@Spec
	private CommandSpec spec;

	@Parameters(paramLabel = "<uri>", description = "The connection string, or @FILE.")
	private String text;

	@ArgGroup
	private Who who;

	@Option(names = "--for", paramLabel = "<time>",
			description = "When to leave, such as 30s or 5m; the end of the input does not end it then.")
	private Duration time;

	@Option(names = "--retry", description = "Tries again, too, when the first connection fails.")
	private boolean retry;

	@Option(names = "--json", description = "One JSON object a line, on standard output and standard input.")
	private boolean json;

	@ArgGroup(exclusive = false)
	private Recording recording;

	/** Only with a file. */
	static final class Recording {

		private static final long LEAST_BYTES = 1_024;
		private static final long MOST_BYTES = 1L << 40;

		@Option(names = "--record", required = true, paramLabel = "<file>",
				description = "Writes what happens, with every packet and its time, into a new file for its owner alone; simulator:file:<file> plays it.")
		private Path file;

		@Option(names = "--force", description = "Replaces the file to record into.")
		private boolean force;

		@Option(names = "--record-max", paramLabel = "<bytes>", defaultValue = "67108864",
				description = "Where a recording stops, from 1024 to 2^40; ${DEFAULT-VALUE} by default.")
		private long maxBytes;
	}

	/** Without either there is no identity. */
	static final class Who {

		@Option(names = "--guest", required = true, description = "Signs with a throw-away key.")
		private boolean guest;

		@Option(names = "--key-file", required = true, paramLabel = "<file>",
				description = "Signs with the private key in this file, which its owner alone may read.")
		private Path keyFile;
	}

	ConnectCommand(Io io, TransportRegistry registry) {
		this.io = io;
		this.registry = registry;
	}

	@Override
	public Integer call() throws InterruptedException {
		Stop stop = new Stop(time);
		try (Output out = new Output(io, json, stop::outputGone)) {
			TransportUri uri;
			try {
				uri = TransportUri.parse(text);
			} catch (IllegalArgumentException e) {
				new Reporter(out, "", false).failed(Code.INVALID_PARAMS, e.getMessage());
				return Exit.CANNOT_RESOLVE;
			}
			Optional<Identity> identity;
			try {
				identity = identity();
			} catch (KeyFileException e) {
				new Reporter(out, "", false).failed(Code.NO_IDENTITY, e.getMessage());
				return Exit.REFUSED;
			}
			try (Recorder recorder = recorder(uri, identity)) {
				return new Visit(registry, uri, identity, out, stop, retry, recorder == null ? Tape.NONE : recorder).run(io.in(), time == null);
			}
		}
	}

	/** Returns {@code null} if nothing is to be recorded. */
	private Recorder recorder(TransportUri uri, Optional<Identity> identity) {
		if (recording == null) {
			return null;
		}
		if (recording.maxBytes < Recording.LEAST_BYTES || recording.maxBytes > Recording.MOST_BYTES) {
			throw new ParameterException(spec.commandLine(), "--record-max is from " + Recording.LEAST_BYTES + " to " + Recording.MOST_BYTES);
		}
		String self = identity.map(me -> me.address().value()).orElse("");
		try {
			return Recorder.open(recording.file, recording.force, uri, self, recording.maxBytes, io.err());
		} catch (IOException e) {
			throw new ParameterException(spec.commandLine(), "cannot record: " + Recorder.words(e), e);
		}
	}

	private Optional<Identity> identity() throws KeyFileException {
		if (who == null) {
			return Optional.empty();
		}
		return Optional.of(who.guest ? Wallets.random() : Wallets.fromKeyFile(who.keyFile));
	}
}
