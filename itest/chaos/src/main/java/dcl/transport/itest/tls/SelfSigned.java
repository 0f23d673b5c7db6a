package dcl.transport.itest.tls;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Self-signed certificates of elliptic curves, good for two days, made with the JDK's keytool. */
public final class SelfSigned {

	private static final char[] PASSWORD = "changeit".toCharArray();
	private static final long SECONDS = 60;

	private SelfSigned() {
	}

	/**
	 * Makes a certificate, and a context that shows it and trusts it alone: for both ends. Takes a second, so keep it.
	 *
	 * @param names what it is for, as keytool writes it: {@code dns:localhost,ip:127.0.0.1}
	 * @throws IllegalStateException if keytool fails, or takes more than a minute
	 */
	public static SSLContext context(String names) {
		try {
			KeyStore store = make(names);
			KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
			keys.init(store, PASSWORD);
			KeyStore trusted = KeyStore.getInstance("PKCS12");
			trusted.load(null, null);
			trusted.setCertificateEntry("here", store.getCertificate("here"));
			TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
			trust.init(trusted);
			SSLContext context = SSLContext.getInstance("TLS");
			context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
			return context;
		} catch (IOException | GeneralSecurityException e) {
			throw new IllegalStateException("no certificate for " + names, e);
		} catch (InterruptedException e) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException("interrupted", e);
		}
	}

	private static KeyStore make(String names) throws IOException, GeneralSecurityException, InterruptedException {
		Path folder = Files.createTempDirectory("certificate");
		Path file = folder.resolve("store");
		try {
			Process made = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(), "-J-XX:TieredStopAtLevel=1", "-genkeypair",
					"-keyalg", "EC", "-groupname", "secp256r1", "-alias", "here", "-dname", "CN=here", "-ext", "san=" + names, "-validity", "2",
					"-storetype", "PKCS12", "-storepass", new String(PASSWORD), "-keystore", file.toString()).redirectErrorStream(true)
					.redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
			if (!made.waitFor(SECONDS, TimeUnit.SECONDS) || made.exitValue() != 0) {
				made.destroyForcibly();
				throw new IllegalStateException("keytool failed");
			}
			KeyStore store = KeyStore.getInstance("PKCS12");
			try (InputStream in = Files.newInputStream(file)) {
				store.load(in, PASSWORD);
			}
			return store;
		} finally {
			Files.deleteIfExists(file);
			Files.delete(folder);
		}
	}
}
