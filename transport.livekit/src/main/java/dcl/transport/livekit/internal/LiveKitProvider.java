package dcl.transport.livekit.internal;

import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportUri;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;
import dcl.transport.spi.Route;
import dcl.transport.spi.TransportProvider;
import dcl.transport.spi.TransportType;
import dcl.transport.webrtc.WebRtc;
import dcl.transport.webrtc.WebRtcUnavailableException;
import dcl.transport.websocket.WebSocketOptions;
import dcl.transport.websocket.WebSockets;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** The {@code livekit} transport: all its rooms share one signalling engine and one thread, and the WebRTC of the framework. */
@Component(configurationPid = "dcl.transport.livekit")
@Designate(ocd = LiveKitProvider.Config.class)
@TransportType("livekit")
public final class LiveKitProvider implements TransportProvider {

	private static final long STOP_SECONDS = 2;

	/** Configuration. A change makes the provider anew, which ends its open rooms with {@code PROVIDER_GONE}. */
	@ObjectClassDefinition(name = "livekit transport")
	@interface Config {

		@AttributeDefinition(name = "Connect time-out", description = "Milliseconds for TCP, all addresses together (10 to 600000)")
		long connectTimeoutMillis() default 5_000;

		@AttributeDefinition(name = "Upgrade time-out", description = "Milliseconds for TLS, and for the WebSocket upgrade (10 to 600000)")
		long upgradeTimeoutMillis() default 5_000;

		@AttributeDefinition(name = "Join time-out", description = "Milliseconds to wait for the first message of the server (10 to 600000)")
		long joinTimeoutMillis() default 5_000;

		@AttributeDefinition(name = "Media time-out", description = "Milliseconds until the peer connection stands (10 to 600000)")
		long mediaTimeoutMillis() default 15_000;

		@AttributeDefinition(name = "Recovery", description = "Milliseconds a room is resumed or joined anew after a break; 0 for not at all (0 to 30000)")
		long recoveryMillis() default 30_000;

		@AttributeDefinition(name = "Packet size", description = "Bytes of the largest packet sent (1 to 64000, less what topic and addressees take)")
		int maxPacketBytes() default 60_000;

		@AttributeDefinition(name = "Message size", description = "Bytes of the largest signalling message accepted (1024 to 2^24)")
		int maxMessageBytes() default 1 << 20;

		@AttributeDefinition(name = "Participants", description = "Participants known at once in one room; more end it (1 to 1000000)")
		int maxParticipants() default 10_000;

		@AttributeDefinition(name = "Unconfirmed packets", description = "Reliable packets not known to be read; beyond, sending waits (1 to 1000000)")
		int unconfirmedPackets() default 65_536;

		@AttributeDefinition(name = "Replay", description = "Bytes of unconfirmed packets kept to be sent again after a resume (0 to 2^28)")
		int replayBytes() default 4 << 20;

		@AttributeDefinition(name = "Relay only", description = "Whether only TURN servers are used, which hides the addresses of this machine")
		boolean relayOnly() default false;

		@AttributeDefinition(name = "Loops", description = "Threads that move bytes of signalling (1 to 64)")
		int loops() default 1;
	}

	private final Settings settings;
	private final WebRtc webRtc;
	private final ControlThread thread;
	private final WebSockets engine;
	private final Set<LiveKitLink> links = ConcurrentHashMap.newKeySet();
	private volatile boolean stopped;

	/** Makes the provider; no thread is started before the first room. */
	@Activate
	public LiveKitProvider(Config config, @Reference WebRtc webRtc) {
		this.webRtc = webRtc;
		settings = Settings.of(config);
		thread = new ControlThread();
		engine = WebSockets.create(WebSocketOptions.defaults().loops(settings.loops()).executor(thread).threadNamePrefix("dcl-livekit")
				.limits(settings.limits()));
	}

	@Deactivate
	void stop() {
		stopped = true;
		CountDownLatch left = new CountDownLatch(1);
		thread.execute(() -> {
			links.forEach(LiveKitLink::abort); // the registry has asked the links politely already
			left.countDown();
		});
		boolean interrupted = false; // that shortens a wait, and leaves out nothing
		try {
			left.await(STOP_SECONDS, TimeUnit.SECONDS);
		} catch (InterruptedException e) {
			interrupted = true;
		}
		engine.close();
		thread.shutdownNow();
		try {
			thread.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS);
		} catch (InterruptedException e) {
			interrupted = true;
		}
		links.forEach(LiveKitLink::abort); // what came in between, and has no thread any more
		if (interrupted) {
			Thread.currentThread().interrupt();
		}
	}

	@Override
	public boolean accepts(TransportUri uri) {
		return RoomUrl.of(uri.params()).isPresent();
	}

	@Override
	public CompletionStage<Link> open(TransportUri uri, LinkContext context) {
		Optional<RoomUrl> parsed = RoomUrl.of(uri.params());
		if (parsed.isEmpty()) {
			return failed(Code.INVALID_PARAMS,
					"a livekit connection string holds the URL of a server, ws or wss, with one access_token in its query");
		}
		RoomUrl url = parsed.get();
		Optional<String> useless = Token.read(url.token()).refusal(context.clock().instant());
		if (useless.isPresent()) {
			return failed(Code.REFUSED, useless.get());
		}
		JoinOptions options;
		try {
			options = JoinOptions.of(context.options().values());
		} catch (IllegalArgumentException e) {
			return failed(Code.INVALID_PARAMS, e.getMessage());
		}
		context.step("webrtc", "");
		return webRtc.load().handle((nothing, failure) -> failure).thenCompose(failure -> {
			if (failure != null) {
				return CompletableFuture.<Route>failedFuture(unavailable(failure));
			}
			return context.route(url.server());
		}).thenCompose(route -> {
			LiveKitLink link = new LiveKitLink(url, route, options, context, settings, engine, webRtc, thread, links::remove);
			links.add(link);
			if (stopped) {
				links.remove(link);
				return failed(Code.PROVIDER_GONE, "the livekit provider was stopped");
			}
			link.start();
			return link.opened();
		});
	}

	private static <T> CompletionStage<T> failed(Code code, String message) {
		return CompletableFuture.failedFuture(new TransportException(code, message));
	}

	private static TransportException unavailable(Throwable failure) {
		Throwable bare = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
		if (bare instanceof WebRtcUnavailableException missing) {
			return new TransportException(Code.UNSUPPORTED, missing.getMessage()
					+ (missing.fix().isEmpty() || missing.getMessage().contains(missing.fix()) ? "" : "; " + missing.fix()));
		}
		return new TransportException(Code.PROVIDER_GONE, "WebRTC is stopping: " + bare.getMessage());
	}
}
