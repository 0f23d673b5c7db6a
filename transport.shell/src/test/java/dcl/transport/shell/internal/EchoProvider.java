package dcl.transport.shell.internal;

import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;

import dcl.transport.Delivery;
import dcl.transport.Disconnection;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportUri;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;
import dcl.transport.spi.TransportProvider;

/** A room with one other in it, who says everything back; params that begin with "no" are refused, with "guest" asked for an identity. */
final class EchoProvider implements TransportProvider {

	static final PeerId ECHO = PeerId.of("e\u001b[31mcho");

	final BlockingQueue<LinkContext> contexts = new LinkedBlockingQueue<>();
	final BlockingQueue<Delivery> deliveries = new LinkedBlockingQueue<>();

	@Override
	public CompletionStage<Link> open(TransportUri uri, LinkContext context) {
		try {
			if (uri.params().startsWith("no")) {
				throw new TransportException(Code.REFUSED, "not today\u001b[2J");
			}
			if (uri.params().startsWith("guest")) {
				context.identity();
			}
		} catch (TransportException e) {
			return CompletableFuture.failedFuture(e);
		}
		contexts.add(context);
		return CompletableFuture.completedFuture(new Link() {

			@Override
			public Set<PeerId> peers() {
				return Set.of(ECHO);
			}

			@Override
			public CompletionStage<Void> send(Packet packet, Delivery delivery) {
				deliveries.add(delivery);
				context.received(ECHO, packet, delivery.reliability(), "");
				return CompletableFuture.completedFuture(null);
			}

			@Override
			public CompletionStage<Void> close() {
				return CompletableFuture.completedFuture(null);
			}
		});
	}

	static Packet bytes(String text) {
		return Packet.copyOf(text.getBytes(StandardCharsets.UTF_8));
	}

	static void kick(LinkContext context) {
		context.closed(new Disconnection(Disconnection.Reason.KICKED, "out\u001b[2J"));
	}
}
