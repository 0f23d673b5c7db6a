package dcl.transport.websocket;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import javax.net.ssl.SSLContext;

/**
 * One connection of either role on a loop turned by hand, and what has to hold for every connection whatever its peer does: no
 * exception but those that are part of the work, events in turn, one ending, memory within the bounds, nothing left behind.
 */
final class Rig {

	/** Bounds that a short script reaches. */
	static final WebSocketLimits SMALL = WebSocketLimits.defaults().toBuilder().maxFrameBytes(1_000).maxMessageBytes(1_500).maxFragments(6)
			.maxHeadBytes(1_024)
			.controlFramesPerSecond(1 << 30).queueBytes(1_024).inboundBytes(700).build();
	/** The default ones, but for floods of control frames. */
	static final WebSocketLimits LARGE = WebSocketLimits.defaults().toBuilder().controlFramesPerSecond(1 << 30).build();
	/** Longer than all time limits of these together. */
	static final Duration LONG = Duration.ofSeconds(60);

	/** Notes what it is told, and whether that was out of turn. */
	static final class Told implements WebSocketListener {

		final List<Reference.Event> messages = new ArrayList<>();
		final List<Reference.Event> pongs = new ArrayList<>();
		WebSocketConnection connection;
		WebSocketEnding ending;
		String fault; // thrown here it would be logged and forgotten
		private boolean inside;

		private void note(WebSocketConnection from, String what, boolean opening, Runnable work) {
			if (inside || ending != null || opening == (connection != null) || !opening && from != connection) {
				fault = what + " out of turn";
			}
			inside = true;
			work.run();
			inside = false;
		}

		@Override
		public void opened(WebSocketConnection from) {
			note(from, "opened", true, () -> connection = from);
		}

		@Override
		public void message(WebSocketConnection from, byte[] payload, boolean text) {
			note(from, "message", false, () -> messages.add(new Reference.Event(text ? 1 : 2, payload)));
		}

		@Override
		public void pong(WebSocketConnection from, byte[] payload) {
			note(from, "pong", false, () -> pongs.add(new Reference.Event(10, payload)));
		}

		@Override
		public void writable(WebSocketConnection from) {
			note(from, "writable", false, () -> { });
		}

		@Override
		public void closed(WebSocketConnection from, WebSocketEnding how) {
			if (ending != null || inside) {
				fault = "closed out of turn";
			}
			ending = how;
		}
	}

	/** A loop, and what connections are made of; kept for the next rig, since a loop has large buffers. */
	static final class Place {

		final HandLoop hand;
		final Server server;
		WebSocketAcceptor acceptor;

		Place(boolean onLoop, long coalesceMillis) throws IOException {
			WebSocketOptions options = WebSocketOptions.defaults();
			hand = new HandLoop(onLoop ? options.callbacksOnLoop() : options, coalesceMillis, 0);
			server = new Server(hand.engine, hand.loop, WebSocketServerOptions.onLoopback(0), request -> acceptor.answer(request));
		}
	}

	private static final Map<List<Object>, Place> PLACES = new HashMap<>();

	final Place place;
	final HandLoop hand;
	final boolean client;
	final WebSocketLimits limits;
	final Told told = new Told();
	final ByteArrayOutputStream log = new ByteArrayOutputStream();
	Connection connection;
	HandLoop.Line line;
	int said; // bytes the peer has sent
	private int checks;

	private Rig(Place place, boolean client, WebSocketLimits limits) {
		this.place = place;
		this.hand = place.hand;
		this.client = client;
		this.limits = limits;
	}

	interface Work {

		void on(Rig rig) throws Exception;
	}

	/** Runs something on a rig; what the engine logs as an error fails it. */
	static void run(boolean client, WebSocketLimits limits, boolean onLoop, long coalesceMillis, Work work) throws Exception {
		List<Object> key = List.of(onLoop, coalesceMillis);
		Place place = PLACES.remove(key);
		Rig rig = new Rig(place == null ? new Place(onLoop, coalesceMillis) : place, client, limits);
		PrintStream before = System.out;
		System.setOut(new PrintStream(rig.log, true, StandardCharsets.UTF_8));
		try {
			work.on(rig);
		} finally {
			System.setOut(before);
		}
		String logged = rig.log.toString(StandardCharsets.UTF_8);
		if (logged.contains("ERROR")) {
			throw new AssertionError("the engine logged an error: " + logged);
		}
		PLACES.put(key, rig.place); // only of a run that went well
	}

