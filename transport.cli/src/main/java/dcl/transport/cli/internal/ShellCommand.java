package dcl.transport.cli.internal;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.ToIntFunction;

import dcl.transport.hotdeploy.DropZone;
import dcl.transport.hotdeploy.DropZoneException;
import dcl.transport.hotdeploy.DropZones;
import dcl.transport.text.Printable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(name = "shell", mixinStandardHelpOptions = true,
		description = "Opens the OSGi shell (Gogo) on a runtime of its own; runs the commands of standard input where no person is.",
		footer = {"", "comms:providers, comms:open, comms:send, comms:list and so on; help lists them. It listens on no port.",
				"The exit code of a script is 0 if its last command succeeded, 1 if it failed."})
final class ShellCommand implements Callable<Integer> {

	private final Io io;
	private final DropZones zones;
	private final Shells shells;

	@Option(names = "--deploy", paramLabel = "<folder>",
			description = "Watches a drop zone, as comms run does, so that comms:deploy, rollback and trust have one; the folder is made if there is none.")
	private Path folder;

	ShellCommand(Io io, DropZones zones, Shells shells) {
		this.io = io;
		this.zones = zones;
		this.shells = shells;
	}

	@Override
	public Integer call() throws InterruptedException {
		Optional<ToIntFunction<String[]>> shell = shells.find();
		if (shell.isEmpty()) {
			io.err().println("comms: no bundle brings a shell; dcl.transport.shell and Gogo have to be among the bundles that run");
			return Exit.DEFECT;
		}
		if (folder == null) {
			return run(shell.get());
		}
		try {
			DeployRules.create(folder);
			try (DropZone zone = zones.watch(folder, zones.options())) {
				return run(shell.get());
			}
		} catch (DropZoneException e) {
			io.err().println("comms: " + Printable.of(e.getMessage()));
			return DeployRules.exit(e.code());
		} catch (IOException e) {
			io.err().println("comms: cannot watch " + Printable.of(folder.toAbsolutePath() + ": " + e));
			return Exit.DEPLOY_REFUSED;
		}
	}

	private int run(ToIntFunction<String[]> shell) {
		return shell.applyAsInt(io.terminal() ? new String[] {"--interactive"} : new String[0]);
	}
}
