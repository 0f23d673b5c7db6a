package dcl.transport.hotdeploy.internal;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

import dcl.transport.hotdeploy.Outcome;
import dcl.transport.hotdeploy.Rule;
import dcl.transport.hotdeploy.Verdict;

/** What is known about one file, while it is looked at. Confined to one thread; the verdicts made of it are immutable. */
final class Findings {

	/** One signer. */
	record Signed(String subject, String certificatePin, String keyPin, String trustedAs) implements Verdict.Signer {
	}

	/** A verdict. */
	private record Said(Instant at, String file, Outcome outcome, Rule rule, String why, String bundle, String version, String hash, Set<String> types,
			List<Signer> signers, List<String> warnings) implements Verdict {
	}

	private final String file;
	private final List<Signed> signers = new ArrayList<>();
	private final List<String> warnings = new ArrayList<>();
	private String hash = "";
	private Facts facts;

	Findings(String file) {
		this.file = file;
	}

	String file() {
		return file;
	}

	String hash() {
		return hash;
	}

	void hash(String found) {
		hash = found;
	}

	/** What the manifest says; null before it was read. */
	Facts facts() {
		return facts;
	}

	void facts(Facts found) {
		facts = found;
	}

	List<Signed> signers() {
		return signers;
	}

	/** The names in the trust file of those who signed it, sorted. */
	Set<String> trusted() {
		Set<String> names = new TreeSet<>();
		signers.stream().map(Signed::trustedAs).filter(name -> !name.isEmpty()).forEach(names::add);
		return names;
	}

	void warn(String warning) {
		warnings.add(Texts.printable(warning));
	}

	Verdict verdict(Outcome outcome, Rule rule, String why) {
		return new Said(Instant.now(), file, outcome, rule, why, facts == null ? "" : facts.name(), facts == null ? "" : facts.version().toString(), hash,
				facts == null ? Set.of() : Collections.unmodifiableSet(new TreeSet<>(facts.types())), List.copyOf(signers), List.copyOf(warnings));
	}

	Verdict refused(Refusal refusal) {
		return verdict(Outcome.REFUSED, refusal.rule(), refusal.getMessage());
	}

	/** A verdict about something that was deployed before. */
	static Verdict of(State.Entry entry, Outcome outcome, Rule rule, String why) {
		return new Said(Instant.now(), entry.file(), outcome, rule, why, entry.bundle(), entry.version(), entry.hash(),
				Collections.unmodifiableSet(new TreeSet<>(entry.types())), List.of(), List.of());
	}
}
