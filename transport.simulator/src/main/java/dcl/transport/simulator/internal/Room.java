package dcl.transport.simulator.internal;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import dcl.transport.Delivery;
import dcl.transport.Delivery.Reliability;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.rfc4.Chat;
import dcl.transport.rfc4.Kind;
import dcl.transport.rfc4.Rfc4;
import dcl.transport.rfc4.Rfc4Packet;
import dcl.transport.simulator.SimulatorContext;

/**
 * The manners of all built-in scenarios: bots answer requests for their profile and echo chats, and know where the host is. Answers take their randomness
 * from a source of their own, so that what the host says changes nothing of what the bots do by themselves.
 */
final class Room {

	private static final int PARCEL_METRES = 16;
	private static final int MAX_PARCEL = 100_000;
	private static final int PROFILE_MILLIS = 100;
	private static final int ECHO_MILLIS = 50;
	private static final int ECHO_MORE_MILLIS = 200;

	private final SimulatorContext context;
	private final Random replies;
	private final boolean fixed;
	private float centreX;
	private float centreZ;

	/** Reads {@code position}, a parcel; without it the centre is wherever the host says it is, and 0,0 until then. */
	Room(SimulatorContext context, Parameters parameters) {
		this.context = context;
		replies = Mix.random(context.seed(), Mix.REPLIES);
		int[] parcel = parameters.parcel("position", MAX_PARCEL);
		fixed = parcel != null;
		if (fixed) {
			centreX = parcel[0] * PARCEL_METRES;
			centreZ = parcel[1] * PARCEL_METRES;
		}
		context.onReceived(this::received);
	}

	/** East, in metres. */
	float centreX() {
		return centreX;
	}

	/** North, in metres. */
	float centreZ() {
		return centreZ;
	}

	private void received(Packet packet, Delivery delivery) {
		Kind kind = Rfc4.kind(packet);
		switch (kind) {
			case POSITION, MOVEMENT, PROFILE_REQUEST, CHAT -> {
				Rfc4Packet message;
				try {
					message = Rfc4.decode(packet);
				} catch (IllegalArgumentException e) {
					return; // peers cannot read it either, and nobody tells its sender
				}
				received(kind, message, delivery);
			}
			default -> {
				// nothing that anybody answers
			}
		}
	}

	private void received(Kind kind, Rfc4Packet message, Delivery delivery) {
		switch (kind) {
			case POSITION -> moved(message.getPosition().getPositionX(), message.getPosition().getPositionZ());
			case MOVEMENT -> moved(message.getMovement().getPositionX(), message.getMovement().getPositionZ());
			case PROFILE_REQUEST -> {
				PeerId asked = new PeerId(message.getProfileRequest().getAddress().length() > PeerId.MAX_LENGTH ? "" : message.getProfileRequest().getAddress());
				if (context.peers().contains(asked) && (delivery.isBroadcast() || delivery.peers().contains(asked))) {
					context.after(Duration.ofMillis(replies.nextInt(PROFILE_MILLIS)), () -> context.send(asked,
							Packets.profile(asked, message.getProfileRequest().getProfileVersion()), Reliability.RELIABLE));
				}
			}
			default -> echo(message.getChat(), delivery);
		}
	}

	private void moved(float x, float z) {
		if (!fixed && Float.isFinite(x) && Float.isFinite(z)) {
			centreX = x;
			centreZ = z;
		}
	}

	/** Everybody who was addressed echoes; of a whole room, one. */
	private void echo(Chat chat, Delivery delivery) {
		if (chat.getMessage().isEmpty() || Rfc4.isControl(chat)) {
			return;
		}
		List<PeerId> present = new ArrayList<>(context.peers());
		if (delivery.isBroadcast() && !present.isEmpty()) {
			say(present.get(replies.nextInt(present.size())), chat.getMessage(), delivery.topic());
		} else {
			present.stream().filter(delivery.peers()::contains).forEach(bot -> say(bot, chat.getMessage(), delivery.topic()));
		}
	}

	private void say(PeerId bot, String message, String topic) {
		context.after(Duration.ofMillis(ECHO_MILLIS + replies.nextInt(ECHO_MORE_MILLIS)), () -> context.send(bot,
				Packets.chat(message, context.instant()), Reliability.RELIABLE, topic));
	}
}
