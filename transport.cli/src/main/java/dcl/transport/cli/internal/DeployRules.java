package dcl.transport.cli.internal;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dcl.transport.hotdeploy.DropZoneException;
import dcl.transport.hotdeploy.DropZoneOptions;
import dcl.transport.hotdeploy.DropZoneOptions.Signatures;
import dcl.transport.hotdeploy.DropZones;
import dcl.transport.hotdeploy.Outcome;
import dcl.transport.hotdeploy.Verdict;
import picocli.CommandLine.Option;

/** What the commands about the drop zone have in common. */
final class DeployRules {

	/** The drop zone, where no other is named. */
	static final String FOLDER = "deploy";

	@Option(names = "--signatures", paramLabel = "<mode>",
			description = "enforce: only what is signed by somebody in the trust file; warn: others with a warning; off: whatever comes."
					+ " By default as this installation says: warn in a checkout, otherwise enforce.")
	private Signatures signatures;

	@Option(names = "--trust", paramLabel = "<file>", description = "The trust file; trust.json in the folder by default.")
	private Path trust;

	@Option(names = "--allow-older", description = "Take versions that are older than one that was here.")
	private boolean allowOlder;

	@Option(names = "--native-code", description = "Take bundles with native code.")
	private boolean nativeCode;

	@Option(names = "--json", description = "One JSON object a line on standard output.")
	private boolean json;

	boolean json() {
		return json;
	}

	DropZoneOptions options(DropZones zones) {
		DropZoneOptions options = zones.options();
		if (signatures != null) {
			options = options.withSignatures(signatures);
		}
		if (trust != null) {
			options = options.withTrustFile(trust);
		}
		return options.withAllowOlder(options.allowOlder() || allowOlder).withNativeCode(options.nativeCode() || nativeCode);
	}

	/** Makes the folder of a drop zone, for its owner alone, if there is none. */
	static void create(Path folder) throws IOException {
		FileAttribute<?>[] own = folder.getFileSystem().supportedFileAttributeViews().contains("posix")
				? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))}
				: new FileAttribute<?>[0];
		try {
			Files.createDirectory(folder, own);
		} catch (FileAlreadyExistsException there) {
			return; // it need not be made
		}
	}

	static Event event(Verdict verdict) {
		ArrayNode signers = Json.array();
		for (Verdict.Signer signer : verdict.signers()) {
			ObjectNode one = signers.addObject();
			one.put("subject", signer.subject());
			one.put("certificate", signer.certificatePin());
			one.put("key", signer.keyPin());
			one.put("trustedAs", signer.trustedAs());
		}
		return Event.of(name(verdict.outcome())).at(verdict.at()).with("file", verdict.file()).with("bundle", verdict.bundle())
				.with("version", verdict.version()).with("hash", verdict.hash()).with("rule", verdict.rule().name()).with("why", verdict.why())
				.with("types", verdict.types()).with("signers", signers).with("warnings", verdict.warnings());
	}

	private static String name(Outcome outcome) {
		return outcome == Outcome.ROLLED_BACK ? "rolledBack" : outcome.name().toLowerCase(Locale.ROOT);
	}

	static int exit(DropZoneException.Code code) {
		return switch (code) {
			case NOBODY_WATCHES, CLOSED -> Exit.UNREACHABLE;
			case TIMEOUT -> Exit.TIMED_OUT;
			default -> Exit.DEPLOY_REFUSED;
		};
	}
}
