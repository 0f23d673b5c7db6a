package dcl.transport.spi;

import java.net.InetAddress;
import java.net.URI;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;

import javax.net.ssl.SSLContext;

import dcl.transport.Delivery;
import dcl.transport.Disconnection;
import dcl.transport.Identity;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.TransportException;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;
import org.osgi.annotation.versioning.ProviderType;

/**
 * What a provider may use while it opens a link, and where the link reports. Thread-safe; nothing blocks. Reports made before the link is handed over are
 * kept (up to the bound of the incoming queue) and come after {@link dcl.transport.TransportListener#connected}; reports after {@link #closed} are ignored.
 */
@ProviderType
public interface LinkContext {

	/**
	 * Returns who signs.
	 *
	 * @throws TransportException {@code NO_IDENTITY} if neither the host gave one nor there is a service
	 */
	Identity identity() throws TransportException;

	/** Returns an executor for timers and short tasks; shared, and it cannot be shut down. Whoever blocks brings threads of its own. */
	ScheduledExecutorService executor();

	/** Returns what the host asked for. */
	TransportOptions options();

	/**
	 * Opens another connection string in this one's stead, as signed-login does; its link becomes this transport's link.
	 *
	 * @return the link; fails with {@code PROTOCOL} beyond the allowed number of redirects, on a loop, for a {@code simulator}, or
	 *         where it would lead from TLS to plain text on another machine; and as {@link TransportProvider#open} does
	 */
	CompletionStage<Link> open(TransportUri next);

	/**
	 * Resolves a host. Connect to these addresses and never resolve again.
	 *
	 * @param host a name, or the text of an address
	 * @return at least one address; fails with {@code UNREACHABLE} if there is none, or none that may be reached: a connection string that came out
	 *         of a remote document may not reach loopback, link-local or private ranges, unless its parent was on loopback or
	 *         the registry's setting {@code allowedNetworks} says so
	 */
	CompletionStage<List<InetAddress>> addresses(String host);

	/**
	 * Finds the way to a host: direct, or through a proxy where a host offers a {@link java.net.ProxySelector}
	 * ({@link dcl.transport.TransportRegistry#RESOURCE}) that names one. For wires over TCP; what goes another way uses {@link #addresses}.
	 * <p>
	 * The proxy looks names up by itself, except for a connection string that came out of a remote document: that host is looked up here, as
	 * {@link #addresses} does, and the proxy is asked for one of the addresses that may be reached.
	 *
	 * @param target scheme, host and port count; the selector is asked for {@code http} or {@code https} and sees neither path nor query
	 * @return the way; fails as {@link #addresses} does, with {@code UNSUPPORTED} if the selector wants a kind of proxy other than HTTP, and with
	 *         {@code INTERNAL} if it throws or answers nonsense: a proxy is never left out
	 * @throws IllegalArgumentException if the target has no host
	 */
	default CompletionStage<Route> route(URI target) {
		String host = target.getHost();
		if (host == null) {
			throw new IllegalArgumentException("expected a URI with a host");
		}
		return addresses(host.startsWith("[") ? host.substring(1, host.length() - 1) : host).thenApply(Route::direct);
	}

	/**
	 * Returns the TLS context that a host offers ({@link dcl.transport.TransportRegistry#RESOURCE}), for connections in the client role; empty for that of
	 * the JVM. The name of the server is to be checked in any case. Ask for each connection: it may be another one then.
	 */
	default Optional<SSLContext> sslContext() {
		return Optional.empty();
	}

	/**
	 * Returns what tells the time of day, for time stamps that others see: the clock that a host offers
	 * ({@link dcl.transport.TransportRegistry#RESOURCE}), or that of the system in UTC. Not for how long something takes: that is for
	 * {@link System#nanoTime()} and {@link #executor()}.
	 */
	default Clock clock() {
		return Clock.systemUTC();
	}

	/**
	 * The handshake begins its next step, and has done the one before: what a login that fails, or is slow, shows to whoever looks. Reports after the link
	 * was handed over, or beyond the 64th of an attempt, are ignored.
	 *
	 * @param name   a short word, documented by the provider; {@code tcp}, {@code tls} and {@code upgrade} where they apply. The registry says
	 *               {@code resolve}, {@code connect} and, in {@link #addresses}, {@code dns} by itself
	 * @param detail what it is about, such as an address; without secrets, "" if there is nothing to say
	 */
	default void step(String name, String detail) {
	}

	/** Returns a stage that completes when nobody waits for this link any more (time-out, close, provider leaving): stop trying. */
	CompletionStage<Void> abandoned();

	/** Somebody came. A peer that is known already is ignored. */
	void peerJoined(PeerId peer);

	/** Somebody left. A peer that is not known is ignored. */
	void peerLeft(PeerId peer);

	/**
	 * Queues a packet for the listeners, which is taken over.
	 *
	 * @param from        the sender as the service names it
	 * @param packet      one rfc4 packet, free of the wire's own wrapping
	 * @param reliability how it travelled; {@code RELIABLE} where the wire does not say
	 * @param topic       the wire's topic, "" where there is none
	 * @return one shared completed stage while the queue is below three quarters of its bound; otherwise it completes when the queue has fallen to a
	 *         quarter, or when the transport closes. A wire that can stop reading waits for it. If that takes longer than {@code maxPauseMillis}, half of
	 *         the bound is low enough, and with more than that the conversation ends with {@code OVERRUN}; others may ignore it: one that goes on until
	 *         lossy packets are dropped is not ended for that
	 */
	CompletionStage<Void> received(PeerId from, Packet packet, Delivery.Reliability reliability, String topic);

	/**
	 * The wire brought something that makes no sense. Counted, logged at a bounded rate, never fatal by itself.
	 *
	 * @param why what was expected and what came, without secrets
	 */
	void invalid(String why);

	/**
	 * So many more of the reliable packets handed over are known to have been read by the service: in the order they were handed over, without those whose
	 * {@link Link#send} failed. A wire that cannot know never calls it; one that can says so with {@link Link#confirms()}.
	 */
	void confirmed(long reliablePackets);

	/**
	 * Of so many more of the reliable packets handed over, the oldest that were not confirmed, nobody will know whether the service read them: the wire broke under
	 * them, and the link replaced it by itself. Counts in the same order as {@link #confirmed}, so that later packets can be confirmed again. What is unconfirmed at the
	 * end needs no such report.
	 */
	default void unknown(long reliablePackets) {
	}

	/** The wire is gone, for this reason. The last report. */
	void closed(Disconnection why);
}
