package dcl.transport.websocket;

import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.Security;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/** Keys and trust made for the tests, with keytool, once. */
final class Certificates {

	private static final char[] PASSWORD = "changeit".toCharArray();

	private static final KeyStore ALL;

	/** For localhost and 127.0.0.1. */
	static final KeyStore RIGHT;
	static final KeyStore WRONG_NAME;
	static final KeyStore EXPIRED;
	static final KeyStore NOT_YET;

	static {
		// before JSSE looks: a key update after each MiB
		Security.setProperty("jdk.tls.keyLimits", "AES/GCM/NoPadding KeyUpdate 2^20, ChaCha20-Poly1305 KeyUpdate 2^20");
		try {
			Path file = Files.createTempDirectory("certificates").resolve("store");
			keytool(file, "ca", "-ext", "bc:c", "-validity", "30", "-startdate", "-20d");
			keytool(file, "right", "-signer", "ca", "-ext", "san=dns:localhost,ip:127.0.0.1", "-validity", "2");
			keytool(file, "wrong", "-signer", "ca", "-ext", "san=dns:other.example", "-validity", "2");
			keytool(file, "expired", "-signer", "ca", "-ext", "san=dns:localhost,ip:127.0.0.1", "-startdate", "-10d", "-validity", "2");
			keytool(file, "notyet", "-signer", "ca", "-ext", "san=dns:localhost,ip:127.0.0.1", "-startdate", "+3d", "-validity", "2");
			ALL = KeyStore.getInstance("PKCS12");
			try (InputStream in = Files.newInputStream(file)) {
				ALL.load(in, PASSWORD);
			}
			Files.delete(file);
			Files.delete(file.getParent());
			RIGHT = only("right");
			WRONG_NAME = only("wrong");
			EXPIRED = only("expired");
			NOT_YET = only("notyet");
		} catch (Exception e) {
			throw new ExceptionInInitializerError(e);
		}
	}

	private Certificates() {
	}

	private static void keytool(Path file, String name, String... more) throws Exception {
		List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(), "-J-XX:TieredStopAtLevel=1", "-genkeypair",
				"-keyalg", "EC", "-groupname", "secp256r1", "-alias", name, "-dname", "CN=" + name, "-storetype", "PKCS12",
				"-storepass", new String(PASSWORD), "-keystore", file.toString()));
		command.addAll(List.of(more));
		Process made = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
		if (!made.waitFor(60, TimeUnit.SECONDS) || made.exitValue() != 0) {
			throw new IllegalStateException("keytool failed for " + name);
		}
	}

	private static KeyStore only(String name) throws Exception {
		KeyStore store = KeyStore.getInstance("PKCS12");
		store.load(null, null);
		store.setKeyEntry("key", ALL.getKey(name, PASSWORD), PASSWORD, ALL.getCertificateChain(name));
		return store;
	}

	/** Returns a context that shows the key of a store. */
	static SSLContext server(KeyStore store) throws Exception {
		KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
		keys.init(store, PASSWORD);
		SSLContext context = SSLContext.getInstance("TLS");
		context.init(keys.getKeyManagers(), null, null);
		return context;
	}

	/** Returns a context that trusts the authority here, and nothing else. */
	static SSLContext client(AtomicInteger checks) throws Exception {
		KeyStore trusted = KeyStore.getInstance("PKCS12");
		trusted.load(null, null);
		trusted.setCertificateEntry("ca", ALL.getCertificate("ca"));
		TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
		trust.init(trusted);
		SSLContext context = SSLContext.getInstance("TLS");
		context.init(null, new TrustManager[] {new Counting((X509ExtendedTrustManager) trust.getTrustManagers()[0], checks)}, null);
		return context;
	}

	static SSLContext client() throws Exception {
		return client(new AtomicInteger());
	}

	/** Counts how often a certificate is looked at: a resumed session shows none. */
	private static final class Counting extends X509ExtendedTrustManager {

		private final X509ExtendedTrustManager trust;
		private final AtomicInteger checks;

		Counting(X509ExtendedTrustManager trust, AtomicInteger checks) {
			this.trust = trust;
			this.checks = checks;
		}

		@Override
		public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) throws CertificateException {
			checks.incrementAndGet();
			trust.checkServerTrusted(chain, type, engine);
		}

		@Override
		public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
			trust.checkServerTrusted(chain, type, socket);
		}

		@Override
		public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
			trust.checkServerTrusted(chain, type);
		}

		@Override
		public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) throws CertificateException {
			trust.checkClientTrusted(chain, type, engine);
		}

		@Override
		public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
			trust.checkClientTrusted(chain, type, socket);
		}

		@Override
		public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
			trust.checkClientTrusted(chain, type);
		}

		@Override
		public X509Certificate[] getAcceptedIssuers() {
			return trust.getAcceptedIssuers();
		}
	}
}
