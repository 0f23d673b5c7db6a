package dcl.transport.hotdeploy.internal;

import java.io.IOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

import dcl.transport.hotdeploy.Outcome;
import dcl.transport.hotdeploy.Rule;
import dcl.transport.hotdeploy.Verdict;

/** A verdict in the file beside the folder's jars. */
final class VerdictJson {

	private static final DateTimeFormatter MILLIS = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

	/** A verdict of another process. */
	private record Read(Instant at, String file, Outcome outcome, Rule rule, String why, String bundle, String version, String hash, Set<String> types,
			List<Signer> signers, List<String> warnings) implements Verdict {
	}

	private VerdictJson() {
	}

	static String event(Outcome outcome) {
		return switch (outcome) {
			case ACCEPTED -> "accepted";
			case DEPLOYED -> "deployed";
			case REFUSED -> "refused";
			case ROLLED_BACK -> "rolledBack";
			case UNDEPLOYED -> "undeployed";
		};
	}

	static void members(Verdict verdict, Map<String, Object> object) {
		object.put("at", MILLIS.format(verdict.at()));
		object.put("file", verdict.file());
		object.put("bundle", verdict.bundle());
		object.put("version", verdict.version());
		object.put("hash", verdict.hash());
		object.put("rule", verdict.rule().name());
		object.put("why", verdict.why());
		object.put("types", verdict.types());
		List<Map<String, Object>> signers = new ArrayList<>();
		for (Verdict.Signer signer : verdict.signers()) {
			Map<String, Object> one = new LinkedHashMap<>();
			one.put("subject", signer.subject());
			one.put("certificate", signer.certificatePin());
			one.put("key", signer.keyPin());
			one.put("trustedAs", signer.trustedAs());
			signers.add(one);
		}
		object.put("signers", signers);
		object.put("warnings", verdict.warnings());
	}

	/** @throws IOException if it is not what was written */
	static Verdict read(Map<String, Object> object) throws IOException {
		String event = Json.text(object, "event");
		for (Outcome outcome : Outcome.values()) {
			if (event(outcome).equals(event)) {
				try {
					List<Verdict.Signer> signers = new ArrayList<>();
					for (Map<String, Object> signer : Json.objects(object, "signers")) {
						signers.add(new Findings.Signed(Json.text(signer, "subject"), Json.text(signer, "certificate"), Json.text(signer, "key"),
								Json.text(signer, "trustedAs")));
					}
					return new Read(Instant.parse(Json.text(object, "at")), Json.text(object, "file"), outcome, Rule.valueOf(Json.text(object, "rule")),
							Json.text(object, "why"), Json.text(object, "bundle"), Json.text(object, "version"), Json.text(object, "hash"),
							new TreeSet<>(Json.texts(object, "types")), signers, Json.texts(object, "warnings"));
				} catch (IllegalArgumentException | DateTimeParseException e) {
					throw new IOException(e.getMessage(), e);
				}
			}
		}
		throw new IOException("an event that is none: " + Texts.printable(event));
	}
}
