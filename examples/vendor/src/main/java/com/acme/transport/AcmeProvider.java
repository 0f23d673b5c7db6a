package com.acme.transport;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportUri;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;
import dcl.transport.spi.TransportProvider;
import dcl.transport.spi.TransportType;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** The {@code acme} transport: acme's own protocol over TCP. All its links share one thread, which is there while there are links. */
@Component(configurationPid = "com.acme.transport")
@Designate(ocd = AcmeProvider.Config.class)
@TransportType("acme")
public final class AcmeProvider implements TransportProvider {

	/** Configuration. A change makes the provider anew, which ends its open rooms with {@code PROVIDER_GONE}. */
	@ObjectClassDefinition(name = "acme transport", description = "Times of the acme protocol")
	public @interface Config {

		@AttributeDefinition(name = "Handshake time-out", description = "Milliseconds for TCP and the welcome (100 to 600000)")
		long handshakeTimeoutMillis() default 10_000;

		@AttributeDefinition(name = "Ping interval", description = "Milliseconds between two pings (50 to 600000)")
		long pingIntervalMillis() default 2_000;

		@AttributeDefinition(name = "Silence", description = "Milliseconds without a word of the server, after which the wire is lost (100 to 600000)")
		long silenceMillis() default 10_000;
	}

	private final AcmeIo io = new AcmeIo();
	private final AcmeLink.Times times;

	/** Makes the provider; it starts no thread before the first link. */
	@Activate
	public AcmeProvider(Config config) {
		times = new AcmeLink.Times(within(config.handshakeTimeoutMillis(), 100, 10_000), within(config.pingIntervalMillis(), 50, 2_000),
				within(config.silenceMillis(), 100, 10_000));
	}

	/** A value out of its range is replaced by the default, so that a typing error takes no room down. */
	private static Duration within(long millis, long least, long otherwise) {
		return Duration.ofMillis(millis < least || millis > 600_000 ? otherwise : millis);
	}

	@Deactivate
	void stop() {
		io.close(); // the registry has asked the links politely already
	}

	@Override
	public boolean accepts(TransportUri uri) {
		return AcmeAddress.of(uri.params()).isPresent();
	}

	@Override
	public CompletionStage<Link> open(TransportUri uri, LinkContext context) {
		Optional<AcmeAddress> address = AcmeAddress.of(uri.params());
		if (address.isEmpty()) {
			return CompletableFuture.failedFuture(new TransportException(Code.INVALID_PARAMS, "expected acme:host:port/room?token=…"));
		}
		AcmeLink link;
		try {
			link = new AcmeLink(io, address.get(), context, context.identity().address(), times);
		} catch (TransportException nobody) {
			return CompletableFuture.failedFuture(nobody);
		}
		return context.addresses(address.get().host()).thenCompose(link::open);
	}
}
