package dcl.transport.itest.livekit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Somebody in a room by an official client. For one test thread. */
final class Guest implements AutoCloseable {

	private final Client client;
	private final String identity;
	private final BlockingQueue<JsonNode> arriving;
	private final List<JsonNode> passedOver = new ArrayList<>();
	private final Set<String> present = new HashSet<>();
	private boolean inside;

	Guest(Client client, String identity, BlockingQueue<JsonNode> arriving) {
		this.client = client;
		this.identity = identity;
		this.arriving = arriving;
	}

	String identity() {
		return identity;
	}

	/** Enters, and returns those who are there. */
	List<String> enter(String room) throws Exception {
		return enter(LiveKitServer.URL, Token.of(room, identity));
	}

	List<String> enter(String url, Token token) throws Exception {
		tell(Client.command("connect").put("url", url).put("token", token.text()));
		JsonNode connected = next("connected");
		inside = true;
		List<String> peers = new ArrayList<>();
		connected.path("peers").forEach(peer -> peers.add(peer.asText()));
		return peers;
	}

	/** Hands over a packet, and returns when the client has taken it. */
	void send(byte[] data, boolean reliable, String topic, String... to) throws Exception {
		ObjectNode command = Client.command("send").put("data", Base64.getEncoder().encodeToString(data)).put("reliable", reliable);
		if (!topic.isEmpty()) {
			command.put("topic", topic);
		}
		if (to.length > 0) {
			ArrayNode all = command.putArray("to");
			List.of(to).forEach(all::add);
		}
		tell(command);
		next("sent");
	}

	/** Begins to send stamps of {@code bytes} bytes, numbered from 1; {@code burst} comes when all are handed over. Zero a second is as fast as it goes. */
	void burst(int count, int bytes, boolean reliable, int perSecond) throws Exception {
		tell(Client.command("burst").put("sender", identity).put("session", 1).put("from", 1).put("count", count).put("bytes", bytes)
				.put("reliable", reliable).put("perSecond", perSecond));
	}

	/** Counts packets instead of telling them, until there are so many; then {@code counted} comes. */
	void count(int upTo) throws Exception {
		tell(Client.command("count").put("upTo", upTo));
		next("counting");
	}

	void tell(ObjectNode command) throws Exception {
		client.tell(command.put("as", identity));
	}

	/** Takes the first event of this name, told or to come. Others stay for later calls. */
	JsonNode next(String event) throws InterruptedException {
		return next(event, Foreign.LIMIT_SECONDS);
	}

	JsonNode next(String event, long seconds) throws InterruptedException {
		JsonNode one = poll(event, Duration.ofSeconds(seconds));
		if (one == null) {
			int from = Math.max(0, passedOver.size() - 20);
			throw new AssertionError("no '" + event + "' for " + identity + " within " + seconds + " s; passed over "
					+ passedOver.size() + " events, at last " + passedOver.subList(from, passedOver.size()) + client.situation());
		}
		return one;
	}

	/** Does the same, and returns null if there is none in time. */
	JsonNode poll(String event, Duration limit) throws InterruptedException {
		for (Iterator<JsonNode> events = passedOver.iterator(); events.hasNext();) {
			JsonNode one = events.next();
			if (one.path("event").asText().equals(event)) {
				events.remove();
				return one;
			}
		}
		long deadline = System.nanoTime() + limit.toNanos();
		while (true) {
			JsonNode one = arriving.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
			if (one == null) {
				return null;
			}
			seen(one);
			if (one.path("event").asText().equals(event)) {
				return one;
			}
			passedOver.add(one);
		}
	}

	private void seen(JsonNode event) {
		switch (event.path("event").asText()) {
			case "connected" -> event.path("peers").forEach(peer -> present.add(peer.asText()));
			case "joined" -> present.add(event.path("peer").asText());
			case "gone" -> present.remove(event.path("peer").asText());
			default -> { }
		}
	}

	private void drain() {
		for (JsonNode one = arriving.poll(); one != null; one = arriving.poll()) {
			seen(one);
			passedOver.add(one);
		}
	}

	/** Returns who is there, as far as has been told. */
	Set<String> present() {
		drain();
		return Set.copyOf(present);
	}

	/** Takes the next packet and returns its bytes. */
	byte[] data() throws Exception {
		return data(next("data"));
	}

	static byte[] data(JsonNode event) {
		return Base64.getDecoder().decode(event.path("data").asText());
	}

	/** Takes all events of this name that have been told. */
	List<JsonNode> all(String event) {
		drain();
		List<JsonNode> taken = passedOver.stream().filter(one -> one.path("event").asText().equals(event)).toList();
		passedOver.removeAll(taken);
		return taken;
	}

	void leave() throws Exception {
		inside = false;
		tell(Client.command("leave"));
		next("left");
	}

	@Override
	public void close() throws Exception {
		if (inside) {
			leave();
		}
	}
}
