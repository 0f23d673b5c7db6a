package example.simulator;

import java.time.Duration;

import dcl.transport.Delivery.Reliability;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.rfc4.Chat;
import dcl.transport.rfc4.ChatTime;
import dcl.transport.rfc4.Kind;
import dcl.transport.rfc4.Movement;
import dcl.transport.rfc4.Rfc4;
import dcl.transport.rfc4.Rfc4Packet;
import dcl.transport.simulator.SimulatorBehaviour;
import dcl.transport.simulator.SimulatorContext;
import dcl.transport.simulator.SimulatorFault;
import dcl.transport.simulator.SimulatorName;
import org.osgi.service.component.annotations.Component;

/** A band that marches north in a column, answers who speaks to it, and goes home on "stop". */
@Component
@SimulatorName("marching")
public final class MarchingBand implements SimulatorBehaviour {

	private static final float METRES_PER_SECOND = 1.5f;

	@Override
	public void begin(SimulatorContext room) {
		float gap = gap(room.parameters().getOrDefault("metres", "1"));
		for (int i = 0; i < room.peerCount(); i++) {
			room.join(room.peer(i));
		}
		room.every(room.interval(), () -> step(room, gap));
		room.onReceived((packet, delivery) -> {
			if (Rfc4.kind(packet) == Kind.CHAT) {
				answer(room, packet);
			}
		});
	}

	private static float gap(String text) {
		try {
			float gap = Float.parseFloat(text);
			if (gap > 0 && gap <= 100) {
				return gap;
			}
		} catch (NumberFormatException e) {
			throw new IllegalArgumentException("metres: a number expected", e);
		}
		throw new IllegalArgumentException("metres: a number above 0, up to 100, expected");
	}

	private static void step(SimulatorContext room, float gap) {
		float seconds = room.now().toMillis() / 1_000f;
		float behind = 0;
		for (PeerId musician : room.peers()) {
			room.send(musician, Rfc4.encode(Rfc4Packet.newBuilder().setMovement(Movement.newBuilder().setTimestamp(seconds)
					.setPositionZ(seconds * METRES_PER_SECOND - behind).setVelocityZ(METRES_PER_SECOND).setMovementBlendValue(1).setIsGrounded(true)).build()),
					Reliability.LOSSY);
			behind += gap;
		}
	}

	private static void answer(SimulatorContext room, Packet packet) {
		String words;
		try {
			words = Rfc4.decode(packet).getChat().getMessage();
		} catch (IllegalArgumentException e) {
			return; // a damaged chat: what is thrown in here would end the room
		}
		if (words.equals("stop")) {
			room.fault(SimulatorFault.close("the band went home"));
			return;
		}
		PeerId leader = room.peer(0);
		room.after(Duration.ofMillis(100 + room.random().nextInt(200)), () -> room.send(leader, Rfc4.encode(Rfc4Packet.newBuilder().setChat(Chat.newBuilder()
				.setMessage("♪ " + words + " ♪").setTimestamp(ChatTime.OLE_DATE.timestamp(room.instant()))).build()), Reliability.RELIABLE));
	}
}
