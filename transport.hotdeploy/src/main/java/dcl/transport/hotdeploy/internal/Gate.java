package dcl.transport.hotdeploy.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Optional;

import dcl.transport.hotdeploy.DropZoneOptions;
import dcl.transport.hotdeploy.DropZoneOptions.Signatures;
import dcl.transport.hotdeploy.Rule;
import dcl.transport.hotdeploy.Trust;
import org.osgi.framework.Version;

/** The gate in front of the framework: looks at the private copy of a jar, and changes nothing. */
final class Gate {

	/** What else is in the folder, or was. */
	interface Neighbours {

		/** Which other file has a symbolic name. */
		Optional<String> fileOf(String bundle, String exceptFile);

		/** Which other file has a transport type. */
		Optional<String> fileOfType(String type, String exceptFile);

		/** The newest version that was here. */
		Optional<Version> newest(String bundle);
	}

	/** How strictly a file is looked at. */
	enum Purpose {
		/** It is new. */
		NEW,
		/** Somebody asked for exactly these bytes, which ran before. */
		ASKED_FOR,
		/** It ran before the restart: that its certificate has expired since, or that it is older than another, is not held against it. */
		RESTORED
	}

	private final DropZoneOptions options;
	private final Trust trust;
	private final Platform platform;
	private final Neighbours neighbours;
	private final Clock clock;

	Gate(DropZoneOptions options, Trust trust, Platform platform, Neighbours neighbours, Clock clock) {
		this.options = options;
		this.trust = trust;
		this.platform = platform;
		this.neighbours = neighbours;
		this.clock = clock;
	}

	/**
	 * Returns without a word, or throws the refusal.
	 *
	 * @param copy     which nobody else writes to
	 * @param location of the bundle that the file brings, or would
	 * @param findings takes what is found on the way
	 */
	void judge(Path copy, String location, Purpose purpose, Findings findings) throws IOException, Refusal {
		Zip jar = Zip.read(copy, new Limits(options, Files.size(copy)));
		Facts facts = Facts.of(jar, options.nativeCode());
		findings.facts(facts);
		List<Trust.Entry> vouching = vouching(copy, jar, purpose, findings);
		checkName(facts, location, purpose, findings);
		checkTypes(facts, location, vouching, findings);
		List<String> missing = platform.missing(facts, location);
		if (!missing.isEmpty()) {
			throw new Refusal(Rule.UNRESOLVED, "it needs what nobody here offers: " + String.join("; ", missing));
		}
	}

	// ---- signatures

	/** Returns those in the trust file who vouch for the jar. */
	private List<Trust.Entry> vouching(Path copy, Zip jar, Purpose purpose, Findings findings) throws IOException, Refusal {
		if (options.signatures() == Signatures.OFF) {
			findings.warn("signatures are not looked at here");
			return List.of();
		}
		List<X509Certificate> certificates = JarSignatures.of(copy, jar);
		List<Trust.Entry> trusted;
		try {
			trusted = trust.list();
		} catch (IOException e) {
			untrusted(findings, "nobody is trusted: " + Texts.of(e));
			trusted = List.of();
		}
		List<Trust.Entry> vouching = new ArrayList<>();
		List<String> outdated = new ArrayList<>();
		for (X509Certificate certificate : certificates) {
			look(certificate, trusted, purpose, findings, vouching, outdated);
		}
		if (!vouching.isEmpty()) {
			return vouching;
		}
		if (!outdated.isEmpty()) {
			throw new Refusal(Rule.EXPIRED, String.join("; ", outdated) + "; time stamps do not count");
		}
		if (certificates.isEmpty()) {
			untrusted(findings, "it is not signed");
		} else {
			untrusted(findings, "signed by " + findings.signers().get(0).subject() + ", whom the trust file does not have: " + findings.signers().get(0).keyPin());
		}
		return vouching;
	}

	private void untrusted(Findings findings, String why) throws Refusal {
		if (options.signatures() == Signatures.ENFORCE) {
			throw new Refusal(Rule.UNTRUSTED, why);
		}
		findings.warn(why);
	}

	private void look(X509Certificate certificate, List<Trust.Entry> trusted, Purpose purpose, Findings findings, List<Trust.Entry> vouching,
			List<String> outdated) {
		String byCertificate = JarSignatures.certificatePin(certificate);
		String byKey = JarSignatures.keyPin(certificate);
		List<String> names = new ArrayList<>();
		for (Trust.Entry entry : trusted) {
			if (entry.pin().equals(byKey)) {
				names.add(entry.name());
				vouching.add(entry);
			} else if (entry.pin().equals(byCertificate)) {
				names.add(entry.name());
				try {
					if (purpose != Purpose.RESTORED) {
						certificate.checkValidity(Date.from(clock.instant()));
					}
					vouching.add(entry);
				} catch (CertificateException e) {
					outdated.add("the certificate of '" + entry.name() + "' is valid from " + certificate.getNotBefore().toInstant() + " to "
							+ certificate.getNotAfter().toInstant());
				}
			}
		}
		findings.signers().add(new Findings.Signed(Texts.printable(certificate.getSubjectX500Principal().getName()), byCertificate, byKey,
				String.join(", ", names)));
	}

	// ---- what it would take

	private void checkTypes(Facts facts, String location, List<Trust.Entry> vouching, Findings findings) throws Refusal {
		for (String type : facts.types()) {
			if (vouching.stream().anyMatch(entry -> !type.equals(Trust.ANY_TYPE) && entry.types().contains(type))) {
				continue;
			}
			if (!vouching.isEmpty() && vouching.stream().noneMatch(entry -> entry.types().contains(Trust.ANY_TYPE))) {
				throw new Refusal(Rule.TYPE_TAKEN, "'" + vouching.get(0).name() + "' may provide " + vouching.get(0).types() + ", not '" + type + "'");
			}
			Optional<String> owner = platform.providerOf(type, location);
			if (owner.isEmpty()) {
				owner = neighbours.fileOfType(type, findings.file());
			}
			if (owner.isPresent()) {
				throw new Refusal(Rule.TYPE_TAKEN, "'" + type + "' is provided by " + owner.get()
						+ "; only a signer for whom the trust file names this type may take it over");
			}
			if (options.reservedTypes().contains(type)) {
				throw new Refusal(Rule.TYPE_TAKEN, "'" + type + "' is reserved; only a signer for whom the trust file names this type may provide it");
			}
		}
	}

	private void checkName(Facts facts, String location, Purpose purpose, Findings findings) throws Refusal {
		Optional<String> file = neighbours.fileOf(facts.name(), findings.file());
		if (file.isPresent()) {
			throw new Refusal(Rule.NAME_TAKEN, "the bundle " + facts.name() + " comes from '" + file.get() + "' already: replace that file, or delete it");
		}
		Optional<String> bundle = platform.bundleNamed(facts.name(), location);
		if (bundle.isPresent()) {
			throw new Refusal(Rule.NAME_TAKEN, "there is " + bundle.get() + ", which did not come from this folder");
		}
		Optional<Version> newest = neighbours.newest(facts.name());
		if (purpose == Purpose.NEW && !options.allowOlder() && newest.isPresent() && facts.version().compareTo(newest.get()) < 0) {
			throw new Refusal(Rule.OLDER, "version " + facts.version() + " is older than " + newest.get() + ", which was here; to go back, roll back");
		}
	}
}
