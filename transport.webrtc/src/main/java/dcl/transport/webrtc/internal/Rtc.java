package dcl.transport.webrtc.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

import dcl.transport.webrtc.IceServer;
import dcl.transport.webrtc.PeerConnection;
import dcl.transport.webrtc.PeerConnectionEvents;
import dcl.transport.webrtc.WebRtc;
import dcl.transport.webrtc.WebRtcException;
import dcl.transport.webrtc.WebRtcUnavailableException;
import dev.onvoid.webrtc.PeerConnectionFactory;
import dev.onvoid.webrtc.RTCBundlePolicy;
import dev.onvoid.webrtc.RTCConfiguration;
import dev.onvoid.webrtc.RTCIceServer;
import dev.onvoid.webrtc.RTCIceTransportPolicy;
import dev.onvoid.webrtc.RTCPeerConnection;
import dev.onvoid.webrtc.media.audio.HeadlessAudioDeviceModule;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one factory that all connections share, and the one thread on which connections are made and freed and events told. Only sending runs
 * on the thread of
 * whoever sends. libwebrtc calls its observers on threads of its own, on which nothing is done but to queue.
 */
final class Rtc implements WebRtc {

	private static final Logger LOG = LoggerFactory.getLogger(Rtc.class);
	/** How long a stopping bundle waits for what is native to be freed. */
	private static final long FREE_SECONDS = 2;

	private final Settings settings;
	private final Function<HeadlessAudioDeviceModule, PeerConnectionFactory> factories;
	private final ScheduledThreadPoolExecutor thread;
	private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
	private volatile boolean closed;
	private HeadlessAudioDeviceModule audio; // used by the thread alone, like what follows
	private PeerConnectionFactory factory;

	/** Makes one; nothing is loaded and no thread is started before it is used. */
	Rtc(Settings settings) {
		this(settings, PeerConnectionFactory::new);
	}

	/** For tests, which may bring factories that fail. */
	Rtc(Settings settings, Function<HeadlessAudioDeviceModule, PeerConnectionFactory> factories) {
		this.settings = settings;
		this.factories = factories;
		thread = new ScheduledThreadPoolExecutor(1, work -> WebRtcThread.make(this, work));
	}

	@Override
	public CompletionStage<Void> load() {
		CompletableFuture<Void> result = new CompletableFuture<>();
		begin(result, () -> {
			factory();
			result.complete(null);
		});
		return result.minimalCompletionStage();
	}

	@Override
	public CompletionStage<PeerConnection> open(List<IceServer> servers, boolean relayOnly, PeerConnectionEvents events) {
		RTCConfiguration configuration = configuration(servers, relayOnly);
		CompletableFuture<PeerConnection> result = new CompletableFuture<>();
		Connection connection = new Connection(this, settings, events);
		begin(result, () -> {
			if (connections.size() >= settings.maxConnections()) {
				throw new WebRtcException(connections.size() + " peer connections are open, which is the limit (maxConnections)");
			}
			connection.opened(peer(configuration, servers, connection.observer()));
			connections.add(connection);
			result.complete(connection);
		});
		return result.minimalCompletionStage();
	}

	/** What may refuse. */
	private interface Work {

		void run() throws WebRtcException, WebRtcUnavailableException;
	}

	private void begin(CompletableFuture<?> result, Work work) {
		boolean taken = execute(() -> {
			if (closed) {
				result.completeExceptionally(stopped());
				return;
			}
			try {
				work.run();
			} catch (WebRtcException | WebRtcUnavailableException e) {
				result.completeExceptionally(e);
			} catch (RuntimeException | Error e) { // a fragment that does not fit, a defect, or a bare Error of libwebrtc-java
				result.completeExceptionally(new WebRtcUnavailableException("libwebrtc cannot be used: " + e, "", ""));
			}
		});
		if (!taken) {
			result.completeExceptionally(stopped());
		}
	}

	private static WebRtcException stopped() {
		return new WebRtcException("dcl.transport.webrtc was stopped");
	}

	private PeerConnectionFactory factory() throws WebRtcUnavailableException {
		if (factory == null) {
			NativeLibrary.load();
			// With any other audio module libwebrtc aborts the JVM where no sound server runs.
			HeadlessAudioDeviceModule silent = new HeadlessAudioDeviceModule();
			try {
				factory = factories.apply(silent);
			} catch (RuntimeException | Error e) {
				silent.dispose(); // whoever tries again makes another
				throw e;
			}
			audio = silent;
		}
		return factory;
	}

