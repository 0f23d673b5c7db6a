package dcl.transport.cli.internal;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

import dcl.transport.hotdeploy.DropZone;
import dcl.transport.hotdeploy.DropZoneException;
import dcl.transport.hotdeploy.DropZoneOptions;
import dcl.transport.hotdeploy.DropZones;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(name = "run", mixinStandardHelpOptions = true,
		description = "Runs with a drop zone until it is interrupted: jars that come into its folder are checked and become bundles, updates take their places,"
				+ " and what goes is uninstalled.",
		footer = {"", "Hand a jar over to it with: comms deploy <jar>"})
final class RunCommand implements Callable<Integer> {

	private final Io io;
	private final DropZones zones;

	@Option(names = "--deploy", paramLabel = "<folder>", defaultValue = DeployRules.FOLDER,
			description = "The folder, made if there is none; '${DEFAULT-VALUE}' by default. Nobody else may be able to write to it.")
	private Path folder;

	@Mixin
	private DeployRules rules;

	RunCommand(Io io, DropZones zones) {
		this.io = io;
		this.zones = zones;
	}

	@Override
	public Integer call() throws InterruptedException {
		Stop stop = new Stop(null);
		DropZoneOptions options = rules.options(zones);
		try (Output out = new Output(io, rules.json(), stop::outputGone)) {
			DeployRules.create(folder);
			out.offer(Event.of("watching").with("folder", folder.toRealPath().toString())
					.with("signatures", options.signatures().name().toLowerCase(Locale.ROOT)));
			try (DropZone zone = zones.watch(folder, options, verdict -> out.offer(DeployRules.event(verdict)))) {
				stop.await(new CompletableFuture<>());
				return Exit.INTERRUPTED; // nobody reads the output any more
			} catch (DropZoneException e) {
				return failed(out, DeployRules.exit(e.code()), e.code().name(), e.getMessage());
			}
		} catch (IOException e) {
			try (Output out = new Output(io, rules.json(), stop::outputGone)) {
				return failed(out, Exit.DEPLOY_REFUSED, DropZoneException.Code.FOLDER_UNSAFE.name(), "cannot watch " + folder.toAbsolutePath() + ": " + e);
			}
		}
	}

	private static int failed(Output out, int exit, String code, String message) {
		out.offer(Event.of("failed").with("code", code).with("message", message).with("retryable", false));
		return exit;
	}
}
