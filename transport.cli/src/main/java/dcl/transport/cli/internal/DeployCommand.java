package dcl.transport.cli.internal;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;

import dcl.transport.hotdeploy.DropZoneException;
import dcl.transport.hotdeploy.DropZones;
import dcl.transport.hotdeploy.Outcome;
import dcl.transport.hotdeploy.Verdict;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "deploy", mixinStandardHelpOptions = true,
		description = "Checks a jar, hands it over to a host that runs (comms run), and waits for what comes of it, at most ten seconds.")
final class DeployCommand implements Callable<Integer> {

	private static final Duration LIMIT = Duration.ofSeconds(10);

	private final Io io;
	private final DropZones zones;

	@Parameters(paramLabel = "<jar>", description = "The bundle. A file of its name in the folder is replaced, which is an update.")
	private Path jar;

	@Option(names = "--to", paramLabel = "<folder>", defaultValue = DeployRules.FOLDER,
			description = "The folder that the host watches; '${DEFAULT-VALUE}' by default.")
	private Path folder;

	@Option(names = "--dry-run", description = "Check the jar and change nothing; no host is needed.")
	private boolean dryRun;

	@Mixin
	private DeployRules rules;

	DeployCommand(Io io, DropZones zones) {
		this.io = io;
		this.zones = zones;
	}

	@Override
	public Integer call() throws InterruptedException {
		try (Output out = new Output(io, rules.json(), () -> {
		})) {
			try {
				Verdict verdict = dryRun ? zones.check(jar, folder, rules.options(zones)) : zones.handOver(jar, folder, rules.options(zones), LIMIT);
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