	/** Begins: a client has sent its request then, a server waits for one. */
	void begin(WebSocketRequest request, SSLContext context) throws IOException {
		if (client) {
			ClientConnection mine = new ClientConnection(hand.engine, hand.loop, request.limits(limits)
					.addresses(List.of(InetAddress.getLoopbackAddress())), told);
			connection = mine;
			line = hand.connect(mine);
		} else {
			place.acceptor = r -> r.isUpgrade() ? HttpAnswer.accept(told) : HttpAnswer.reply(200, "hello");
			ServerConnection mine = new ServerConnection(hand.engine, hand.loop, limits, place.server);
			connection = mine;
			line = hand.accept(mine, context);
		}
		hand.idle(line);
	}

	/** Begins and agrees on the upgrade; what was written so far is forgotten. */
	void open() throws Exception {
		begin(WebSocketRequest.to(URI.create("ws://localhost:1/")), null);
		if (client) {
			say(RawPeer.accept(line.out.toString(StandardCharsets.US_ASCII)).getBytes(StandardCharsets.US_ASCII));
		} else {
			say(RawPeer.request("").getBytes(StandardCharsets.US_ASCII));
		}
		hand.settle(line);
		require(told.connection == connection, "it did not open");
		line.out.reset();
		said = 0;
		line.largestRead = 0;
	}

	void say(byte[] bytes) {
		say(bytes, 0, bytes.length);
	}

	void say(byte[] bytes, int from, int to) {
		line.say(bytes, from, to);
		said += to - from;
	}

	/** What holds at any time; memory is counted every eighth time, since that takes longer than all the rest. */
	void check() {
		require(told.fault == null, told.fault);
		require(connection.queuedBytes() <= limits.queueBytes(), "more queued than allowed");
		if (checks++ % 8 == 0) {
			weigh();
		}
	}

	private void weigh() {
		long held = Held.bytes(connection);
		// a frame grows to twice what has arrived of it; a message is put together once from its fragments
		long most = Math.min(2L * limits.maxFrameBytes() + limits.maxMessageBytes() + limits.inboundBytes() + line.largestRead, 2L * said
				+ (16 << 10))
				+ limits.queueBytes() + 2L * limits.maxHeadBytes() + 8_192; // and 32 pongs, and itself
		require(held <= most, "it holds " + held + " bytes, expected at most " + most);
	}

	/** The peer goes, and all that waits for anything runs out: then it has ended, once, and nothing is left. */
	void end(boolean reset) throws IOException {
		weigh();
		line.room = Long.MAX_VALUE;
		line.reset = reset;
		line.ended = true;
		connection.resumeReading();
		hand.settle(line);
		for (long passed = 0; connection.phase() != Connection.Phase.ENDED && passed < LONG.toMillis(); passed += 1_000) {
			hand.pass(1_000, line);
			hand.settle(line);
		}
		require(connection.phase() == Connection.Phase.ENDED, "it never ended");
		hand.idle(line); // lets go of the key
		check();
		require(line.closed, "the socket is open");
		require(connection.place == -1, "the loop still has it");
		require(!hand.loop.selector().keys().iterator().hasNext(), "the selector still has it");
		require(told.ending != null || !client && told.connection == null, "the end was not told");
		require(told.ending == null || told.ending.kind() != WebSocketEnding.Kind.INTERNAL, "a defect: " + told.ending);
		require(connection.send(new byte[1], SendMode.RELIABLE) == SendResult.NOT_OPEN, "an ended connection takes a message");
		connection.close(1000, "");
		connection.abort();
		connection.resumeReading();
		hand.settle(line);
		check();
		require(Held.bytes(connection) <= 2_048L + 2L * limits.maxHeadBytes() + limits.maxMessageBytes(), "it still holds "
				+ Held.bytes(connection) + " bytes");
	}

	static void require(boolean holds, String what) {
		if (!holds) {
			throw new AssertionError(what);
		}
	}
}
