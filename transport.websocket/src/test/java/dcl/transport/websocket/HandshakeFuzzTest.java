package dcl.transport.websocket;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.api.Timeout;

import static dcl.transport.websocket.Rig.require;

/**
 * Any bytes, and right heads with something wrong, as the head of the peer: what a server reads of a client, and a client of a server.
 * Compared with {@link ReferenceHead}: only what it calls an upgrade opens. {@code mvn verify} runs the inputs stored in {@code
 * HandshakeFuzzTestInputs}; {@code ./fuzz} looks for new ones.
 */
@Timeout(120)
class HandshakeFuzzTest {

	private static final List<String> OFFERED = List.of("rfc4", "rfc5");
	private static final Set<Integer> STATUSES = Set.of(400, 405, 426, 431, 505);
	private static final String[] ANSWER = {"HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
			"Sec-WebSocket-Accept: KEY", "Sec-WebSocket-Protocol: rfc4", "Sec-WebSocket-Protocol: rfc6",
			"Sec-WebSocket-Extensions: permessage-deflate", "HTTP/1.1 101", "HTTP/1.0 101 x", "HTTP/1.1 503 Busy", "HTTP/1.1 302 Found",
			"HTTP/2 101", "Retry-After: 17", "Retry-After: 999999999", "Upgrade: h2c", "upgrade:WebSocket", "Connection: keep-alive",
			"Connection: keep-alive, upgrade", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "Sec-WebSocket-Accept:", "Content-Length: 2",
			"X:y", "X", ":", "X : y", " folded", "Location: ws://localhost:1/", "X: " + "y".repeat(300), "", "Sec-WebSocket-Protocol:",
			"Sec-WebSocket-Protocol: rfc4, rfc5", "Connection: x,Upgrade ,y"};
	private static final String[] REQUEST = {"GET /room HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade",
			"Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol: rfc4, rfc5",
			"Sec-WebSocket-Extensions: permessage-deflate", "GET /?a=b HTTP/1.1", "HEAD / HTTP/1.1", "POST / HTTP/1.1", "GET / HTTP/1.0",
			"GET  / HTTP/1.1", "GET * HTTP/1.1", "get / HTTP/1.1", "Host:", "Upgrade: h2c, websocket", "Connection: keep-alive, Upgrade",
			"Connection: close", "Sec-WebSocket-Version: 8", "Sec-WebSocket-Version: 13, 8", "Sec-WebSocket-Key: AAAA",
			"Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!==", "Content-Length: 0", "Content-Length: 5", "Transfer-Encoding: chunked",
			"Sec-WebSocket-Protocol: a b", "X", ":", "X : y", " folded", "X: " + "y".repeat(300)};

	/**
	 * The setting is the last byte, and what decides on pieces the one before; the rest is the head itself or, by the setting, a plan of
	 * one.
	 */
	@FuzzTest
	void heads(byte[] data) throws Exception {
		if (data.length < 2) {
			return;
		}
		int setting = data[data.length - 1];
		int piece = data[data.length - 2] & 0xFF;
		byte[] rest = Arrays.copyOf(data, data.length - 2);
		Rig.run((setting & 1) != 0, (setting & 2) != 0 ? Rig.LARGE : Rig.SMALL, (setting & 4) != 0, 0, rig -> {
			rig.begin(WebSocketRequest.to(URI.create("ws://localhost:1/room?token=sEcReT")).subprotocols(OFFERED), null);
			rig.hand.pass(Loop.TICK_MILLIS, rig.line);
			String asked = rig.line.out.toString(StandardCharsets.US_ASCII);
			String accept = rig.client ? RawPeer.key(asked) : "";
			byte[] wire = (setting & 8) == 0 ? rest : planned(rest, rig.client ? ANSWER : REQUEST);
			if (rig.client) {
				wire = new String(wire, StandardCharsets.ISO_8859_1).replace("KEY", accept).getBytes(StandardCharsets.ISO_8859_1);
			}
			play(rig, wire, piece, (setting & 32) != 0, accept, asked.length());
			rig.end((setting & 16) != 0);
			ended(rig, wire, accept);
		});
	}

	/**
	 * Puts lines together: each byte names one, and in its highest bits whether to change it; 0xFF ends the head, and what is left
	 * follows it as it is.
	 */
	private static byte[] planned(byte[] plan, String[] lines) {
		ByteArrayOutputStream wire = new ByteArrayOutputStream();
		int at = 0;
		while (at < plan.length && plan[at] != -1) {
			int which = plan[at++] & 0xFF;
			String line = lines[which & 0x1F];
			if (which >= 0xE0 && at < plan.length && !line.isEmpty()) { // the next byte stands somewhere in it
				int where = which * 31 % line.length();
				line = line.substring(0, where) + (char) (plan[at++] & 0xFF) + line.substring(where + 1);
			} else if (which >= 0xC0 && at < plan.length) { // or behind it
				line += (char) (plan[at++] & 0xFF);
			} else if (which >= 0xA0) {
				line = line.toUpperCase(java.util.Locale.ROOT);
			}
			wire.writeBytes(line.getBytes(StandardCharsets.ISO_8859_1));
			wire.writeBytes((which >= 0x80 && which < 0xA0 ? "\n" : "\r\n").getBytes(StandardCharsets.ISO_8859_1));
		}
		if (at < plan.length) {
			wire.writeBytes("\r\n".getBytes(StandardCharsets.ISO_8859_1));
			wire.write(plan, at + 1, plan.length - at - 1);
		}
		return wire.toByteArray();
	}

