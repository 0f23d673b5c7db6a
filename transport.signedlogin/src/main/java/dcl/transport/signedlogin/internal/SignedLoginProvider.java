package dcl.transport.signedlogin.internal;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;

import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportUri;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;
import dcl.transport.spi.TransportProvider;
import dcl.transport.spi.TransportType;
import dcl.transport.websocket.WebSocketLimits;
import dcl.transport.websocket.WebSocketOptions;
import dcl.transport.websocket.WebSockets;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** The {@code signed-login} transport (ADR-180): a server says, to who signs, which room to enter. */
@Component(configurationPid = "dcl.transport.signedlogin")
@Designate(ocd = SignedLoginProvider.Config.class)
@TransportType("signed-login")
public final class SignedLoginProvider implements TransportProvider {

	/** Configuration. A change makes the provider anew, which ends logins that are under way with {@code PROVIDER_GONE}, and no room. */
	@ObjectClassDefinition(name = "signed-login transport", description = "Limits of signed logins, and what they say")
	public @interface Config {

		@AttributeDefinition(name = "Time-out", description = "Milliseconds for the request and its answer (100 to 600000)")
		long timeoutMillis() default 10_000;

		@AttributeDefinition(name = "Answer size", description = "Bytes of the longest answer that is read (1024 to 1048576)")
		int maxAnswerBytes() default 65_536;

		@AttributeDefinition(name = "Plain hosts", description = "Hosts beside this machine that are asked over http, without TLS")
		String[] plainHosts() default {};

		@AttributeDefinition(name = "Origin", description = "Member 'origin' of the metadata; empty for the origin of the login's URL")
		String origin() default "";

		@AttributeDefinition(name = "Realm", description = "Members 'realmName' and 'realm' of the metadata; empty to leave them out")
		String realm() default "";

		@AttributeDefinition(name = "Metadata", description = "Further members of the metadata, as the text of a JSON object")
		String metadata() default "";
	}

	private final Settings settings;
	private final WebSockets engine;
	private final AtomicLong lastMillis = new AtomicLong();

	/** Makes the provider; no thread is started before the first login. */
	@Activate
	public SignedLoginProvider(Config config) {
		settings = Settings.of(config);
		WebSocketLimits limits = WebSocketLimits.defaults().toBuilder().connectTimeout(settings.timeout())
				.handshakeTimeout(settings.timeout()).build();
		engine = WebSockets.create(WebSocketOptions.defaults().threadNamePrefix("dcl-signedlogin").callbacksOnLoop().limits(limits));
	}

	@Deactivate
	void stop() {
		engine.close();
	}

	@Override
	public boolean accepts(TransportUri uri) {
		return LoginUrl.of(uri.params()).isPresent();
	}

	@Override
	public CompletionStage<Link> open(TransportUri uri, LinkContext context) {
		Optional<LoginUrl> url = LoginUrl.of(uri.params());
		if (url.isEmpty()) {
			return CompletableFuture.failedFuture(
					new TransportException(Code.INVALID_PARAMS, "a signed-login connection string holds the https URL of a login"));
		}
		return new Login(engine, settings, lastMillis, uri, url.get(), context).open();
	}
}
