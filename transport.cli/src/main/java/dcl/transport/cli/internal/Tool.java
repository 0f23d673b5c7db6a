package dcl.transport.cli.internal;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import dcl.transport.TransportRegistry;
import dcl.transport.TransportUri;
import dcl.transport.hotdeploy.DropZones;
import dcl.transport.roomserver.RoomServers;
import dcl.transport.text.Printable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command line: from arguments to an exit code. */
final class Tool {

	private static final int WIDTH = 100;

	private final Io io;
	private final CommandLine line;

	Tool(Io io, TransportRegistry registry, Installed installed, RoomServers servers, DropZones zones, Shells shells, String version) {
		this.io = io;
		this.line = new CommandLine(new Top())
				.addSubcommand(new DemoCommand(io, registry, servers))
				.addSubcommand(new RoomCommand(io, servers))
				.addSubcommand(new ConnectCommand(io, registry))
				.addSubcommand(new ProvidersCommand(io, installed))
				.addSubcommand(new ResolveCommand(io, registry, installed))
				.addSubcommand(new ProbeCommand(io, registry))
				.addSubcommand(new BotsCommand(io, registry))
				.addSubcommand(new RunCommand(io, zones))
				.addSubcommand(new DeployCommand(io, zones))
				.addSubcommand(new DoctorCommand(io, installed))
				.addSubcommand(new ShellCommand(io, zones, shells));
		line.getCommandSpec().version("comms " + version);
		line.registerConverter(Duration.class, Durations::parse);
		line.setCaseInsensitiveEnumValuesAllowed(true);
		line.setUsageHelpWidth(WIDTH);
		line.setOut(new PrintWriter(io.out(), true, StandardCharsets.UTF_8));
		line.setErr(new PrintWriter(io.err(), true, StandardCharsets.UTF_8));
		line.setParameterExceptionHandler(this::usage);
		line.setExecutionExceptionHandler(this::failure);
	}

	/** Runs a command on the calling thread; interrupt it to end the command early. */
	int run(String... args) {
		return line.execute(args);
	}

	/** What was wrong, without quoting what may be a secret, and how to do it. */
	private int usage(ParameterException e, String[] args) {
		CommandLine where = e.getCommandLine();
		PrintWriter err = line.getErr();
		err.println("comms: " + message(e, args));
		where.usage(err, CommandLine.Help.Ansi.AUTO);
		err.flush();
		return Exit.USAGE;
	}

	private static String message(ParameterException e, String[] args) {
		if (e instanceof UnmatchedArgumentException unmatched) {
			List<String> shown = new ArrayList<>();
			unmatched.getUnmatched().forEach(argument -> shown.add(shown(argument)));
			return "unknown: " + String.join(" ", shown);
		}
		List<String> given = new ArrayList<>(List.of(args));
		ParseResult parsed = e.getCommandLine().getParseResult();
		if (parsed != null) {
			given.addAll(parsed.expandedArgs());
		}
		String message = e.getMessage();
		for (String argument : given) {
			if (argument.indexOf(':') >= 0) {
				message = message.replace(argument, shown(argument));
				String value = argument.substring(argument.indexOf('=') + 1); // of --option=value
				message = value.isEmpty() ? message : message.replace(value, shown(value));
			}
		}
		return Printable.of(message);
	}

	/** An argument as it may be printed: words and names of options as they are, connection strings without their secrets, nothing else. */
	private static String shown(String argument) {
		if (argument.matches("-{0,2}[A-Za-z][A-Za-z0-9-]{0,30}")) {
			return argument;
		}
		try {
			return TransportUri.parse(argument).toString();
		} catch (IllegalArgumentException e) {
			return "…";
		}
	}

	private int failure(Exception e, CommandLine where, ParseResult parsed) {
		if (e instanceof InterruptedException) {
			return Exit.INTERRUPTED;
		}
		io.err().println("comms: a defect in this program:");
		e.printStackTrace(io.err());
		return Exit.DEFECT;
	}

	@Command(name = "comms", mixinStandardHelpOptions = true, synopsisSubcommandLabel = "<command>",
			description = "Decentraland's real-time communication: give it a connection string, get a live room.",
			footer = {"", "comms <command> --help tells more. An argument @FILE is replaced by what stands in the file,",
					"which keeps a connection string with a token in it out of the process list."})
	static final class Top implements Runnable {

		@Spec
		private CommandSpec spec;

		@Override
		public void run() {
			throw new ParameterException(spec.commandLine(), "a command is missing");
		}
	}
}
