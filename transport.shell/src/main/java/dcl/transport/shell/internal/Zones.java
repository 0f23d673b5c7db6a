package dcl.transport.shell.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

import dcl.transport.hotdeploy.Deployed;
import dcl.transport.hotdeploy.DropZone;
import dcl.transport.hotdeploy.Outcome;
import dcl.transport.hotdeploy.Trust;
import dcl.transport.hotdeploy.Verdict;
import dcl.transport.text.Printable;

/** What the commands do with a drop zone. Loaded when one is used: where there is no {@code dcl.transport.hotdeploy}, nothing refers to it. Stateless. */
final class Zones {

	private static final long SECONDS = 60;

	private Zones() {
	}

	/** Checks a jar, or copies it into the folder and waits for what comes of it. */
	static VerdictRow deploy(Object zone, Path jar, boolean dryRun) throws CommandException, InterruptedException {
		if (!Files.isRegularFile(jar)) {
			throw new CommandException("no file " + Printable.of(jar.toString()));
		}
		return good(dryRun ? ((DropZone) zone).check(jar) : await(((DropZone) zone).deploy(jar)));
	}

	static VerdictRow rollback(Object zone, String bundle) throws CommandException, InterruptedException {
		return good(await(((DropZone) zone).rollback(bundle)));
	}

	private static VerdictRow good(Verdict verdict) throws CommandException {
		if (verdict.outcome() == Outcome.REFUSED || verdict.outcome() == Outcome.ROLLED_BACK) {
			throw new CommandException(Printable.of(verdict.outcome() + " (" + verdict.rule() + "): " + verdict.why()));
		}
		return row(verdict);
	}

	static VerdictRow undeploy(Object zone, String bundle) throws CommandException, InterruptedException {
		return row(await(((DropZone) zone).undeploy(bundle)));
	}

	static Rows<DeployedRow> deployed(Object zone) {
		return new Rows<>(((DropZone) zone).deployed().stream().map(Zones::row).toList(), "nothing came through the drop zone");
	}

	static Rows<VerdictRow> verdicts(Object zone) {
		return new Rows<>(((DropZone) zone).verdicts().stream().map(Zones::row).toList(), "no file is in the drop zone");
	}

	/** {@code list}, {@code add name pin types} or {@code remove name}. */
	static Object trust(Object zone, String action, List<String> arguments) throws CommandException {
		Trust trust = ((DropZone) zone).trust();
		try {
			if (action.equals("list") && arguments.isEmpty()) {
				return new Rows<>(trust.list().stream().map(entry -> new TrustRow(Printable.of(entry.name()),
						Printable.of(String.join(", ", entry.types().stream().sorted().toList())), Printable.of(entry.pin()))).toList(), "nobody is trusted");
			}
			if (action.equals("add") && arguments.size() == 3) {
				trust.add(arguments.get(0), arguments.get(1), Arrays.stream(arguments.get(2).split(",")).map(String::trim).collect(Collectors.toSet()));
				return "trusted";
			}
			if (action.equals("remove") && arguments.size() == 1) {
				if (!trust.remove(arguments.get(0))) {
					throw new CommandException("nobody of that name is trusted");
				}
				return "trusted no longer";
			}
		} catch (IOException | IllegalArgumentException e) {
			throw new CommandException(Printable.of(e.getMessage()));
		}
		throw new CommandException("trust list, trust add <name> <pin> <type,…> or trust remove <name> is expected");
	}

	private static Verdict await(CompletionStage<Verdict> stage) throws CommandException, InterruptedException {
		try {
			return stage.toCompletableFuture().get(SECONDS, TimeUnit.SECONDS);
		} catch (ExecutionException e) {
			throw new CommandException(Printable.of(e.getCause().getMessage()));
		} catch (TimeoutException e) {
			throw new CommandException("nothing came of it within " + SECONDS + " s; comms:verdicts tells later");
		}
	}

	private static VerdictRow row(Verdict verdict) {
		return new VerdictRow(Printable.of(verdict.file()), verdict.outcome().name(), verdict.rule().name(),
				Printable.of((verdict.bundle() + " " + verdict.version()).trim()), types(verdict.types()), Printable.of(verdict.why()));
	}

	private static DeployedRow row(Deployed deployed) {
		return new DeployedRow(Printable.of(deployed.bundle()), Printable.of(deployed.version()), Printable.of(deployed.previousVersion()), types(deployed.types()),
				Printable.of(String.join(", ", deployed.signers().stream().sorted().toList())), Printable.of(deployed.file()), deployed.hash());
	}

	private static String types(Set<String> types) {
		return Printable.of(String.join(", ", types.stream().sorted().toList()));
	}
}
