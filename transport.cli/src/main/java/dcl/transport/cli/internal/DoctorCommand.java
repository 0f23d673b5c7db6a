package dcl.transport.cli.internal;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dcl.transport.cli.internal.Checks.Finding;
import dcl.transport.cli.internal.Checks.Status;
import dcl.transport.text.Printable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(name = "doctor", mixinStandardHelpOptions = true,
		description = "Looks whether this machine has what is needed, and says what to do about what it has not. Connects to nothing.",
		footer = {"", "The exit code is 1 if a check failed; a warning is none."})
final class DoctorCommand implements Callable<Integer> {

	private final Io io;
	private final Installed installed;

	@Option(names = "--key-file", paramLabel = "<file>", description = "Looks whether connect could sign with this file as well.")
	private Path keyFile;

	@Option(names = "--json", description = "One JSON object a check on standard output.")
	private boolean json;

	DoctorCommand(Io io, Installed installed) {
		this.io = io;
		this.installed = installed;
	}

	/** One check, when it is its turn. */
	private interface Check {

		Finding look() throws InterruptedException;
	}

	@Override
	public Integer call() throws InterruptedException {
		List<Check> checks = List.of(
				() -> Checks.java(Runtime.version(), System.getProperty("java.vendor"), System.getProperty("java.home"),
						Runtime.getRuntime().maxMemory()),
				() -> Checks.types(installed.bestFirst()),
				() -> Checks.clock(Instant.now()),
				() -> Checks.temporary(Path.of(System.getProperty("java.io.tmpdir"))),
				Checks::loopback,
				Checks::network,
				() -> Checks.keys(Optional.ofNullable(keyFile)),
				() -> Checks.webRtc(installed.webRtc(), installed.bestFirst()));
		boolean failed = false;
		try (Output out = new Output(io, json, () -> {
		})) {
			for (Check check : checks) {
				Finding finding = check.look();
				failed |= finding.status() == Status.FAILED;
				out.line(json ? Json.line(object(finding)) : text(finding));
			}
		}
		return failed ? Exit.DEFECT : Exit.DONE;
	}

	private static ObjectNode object(Finding finding) {
		ObjectNode object = Json.object();
		object.put("check", finding.check());
		object.put("status", finding.status().name().toLowerCase(Locale.ROOT));
		object.put("detail", finding.detail());
		object.put("fix", finding.fix());
		return object;
	}

	private static String text(Finding finding) {
		String status = finding.status() == Status.OK ? "ok" : finding.status() == Status.WARNING ? "warning" : "FAILED";
		String line = String.format("%-7s  %-10s  %s", status, finding.check(), Printable.of(finding.detail()));
		return finding.status() == Status.OK ? line : line + "\n" + " ".repeat(9) + "what to do: " + Printable.of(finding.fix());
	}
}
