package dcl.transport.itest.interop;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.StreamSupport;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * One client made of {@code ws}, {@code @dcl/protocol} and {@code @dcl/crypto}. Several, of different names, may share a process of
 * {@code client.mjs}. README.md lists the commands and the events with their members.
 */
final class ReferenceClient {

	private static final Set<String> COMMAND = Set.of("command");

	private final NodeProcess node;
	private final String name;

	/**
	 * Makes a client that is not connected.
	 *
	 * @param node a process of {@code client.mjs}, which the caller closes
	 */
	ReferenceClient(NodeProcess node, String name) {
		this.node = node;
		this.name = name;
	}

	/** Logs into a room with a new wallet and returns {@code connected} with {@code alias}, {@code address} and {@code peers}. */
	JsonNode connect(String url) throws IOException, InterruptedException {
		return connect(url, Map.of());
	}

	/**
	 * Logs into a room and returns {@code connected}. It waits longer for each answer than the shipping clients, whose second can be too
	 * little for a server's first login on a busy machine.
	 *
	 * @param options {@code key}, {@code delegated}, {@code protocols} or {@code stepMillis} (1000 is what the shipping clients have)
	 */
	JsonNode connect(String url, Map<String, ?> options) throws IOException, InterruptedException {
		begin(url, options);
		return answer("connected", Set.of("command", "open", "login"));
	}

	/** Begins to log in, for what need not end in {@code connected}. */
	void begin(String url, Map<String, ?> options) throws IOException {
		ObjectNode command = command("connect").put("url", url).put("stepMillis", NodeProcess.LIMIT.toMillis());
		command.setAll(NodeProcess.JSON.<ObjectNode>valueToTree(options));
		node.send(command);
	}

	/** Sends an rfc4 Packet, given as ts-proto's JSON, and returns when it has left. */
	void send(JsonNode packet, boolean unreliable) throws IOException, InterruptedException {
		sent(command("send").put("unreliable", unreliable).set("packet", packet));
	}

	/** Sends the body of an update, given in hex. */
	void sendRaw(String hex, boolean unreliable) throws IOException, InterruptedException {
		sent(command("sendRaw").put("hex", hex).put("unreliable", unreliable));
	}

	/** Sends a whole binary WebSocket message, given in hex. */
	void sendMessage(String hex) throws IOException, InterruptedException {
		sent(command("sendWs").put("hex", hex));
	}

	/** Sends a text message. */
	void sendText(String text) throws IOException, InterruptedException {
		sent(command("sendText").put("text", text));
	}

	/** Leaves with a closing handshake and returns {@code closed}. */
	JsonNode close() throws IOException, InterruptedException {
		node.send(command("close"));
		return await("closed");
	}

	/** Drops the TCP connection and returns {@code closed}. */
	JsonNode terminate() throws IOException, InterruptedException {
		node.send(command("terminate"));
		return await("closed");
	}

	/** Takes this client's next event of that name. */
	JsonNode await(String event) throws InterruptedException {
		return await(event, NodeProcess.LIMIT);
	}

	/** Takes this client's next event of that name, which has to come within the limit. */
	JsonNode await(String event, Duration limit) throws InterruptedException {
		return node.await(event + " of " + name, it -> isMine(it, event), limit);
	}

	/** This client's events of that name that have come and that nobody has taken. */
	List<JsonNode> untaken(String event) {
		return node.untaken(it -> isMine(it, event));
	}

	/** The names of all attacks. */
	List<String> attacks() throws IOException, InterruptedException {
		node.send(command("attacks"));
		return StreamSupport.stream(await("attacks").path("names").spliterator(), false).map(JsonNode::asText).toList();
	}

	/**
	 * Mounts an attack and returns {@code attacked} with {@code refused}, {@code outcome} and what happened.
	 *
	 * @param options {@code limitMillis} and {@code size}
	 * @throws AssertionError if the attack cannot be mounted, which says nothing about the server
	 */
	JsonNode attack(String attack, String url, Map<String, ?> options) throws IOException, InterruptedException {
		ObjectNode command = command("attack").put("attack", attack).put("url", url);
		command.setAll(NodeProcess.JSON.<ObjectNode>valueToTree(options));
		node.send(command);
		return answer("attacked", COMMAND);
	}

	private void sent(JsonNode command) throws IOException, InterruptedException {
		node.send(command);
		answer("sent", COMMAND);
	}

	/** Takes the answer to a command, or fails with what came instead of it: an error or a kick in one of these phases. */
	private JsonNode answer(String event, Set<String> phases) throws InterruptedException {
		JsonNode answer = node.await(event + " of " + name,
			it -> isMine(it, event) || (isMine(it, "error") || isMine(it, "kicked")) && phases.contains(it.path("phase").asText()),
			NodeProcess.LIMIT);
		if (!isMine(answer, event)) {
			throw new AssertionError("instead of " + event + ": " + answer);
		}
		return answer;
	}

	private ObjectNode command(String cmd) {
		return NodeProcess.JSON.createObjectNode().put("cmd", cmd).put("id", name);
	}

	private boolean isMine(JsonNode told, String event) {
		return told.path("event").asText().equals(event) && told.path("id").asText().equals(name);
	}
}
