package dcl.transport.itest;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * A self-signed certificate for this machine, made once with keytool, and a context for who shows it and who trusts it. As {@code SelfSigned} of
 * {@code itest/chaos}, which the bundle that these tests become cannot take along.
 */
final class Certificate {

	private static final char[] PASSWORD = "changeit".toCharArray();

	static final SSLContext CONTEXT = make();

	private Certificate() {
	}

	private static SSLContext make() {
		try {
			Path file = Files.createTempDirectory("certificate").resolve("store");
			Process made = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(), "-genkeypair", "-keyalg", "EC",
					"-groupname", "secp256r1", "-alias", "here", "-dname", "CN=here", "-ext", "san=dns:localhost,ip:127.0.0.1", "-validity", "2",
					"-storetype", "PKCS12", "-storepass", new String(PASSWORD), "-keystore", file.toString()).redirectErrorStream(true)
					.redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
			if (!made.waitFor(60, TimeUnit.SECONDS) || made.exitValue() != 0) {
				throw new IllegalStateException("keytool failed");
			}
			KeyStore store = KeyStore.getInstance("PKCS12");
			try (InputStream in = Files.newInputStream(file)) {
				store.load(in, PASSWORD);
			}
			Files.delete(file);
			Files.delete(file.getParent());
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
		} catch (Exception e) {
			throw new ExceptionInInitializerError(e);
		}
	}
}