	private static void play(Rig rig, byte[] wire, int piece, boolean late, String accept, int asked) throws Exception {
		for (int at = 0; at < wire.length;) {
			int to = piece == 0 ? wire.length : Math.min(wire.length, at + piece);
			rig.say(wire, at, to);
			at = to;
			rig.hand.idle(rig.line);
			if (!late) {
				rig.hand.settle(rig.line);
			}
			rig.check();
		}
		rig.hand.settle(rig.line);
		rig.check();
		String written = rig.line.out.toString(StandardCharsets.ISO_8859_1).substring(asked);
		if (rig.client) {
			answered(rig, wire, accept);
		} else {
			asked(rig, wire, written);
		}
	}

	/** The client role. */
	private static void answered(Rig rig, byte[] wire, String accept) {
		ReferenceHead head = ReferenceHead.answer(wire, rig.limits.maxHeadBytes(), accept, OFFERED);
		WebSocketEnding ending = rig.told.ending;
		require(rig.told.connection != null == (head.kind == ReferenceHead.Kind.UPGRADE), "opened or not, for a head that is " + head.kind
				+ ": " + ending);
		switch (head.kind) {
			case MORE -> require(ending == null, "it ended: " + ending);
			case TOO_LONG -> require(ending != null && ending.kind() == WebSocketEnding.Kind.TOO_BIG, "expected too long a head, got " + ending);
			case WRONG -> require(ending != null && ending.kind() == WebSocketEnding.Kind.PROTOCOL, "expected a protocol error, got " + ending);
			case PLAIN -> require(ending != null && ending.kind() == WebSocketEnding.Kind.REFUSED && ending.httpStatus() == head.status()
					&& head.saysRetryAfter(ending.retryAfter()), "expected a refusal with " + head.status() + " and its Retry-After, got " + ending);
			default -> {
				require(rig.connection.subprotocol().equals(head.all("Sec-WebSocket-Protocol").stream().findFirst().orElse("")),
						"another sub-protocol");
				frames(rig, wire, head.length);
			}
		}
		require(ending == null || !ending.toString().contains("sEcReT"), "the ending tells the token");
	}

	/** The server role. */
	private static void asked(Rig rig, byte[] wire, String written) throws Exception {
		ReferenceHead head = ReferenceHead.request(wire, rig.limits.maxHeadBytes());
		require(rig.told.connection != null == (head.kind == ReferenceHead.Kind.UPGRADE), "opened or not, for a head that is " + head.kind);
		switch (head.kind) {
			case MORE -> require(written.isEmpty(), "answered half a request");
			case UPGRADE -> {
				String key = RawPeer.key("Sec-WebSocket-Key: " + head.all("Sec-WebSocket-Key").get(0));
				require(written.startsWith("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
						+ key + "\r\n\r\n"),
						"answered " + written);
				frames(rig, wire, head.length);
			}
			default -> {
				int end = written.indexOf("\r\n\r\n");
				require(written.matches("(?s)HTTP/1\\.1 [0-9]{3} .*") && end > 0, "answered " + written);
				int status = Integer.parseInt(written.substring(9, 12));
				require(head.kind == ReferenceHead.Kind.PLAIN ? status == 200 : head.kind == ReferenceHead.Kind.TOO_LONG ? status == 431
						: STATUSES.contains(status),
						"status " + status + " for a head that is " + head.kind);
				String length = written.lines().filter(l -> l.startsWith("Content-Length: ")).findFirst().orElseThrow().substring(16);
				require(written.length() - end - 4 == (head.first.startsWith("HEAD ") && status == 200 ? 0 : Integer.parseInt(length)),
						"a body of another length");
				require(written.contains("\r\nConnection: close"), "it does not say that it closes");
				require(rig.line.outputShut, "it does not close");
			}
		}
	}

	/** What follows the head is frames. */
	private static void frames(Rig rig, byte[] wire, int from) {
		Reference expected = Reference.read(Arrays.copyOfRange(wire, from, wire.length), !rig.client, rig.limits);
		require(Reference.same(expected.messages(), rig.told.messages), "delivered " + rig.told.messages);
		require(rig.told.ending == null == (expected.end == Reference.End.MORE), "ended: " + rig.told.ending);
	}

	private static void ended(Rig rig, byte[] wire, String accept) {
		ReferenceHead head = rig.client ? ReferenceHead.answer(wire, rig.limits.maxHeadBytes(), accept, OFFERED) : ReferenceHead.request(wire,
				rig.limits.maxHeadBytes());
		if (head.kind == ReferenceHead.Kind.MORE && rig.client) {
			require(rig.told.ending.kind() == WebSocketEnding.Kind.LOST, "expected a loss, got " + rig.told.ending);
		}
		if (head.kind == ReferenceHead.Kind.UPGRADE) {
			Reference expected = Reference.read(Arrays.copyOfRange(wire, head.length, wire.length), !rig.client, rig.limits);
			require(rig.told.ending.code() == (expected.end == Reference.End.MORE ? 1006 : expected.code), "ended with " + rig.told.ending);
		}
	}
}
