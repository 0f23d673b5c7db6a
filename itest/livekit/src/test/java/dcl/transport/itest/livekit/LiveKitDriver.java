package dcl.transport.itest.livekit;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;

import com.fasterxml.jackson.databind.JsonNode;
import dcl.transport.Delivery.Reliability;
import dcl.transport.Identity;
import dcl.transport.PeerId;
import dcl.transport.TransportException;
import dcl.transport.TransportUri;
import dcl.transport.identity.Wallets;
import dcl.transport.livekit.internal.Providers;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;
import dcl.transport.spi.TransportProvider;
import dcl.transport.testkit.Ability;
import dcl.transport.testkit.Peer;
import dcl.transport.testkit.Relay;
import dcl.transport.testkit.TransportDriver;
import dcl.transport.webrtc.WebRtc;

/**
 * What the contract needs to know of LiveKit. The relay is in the way of the signalling alone: packets have a way of their own. The provider does not recover by
 * itself here, so that what is cut is lost; {@link FaultsIT} is about recovery.
 */
final class LiveKitDriver implements TransportDriver {

	private final WebRtc webRtc;
	/** The connection strings that were made, and what room each leads to; guarded by this. */
	private final Map<String, String> entrances = new HashMap<>();
	private Relay relay;
	private String room = "";
	private volatile boolean refusing;

	LiveKitDriver(WebRtc webRtc) {
		this.webRtc = webRtc;
	}

	@Override
	public void start() throws Exception {
		Rig.server();
		relay = Relay.to(new InetSocketAddress("127.0.0.1", LiveKitServer.PORT));
	}

	/** The server goes on for the next one; nobody gets to it any more. */
	@Override
	public void stop() {
		relay.close();
	}

	@Override
	public TransportProvider activate() {
		return new Login(Providers.activate(webRtc, Map.of("recoveryMillis", 0L)));
	}

	@Override
	public void deactivate(TransportProvider provider) {
		Providers.deactivate(((Login) provider).provider);
	}

	@Override
	public Identity identity() {
		return Wallets.random();
	}

	@Override
	public synchronized TransportUri uri(String name) {
		room = name;
		return uri(name, Rig.address(), relay.port());
	}

	@Override
	public TransportUri hanging() {
		return uri("hanging", Rig.address(), relay.hangingPort());
	}

	private synchronized TransportUri uri(String name, String identity, int port) {
		Token token = Token.of(name, identity);
		TransportUri uri = TransportUri.parse((refusing ? token.signedWith("another-secret-of-32-characters-and-more") : token).uri("ws://127.0.0.1:" + port));
		entrances.put(uri.text(), name);
		return uri;
	}

	/** LiveKit knows people by their token alone: each gets one for its own address, as a login would give it. */
	private final class Login implements TransportProvider {

		private final TransportProvider provider;

		Login(TransportProvider provider) {
			this.provider = provider;
		}

		@Override
		public boolean accepts(TransportUri uri) {
			return provider.accepts(uri);
		}

		@Override
		public CompletionStage<Link> open(TransportUri uri, LinkContext context) {
			String name;
			synchronized (LiveKitDriver.this) {
				name = entrances.get(uri.text());
			}
			if (name == null || name.equals("hanging")) {
				return provider.open(uri, context);
			}
			try {
				return provider.open(uri(name, context.identity().address().value(), relay.port()), context);
			} catch (TransportException e) {
				return provider.open(uri, context); // without an identity the token is somebody's
			}
		}
	}

	@Override
	public Set<Ability> abilities() {
		return EnumSet.of(Ability.PEERS, Ability.KICK, Ability.REFUSE, Ability.STOP, Ability.HANG, Ability.DROP, Ability.SILENCE, Ability.END);
	}

	@Override
	public synchronized Set<String> secrets() {
		return entrances.keySet().stream().map(uri -> uri.substring(uri.indexOf('=') + 1)).collect(Collectors.toSet());
	}

	@Override
	public Optional<Relay> relay() {
		return Optional.of(relay);
	}

	@Override
	public Optional<Peer> join(String name) throws Exception {
		Guest guest = Rig.guest(Client.Kind.NODE);
		guest.enter(name);
		return Optional.of(new Other(guest));
	}

	@Override
	public String kick(PeerId who) throws Exception {
		Rig.server().api("RemoveParticipant", room, "{\"room\":\"" + room + "\",\"identity\":\"" + who + "\"}");
		return "PARTICIPANT_REMOVED";
	}

	@Override
	public void refuse() {
		refusing = true;
	}

	@Override
	public void end() throws Exception {
		Rig.server().api("DeleteRoom", room, "{\"room\":\"" + room + "\"}");
	}

	/** Somebody by the official client. */
	private static final class Other implements Peer {

		private final Guest guest;
		private boolean gone;

		Other(Guest guest) {
			this.guest = guest;
		}

		@Override
		public PeerId id() {
			return PeerId.of(guest.identity());
		}

		@Override
		public synchronized Set<PeerId> sees() {
			Set<PeerId> peers = new LinkedHashSet<>();
			guest.present().forEach(peer -> peers.add(PeerId.of(peer)));
			return peers;
		}

		@Override
		public synchronized void send(byte[] packet, Reliability reliability) throws Exception {
			guest.send(packet, reliability == Reliability.RELIABLE, "");
		}

		@Override
		public synchronized Received next(Duration limit) throws InterruptedException {
			JsonNode data = guest.poll("data", limit);
			return data == null ? null : new Got(data);
		}

		@Override
		public synchronized void leave() throws Exception {
			if (!gone) {
				gone = true;
				guest.leave();
			}
		}
	}

	private record Got(JsonNode data) implements Peer.Received {

		@Override
		public PeerId from() {
			return PeerId.of(data.path("from").asText());
		}

		@Override
		public byte[] packet() {
			return Guest.data(data);
		}

		@Override
		public String topic() {
			return data.path("topic").asText();
		}
	}
}
