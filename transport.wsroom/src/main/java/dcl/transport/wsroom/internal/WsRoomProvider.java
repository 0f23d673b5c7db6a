package dcl.transport.wsroom.internal;

import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

import dcl.transport.Identity;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportUri;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;
import dcl.transport.spi.Route;
import dcl.transport.spi.TransportProvider;
import dcl.transport.spi.TransportType;
import dcl.transport.websocket.WebSocketOptions;
import dcl.transport.websocket.WebSocketRequest;
import dcl.transport.websocket.WebSockets;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

import static java.util.stream.Collectors.joining;

/** The {@code ws-room} transport (ADR-105, ADR-180): all its rooms share one engine, and with it a handful of threads. */
@Component(configurationPid = "dcl.transport.wsroom")
@Designate(ocd = WsRoomProvider.Config.class)
@TransportType("ws-room")
public final class WsRoomProvider implements TransportProvider {

	/** As the shipping clients offer them, the newer one first. */
	private static final List<String> SUBPROTOCOLS = List.of("rfc5", "rfc4");

	/** Configuration. A change makes the provider anew, which ends its open rooms with {@code PROVIDER_GONE}. */
	@ObjectClassDefinition(name = "ws-room transport", description = "Limits and times of WebSocket rooms")
	public @interface Config {

		@AttributeDefinition(name = "Handshake step time-out", description = "Milliseconds to wait for the challenge, then for the welcome (10 to 600000)")
		long handshakeTimeoutMillis() default 5_000;

		@AttributeDefinition(name = "Connect time-out", description = "Milliseconds for TCP, all addresses together (10 to 600000)")
		long connectTimeoutMillis() default 10_000;

		@AttributeDefinition(name = "Upgrade time-out", description = "Milliseconds for TLS, and for the WebSocket upgrade (10 to 600000)")
		long upgradeTimeoutMillis() default 10_000;

		@AttributeDefinition(name = "Ping interval", description = "Milliseconds of silence after which the server is pinged (10 to 600000)")
		long pingIntervalMillis() default 8_000;

		@AttributeDefinition(name = "Pong time-out", description = "Milliseconds a pinged server may stay silent (10 to 600000)")
		long pongTimeoutMillis() default 6_000;

		@AttributeDefinition(name = "Write stall", description = "Milliseconds a server may take nothing of what is sent (10 to 600000)")
		long writeStallTimeoutMillis() default 10_000;

		@AttributeDefinition(name = "Packet size", description = "Bytes of the largest packet sent (1 to 65536); production servers cut at 16 KiB")
		int maxPacketBytes() default 16_000;

		@AttributeDefinition(name = "Message size", description = "Bytes of the largest message accepted (1024 to 2^24)")
		int maxMessageBytes() default 1 << 20;

		@AttributeDefinition(name = "Aliases", description = "Aliases known at once in one room; more end it (1 to 1000000)")
		int maxAliases() default 20_000;

		@AttributeDefinition(name = "Loops", description = "Threads that move bytes (1 to 64)")
		int loops() default 1;
	}

	private final Settings settings;
	private final WebSockets engine;

	/** Makes the provider; no thread is started before the first room. */
	@Activate
	public WsRoomProvider(Config config) {
		settings = Settings.of(config);
		// A link only reads and queues; its own threads would cost every message a wake-up more.
		engine = WebSockets.create(WebSocketOptions.defaults().loops(settings.loops()).callbacksOnLoop().threadNamePrefix("dcl-wsroom")
				.limits(settings.limits()));
	}

	@Deactivate
	void stop() {
		engine.close(); // the registry has asked the links politely already
	}

	@Override
	public boolean accepts(TransportUri uri) {
		return RoomUrl.of(uri.params()).isPresent();
	}

	@Override
	public CompletionStage<Link> open(TransportUri uri, LinkContext context) {
		Optional<URI> url = RoomUrl.of(uri.params());
		if (url.isEmpty()) {
			return CompletableFuture.failedFuture(new TransportException(Code.INVALID_PARAMS, "a ws-room connection string holds the URL of a room"));
		}
		Identity identity;
		try {
			identity = context.identity();
		} catch (TransportException e) {
			return CompletableFuture.failedFuture(e);
		}
		return context.route(url.get()).thenCompose(route -> {
			RoomLink link = new RoomLink(uri, identity, context, settings);
			WebSocketRequest request = WebSocketRequest.to(url.get()).subprotocols(SUBPROTOCOLS);
			WebSocketRequest trusting = context.sslContext().map(request::sslContext).orElse(request);
			try {
				link.connect(engine, route.proxy().map(proxy -> trusting.through(proxy, route.host())).orElseGet(() -> trusting.addresses(route.addresses())),
						target(route, url.get()));
			} catch (IllegalStateException e) { // the engine was closed while the route was found
				return CompletableFuture.failedFuture(new TransportException(Code.PROVIDER_GONE, "the ws-room provider was stopped"));
			} catch (UncheckedIOException e) { // there are no more file descriptors
				return CompletableFuture.failedFuture(new TransportException(Code.INTERNAL, "no socket could be opened: " + e.getMessage()));
			}
			return link.welcomed();
		});
	}

	/** Returns what will be tried, for people. */
	private static String target(Route route, URI url) {
		int port = url.getPort() > 0 ? url.getPort() : url.getScheme().equals("wss") ? 443 : 80;
		return route.proxy().map(proxy -> "proxy " + proxy.getAddress().getHostAddress() + " port " + proxy.getPort())
				.orElseGet(() -> route.addresses().stream().map(InetAddress::getHostAddress).collect(joining(", ")) + " port " + port);
	}
}
