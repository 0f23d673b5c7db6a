package dcl.transport.hotdeploy.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

import dcl.transport.hotdeploy.DropZoneOptions;
import dcl.transport.hotdeploy.Outcome;
import dcl.transport.hotdeploy.Rule;
import dcl.transport.hotdeploy.Verdict;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks at a jar that lies anywhere, by a private copy that goes again. */
final class Inspection {

	private static final Logger LOG = LoggerFactory.getLogger(Inspection.class);

	/** What is done with the copy. */
	interface Step {

		void run(Path copy, String hash) throws IOException, Refusal;
	}

	private Inspection() {
	}

	static Verdict of(Path jar, Findings findings, DropZoneOptions options, Step step) {
		try {
			if (!Files.isRegularFile(jar, LinkOption.NOFOLLOW_LINKS)) {
				throw new Refusal(Rule.NOT_A_FILE, Files.exists(jar, LinkOption.NOFOLLOW_LINKS) ? "not a plain file" : "no such file");
			}
			Path temporary = Files.createTempDirectory("dcl-hotdeploy-"); // for its owner alone
			Path copied = null;
			try {
				Store.Copy copy = Store.take(jar, options.maxBytes(), temporary, Files::newOutputStream);
				copied = copy.path();
				findings.hash(copy.hash());
				step.run(copy.path(), copy.hash());
			} finally {
				if (copied != null) {
					Files.deleteIfExists(copied);
				}
				Files.deleteIfExists(temporary);
			}
			return findings.verdict(Outcome.ACCEPTED, Rule.NONE, "");
		} catch (Refusal refusal) {
			return findings.refused(refusal);
		} catch (IOException e) {
			return findings.refused(new Refusal(Rule.UNREADABLE, "it cannot be read or copied: " + Texts.of(e)));
		} catch (RuntimeException | Error e) {
			LOG.error("A defect in the drop zone, with {}", Texts.printable(findings.file()), e);
			return findings.refused(Refusal.defect(e));
		}
	}
}
