package dcl.transport.cli.internal;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Keys and trust for tests, made with keytool, once. */
final class Certificates {

	private static final char[] PASSWORD = "changeit".toCharArray();
	private static final KeyStore ALL;

	static {
		try {
			Path file = Files.createTempDirectory("certificates").resolve("store");
			keytool(file, "ca", "-ext", "bc:c", "-validity", "30", "-startdate", "-20d");
			keytool(file, "right", "-signer", "ca", "-ext", "san=dns:localhost", "-validity", "2");
			keytool(file, "wrong", "-signer", "ca", "-ext", "san=dns:other.example", "-validity", "2");
			keytool(file, "expired", "-signer", "ca", "-ext", "san=dns:localhost", "-startdate", "-10d", "-validity", "2");
			keytool(file, "alone", "-ext", "san=dns:localhost", "-validity", "2");
			ALL = KeyStore.getInstance("PKCS12");
			try (InputStream in = Files.newInputStream(file)) {
				ALL.load(in, PASSWORD);
			}
			Files.delete(file);
			Files.delete(file.getParent());
		} catch (Exception e) {
			throw new ExceptionInInitializerError(e);
		}
	}

	private Certificates() {
	}

	private static void keytool(Path file, String name, String... more) throws Exception {
		List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(), "-J-XX:TieredStopAtLevel=1",
				"-genkeypair", "-keyalg", "EC", "-groupname", "secp256r1", "-alias", name, "-dname", "CN=" + name, "-storetype", "PKCS12",
				"-storepass", new String(PASSWORD), "-keystore", file.toString()));
		command.addAll(List.of(more));
		Process made = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
		if (!made.waitFor(60, TimeUnit.SECONDS) || made.exitValue() != 0) {
			throw new IllegalStateException("keytool failed for " + name);
		}
	}

	/** Returns a context that shows one of the keys: {@code right}, {@code wrong} (name), {@code expired}, {@code alone} (signed by nobody). */
	static SSLContext server(String name) throws Exception {
		KeyStore store = KeyStore.getInstance("PKCS12");
		store.load(null, null);
		store.setKeyEntry("key", ALL.getKey(name, PASSWORD), PASSWORD, ALL.getCertificateChain(name));
		KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
		keys.init(store, PASSWORD);
		SSLContext context = SSLContext.getInstance("TLS");
		context.init(keys.getKeyManagers(), null, null);
		return context;
	}

	/** Returns a context that trusts the authority here, and nothing else. */
	static SSLContext client() throws Exception {
		KeyStore trusted = KeyStore.getInstance("PKCS12");
		trusted.load(null, null);
		trusted.setCertificateEntry("ca", ALL.getCertificate("ca"));
		TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
		trust.init(trusted);
		SSLContext context = SSLContext.getInstance("TLS");
		context.init(null, trust.getTrustManagers(), null);
		return context;
	}
}
