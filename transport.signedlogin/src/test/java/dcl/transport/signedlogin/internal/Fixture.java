package dcl.transport.signedlogin.internal;

import java.lang.annotation.Annotation;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

import dcl.transport.TransportException;
import dcl.transport.TransportUri;
import dcl.transport.spi.Link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

/** A provider, a context and a server. */
final class Fixture implements AutoCloseable {

	/** A configuration with the defaults; a test changes what it is about. */
	static final class Settings implements SignedLoginProvider.Config {

		long timeout = 30_000;
		int answerBytes = 65_536;
		String[] plain = {};
		String origin = "";
		String realm = "";
		String metadata = "";

		@Override
		public long timeoutMillis() {
			return timeout;
		}

		@Override
		public int maxAnswerBytes() {
			return answerBytes;
		}

		@Override
		public String[] plainHosts() {
			return plain;
		}

		@Override
		public String origin() {
			return origin;
		}

		@Override
		public String realm() {
			return realm;
		}

		@Override
		public String metadata() {
			return metadata;
		}

		@Override
		public Class<? extends Annotation> annotationType() {
			return SignedLoginProvider.Config.class;
		}
	}

	static final int SECONDS = 30;

	final Settings settings = new Settings();
	final FakeContext context = new FakeContext();
	final LoginServer server;
	private SignedLoginProvider provider;

	Fixture() throws Exception {
		server = new LoginServer();
	}

	/** Made on first use, with the settings there are then. */
	SignedLoginProvider provider() {
		if (provider == null) {
			provider = new SignedLoginProvider(settings);
		}
		return provider;
	}

	TransportUri uri(String path) {
		return TransportUri.parse("signed-login:http://127.0.0.1:" + server.port() + path);
	}

	CompletionStage<Link> open(TransportUri uri) {
		return provider().open(uri, context);
	}

	Link login() throws Exception {
		return open(uri("/login/plaza?token=canary-7f3a")).toCompletableFuture().get(SECONDS, TimeUnit.SECONDS);
	}

	/** Opens and returns the failure it must end with. */
	TransportException refusal() {
		return refusal(uri("/login/plaza?token=canary-7f3a"));
	}

	TransportException refusal(TransportUri uri) {
		Throwable failure = catchThrowable(() -> open(uri).toCompletableFuture().orTimeout(SECONDS, TimeUnit.SECONDS).join());
		assertThat(failure).isInstanceOf(CompletionException.class);
		assertThat(failure.getCause()).isInstanceOf(TransportException.class);
		assertThat(failure.getCause().toString()).doesNotContain("canary");
		return (TransportException) failure.getCause();
	}

	@Override
	public void close() {
		if (provider != null) {
			provider.stop();
		}
		context.close();
		server.close();
	}
}
