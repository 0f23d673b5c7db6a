package dcl.transport.signedlogin.internal;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A key for {@code login.example} made for the tests, with keytool, once, and who trusts it. */
final class Certificates {

	private static final char[] PASSWORD = "changeit".toCharArray();
	private static final KeyStore STORE;

	static {
		try {
			Path file = Files.createTempDirectory("certificates").resolve("store");
			Process made = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(), "-genkeypair",
					"-keyalg", "EC", "-groupname", "secp256r1",
					"-alias", "key", "-dname", "CN=test", "-ext", "san=dns:login.example", "-validity", "2", "-storetype", "PKCS12",
					"-storepass", new String(PASSWORD),
					"-keystore", file.toString()).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
			if (!made.waitFor(60, TimeUnit.SECONDS) || made.exitValue() != 0) {
				throw new IllegalStateException("keytool failed");
			}
			STORE = KeyStore.getInstance("PKCS12");
			try (InputStream in = Files.newInputStream(file)) {
				STORE.load(in, PASSWORD);
			}
			Files.delete(file);
			Files.delete(file.getParent());
		} catch (Exception e) {
			throw new ExceptionInInitializerError(e);
		}
	}

	private Certificates() {
	}

	static SSLContext serving() throws Exception {
		KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
		keys.init(STORE, PASSWORD);
		SSLContext context = SSLContext.getInstance("TLS");
		context.init(keys.getKeyManagers(), null, null);
		return context;
	}

	static SSLContext trusting() throws Exception {
		KeyStore trusted = KeyStore.getInstance("PKCS12");
		trusted.load(null, null);
		trusted.setCertificateEntry("key", STORE.getCertificate("key"));
		TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
		trust.init(trusted);
		SSLContext context = SSLContext.getInstance("TLS");
		context.init(null, trust.getTrustManagers(), null);
		return context;
	}
}
