package dcl.transport.signedlogin.internal;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Set;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dcl.transport.Identity;
import dcl.transport.PeerId;
import dcl.transport.TransportUri;
import dcl.transport.itest.contract.Configs;
import dcl.transport.spi.TransportProvider;
import dcl.transport.testkit.Ability;
import dcl.transport.testkit.Relay;
import dcl.transport.testkit.TransportDriver;
import dcl.transport.wsroom.internal.WsRoomDriver;

/** A login server that sends whoever asks on to a ws-room: from there on, the wire is that room's. */
final class SignedLoginDriver implements TransportDriver {

	private static final String TOKEN = "canary-login";

	private final WsRoomDriver rooms = new WsRoomDriver();
	private TransportProvider roomProvider;
	private HttpServer login;
	private Relay relay;
	private volatile boolean refusing;
	private boolean stopped;

	@Override
	public void start() throws Exception {
		rooms.start();
		login = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		login.createContext("/login/", this::answer);
		login.start();
		relay = Relay.to(login.getAddress());
	}

	private void answer(HttpExchange exchange) throws IOException {
		String path = exchange.getRequestURI().getPath();
		String room = path.substring(path.lastIndexOf('/') + 1);
		byte[] body = (refusing ? "{\"message\":\"you are not on the list\"}" : "{\"fixedAdapter\":\"" + rooms.uri(room).text() + "\"}").getBytes(StandardCharsets.UTF_8);
		exchange.getRequestBody().readAllBytes();
		exchange.getResponseHeaders().set("Content-Type", "application/json");
		exchange.sendResponseHeaders(refusing ? 403 : 200, body.length);
		exchange.getResponseBody().write(body);
		exchange.close();
	}

	@Override
	public void stop() {
		if (!stopped) {
			stopped = true;
			relay.close();
			login.stop(0);
		}
		rooms.stop();
	}

	@Override
	public TransportProvider activate() {
		return new SignedLoginProvider(Configs.with(SignedLoginProvider.Config.class, Map.of()));
	}

	@Override
	public Map<String, TransportProvider> others() {
		if (roomProvider == null) {
			roomProvider = rooms.activate();
		}
		return Map.of("ws-room", roomProvider);
	}

	@Override
	public void deactivate(TransportProvider provider) {
		if (provider instanceof SignedLoginProvider mine) {
			mine.stop();
		} else {
			rooms.deactivate(provider);
		}
	}

	@Override
	public TransportUri uri(String room) {
		return at(relay.port(), room);
	}

	private static TransportUri at(int port, String room) {
		return TransportUri.parse("signed-login:http://127.0.0.1:" + port + "/login/" + room + "?token=" + TOKEN);
	}

	@Override
	public TransportUri hanging() {
		return at(relay.hangingPort(), "nowhere");
	}

	@Override
	public int wires() {
		return relay.wires() + rooms.wires();
	}

	@Override
	public Set<String> secrets() {
		return Set.of(TOKEN, rooms.secrets().iterator().next());
	}

	@Override
	public Identity identity() {
		return rooms.identity();
	}

	@Override
	public Set<Ability> abilities() {
		return rooms.abilities();
	}

	@Override
	public Duration lostWithin() {
		return rooms.lostWithin();
	}

	@Override
	public void refuse() {
		refusing = true;
	}

	@Override
	public String kick(PeerId who) {
		return rooms.kick(who);
	}

	@Override
	public void drop() {
		rooms.drop();
	}

	@Override
	public void silence() {
		rooms.silence();
	}

	@Override
	public void stall(boolean stalled) {
		rooms.stall(stalled);
	}

	@Override
	public void garbage() {
		rooms.garbage();
	}

	@Override
	public void end() {
		rooms.end();
	}
}
