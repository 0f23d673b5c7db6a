package dcl.transport.cli.internal;

import java.util.Set;
import java.util.TreeSet;

import dcl.transport.Delivery;
import dcl.transport.Disconnection;
import dcl.transport.Message;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportListener;

/** Prints what one of us does and hears. */
class Reporter implements TransportListener {

	private final Output out;
	private final String self;
	private final boolean everywhere;

	/**
	 * @param self       our address, "" without an identity
	 * @param everywhere whether each event says it, since there are several of us
	 */
	Reporter(Output out, String self, boolean everywhere) {
		this.out = out;
		this.self = self;
		this.everywhere = everywhere;
	}

	private Event event(String name) {
		return everywhere ? Event.of(name, self) : Event.of(name);
	}

	final void connecting(String uri) {
		out.offer(event("connecting").with("uri", uri));
	}

	final void reconnecting(int attempt, long inMillis, String after) {
		out.offer(event("reconnecting").with("attempt", attempt).with("inMillis", inMillis).with("after", after));
	}

	/** Makes the line now, to be printed the moment the packet goes: it is to come before the answer. */
	final Runnable sent(Packet packet, Delivery delivery) {
		return out.prepare(Packets.describe(event("sent"), packet, delivery.reliability() == Delivery.Reliability.RELIABLE, delivery.topic()));
	}

	final void failed(TransportException failure) {
		failed(failure.code(), failure.getMessage());
	}

	/** Always on standard output as JSON, and on standard error for people. */
	final void failed(Code code, String message) {
		out.offer(event("failed").with("code", code.name()).with("message", message).with("retryable", code.isRetryable()));
	}

	@Override
	public void connected(Set<PeerId> peers) {
		Set<String> names = new TreeSet<>();
		peers.forEach(peer -> names.add(peer.value()));
		out.offer(event("connected").with("self", self).with("peers", names));
	}

	@Override
	public void peerJoined(PeerId peer) {
		out.offer(event("joined").with("peer", peer.value()));
	}

	@Override
	public void peerLeft(PeerId peer) {
		out.offer(event("left").with("peer", peer.value()));
	}

	@Override
	public void received(Message message) {
		out.offer(Packets.describe(event("received").with("peer", message.from().value()), message.packet(),
				message.reliability() == Delivery.Reliability.RELIABLE, message.topic()));
	}

	@Override
	public void disconnected(Disconnection why) {
		out.offer(event("disconnected").with("reason", why.reason().name()).with("detail", why.detail())
				.with("retryable", why.reason().isRetryable()));
	}
}
