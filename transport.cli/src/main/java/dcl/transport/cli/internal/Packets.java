package dcl.transport.cli.internal;

import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.Set;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dcl.transport.Delivery;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.rfc4.Kind;
import dcl.transport.rfc4.Rfc4;
import dcl.transport.rfc4.Rfc4Packet;

/** Packets as the command line reads and prints them. */
final class Packets {

	private static final Set<String> CHAT = Set.of("send", "message", "reliable", "to", "topic");
	private static final Set<String> TYPED = Set.of("send", "packet", "reliable", "to", "topic");
	private static final Set<String> RAW = Set.of("send", "hex", "reliable", "to", "topic");

	/** A packet and how it is to travel. */
	record Outgoing(Packet packet, Delivery delivery) {
	}

	private Packets() {
	}

	/** Adds to an event what a packet is. */
	static Event describe(Event event, Packet packet, boolean reliable, String topic) {
		Kind kind = Rfc4.kind(packet);
		JsonNode fields = null;
		if (kind != Kind.UNKNOWN) {
			try {
				fields = PacketJson.fields(Rfc4.decode(packet));
			} catch (IllegalArgumentException damaged) {
				kind = Kind.UNKNOWN;
			}
		}
		event.with("kind", kind.member()).with("reliable", reliable).with("topic", topic).with("bytes", packet.size());
		return fields == null ? event : event.with("packet", fields);
	}

	/** Returns a chat message to everybody. */
	static Outgoing chat(String message) {
		return advised(Rfc4.chat(message));
	}

	/** Returns a packet that travels as its kind is advised to. */
	static Outgoing advised(Rfc4Packet message) {
		Packet packet = Rfc4.encode(message);
		return new Outgoing(packet, Rfc4.advisedDelivery(Rfc4.kind(packet)));
	}

	/**
	 * Reads a line of JSON input.
	 *
	 * @throws IllegalArgumentException if it is not understood, with what was expected
	 */
	static Outgoing parse(String line) {
		ObjectNode order = Json.parse(line);
		String what = text(order, "send");
		if (what.equals("raw")) {
			only(order, RAW);
			return new Outgoing(Packet.wrap(ByteBuffer.wrap(hex(text(order, "hex")))), delivery(order, Delivery.reliable()));
		}
		if (what.equals("chat") && !order.has("packet")) {
			only(order, CHAT);
			return typed(order, Rfc4.chat(text(order, "message")));
		}
		only(order, TYPED);
		return typed(order, PacketJson.packet(what, order.path("packet")));
	}

	private static Outgoing typed(ObjectNode order, Rfc4Packet message) {
		Outgoing advised = advised(message);
		return new Outgoing(advised.packet(), delivery(order, advised.delivery()));
	}

	private static Delivery delivery(ObjectNode order, Delivery advised) {
		Delivery delivery = advised;
		JsonNode reliable = order.path("reliable");
		if (reliable.isBoolean()) {
			delivery = reliable.booleanValue() ? Delivery.reliable() : Delivery.lossy();
		} else if (!reliable.isMissingNode()) {
			throw new IllegalArgumentException("\"reliable\" is true or false");
		}
		JsonNode to = order.path("to");
		if (to.isArray() && !to.isEmpty()) {
			Set<PeerId> peers = new HashSet<>();
			for (JsonNode peer : to) {
				if (!peer.isTextual()) {
					throw new IllegalArgumentException("\"to\" is a list of texts, the peers");
				}
				peers.add(PeerId.of(peer.textValue()));
			}
			delivery = delivery.to(peers);
		} else if (!to.isMissingNode()) {
			// an empty list is not everybody: a private packet never becomes public
			throw new IllegalArgumentException("\"to\" is a list of at least one peer; leave it out to reach everybody");
		}
		return order.has("topic") ? delivery.withTopic(text(order, "topic")) : delivery;
	}

	private static String text(ObjectNode order, String member) {
		JsonNode value = order.path(member);
		if (!value.isTextual()) {
			throw new IllegalArgumentException("\"" + member + "\" with a text expected");
		}
		return value.textValue();
	}

	private static void only(ObjectNode order, Set<String> allowed) {
		for (Iterator<String> names = order.fieldNames(); names.hasNext();) {
			String name = names.next();
			if (!allowed.contains(name)) {
				String known = String.join("\", \"", allowed.stream().sorted().toList());
				throw new IllegalArgumentException("a member that is not known; expected are \"" + known + "\"");
			}
		}
	}

	private static byte[] hex(String text) {
		try {
			return HexFormat.of().parseHex(text);
		} catch (IllegalArgumentException e) {
			throw new IllegalArgumentException("\"hex\" is pairs of hexadecimal digits", e);
		}
	}
}
