package dcl.transport.hotdeploy.internal;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.zip.ZipFile;

import jdk.security.jarsigner.JarSigner;

/** Somebody with a key and a certificate, made by the JDK's own keytool and used by its jarsigner. */
record Keys(String name, PrivateKey key, X509Certificate certificate) {

	private static final char[] PASSWORD = "test-only".toCharArray();

	/** Makes a self-signed certificate. @param from when it begins to be valid, as keytool wants it, such as {@code -10d} @param days how long it is valid */
	static Keys of(String name, String from, int days) {
		try {
			Path folder = Files.createTempDirectory("keys");
			Path store = folder.resolve("keys.p12");
			List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(), "-genkeypair", "-keystore",
					store.toString(), "-storetype", "PKCS12", "-storepass", new String(PASSWORD), "-alias", name, "-keyalg", "EC", "-groupname", "secp256r1",
					"-dname", "CN=" + name, "-startdate", from, "-validity", Integer.toString(days)));
			Process keytool = new ProcessBuilder(command).redirectErrorStream(true).start();
			String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
			if (!keytool.waitFor(60, TimeUnit.SECONDS) || keytool.exitValue() != 0) {
				throw new AssertionError("keytool: " + said);
			}
			KeyStore keys = KeyStore.getInstance("PKCS12");
			try (InputStream in = Files.newInputStream(store)) {
				keys.load(in, PASSWORD);
			}
			Files.delete(store);
			Files.delete(folder);
			return new Keys(name, (PrivateKey) keys.getKey(name, PASSWORD), (X509Certificate) keys.getCertificate(name));
		} catch (IOException | GeneralSecurityException e) {
			throw new AssertionError(e);
		} catch (InterruptedException e) {
			Thread.currentThread().interrupt();
			throw new AssertionError(e);
		}
	}

	String keyPin() {
		return JarSignatures.keyPin(certificate);
	}

	String certificatePin() {
		return JarSignatures.certificatePin(certificate);
	}

	byte[] sign(byte[] jar) {
		return sign(jar, "SHA-256");
	}

	byte[] sign(byte[] jar, String digest) {
		try {
			Path file = Files.createTempFile("unsigned", ".jar");
			Files.write(file, jar);
			ByteArrayOutputStream signed = new ByteArrayOutputStream();
			try (ZipFile zip = new ZipFile(file.toFile())) {
				new JarSigner.Builder(key, CertificateFactory.getInstance("X.509").generateCertPath(List.of(certificate)))
						.digestAlgorithm(digest).signerName(name).build().sign(zip, signed);
			}
			Files.delete(file);
			return signed.toByteArray();
		} catch (IOException | GeneralSecurityException e) {
			throw new AssertionError(e);
		}
	}
}
