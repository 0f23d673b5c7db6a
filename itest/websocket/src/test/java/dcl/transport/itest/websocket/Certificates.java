package dcl.transport.itest.websocket;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** An authority made for the tests, with keytool, and two keys it has signed; for us as contexts, for others as PEM files. */
final class Certificates {

	/** For localhost and 127.0.0.1. */
	static final Certificates RIGHT;
	/** For other.example. */
	static final Certificates WRONG_HOST;
	/** Trusts the authority, and nothing else. */
	static final SSLContext TRUST;
	/** The authority. */
	static final Path AUTHORITY;

	private static final char[] PASSWORD = "changeit".toCharArray();

	static {
		try {
			Path store = Files.createTempDirectory(Tools.logs(), "certificates").resolve("store");
			keytool(store, "ca", "-ext", "bc:c");
			keytool(store, "right", "-signer", "ca", "-ext", "san=dns:localhost,ip:127.0.0.1");
			keytool(store, "wrong", "-signer", "ca", "-ext", "san=dns:other.example");
			KeyStore all = KeyStore.getInstance("PKCS12");
			try (InputStream in = Files.newInputStream(store)) {
				all.load(in, PASSWORD);
			}
			RIGHT = new Certificates(all, "right", store.getParent());
			WRONG_HOST = new Certificates(all, "wrong", store.getParent());
			AUTHORITY = pem(store.resolveSibling("ca.pem"), "CERTIFICATE", all.getCertificate("ca").getEncoded());
			KeyStore trusted = KeyStore.getInstance("PKCS12");
			trusted.load(null, null);
			trusted.setCertificateEntry("ca", all.getCertificate("ca"));
			TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
			trust.init(trusted);
			TRUST = SSLContext.getInstance("TLS");
			TRUST.init(null, trust.getTrustManagers(), null);
		} catch (Exception e) {
			throw new ExceptionInInitializerError(e);
		}
	}

	/** A server's context. */
	final SSLContext context;
	/** Its certificate and key, as files. */
	final Path certificate;
	final Path key;
	/** How Chromium names the key: SHA-256 of the SubjectPublicKeyInfo, in Base64. */
	final String publicKeyHash;

	private Certificates(KeyStore all, String name, Path folder) throws Exception {
		Certificate[] chain = all.getCertificateChain(name);
		certificate = pem(folder.resolve(name + ".pem"), "CERTIFICATE", chain[0].getEncoded());
		key = pem(folder.resolve(name + ".key"), "PRIVATE KEY", all.getKey(name, PASSWORD).getEncoded());
		publicKeyHash = Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-256").digest(chain[0].getPublicKey().getEncoded()));
		KeyStore own = KeyStore.getInstance("PKCS12");
		own.load(null, null);
		own.setKeyEntry("key", all.getKey(name, PASSWORD), PASSWORD, chain);
		KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
		keys.init(own, PASSWORD);
		context = SSLContext.getInstance("TLS");
		context.init(keys.getKeyManagers(), null, null);
	}

	private static Path pem(Path file, String what, byte[] bytes) throws IOException {
		return Files.writeString(file, "-----BEGIN " + what + "-----\n"
				+ Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(bytes) + "\n-----END " + what + "-----\n");
	}

	private static void keytool(Path store, String name, String... more) throws Exception {
		List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
				"-J-XX:TieredStopAtLevel=1", "-genkeypair", "-keyalg", "EC", "-groupname", "secp256r1", "-alias", name, "-dname", "CN=" + name,
				"-validity", "2", "-startdate", "-1d", "-storetype", "PKCS12", "-storepass", new String(PASSWORD), "-keystore", store.toString()));
		command.addAll(List.of(more));
		Process made = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
		if (!made.waitFor(60, TimeUnit.SECONDS) || made.exitValue() != 0) {
			throw new IllegalStateException("keytool failed for " + name);
		}
	}
}
