package dcl.transport.itest;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import dcl.transport.Delivery;
import dcl.transport.Disconnection;
import dcl.transport.Identity;
import dcl.transport.Message;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.Transport;
import dcl.transport.TransportListener;
import dcl.transport.TransportOptions;
import dcl.transport.TransportRegistry;
import dcl.transport.TransportUri;

/** Somebody in a ws-room, who remembers what he hears. */
final class Guest implements TransportListener {

	private final Transport transport;
	private final BlockingQueue<Message> messages = new LinkedBlockingQueue<>();
	private final BlockingQueue<String> events = new LinkedBlockingQueue<>();

	private Guest(Transport transport) {
		this.transport = transport;
	}

	/** Enters a room. */
	static Guest enters(TransportRegistry registry, URI rooms, String room, Identity identity) throws Exception {
		Guest guest = new Guest(registry.create(TransportUri.parse("ws-room:" + rooms + room), TransportOptions.of(identity)));
		guest.transport.listen(guest);
		Await.result(guest.transport.connect());
		return guest;
	}

	Transport transport() {
		return transport;
	}

	void send(Packet packet, Delivery delivery) throws Exception {
		Await.result(transport.send(packet, delivery));
	}

	/** Returns the next message. */
	Message next() throws InterruptedException {
		Message message = messages.poll(Await.LIMIT_SECONDS, TimeUnit.SECONDS);
		if (message == null) {
			throw new AssertionError("nothing came; " + transport.stats());
		}
		return message;
	}

	/** Waits for an event. */
	void awaits(String event) throws InterruptedException {
		List<String> others = new ArrayList<>();
		for (String next = poll(); next != null; next = poll()) {
			if (next.equals(event)) {
				return;
			}
			others.add(next);
		}
		throw new AssertionError("'" + event + "' was expected, not " + others);
	}

	private String poll() throws InterruptedException {
		return events.poll(Await.LIMIT_SECONDS, TimeUnit.SECONDS);
	}

	@Override
	public void connected(Set<PeerId> peers) {
		peers.forEach(peer -> events.add(peer + " is there"));
	}

	@Override
	public void peerJoined(PeerId peer) {
		events.add(peer + " joins");
	}

	@Override
	public void peerLeft(PeerId peer) {
		events.add(peer + " leaves");
	}

	@Override
	public void received(Message message) {
		messages.add(message);
	}

	@Override
	public void disconnected(Disconnection why) {
		events.add("ends: " + why.reason());
	}
}
