package dcl.transport.itest.faults;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import dcl.transport.Delivery;
import dcl.transport.Disconnection;
import dcl.transport.Message;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.Transport;
import dcl.transport.TransportListener;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;
import dcl.transport.identity.Wallets;
import dcl.transport.launcher.Comms;
import dcl.transport.roomserver.RoomServer;
import dcl.transport.roomserver.RoomServerListener;
import dcl.transport.roomserver.RoomServerOptions;

import static java.time.Duration.ofMillis;

/**
 * A program for one end of a wire: clients of rooms, or a server with a host of its own in each room. Both say the time every few
 * milliseconds, so that the other end knows when what it last heard was sent; the clock is one for all processes of a machine. It ends
 * with its standard input.
 * <pre>
 * open ROOM URL        → connected ROOM, or failed ROOM CODE; later: heard ROOM (once), ended ROOM REASON SENT NOW DETAIL
 * (the server)         → url URL; later: left ROOM SENT NOW
 * </pre>
 */
final class NetnsPeer {

	private static final long SAY_MILLIS = 25;

	private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
	private final Comms comms;
	private final Map<String, AtomicLong> newest = new ConcurrentHashMap<>(); // of what was heard in a room, when it was sent

	private NetnsPeer(Comms comms) {
		this.comms = comms;
	}

	/** {@code client pingMillis pongMillis} or {@code server address pingMillis pongMillis}. */
	public static void main(String[] arguments) throws Exception {
		try (BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
			if (arguments[0].equals("client")) {
				long ping = Long.parseLong(arguments[1]);
				long pong = Long.parseLong(arguments[2]);
				NetnsPeer peer = new NetnsPeer(Rooms.runtime(Map.of("pingIntervalMillis", ping, "pongTimeoutMillis", pong, "connectTimeoutMillis",
						20_000L)));
				say("ready");
				for (String line = commands.readLine(); line != null; line = commands.readLine()) {
					String[] words = line.split(" ");
					peer.enter(words[1], words[2], true);
				}
			} else {
				serve(arguments[1], Long.parseLong(arguments[2]), Long.parseLong(arguments[3]), commands);
			}
		}
		System.exit(0);
	}

	private static void serve(String address, long ping, long pong, BufferedReader commands) throws Exception {
		NetnsPeer host = new NetnsPeer(Comms.start());
		Map<String, PeerId> hosts = new ConcurrentHashMap<>();
		RoomServerOptions options = RoomServerOptions.defaults().withHost(address).withPingInterval(ofMillis(ping))
				.withPongTimeout(ofMillis(pong));
		RoomServer server = Rooms.server(options, new RoomServerListener() {
			@Override
			public void joined(String room, PeerId peer) {
				host.newest(room).set(0); // "heard" is said anew
			}

			@Override
			public void left(String room, PeerId peer) {
				if (!peer.equals(hosts.get(room))) {
					say("left " + room + " " + host.newest(room).get() + " " + System.nanoTime());
				}
			}
		});
		say("url " + server.url());
		for (String line = commands.readLine(); line != null; line = commands.readLine()) {
			String[] words = line.split(" ");
			hosts.put(words[1], host.enter(words[1], words[2], false));
		}
	}

	private static synchronized void say(String line) {
		System.out.println(line);
		System.out.flush();
	}

	private AtomicLong newest(String room) {
		return newest.computeIfAbsent(room, key -> new AtomicLong());
	}

	private PeerId enter(String room, String url, boolean tellTheEnd) throws Exception {
		var identity = Wallets.random();
		AtomicLong heard = newest(room);
		heard.set(0);
		Transport transport = comms.registry().create(TransportUri.parse("ws-room:" + url + room), TransportOptions.of(identity));
		transport.listen(new TransportListener() {
			@Override
			public void received(Message message) {
				if (heard.getAndSet(message.packet().asByteBuffer().getLong()) == 0) {
					say("heard " + room);
				}
			}

			@Override
			public void disconnected(Disconnection why) {
				if (tellTheEnd) {
					say("ended " + room + " " + why.reason() + " " + heard.get() + " " + System.nanoTime() + " " + why.detail());
				}
			}
		});
		transport.connect().whenComplete((done, failure) -> {
			if (failure != null) {
				say("failed " + room + " " + failure);
				return;
			}
			say("connected " + room);
			var saying = clock.scheduleWithFixedDelay(() -> transport.send(Packet.wrap(ByteBuffer.allocate(8).putLong(0, System.nanoTime())),
					Delivery.lossy()),
					0, SAY_MILLIS, TimeUnit.MILLISECONDS);
			transport.closed().thenRun(() -> saying.cancel(false));
		});
		return identity.address();
	}
}
