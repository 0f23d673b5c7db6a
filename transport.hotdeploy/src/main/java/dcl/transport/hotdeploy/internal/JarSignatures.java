package dcl.transport.hotdeploy.internal;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.security.CodeSigner;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import dcl.transport.hotdeploy.Rule;

/**
 * Who signed a jar (JAR File Specification, "Signed JAR File"). The verification is {@code JarFile}'s; what it leaves to the caller is demanded here: every
 * entry is signed, all by the same signers, and each signature covers the manifest as it stands, so that no section was added to it later.
 */
final class JarSignatures {

	private static final Pattern PART = Pattern.compile("META-INF/([A-Za-z0-9_-]+)\\.(SF|RSA|DSA|EC)", Pattern.CASE_INSENSITIVE);
	private static final Pattern DIGEST = Pattern.compile("(SHA-(?:256|384|512))-Digest-Manifest", Pattern.CASE_INSENSITIVE);
	private static final int MAX_SIGNERS = 8;
	private static final int MAX_PART = 1 << 20;

	private JarSignatures() {
	}

	/**
	 * Returns the certificates of those who signed all of it; empty for a jar that nobody signed.
	 *
	 * @param jar what {@code Zip} has found no fault with
	 */
	static List<X509Certificate> of(Path file, Zip jar) throws IOException, Refusal {
		Map<String, Set<String>> parts = parts(jar);
		if (parts.isEmpty()) {
			return List.of();
		}
		for (Map.Entry<String, Set<String>> part : parts.entrySet()) {
			if (part.getValue().size() != 2 || !part.getValue().contains("SF")) {
				throw new Refusal(Rule.TAMPERED, "a signature file and one block for it are needed, not " + part.getValue() + " of " + part.getKey());
			}
		}
		if (parts.size() > MAX_SIGNERS) {
			throw new Refusal(Rule.TOO_LARGE, "more than " + MAX_SIGNERS + " signatures");
		}
		try (JarFile opened = new JarFile(file.toFile(), true)) {
			for (String name : parts.keySet()) {
				checkManifest(opened, name, jar);
			}
			for (String listed : opened.getManifest().getEntries().keySet()) {
				if (!jar.names().contains(listed)) {
					throw new Refusal(Rule.TAMPERED, "'" + listed + "' was signed, and is missing");
				}
			}
			List<CodeSigner> signers = verified(opened, jar);
			if (signers.size() != parts.size()) {
				throw new Refusal(Rule.TAMPERED, parts.size() + " signatures, of which " + signers.size()
						+ " count: one is broken, or made with what is no longer accepted, such as SHA-1");
			}
			List<X509Certificate> certificates = new ArrayList<>();
			for (CodeSigner signer : signers) {
				certificates.add((X509Certificate) signer.getSignerCertPath().getCertificates().get(0));
			}
			return certificates;
		} catch (SecurityException e) {
			throw new Refusal(Rule.TAMPERED, "it was altered after it was signed: " + e.getMessage());
		}
	}

	/** Signature files and blocks, by name. */
	private static Map<String, Set<String>> parts(Zip jar) throws Refusal {
		Map<String, Set<String>> parts = new TreeMap<>();
		for (String entry : jar.names()) {
			Matcher part = PART.matcher(entry);
			if (part.matches()) {
				parts.computeIfAbsent(part.group(1).toUpperCase(Locale.ROOT), name -> new TreeSet<>()).add(part.group(2).toUpperCase(Locale.ROOT));
			} else if (entry.toUpperCase(Locale.ROOT).matches("META-INF/SIG-[^/]*|META-INF/[^/]*\\.(SF|RSA|DSA|EC)")) {
				throw new Refusal(Rule.TAMPERED, "'" + entry + "' would count as a part of a signature, and be signed by nobody");
			}
		}
		return parts;
	}

	private static void checkManifest(JarFile opened, String name, Zip jar) throws IOException, Refusal {
		JarEntry entry = jar.names().stream().filter(one -> one.equalsIgnoreCase("META-INF/" + name + ".SF")).findFirst().map(opened::getJarEntry)
				.orElseThrow();
		byte[] bytes;
		try (InputStream in = opened.getInputStream(entry)) {
			bytes = in.readNBytes(MAX_PART);
		}
		boolean covered = false;
		for (Map.Entry<Object, Object> attribute : new Manifest(new ByteArrayInputStream(bytes)).getMainAttributes().entrySet()) {
			Matcher digest = DIGEST.matcher(attribute.getKey().toString());
			if (digest.matches()) {
				covered = true;
				if (!Arrays.equals(decoded(attribute.getValue().toString()), digest(digest.group(1).toUpperCase(Locale.ROOT), jar.manifest()))) {
					throw new Refusal(Rule.TAMPERED, "the manifest was altered, or added to, after " + name + " signed it");
				}
			}
		}
		if (!covered) {
			throw new Refusal(Rule.TAMPERED, "the signature " + name + " does not cover the manifest by SHA-256 or better");
		}
	}

	private static byte[] decoded(String base64) throws Refusal {
		try {
			return Base64.getDecoder().decode(base64.trim());
		} catch (IllegalArgumentException e) {
			throw new Refusal(Rule.TAMPERED, "a digest that is none in a signature file");
		}
	}

	private static List<CodeSigner> verified(JarFile opened, Zip jar) throws IOException, Refusal {
		Set<CodeSigner> all = null;
		for (String name : new TreeSet<>(jar.names())) {
			JarEntry entry = opened.getJarEntry(name);
			if (entry == null) {
				throw new Refusal(Rule.UNSAFE, "'" + name + "' is not found by its name");
			}
			try (InputStream in = opened.getInputStream(entry)) {
				in.transferTo(OutputStream.nullOutputStream());
			}
			if (name.endsWith("/") || name.equalsIgnoreCase(Zip.MANIFEST) || PART.matcher(name).matches()) {
				continue; // what the signature is made of, and folders, which hold nothing
			}
			CodeSigner[] signers = entry.getCodeSigners();
			Set<CodeSigner> these = signers == null ? Set.of() : new HashSet<>(Arrays.asList(signers));
			if (these.isEmpty()) {
				throw new Refusal(Rule.TAMPERED, "'" + name + "' is signed by nobody, in a jar that is signed");
			}
			if (all != null && !all.equals(these)) {
				throw new Refusal(Rule.TAMPERED, "'" + name + "' is not signed by those who signed the rest");
			}
			all = these;
		}
		return all == null ? List.of() : List.copyOf(all);
	}

	/** The pin of a certificate: SHA-256 of all of it. */
	static String certificatePin(X509Certificate certificate) {
		try {
			return "cert:" + HexFormat.of().formatHex(digest("SHA-256", certificate.getEncoded()));
		} catch (CertificateEncodingException e) {
			throw new IllegalStateException("it was decoded a moment ago", e);
		}
	}

	/** The pin of its key: SHA-256 of the SubjectPublicKeyInfo. */
	static String keyPin(X509Certificate certificate) {
		return "key:" + HexFormat.of().formatHex(digest("SHA-256", certificate.getPublicKey().getEncoded()));
	}

	private static byte[] digest(String algorithm, byte[] bytes) {
		try {
			return MessageDigest.getInstance(algorithm).digest(bytes);
		} catch (NoSuchAlgorithmException e) {
			throw new IllegalStateException("every JDK has it", e);
		}
	}
}
