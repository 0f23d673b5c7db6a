package dcl.transport.wsroom.internal;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;

import dcl.transport.Identity;
import dcl.transport.PeerId;
import dcl.transport.TransportUri;
import dcl.transport.identity.Wallets;
import dcl.transport.itest.chaos.ChaosProxy;
import dcl.transport.itest.chaos.Script;
import dcl.transport.itest.contract.Configs;
import dcl.transport.roomserver.RoomServer;
import dcl.transport.roomserver.RoomServerListener;
import dcl.transport.roomserver.RoomServerOptions;
import dcl.transport.roomserver.internal.LocalRoomServer;
import dcl.transport.spi.TransportProvider;
import dcl.transport.testkit.Ability;
import dcl.transport.testkit.Relay;
import dcl.transport.testkit.TransportDriver;

/** Our room server, behind a proxy that knows WebSocket frames. */
public final class WsRoomDriver implements TransportDriver {

	private static final String TOKEN = "canary-7f3a";
	private static final String WORDS = "enough is enough";
	private static final int BUFFER_BYTES = 16_384;

	private RoomServer server;
	private Relay relay;
	private ChaosProxy proxy;
	private ChaosProxy refusing;

	@Override
	public void start() throws Exception {
		server = new LocalRoomServer(RoomServerOptions.defaults(), new RoomServerListener() {
		}, "1.0.0", () -> {
		});
		proxy = ChaosProxy.to(server.address(), Script.parse(""), BUFFER_BYTES);
		relay = Relay.to(server.address());
	}

	@Override
	public void stop() {
		server.close();
		proxy.close();
		relay.close();
		if (refusing != null) {
			refusing.close();
		}
	}

	@Override
	public TransportProvider activate() {
		return new WsRoomProvider(Configs.with(WsRoomProvider.Config.class, Map.of("pingIntervalMillis", 500L, "pongTimeoutMillis", 1_500L)));
	}

	@Override
	public void deactivate(TransportProvider provider) {
		((WsRoomProvider) provider).stop();
	}

	@Override
	public Duration lostWithin() {
		return Duration.ofSeconds(2);
	}

	@Override
	public TransportUri uri(String room) {
		return at(refusing == null ? proxy.port() : refusing.port(), room);
	}

	private static TransportUri at(int port, String room) {
		return TransportUri.parse("ws-room:ws://127.0.0.1:" + port + "/rooms/" + room + "?access_token=" + TOKEN);
	}

	@Override
	public TransportUri hanging() {
		return at(relay.hangingPort(), "nowhere");
	}

	@Override
	public int wires() {
		return proxy.open() + relay.wires();
	}

	@Override
	public Set<String> secrets() {
		return Set.of(TOKEN);
	}

	@Override
	public Identity identity() {
		return Wallets.random();
	}

	@Override
	public Set<Ability> abilities() {
		return EnumSet.allOf(Ability.class);
	}

	@Override
	public String kick(PeerId who) {
		byte[] words = WORDS.getBytes(StandardCharsets.US_ASCII);
		// WsPacket.peer_kicked, WsKicked.reason
		proxy.applyToAll("inject 2 " + HexFormat.of().formatHex(new byte[] {8 << 3 | 2, (byte) (words.length + 2), 1 << 3 | 2, (byte) words.length})
				+ HexFormat.of().formatHex(words) + " down");
		return WORDS;
	}

	@Override
	public void refuse() throws Exception {
		refusing = ChaosProxy.to(server.address(), Script.parse("at 0 ms of every connection: answer 403"));
	}

	@Override
	public void drop() {
		proxy.applyToAll("rst");
	}

	@Override
	public void silence() {
		proxy.applyToAll("stop");
	}

	@Override
	public void stall(boolean stalled) {
		proxy.applyToAll(stalled ? "stop up" : "resume up");
	}

	@Override
	public void garbage() {
		proxy.applyToAll("inject 2 ffffff down");
	}

	@Override
	public void end() {
		server.close();
	}
}
