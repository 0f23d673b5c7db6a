package dcl.transport.cli.internal;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;

import dcl.transport.hotdeploy.DropZoneException;
import dcl.transport.hotdeploy.DropZones;
import dcl.transport.hotdeploy.Outcome;
import dcl.transport.hotdeploy.Verdict;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "deploy", mixinStandardHelpOptions = true,
		description = "Checks a jar, hands it over to a host that runs (comms run), and waits for what comes of it, at most ten seconds; or rolls one back there.")
final class DeployCommand implements Callable<Integer> {

	private static final Duration LIMIT = Duration.ofSeconds(10);

	private final Io io;
	private final DropZones zones;

	@ArgGroup(exclusive = true, multiplicity = "1")
	private What what;

	/** One of both. */
	private static final class What {

		@Parameters(paramLabel = "<jar>", description = "The bundle. A file of its name in the folder is replaced, which is an update.")
		private Path jar;

		@Option(names = "--rollback", paramLabel = "<bundle>",
				description = "Instead of a jar: the symbolic name of a bundle that runs there, of which the version before is to come back.")
		private String rollback;
	}

	@Option(names = "--to", paramLabel = "<folder>", defaultValue = DeployRules.FOLDER,
			description = "The folder that the host watches; '${DEFAULT-VALUE}' by default.")
	private Path folder;

	@Option(names = "--dry-run", description = "Check the jar and change nothing; no host is needed.")
	private boolean dryRun;

	@Mixin
	private DeployRules rules;

	@Spec
	private CommandSpec spec;

	DeployCommand(Io io, DropZones zones) {
		this.io = io;
		this.zones = zones;
	}

	@Override
	public Integer call() throws InterruptedException {
		if (dryRun && what.rollback != null) {
			throw new ParameterException(spec.commandLine(), "--dry-run is for jars; a roll-back cannot be tried");
		}
		try (Output out = new Output(io, rules.json(), () -> {
		})) {
			try {
				Verdict verdict = what.rollback != null ? zones.rollback(what.rollback, folder, LIMIT)
						: dryRun ? zones.check(what.jar, folder, rules.options(zones)) : zones.handOver(what.jar, folder, rules.options(zones), LIMIT);
				out.offer(DeployRules.event(verdict));
				return verdict.outcome() == Outcome.ACCEPTED || verdict.outcome() == Outcome.DEPLOYED ? Exit.DONE : Exit.DEPLOY_REFUSED;
			} catch (DropZoneException e) {
				return failed(out, DeployRules.exit(e.code()), e.code().name(), e.getMessage());
			} catch (IOException e) {
				return failed(out, Exit.DEFECT, "INTERNAL", e.toString());
			}
		}
	}

	private static int failed(Output out, int exit, String code, String message) {
		out.offer(Event.of("failed").with("code", code).with("message", message).with("retryable", exit != Exit.DEPLOY_REFUSED));
		return exit;
	}
}
