package dcl.transport.testkit;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletionStage;

import dcl.transport.Delivery;
import dcl.transport.Delivery.Reliability;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.spi.Link;

/** An open link with its context: what a clause talks through, and somebody else in the room where the driver lets in nobody itself. */
final class Talker implements Peer {

	final Link link;
	final KitContext context;

	Talker(Link link, KitContext context) {
		this.link = link;
		this.context = context;
	}

	CompletionStage<Void> hand(byte[] packet, Delivery delivery) {
		CompletionStage<Void> taken = link.send(Packet.copyOf(packet), delivery);
		if (taken == null) {
			throw new AssertionError("send() answered null");
		}
		return taken;
	}

	/** Sends reliably and waits until the next may be sent. */
	void say(byte[] packet) {
		Waits.await(hand(packet, Delivery.reliable()), "sending " + packet.length + " bytes");
	}

	CompletionStage<Void> close() {
		CompletionStage<Void> closing = link.close();
		if (closing == null) {
			throw new AssertionError("close() answered null");
		}
		return closing;
	}

	@Override
	public PeerId id() {
		return context.identity.address();
	}

	@Override
	public Set<PeerId> sees() {
		return context.present();
	}

	@Override
	public void send(byte[] packet, Reliability reliability) {
		Waits.await(hand(packet, reliability == Reliability.LOSSY ? Delivery.lossy() : Delivery.reliable()), "sending " + packet.length + " bytes");
	}

	@Override
	public Received next(Duration limit) {
		return context.next(limit);
	}

	@Override
	public void leave() {
		Waits.await(close(), "close()");
	}
}
