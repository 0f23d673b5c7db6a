package dcl.transport.hotdeploy.internal;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Clock;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

import dcl.transport.hotdeploy.DropZoneOptions;
import dcl.transport.hotdeploy.DropZoneOptions.Signatures;
import dcl.transport.hotdeploy.Outcome;
import dcl.transport.hotdeploy.Rule;
import dcl.transport.hotdeploy.Verdict;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.osgi.framework.Version;

import static org.assertj.core.api.Assertions.assertThat;

/** Threat T8: jars that somebody might put into the folder, and which rule each runs into. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class GateTest {

	/** Trusted for the type acme, and the only one whose jars come in. */
	private static final Keys ACME = Keys.of("acme", "-1d", 30);
	private static final Keys STRANGER = Keys.of("stranger", "-1d", 30);
	/** Trusted for another type. */
	private static final Keys OTHER = Keys.of("other", "-1d", 30);
	/** Trusted for whatever is free. */
	private static final Keys ANY = Keys.of("any", "-1d", 30);
	/** Trusted by their certificates, which are not valid now. */
	private static final Keys EXPIRED = Keys.of("expired", "-20d", 10);
	private static final Keys EARLY = Keys.of("early", "+10d", 10);
	/** Trusted by its key, with a certificate that has expired. */
	private static final Keys BY_KEY = Keys.of("bykey", "-20d", 10);

	private static final int CENTRAL = 0x02014b50;
	private static final int LOCAL = 0x04034b50;
	private static final int END = 0x06054b50;
	private static final int DESCRIPTOR = 0x08074b50;

	@TempDir
	private Path folder;
	private final FakePlatform platform = new FakePlatform();
	private DropZoneOptions options = DropZoneOptions.defaults().withMaxEntries(100).withMaxUnpackedBytes(1 << 22).withMaxBytes(1 << 20);
	private TrustFile trust;

	@BeforeEach
	void trustSome() throws IOException {
		trust = new TrustFile(folder.resolve("trust.json"), () -> { });
		trust.add("acme", ACME.keyPin(), Set.of("acme"));
		trust.add("other", OTHER.keyPin(), Set.of("other"));
		trust.add("any", ANY.keyPin(), Set.of("*"));
		trust.add("expired", EXPIRED.certificatePin(), Set.of("acme"));
		trust.add("early", EARLY.certificatePin(), Set.of("acme"));
		trust.add("bykey", BY_KEY.keyPin(), Set.of("acme"));
		platform.providers.put("taken", "com.first.transport 1.0.0");
		platform.names.put("dcl.transport.wsroom", "dcl.transport.wsroom 1.0.0 from elsewhere");
		platform.packages.addAll(List.of("dcl.transport", "dcl.transport.spi"));
	}

	private Verdict check(byte[] jar) throws IOException {
		return check(jar, Gate.Purpose.NEW);
	}

	private Verdict check(byte[] jar, Gate.Purpose purpose) throws IOException {
		Path file = folder.resolve("acme.jar");
		Files.write(file, jar);
		return check(file, purpose);
	}

	private Verdict check(Path file, Gate.Purpose purpose) {
		Gate gate = new Gate(options, trust, platform, new Neighbours(), Clock.systemUTC());
		Findings findings = new Findings("acme.jar");
		return Inspection.of(file, findings, options, (copy, hash) -> gate.judge(copy, "there", purpose, findings));
	}

	/** Version 1.5.0 of acme was here; another file has a bundle and a type. */
	private static final class Neighbours implements Gate.Neighbours {

		@Override
		public Optional<String> fileOf(String bundle, String exceptFile) {
			return bundle.equals("com.neighbour") ? Optional.of("neighbour.jar") : Optional.empty();
		}

		@Override
		public Optional<String> fileOfType(String type, String exceptFile) {
			return type.equals("neighbourly") ? Optional.of("'neighbour.jar'") : Optional.empty();
		}

		@Override
		public Optional<Version> newest(String bundle) {
			return bundle.equals("com.acme.transport") ? Optional.of(new Version(1, 5, 0)) : Optional.empty();
		}
	}

	@Test
	void a_jar_that_is_signed_by_somebody_trusted_for_its_type_comes_in() throws Exception {
		Verdict verdict = check(ACME.sign(Jars.acme("2.0.0").with("Import-Package", "org.osgi.framework;version=\"[1.8,2)\",dcl.transport.spi").build()));

		assertThat(verdict.why()).isEmpty();
		assertThat(verdict.outcome()).isEqualTo(Outcome.ACCEPTED);
		assertThat(verdict.types()).containsExactly("acme");
		assertThat(verdict.signers()).singleElement().satisfies(signer -> {
			assertThat(signer.subject()).isEqualTo("CN=acme");
			assertThat(signer.keyPin()).isEqualTo(ACME.keyPin());
			assertThat(signer.certificatePin()).isEqualTo(ACME.certificatePin());
			assertThat(signer.trustedAs()).isEqualTo("acme");
		});
		assertThat(verdict.warnings()).isEmpty();
	}

	@Test
	void a_second_signature_of_all_of_it_does_no_harm() throws Exception {
		assertThat(check(STRANGER.sign(ACME.sign(Jars.acme("2.0.0").build()))).outcome()).isEqualTo(Outcome.ACCEPTED);
	}

	@Test
	void a_key_is_not_bound_to_the_validity_of_a_certificate() throws Exception {
		assertThat(check(BY_KEY.sign(Jars.acme("2.0.0").build())).outcome()).isEqualTo(Outcome.ACCEPTED);
	}

	@Test
	void who_is_trusted_for_what_is_free_may_provide_what_is_free() throws Exception {
		assertThat(check(ANY.sign(Jars.acme("2.0.0").types("brand-new").build())).outcome()).isEqualTo(Outcome.ACCEPTED);
	}

	@Test
	void who_is_named_for_it_may_take_a_type_over() throws Exception {
		trust.add("acme", ACME.keyPin(), Set.of("taken", "livekit"));

		assertThat(check(ACME.sign(Jars.acme("2.0.0").types("taken", "livekit").build())).outcome()).isEqualTo(Outcome.ACCEPTED);
	}

	// ---- the table

	/** One jar that must not come in. */
	record Bad(String what, Rule rule, byte[] jar) {

		@Override
		public String toString() {
			return what + ": " + rule;
		}
	}

	static Stream<Bad> bad() throws Exception {
		return Stream.of(signed(), zips(), bundles()).flatMap(List::stream);
	}

	private static List<Bad> signed() throws Exception {
		byte[] unsigned = Jars.acme("2.0.0").entry("com/acme/Other.class").build();
		byte[] good = ACME.sign(unsigned);
		return List.of(
				new Bad("not signed", Rule.UNTRUSTED, unsigned),
				new Bad("signed by a stranger", Rule.UNTRUSTED, STRANGER.sign(unsigned)),
				new Bad("signed with a certificate that has expired", Rule.EXPIRED, EXPIRED.sign(unsigned)),
				new Bad("signed with a certificate that is not valid yet", Rule.EXPIRED, EARLY.sign(unsigned)),
				new Bad("signed by somebody trusted for another type", Rule.TYPE_TAKEN, OTHER.sign(unsigned)),
				new Bad("one class altered", Rule.TAMPERED, Jars.altered(good, Jars.CLASS, Jars.bytes("altered"))),
				new Bad("a class added", Rule.TAMPERED, Jars.altered(good, "com/acme/Added.class", Jars.bytes("added"))),
				new Bad("a resource added to META-INF", Rule.TAMPERED, Jars.altered(good, "META-INF/services/x", Jars.bytes("added"))),
				new Bad("a class added, and a section for it", Rule.TAMPERED, sectionAdded(good)),
				new Bad("a class taken away", Rule.TAMPERED, Jars.altered(good, Jars.CLASS, null)),
				new Bad("a header altered", Rule.TAMPERED, manifest(good, text -> text.replace("2.0.0", "2.0.1"))),
				new Bad("a header added", Rule.TAMPERED, manifest(good, text -> "Import-Package: org.osgi.framework\r\n" + text)),
				new Bad("the block taken away", Rule.TAMPERED, Jars.altered(good, "META-INF/ACME.EC", null)),
				new Bad("the signature file taken away", Rule.TAMPERED, Jars.altered(good, "META-INF/ACME.SF", null)),
				new Bad("a block of somebody else, which fits", Rule.UNTRUSTED, Jars.altered(good, "META-INF/ACME.EC", Jars.unzip(STRANGER.sign(unsigned)).get("META-INF/STRANGER.EC"))),
				new Bad("a block that is none", Rule.TAMPERED, Jars.altered(good, "META-INF/ACME.EC", Jars.bytes("none"))),
				new Bad("a second signature, broken", Rule.TAMPERED, Jars.altered(STRANGER.sign(good), "META-INF/STRANGER.EC", Jars.bytes("none"))),
				new Bad("a second signature, of something else", Rule.TAMPERED, secondOfPart(good)),
				new Bad("a file that would count as a part of a signature", Rule.TAMPERED, Jars.altered(good, "META-INF/SIG-EXTRA", Jars.bytes("extra"))),
				new Bad("signed with SHA-1", Rule.TAMPERED, ACME.sign(unsigned, "SHA-1")),
				new Bad("takes over livekit, trusted for what is free", Rule.TYPE_TAKEN, ANY.sign(Jars.acme("2.0.0").types("livekit").build())),
				new Bad("takes over what a bundle provides", Rule.TYPE_TAKEN, ANY.sign(Jars.acme("2.0.0").types("acme", "taken").build())),
				new Bad("takes over what another file provides", Rule.TYPE_TAKEN, ANY.sign(Jars.acme("2.0.0").types("neighbourly").build())),
				new Bad("takes over everything", Rule.TYPE_TAKEN, ANY.sign(Jars.acme("2.0.0").types("*").build())),
				new Bad("one type more than it may", Rule.TYPE_TAKEN, ACME.sign(Jars.acme("2.0.0").types("acme", "ws-room").build())));
	}

	private static byte[] manifest(byte[] jar, UnaryOperator<String> change) {
		return Jars.altered(jar, Zip.MANIFEST, Jars.bytes(change.apply(new String(Jars.unzip(jar).get(Zip.MANIFEST), StandardCharsets.UTF_8))));
	}

	/** What the JDK lets pass, since the sections that were signed are as they were; the added class is signed by nobody. */
	private static byte[] sectionAdded(byte[] jar) throws Exception {
		byte[] added = Jars.bytes("added");
		String digest = Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-256").digest(added));
		byte[] with = manifest(jar, text -> text + "Name: com/acme/Added.class\r\nSHA-256-Digest: " + digest + "\r\n\r\n");
		return Jars.altered(with, "com/acme/Added.class", added);
	}

	/** Somebody else's valid signature on a manifest with one more section. */
	private static byte[] secondOfPart(byte[] jar) throws Exception {
		byte[] with = sectionAdded(jar);
		Map<String, byte[]> bare = Jars.unzip(with);
		bare.remove("META-INF/ACME.SF");
		bare.remove("META-INF/ACME.EC");
		Map<String, byte[]> signed = Jars.unzip(STRANGER.sign(Jars.zip(bare)));
		Map<String, byte[]> both = new LinkedHashMap<>(signed);
		both.put("META-INF/ACME.SF", Jars.unzip(jar).get("META-INF/ACME.SF"));
		both.put("META-INF/ACME.EC", Jars.unzip(jar).get("META-INF/ACME.EC"));
		return Jars.zip(both);
	}

	private static List<Bad> zips() throws Exception {
		byte[] good = ACME.sign(Jars.acme("2.0.0").build());
		byte[] plain = Jars.acme("2.0.0").build();
		int end = Jars.find(plain, END, 0);
		return List.of(
				new Bad("empty", Rule.DAMAGED, new byte[0]),
				new Bad("a text", Rule.DAMAGED, Jars.bytes("not a jar at all")),
				new Bad("half written", Rule.DAMAGED, Arrays.copyOf(good, good.length / 2)),
				new Bad("all but the last byte", Rule.DAMAGED, Arrays.copyOf(good, good.length - 1)),
				new Bad("zeros where its first half was", Rule.DAMAGED, Jars.join(new byte[good.length / 2], Arrays.copyOfRange(good, good.length / 2, good.length))),
				new Bad("no entries", Rule.NOT_A_BUNDLE, emptyZip()),
				new Bad("zip slip", Rule.UNSAFE, Jars.acme("2.0.0").entry("../../evil.class").build()),
				new Bad("zip slip in the middle", Rule.UNSAFE, Jars.acme("2.0.0").entry("com/../../evil.class").build()),
				new Bad("an absolute name", Rule.UNSAFE, Jars.acme("2.0.0").entry("/etc/passwd").build()),
				new Bad("a backslash", Rule.UNSAFE, Jars.acme("2.0.0").entry("..\\evil.class").build()),
				new Bad("a drive", Rule.UNSAFE, Jars.acme("2.0.0").entry("C:/evil.class").build()),
				new Bad("a control character in a name", Rule.UNSAFE, Jars.acme("2.0.0").entry("com/ev\u001bil.class").build()),
				new Bad("a name of 600 characters", Rule.UNSAFE, Jars.acme("2.0.0").entry("x".repeat(600)).build()),
				new Bad("41 folders deep", Rule.UNSAFE, Jars.acme("2.0.0").entry("x/".repeat(41) + "y").build()),
				new Bad("a file and a folder of one name", Rule.UNSAFE, Jars.acme("2.0.0").entry("com/acme/x").entry("com/acme/x/").build()),
				new Bad("the same name twice", Rule.UNSAFE, Jars.patched(Jars.acme("2.0.0").entry("com/acme/Activatos.class").build(),
						Jars.bytes("com/acme/Activatos.class"), Jars.bytes(Jars.CLASS))),
				new Bad("two manifests", Rule.UNSAFE, Jars.patched(Jars.acme("2.0.0").entry("META-INF/MANIFEST.MX").build(),
						Jars.bytes("META-INF/MANIFEST.MX"), Jars.bytes(Zip.MANIFEST))),
				new Bad("two manifests that differ by case", Rule.UNSAFE, Jars.acme("2.0.0").entry("meta-inf/Manifest.mf").build()),
				new Bad("another name in front of the entry than in the directory", Rule.UNSAFE, Jars.put(plain, Jars.find(plain, LOCAL, 1) + 30, 0x41414141)),
				new Bad("an entry that lies over another", Rule.UNSAFE, Jars.put(plain, Jars.find(plain, CENTRAL, 1) + 42, 0)),
				new Bad("something in front, such as a script", Rule.UNSAFE, Jars.join(Jars.bytes("#!/bin/sh\n"), plain)),
				new Bad("something behind the end", Rule.DAMAGED, Jars.join(plain, Jars.bytes("more"))),
				new Bad("a second directory behind the first", Rule.UNSAFE, Jars.join(plain, plain)),
				new Bad("a second end, in a comment", Rule.UNSAFE, commented(plain)),
				new Bad("fewer entries than there are", Rule.UNSAFE, Jars.put(plain, end + 8, 0x00010001)),
				new Bad("more entries than there are", Rule.DAMAGED, Jars.put(plain, end + 8, 0x00030003)),
				new Bad("another checksum in the directory than behind the entry", Rule.UNSAFE, Jars.put(plain, Jars.find(plain, CENTRAL, 1) + 16, 42)),
				new Bad("another size in the directory than behind the entry", Rule.UNSAFE, Jars.put(plain, Jars.find(plain, CENTRAL, 1) + 24, 5)),
				new Bad("a wrong checksum", Rule.DAMAGED, Jars.put(Jars.put(plain, Jars.find(plain, CENTRAL, 1) + 16, 42), Jars.find(plain, DESCRIPTOR, 1) + 4, 42)),
				new Bad("a wrong size", Rule.DAMAGED, Jars.put(Jars.put(plain, Jars.find(plain, CENTRAL, 1) + 24, 5), Jars.find(plain, DESCRIPTOR, 1) + 12, 5)),
				new Bad("encrypted", Rule.UNSAFE, Jars.put(plain, Jars.find(plain, CENTRAL, 1) + 8, 0x00080809)),
				new Bad("an unknown method", Rule.UNSAFE, Jars.put(plain, Jars.find(plain, CENTRAL, 1) + 8, 0x00630808)),
				new Bad("zip64", Rule.TOO_LARGE, Jars.put(plain, end + 16, -1)),
				new Bad("too large", Rule.TOO_LARGE, Jars.acme("2.0.0").entry("noise", noise(1 << 20)).build()),
				new Bad("a bomb", Rule.TOO_LARGE, Jars.acme("2.0.0").entry("zeros", new byte[2 << 20]).build()),
				new Bad("a bomb in a jar in it", Rule.TOO_LARGE, Jars.acme("2.0.0").entry("lib/x.jar", Jars.zip(Map.of("zeros", new byte[2 << 20]))).build()),
				new Bad("a bomb in a jar in a jar in it", Rule.TOO_LARGE, Jars.acme("2.0.0").entry("lib/x.jar",
						Jars.zip(Map.of("y.zip", Jars.zip(Map.of("zeros", new byte[2 << 20]))))).build()),
				new Bad("jars in jars in jars", Rule.TOO_LARGE, Jars.acme("2.0.0").entry("a.jar", Jars.zip(Map.of("b.jar", Jars.zip(Map.of("c.jar",
						Jars.zip(Map.of("d", new byte[1]))))))).build()),
				new Bad("zip slip in a jar in it", Rule.UNSAFE, Jars.acme("2.0.0").entry("a.jar", Jars.zip(Map.of("../b", new byte[1]))).build()),
				new Bad("a broken jar in it", Rule.DAMAGED, Jars.acme("2.0.0").entry("a.jar", Arrays.copyOf(good, good.length / 2)).build()),
				new Bad("101 entries", Rule.TOO_LARGE, many(99)),
				new Bad("unpacks to more than it may", Rule.TOO_LARGE, unpacked()));
	}

	private static byte[] emptyZip() throws IOException {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		new ZipOutputStream(bytes).close();
		return bytes.toByteArray();
	}

	private static byte[] noise(int size) {
		byte[] noise = new byte[size];
		new Random(7).nextBytes(noise);
		return noise;
	}

	private static byte[] many(int more) {
		Jars jar = Jars.acme("2.0.0");
		for (int i = 0; i < more; i++) {
			jar.entry("com/acme/" + i);
		}
		return jar.build();
	}

	/** Just under the ratio, and over 4 MiB. */
	private static byte[] unpacked() {
		Jars jar = Jars.acme("2.0.0").entry("noise", noise(80_000));
		for (int i = 0; i < 5; i++) {
			jar.entry("zeros" + i, new byte[1 << 20]);
		}
		return jar.build();
	}

	private static byte[] commented(byte[] jar) throws IOException {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		try (ZipOutputStream out = new ZipOutputStream(bytes)) {
			out.putNextEntry(new ZipEntry("x"));
			out.setComment("PK\5\6" + "x".repeat(18));
		}
		return bytes.toByteArray();
	}

	private static List<Bad> bundles() {
		Map<String, Jars> jars = new LinkedHashMap<>();
		jars.put("no bundle|NOT_A_BUNDLE", Jars.acme("2.0.0").without("Bundle-ManifestVersion"));
		jars.put("a bundle of OSGi R3|NOT_A_BUNDLE", Jars.acme("2.0.0").with("Bundle-ManifestVersion", "1"));
		jars.put("no name|NOT_A_BUNDLE", Jars.acme("2.0.0").without("Bundle-SymbolicName"));
		jars.put("a name with a blank|NOT_A_BUNDLE", Jars.acme("2.0.0").named("com acme"));
		jars.put("two names|NOT_A_BUNDLE", Jars.acme("2.0.0").named("com.acme,com.other"));
		jars.put("a version that is none|NOT_A_BUNDLE", Jars.acme("two"));
		jars.put("a type that is none|NOT_A_BUNDLE", Jars.acme("2.0.0").types("No Type"));
		jars.put("a quotation that does not end|NOT_A_BUNDLE", Jars.acme("2.0.0").with("Import-Package", "a;version=\"1"));
		jars.put("an attribute twice|NOT_A_BUNDLE", Jars.acme("2.0.0").with("Import-Package", "a;version=1;version=2"));
		jars.put("201 attributes in one clause|TOO_LARGE", Jars.acme("2.0.0").with("Import-Package",
				"a" + IntStream.range(0, 201).mapToObj(i -> ";a" + i + "=b").collect(Collectors.joining())));
		jars.put("2,001 clauses in one header|TOO_LARGE", Jars.acme("2.0.0").with("Import-Package",
				IntStream.range(0, 2_001).mapToObj(i -> "p" + i).collect(Collectors.joining(","))));
		jars.put("a package that is none|NOT_A_BUNDLE", Jars.acme("2.0.0").with("Import-Package", "a)(b"));
		jars.put("a range that is none|NOT_A_BUNDLE", Jars.acme("2.0.0").with("Import-Package", "a;version=\"[2,1\""));
		jars.put("a name of 100,001 parts|NOT_A_BUNDLE", Jars.acme("2.0.0").named("a" + ".a".repeat(100_000)));
		jars.put("a package of 100,001 parts|NOT_A_BUNDLE", Jars.acme("2.0.0").with("Import-Package", "a" + ".a".repeat(100_000)));
		jars.put("a range of bundle versions that is none|NOT_A_BUNDLE", Jars.acme("2.0.0").with("Import-Package", "a;bundle-version=z"));
		jars.put("a filter that is none|NOT_A_BUNDLE", Jars.acme("2.0.0").with("Require-Capability", "osgi.ee;filter:=\"(\""));
		jars.put("a filter of 50,000 negations|TOO_LARGE", Jars.acme("2.0.0").with("Require-Capability",
				"osgi.ee;filter:=\"" + "(!".repeat(50_000) + "(a=b)" + ")".repeat(50_000) + "\""));
		jars.put("a fragment of the API|FRAGMENT", Jars.acme("2.0.0").with("Fragment-Host", "dcl.transport.api"));
		jars.put("a framework extension|FRAGMENT", Jars.acme("2.0.0").with("Fragment-Host", "system.bundle; extension:=framework"));
		jars.put("a fragment of Felix|FRAGMENT", Jars.acme("2.0.0").with("Fragment-Host", "org.apache.felix.framework"));
		jars.put("an extension with an activator|FRAGMENT", Jars.acme("2.0.0").with("ExtensionBundle-Activator", "com.acme.Activator"));
		jars.put("exports the API|API_COPY", Jars.acme("2.0.0").with("Export-Package", "dcl.transport.spi;version=1.0"));
		jars.put("exports a package of ours|API_COPY", Jars.acme("2.0.0").with("Export-Package", "com.acme,dcl.transport.rfc4"));
		jars.put("re-exports the API|API_COPY", Jars.acme("2.0.0").with("Require-Bundle", "dcl.transport.api;visibility:=reexport"));
		jars.put("brings the API for newer Java|API_COPY", Jars.acme("2.0.0").entry("META-INF/versions/21/dcl/transport/Transport.class"));
		jars.put("brings the API in a folder|API_COPY", Jars.acme("2.0.0").with("Bundle-ClassPath", "lib").entry("lib/dcl/transport/Transport.class"));
		jars.put("brings the API in a jar|API_COPY", Jars.acme("2.0.0").with("Bundle-ClassPath", "lib/api.jar").entry("lib/api.jar",
				Jars.acme("1.0.0").entry("dcl/transport/spi/Link.class").build()));
		jars.put("brings the API|API_COPY", Jars.acme("2.0.0").entry("dcl/transport/spi/TransportProvider.class"));
		jars.put("imports whatever it likes|UNSAFE", Jars.acme("2.0.0").with("DynamicImport-Package", "*"));
		jars.put("native code|NATIVE_CODE", Jars.acme("2.0.0").with("Bundle-NativeCode", "lib/x.so"));
		jars.put("native code without a header|NATIVE_CODE", Jars.acme("2.0.0").entry("lib/libx.so.1"));
		jars.put("a DLL|NATIVE_CODE", Jars.acme("2.0.0").entry("X.DLL"));
		jars.put("an import that nobody exports|UNRESOLVED", Jars.acme("2.0.0").with("Import-Package", "com.nobody"));
		jars.put("older than what was here|OLDER", Jars.acme("1.4.9"));
		jars.put("the name of a bundle of the runtime|NAME_TAKEN", Jars.acme("2.0.0").named("dcl.transport.wsroom"));
		jars.put("the name of another file's|NAME_TAKEN", Jars.acme("2.0.0").named("com.neighbour"));
		return Stream.concat(jars.entrySet().stream().map(entry -> new Bad(entry.getKey().split("\\|")[0], Rule.valueOf(entry.getKey().split("\\|")[1]),
				ACME.sign(entry.getValue().build()))), Stream.of(
						new Bad("no manifest", Rule.NOT_A_BUNDLE, Jars.zip(Map.of("x", new byte[1]))),
						new Bad("the same header twice", Rule.UNSAFE, manifest(Jars.acme("2.0.0").build(), text -> "Bundle-Version: 1.0\r\n" + text)),
						new Bad("a manifest that is not text", Rule.NOT_A_BUNDLE, Jars.zip(Map.of(Zip.MANIFEST, noise(500)))),
						new Bad("a header without an end", Rule.NOT_A_BUNDLE, Jars.zip(Map.of(Zip.MANIFEST, Jars.bytes("Bundle-ManifestVersion: 2"))))))
				.toList();
	}

	@ParameterizedTest
	@MethodSource("bad")
	void it_does_not_come_in(Bad bad) throws Exception {
		Verdict verdict = check(bad.jar());

		assertThat(verdict.outcome()).as(verdict.why()).isEqualTo(Outcome.REFUSED);
		assertThat(verdict.rule()).as(verdict.why()).isEqualTo(bad.rule());
		assertThat(verdict.why()).isNotBlank().matches("[^\\p{Cntrl}]*");
		try (Stream<Path> left = Files.list(folder)) {
			assertThat(left.map(path -> path.getFileName().toString())).containsExactlyInAnyOrder("acme.jar", "trust.json");
		}
	}

	@Test
	void the_table_has_the_threats_of_its_title() throws Exception {
		assertThat(bad().count()).isGreaterThan(80);
		assertThat(bad().map(Bad::what)).doesNotHaveDuplicates();
	}

	// ---- modes

	@Test
	void with_warn_only_what_was_tampered_with_or_breaks_a_promise_is_refused() throws Exception {
		options = options.withSignatures(Signatures.WARN);
		byte[] unsigned = Jars.acme("2.0.0").build();

		assertThat(check(unsigned).outcome()).isEqualTo(Outcome.ACCEPTED);
		assertThat(check(unsigned).warnings()).containsExactly("it is not signed");
		assertThat(check(STRANGER.sign(unsigned)).warnings()).singleElement().asString().contains("CN=stranger", STRANGER.keyPin());
		assertThat(check(Jars.altered(ACME.sign(unsigned), Jars.CLASS, Jars.bytes("altered"))).rule()).isEqualTo(Rule.TAMPERED);
		assertThat(check(OTHER.sign(unsigned)).rule()).isEqualTo(Rule.TYPE_TAKEN);
		assertThat(check(EXPIRED.sign(unsigned)).rule()).isEqualTo(Rule.EXPIRED);
		assertThat(check(Jars.acme("2.0.0").types("livekit").build()).rule()).isEqualTo(Rule.TYPE_TAKEN);
	}

	@Test
	void with_off_signatures_are_not_looked_at_and_each_verdict_says_so() throws Exception {
		options = options.withSignatures(Signatures.OFF);
		Verdict verdict = check(Jars.altered(ACME.sign(Jars.acme("2.0.0").build()), Jars.CLASS, Jars.bytes("altered")));

		assertThat(verdict.outcome()).isEqualTo(Outcome.ACCEPTED);
		assertThat(verdict.warnings()).containsExactly("signatures are not looked at here");
		assertThat(check(Jars.acme("2.0.0").types("taken").build()).rule()).isEqualTo(Rule.TYPE_TAKEN);
	}

	@Test
	void a_trust_file_that_others_can_write_to_trusts_nobody() throws Exception {
		Files.setPosixFilePermissions(trust.file(), PosixFilePermissions.fromString("rw-rw-r--"));
		Verdict verdict = check(ACME.sign(Jars.acme("2.0.0").build()));

		assertThat(verdict.rule()).isEqualTo(Rule.UNTRUSTED);
		assertThat(verdict.why()).contains("chmod go-w");
	}

	@Test
	void a_trust_file_that_is_not_understood_trusts_nobody() throws Exception {
		Files.writeString(trust.file(), "{\"signers\":[{\"name\":\"acme\",\"pin\":\"" + ACME.keyPin() + "\",\"type\":[\"acme\"]}]}");
		Verdict verdict = check(ACME.sign(Jars.acme("2.0.0").build()));

		assertThat(verdict.rule()).isEqualTo(Rule.UNTRUSTED);
		assertThat(verdict.why()).contains("not 'type'");
	}

	@Test
	void what_ran_before_a_restart_may_have_expired_or_be_older_but_not_be_untrusted() throws Exception {
		byte[] expired = EXPIRED.sign(Jars.acme("1.0.0").build());

		assertThat(check(expired, Gate.Purpose.RESTORED).outcome()).isEqualTo(Outcome.ACCEPTED);
		trust.remove("expired");
		assertThat(check(expired, Gate.Purpose.RESTORED).rule()).isEqualTo(Rule.UNTRUSTED);
	}

	@Test
	void older_versions_come_in_where_that_is_allowed_or_asked_for() throws Exception {
		byte[] older = ACME.sign(Jars.acme("1.0.0").build());

		assertThat(check(older, Gate.Purpose.ASKED_FOR).outcome()).isEqualTo(Outcome.ACCEPTED);
		options = options.withAllowOlder(true);
		assertThat(check(older).outcome()).isEqualTo(Outcome.ACCEPTED);
	}

	@Test
	void native_code_comes_in_where_that_is_allowed() throws Exception {
		options = options.withNativeCode(true);

		assertThat(check(ACME.sign(Jars.acme("2.0.0").entry("lib/libx.so").build())).outcome()).isEqualTo(Outcome.ACCEPTED);
	}

	@Test
	void each_bound_lets_in_what_is_at_it() throws Exception {
		options = options.withSignatures(Signatures.WARN);
		assertThat(check(many(98)).why()).isEmpty();
		assertThat(check(Jars.acme("2.0.0").entry("x".repeat(512)).build()).why()).isEmpty();
		byte[] jar = Jars.acme("2.0.0").entry("noise", noise(100_000)).build();
		options = options.withMaxBytes(jar.length);
		assertThat(check(jar).why()).isEmpty();
		options = options.withMaxBytes(jar.length - 1);
		assertThat(check(jar).rule()).isEqualTo(Rule.TOO_LARGE);
	}

	@Test
	void links_and_folders_are_not_read() throws Exception {
		Path target = Files.write(folder.resolve("target.jar"), ACME.sign(Jars.acme("2.0.0").build()));
		Path link = Files.createSymbolicLink(folder.resolve("link.jar"), target);

		assertThat(check(link, Gate.Purpose.NEW).rule()).isEqualTo(Rule.NOT_A_FILE);
		assertThat(check(Files.createDirectory(folder.resolve("folder.jar")), Gate.Purpose.NEW).rule()).isEqualTo(Rule.NOT_A_FILE);
		assertThat(check(folder.resolve("none.jar"), Gate.Purpose.NEW).rule()).isEqualTo(Rule.NOT_A_FILE);
	}
}