	private RTCPeerConnection peer(RTCConfiguration configuration, List<IceServer> servers, PeerObserver observer)
			throws WebRtcException, WebRtcUnavailableException {
		PeerConnectionFactory shared = factory();
		RTCPeerConnection peer;
		try {
			peer = shared.createPeerConnection(configuration, observer);
		} catch (RuntimeException | Error refusal) {
			throw new WebRtcException("libwebrtc refuses " + servers + ": " + withoutSecrets(refusal(refusal), servers));
		}
		if (peer == null) {
			throw new WebRtcException("libwebrtc refuses " + servers);
		}
		return peer;
	}

	private static String withoutSecrets(String text, List<IceServer> servers) {
		String safe = text;
		for (IceServer server : servers) {
			for (String secret : List.of(server.credential(), server.username())) {
				safe = secret.isEmpty() ? safe : safe.replace(secret, "…");
			}
		}
		return safe;
	}

	private static RTCConfiguration configuration(List<IceServer> servers, boolean relayOnly) {
		RTCConfiguration configuration = new RTCConfiguration();
		configuration.bundlePolicy = RTCBundlePolicy.MAX_BUNDLE;
		configuration.iceTransportPolicy = relayOnly ? RTCIceTransportPolicy.RELAY : RTCIceTransportPolicy.ALL;
		for (IceServer server : servers) {
			RTCIceServer to = new RTCIceServer();
			to.urls = new ArrayList<>(server.urls());
			to.username = server.username();
			to.password = server.credential();
			configuration.iceServers.add(to);
		}
		return configuration;
	}

	/** Returns what libwebrtc-java says; it throws bare {@link Error}s for states it did not expect. What is not its own goes on. */
	static String refusal(Throwable thrown) {
		if (thrown instanceof Error error && error.getClass() != Error.class) {
			throw error;
		}
		return String.valueOf(thrown.getMessage());
	}

	/** Runs it, and lets nothing it throws get at what comes after it. */
	static void guarded(Runnable work) {
		try {
			work.run();
		} catch (RuntimeException | Error defect) {
			LOG.error("A task or a listener of a peer connection failed", defect);
		}
	}

	/** Has the thread run it. Returns false once it is stopped. */
	boolean execute(Runnable work) {
		try {
			thread.execute(() -> guarded(work));
			return true;
		} catch (RejectedExecutionException e) {
			return false;
		}
	}

	/** Has the thread run it later, unless it is stopped. */
	void later(Runnable work, long millis) {
		try {
			thread.schedule(() -> guarded(work), millis, TimeUnit.MILLISECONDS);
		} catch (RejectedExecutionException e) {
			LOG.trace("Stopped");
		}
	}

	/** Called on the thread, when nothing native of it is left. */
	void freed(Connection connection) {
		connections.remove(connection);
	}

	/** How many connections are open, or closed and not freed yet. */
	int size() {
		return connections.size();
	}

	/** Closes what is open and frees what is native, for two seconds at most. Idempotent. */
	void close() {
		if (closed) {
			return;
		}
		closed = true;
		execute(() -> {
			connections.forEach(Connection::close);
			execute(this::dispose);
			thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
			execute(thread::shutdown);
		});
		if (WebRtcThread.isOf(this)) {
			return; // whoever stops the bundle does so from one of our events
		}
		try {
			if (!thread.awaitTermination(FREE_SECONDS, TimeUnit.SECONDS)) {
				LOG.warn("libwebrtc is not freed after {} s", FREE_SECONDS);
			}
		} catch (InterruptedException e) {
			Thread.currentThread().interrupt();
		}
	}

	private void dispose() {
		if (factory == null) {
			return;
		}
		if (!connections.isEmpty()) {
			LOG.warn("{} peer connections could not be freed; libwebrtc stays with them", connections.size());
			return;
		}
		try {
			factory.dispose();
			audio.dispose();
		} catch (RuntimeException | Error e) {
			LOG.debug("libwebrtc keeps something: {}", refusal(e));
		}
		factory = null;
		audio = null;
	}
}
